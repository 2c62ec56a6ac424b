"""BigBlueButton's side of conferences: makes meetings, looks into them, ends them, and makes addresses for browsers.

However many people press at the same moment: one look at a time per meeting, whose answer counts for two
seconds, also if there was none.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from bbb_widget.api import Bbb, BbbUnreachableError, Created, Document, Joining, MeetingInfo, NewMeeting
from bbb_widget.conferences import Trouble
from bbb_widget.keys import ConferenceKeys
from bbb_widget.meeting_settings import Choices, goes_through_lobby, meeting_settings, role_of
from school.config.conferences import ConferenceSettings
from school.database.conferences import Conference
from school.domain.conferences import Part

REMEMBERED_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 10.0
_MOST_MEETINGS: Final = 1000
_LOOK_SECONDS: Final = 8.0
_SLIDES_LAST: Final = timedelta(hours=1)
_LONGEST_NAME: Final = 64
_SHORTEST_NAME: Final = 2
PAGE: Final = "/conference"


class NotOfferedError(Exception):
    """The school has named no BigBlueButton."""

    trouble = Trouble.NOT_OFFERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Comer:
    """Somebody who comes in. `who` is what tells them from all others; it is hashed."""

    who: str
    name: str
    part: Part


class Meetings:
    """Everything that is asked of BigBlueButton for conferences; `bbb` None: there is none."""

    def __init__(
        self,
        *,
        bbb: Bbb | None,
        school: ConferenceSettings,
        keys: ConferenceKeys,
        public_url: str,
        remember_seconds: float = REMEMBERED_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """`patience_seconds`: so long an answer is waited for, however often it is asked for meanwhile."""
        self._bbb = bbb
        self._school = school
        self._keys = keys
        self._public_url = public_url
        self._remember_seconds = remember_seconds
        self._patience_seconds = patience_seconds
        self._looks: dict[str, tuple[float, asyncio.Future[MeetingInfo | None]]] = {}

    @property
    def is_offered(self) -> bool:
        """Whether the school has BigBlueButton."""
        return self._bbb is not None

    def page(self, conference_id: str) -> str:
        """The address of a conference's page: the same for everybody, it asks who one is."""
        return f"{self._public_url}{PAGE}/{conference_id}"

    def guest_page(self, token: str) -> str:
        """The address of a guest's page."""
        return f"{self._public_url}{PAGE}/guest/{token}"

    def way_in(self, ticket: str) -> str:
        """The address of the last step in (`ConferenceDesk.redeem`)."""
        return f"{self._public_url}{PAGE}/in/{ticket}"

    def slides(self, conference: Conference, at: datetime) -> tuple[Document, ...]:
        """What a meeting that is made at a moment begins with: an address that counts for an hour."""
        if conference.slides is None:
            return ()
        until = str(int((at + _SLIDES_LAST).timestamp()))
        proof = self._keys.slides(conference.id, conference.slides.uri, until)
        url = f"{self._public_url}{PAGE}/slides/{conference.id}/{until}/{proof}"
        return (Document(url=url, filename=conference.slides.name),)

    async def make(
        self, conference_id: str, title: str, choices: Choices, *, documents: tuple[Document, ...] = ()
    ) -> Created:
        """A new meeting, with an id that nobody guesses.

        Raises:
            BbbError: BigBlueButton makes none.
            NotOfferedError: there is none.
        """
        meeting_id = token_urlsafe(24)
        ended = f"{self._public_url}{PAGE}/ended/{meeting_id}/{self._keys.ended(meeting_id)}"
        settings = meeting_settings(
            self._school, choices, page=self.page(conference_id), ended=ended, slides=bool(documents)
        )
        name = title[:_LONGEST_NAME].ljust(_SHORTEST_NAME, ".")
        meeting = NewMeeting(meeting_id=meeting_id, name=name, settings=settings, documents=documents)
        async with _within(self._patience_seconds):
            return await self._server.create(meeting)

    async def look(self, meeting_id: str) -> MeetingInfo | None:
        """Who is in a meeting; None: there is no such meeting (any more).

        Raises:
            BbbError: BigBlueButton does not say.
            NotOfferedError: there is none.
        """
        loop = asyncio.get_running_loop()
        asked_at, answer = self._looks.get(meeting_id, (0.0, None))
        if answer is None or loop.time() - asked_at > self._remember_seconds:
            if len(self._looks) >= _MOST_MEETINGS:
                self._looks.clear()
            answer = asyncio.ensure_future(self._look(meeting_id))
            self._looks[meeting_id] = loop.time(), answer
        return await asyncio.shield(answer)

    async def _look(self, meeting_id: str) -> MeetingInfo | None:
        """Somebody stands at the door: for them an answer that takes long is none."""
        async with _within(min(_LOOK_SECONDS, self._patience_seconds)):
            return await self._server.info(meeting_id)

    async def end(self, meeting_id: str) -> None:
        """Ends a meeting for everybody; one that is over stays so.

        Raises:
            BbbError: BigBlueButton does not.
            NotOfferedError: there is none.
        """
        async with _within(self._patience_seconds):
            await self._server.end(meeting_id)
        self._looks.pop(meeting_id, None)

    def address(self, conference: Conference, comer: Comer) -> str:
        """BigBlueButton's address for one person, for this meeting only.

        Raises:
            NotOfferedError: there is none.
        """
        assert conference.meeting_id is not None  # noqa: S101 - only asked for what goes on
        assert conference.create_time_ms is not None  # noqa: S101 - both are written together
        return self._server.join_address(
            Joining(
                meeting_id=conference.meeting_id,
                create_time=conference.create_time_ms,
                user_id=self._keys.attendee(conference.meeting_id, comer.who),
                full_name=comer.name,
                role=role_of(comer.part),
                guest=goes_through_lobby(comer.part, self._school, Choices(**conference.choices)),
            )
        )

    @property
    def _server(self) -> Bbb:
        if self._bbb is None:
            raise NotOfferedError
        return self._bbb


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Nobody hangs, also where every try takes long before it fails."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise BbbUnreachableError("BigBlueButton does not answer in time.") from None
