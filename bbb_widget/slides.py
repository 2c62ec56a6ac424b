"""Slides for a planned conference: a PDF from the room, which BigBlueButton shows when the meeting begins.

BigBlueButton has no account here, and files of the messenger are for accounts only. So it is given an address of ours
that is for one file and counts for an hour; the proof in it covers both.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from appservice.school_view import SchoolView
from bbb_widget.desk import ConferenceDesk
from bbb_widget.keys import ConferenceKeys
from school.clock import Clock, utc_now
from school.database.conferences import Conference, Slides, attach_slides, read_conference
from school.domain.conferences import ConferenceState
from school.domain.decisions import Decision
from school.domain.people import Person, UserId

log = structlog.get_logger()

_PDF: Final = "application/pdf"
_LONGEST_NAME: Final = 80
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Files(Protocol):
    """The files of the messenger."""

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]: ...

    def file(self, uri: str, *, as_user: UserId) -> AbstractAsyncContextManager[Any]: ...


class SlidesDesk:
    """Attaches slides, and hands them to BigBlueButton."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        files: Files | Homeserver,
        desk: ConferenceDesk,
        keys: ConferenceKeys,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._files = files
        self._desk = desk
        self._keys = keys
        self._clock = clock

    async def in_message(self, room_id: str, event_id: str, person: Person) -> Slides | None:
        """The PDF in a message that somebody can read; None: there is none.

        Raises:
            HomeserverError: it cannot be looked at now.
        """
        try:
            event = await self._files.event(room_id, event_id, as_user=person.user_id)
        except (NotThereError, RefusedError):
            return None
        return slides_in(event.get("content", {}))

    async def attach(self, person: Person, conference: Conference, slides: Slides) -> Decision | None:
        """Lets a planned conference begin with slides. None: it has begun already. Moderators only."""
        decision = await self._desk.may_moderate(conference, person)
        if not decision:
            return decision
        if conference.state is not ConferenceState.PLANNED:
            return None
        async with self._engine.begin() as connection:
            await attach_slides(connection, conference.id, slides)
        return decision

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Hands slides to whoever has a right address."""
        parts = request.match_info
        slides = await self._slides(parts["conference"], parts["until"], parts["proof"])
        if slides is None:
            return web.Response(status=404)
        conference, found = slides
        person = self._view.now.policy.directory.person_by_id(conference.starter)
        if person is None:
            return web.Response(status=404)
        try:
            async with self._files.file(found.uri, as_user=person.user_id) as pieces:
                response = web.StreamResponse(headers=_HEADERS)
                response.content_type = _PDF
                await response.prepare(request)
                async for piece in pieces:
                    await response.write(piece)
                return response
        except HomeserverError as error:
            log.warning("slides_not_handed_over", conference=conference.id, error=str(error))
            return web.Response(status=404)

    async def _slides(self, conference_id: str, until: str, proof: str) -> tuple[Conference, Slides] | None:
        async with self._engine.connect() as connection:
            conference = await read_conference(connection, conference_id)
        if conference is None or conference.slides is None or not (until.isascii() and until.isdecimal()):
            return None
        if not self._keys.are_slides(conference.id, conference.slides.uri, until, proof):
            return None
        return (conference, conference.slides) if self._clock().timestamp() < int(until[:12]) else None

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application that BigBlueButton reaches."""
        return [web.get("/conference/slides/{conference}/{until}/{proof}", self.answer)]


def slides_in(content: Mapping[str, Any]) -> Slides | None:
    """The PDF in the content of a message, if it is one (Matrix spec, `m.file`)."""
    info, uri = content.get("info"), content.get("url")
    name = content.get("filename") or content.get("body")
    if content.get("msgtype") != "m.file" or not isinstance(info, Mapping) or info.get("mimetype") != _PDF:
        return None
    if not isinstance(uri, str) or not uri.startswith("mxc://") or not isinstance(name, str):
        return None
    plain = "".join(letter for letter in name if letter.isprintable() and letter not in '\\/:"<>|')
    return Slides(uri=uri, name=f"{plain.removesuffix('.pdf')[:_LONGEST_NAME] or 'slides'}.pdf")
