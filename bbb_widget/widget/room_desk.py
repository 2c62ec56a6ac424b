"""The conferences of one room, for somebody whose messenger shows that room.

1. The room is named by the page in the messenger, and so by nobody in particular: only whoever is in it learns anything
   of it. The homeserver says who is.
2. What may be seen and done of each conference is the desk's word.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from appservice.homeserver import HomeserverError, NotThereError, RefusedError
from appservice.school_view import SchoolView
from bbb_widget.announcing import Announcing
from bbb_widget.circles import Circles
from bbb_widget.conferences import Entrance, Gate, Place, Started, Trouble, Wish
from bbb_widget.desk import ConferenceDesk
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState, Part, may_start_here
from school.domain.decisions import Decision
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.texts import Language, Texts

log = structlog.get_logger()

_MOST_SHOWN: Final = 5
_LONGEST_ID: Final = 255
_NO_PLACES: Final = frozenset({RoomKind.CONTROL, RoomKind.SPACE})


class Sight(StrEnum):
    """How a conference stands for one person."""

    PLANNED = "planned"
    WAIT = "wait"
    """It has begun; who is no moderator waits for one."""
    OPEN = "open"
    """One can come in."""
    DOWN = "down"
    """BigBlueButton does not say."""


_SIGHTS: Final = {Gate.OPEN: Sight.OPEN, Gate.WAIT: Sight.WAIT, Gate.TROUBLE: Sight.DOWN}
"""Whatever else is found at a door is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One conference as one person sees it."""

    conference: Conference
    sight: Sight
    leads: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomView:
    """What goes on in a room. `is_member` False: this person learns nothing of it."""

    is_member: bool
    is_offered: bool = True
    may_start: bool = False
    shown: tuple[Shown, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether something has begun."""
        return any(each.sight is not Sight.PLANNED for each in self.shown)


NOTHING: Final = RoomView(is_member=False)


class RoomDesk:
    """Asked by the page for each look and each press."""

    def __init__(
        self,
        *,
        desk: ConferenceDesk,
        circles: Circles,
        view: SchoolView,
        announcing: Announcing,
        stamp_of: Callable[[str, UserId], Awaitable[RoomStamp | None]],
        language: Language,
    ) -> None:
        """`language` is that of what rooms are told."""
        self._desk = desk
        self._circles = circles
        self._view = view
        self._announcing = announcing
        self._stamp_of = stamp_of
        self._language = language

    async def look(self, person: Person, room_id: str) -> RoomView:
        """What goes on in a room.

        Raises:
            TryLaterError: it is not known who is in it.
        """
        place = await self._place(person, room_id)
        if place is None:
            return NOTHING
        if not self._desk.is_offered:
            return RoomView(is_member=True, is_offered=False)
        known = [await self._shown(person, each) for each in await self._in(place)]
        shown = tuple(each for each in known if each is not None)[:_MOST_SHOWN]
        return RoomView(is_member=True, may_start=bool(await self._may_start(person, place)), shown=shown)

    async def start(self, person: Person, room_id: str) -> Started | None:
        """Starts a conference for the people of a room, and tells them. None: this person is not in it.

        Raises:
            TryLaterError: it is not known who is in it.
        """
        place = await self._place(person, room_id)
        if place is None:
            return None
        wish = Wish(place=place, title=self._title(place), language=self._language)
        started = await self._desk.start(person, wish)
        if started.conference is not None and not started.was_there:
            try:
                await self._announcing.begun(started.conference, person)
            except HomeserverError as error:  # it has begun all the same, and its widget shows it
                log.warning("conference_not_told", conference=started.conference.id, error=str(error))
        return started

    async def join(self, person: Person, room_id: str, conference_id: str) -> Entrance:
        """The way into a conference of a room.

        Raises:
            TryLaterError: it is not known who is in it.
        """
        if not await self._is_here(person, room_id, conference_id):
            return Entrance(gate=Gate.UNKNOWN)
        return await self._desk.join(person, conference_id)

    async def end(self, person: Person, room_id: str, conference_id: str) -> Decision | Trouble | None:
        """Ends a conference of a room, or calls it off. None: there is none.

        Raises:
            TryLaterError: it is not known who is in it.
        """
        if not await self._is_here(person, room_id, conference_id):
            return None
        return await self._desk.end(person, conference_id)

    def link(self, entrance: Entrance) -> str | None:
        """The address of a way in: for this person, once, for a minute."""
        return self._desk.way_in(entrance)

    async def _is_here(self, person: Person, room_id: str, conference_id: str) -> bool:
        place = await self._place(person, room_id)
        return place is not None and any(each.id == conference_id for each in await self._in(place))

    async def _in(self, place: Place) -> Sequence[Conference]:
        return await self._desk.in_room(place.room_id or "", next(iter(place.groups), None))

    async def _place(self, person: Person, room_id: str) -> Place | None:
        """A room of the school, if somebody is in it."""
        if not room_id.startswith("!") or len(room_id) > _LONGEST_ID:
            return None
        try:
            if person.user_id not in await self._circles.in_room(room_id):
                return None
        except (NotThereError, RefusedError):
            return None
        stamp = await self._stamp_of(room_id, person.user_id)
        if stamp is None or stamp.kind in _NO_PLACES:
            return None
        return Place(room_id=room_id, groups=frozenset() if stamp.group is None else frozenset({stamp.group}))

    async def _may_start(self, person: Person, place: Place) -> Decision:
        return may_start_here(
            self._circles.today(person), await self._circles.circle(place, person), self._view.now.policy.rights
        )

    def _title(self, place: Place) -> str:
        directory = self._view.now.policy.directory
        named = (directory.group(each) for each in place.groups)
        untitled = Texts(self._language).say("conference.untitled")
        return next((group.name for group in named if group is not None), untitled)

    async def _shown(self, person: Person, conference: Conference) -> Shown | None:
        entrance = await self._desk.at_the_door(person, conference.id)
        sight = _SIGHTS.get(entrance.gate)
        if entrance.conference is None or sight is None:
            return None
        if entrance.conference.state is ConferenceState.PLANNED:
            sight = Sight.PLANNED
        return Shown(conference=entrance.conference, sight=sight, leads=entrance.part is Part.MODERATOR)
