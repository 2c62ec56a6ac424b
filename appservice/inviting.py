"""Inviting many people into a chat, in the name of one who is in it: each is decided on their own, as if they had been
invited by hand.

Nobody is asked for who would be refused: the module would say so to the host each time. Who rests and would be shown
the name of the chat is left for later. The homeserver works on one membership of a room at a time, and does not count
the requests of an appservice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import structlog

from appservice.chats import Chat
from appservice.homeserver import Homeserver, NotThereError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from school.clock import Clock
from school.domain.decisions import Reason
from school.domain.people import Person, UserId

log = structlog.get_logger()

_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.5

OnProgress: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Told how many have been gone through, and how many there are."""


async def _tell_nobody(_done: int, _number: int) -> None: ...


@dataclass(slots=True, kw_only=True)
class Invited:
    """What became of each. Nobody stands in two places."""

    invited: list[Person] = field(default_factory=list)
    there: list[Person] = field(default_factory=list)
    """In the chat, or invited, before."""
    refused: list[tuple[Person, Reason]] = field(default_factory=list)
    resting: list[Person] = field(default_factory=list)
    """Would have been shown the name of the chat in their rest."""
    failed: list[Person] = field(default_factory=list)
    """The homeserver could not do it now."""

    @property
    def settled(self) -> list[Person]:
        """Who need not be invited again."""
        closed = [person for person, reason in self.refused if reason is Reason.INVITATIONS_BLOCKED]
        return [*self.invited, *self.there, *closed]


class Inviting:
    """Invites people."""

    def __init__(
        self,
        *,
        homeserver: Homeserver,
        view: SchoolView,
        colleagues_pass: bool,
        clock: Clock,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self._homeserver = homeserver
        self._view = view
        self._colleagues_pass = colleagues_pass
        self._clock = clock
        self._pause = pause

    async def invite(
        self, host: Person, chat: Chat, people: Sequence[Person], progress: OnProgress = _tell_nobody
    ) -> Invited:
        """Invites everybody whom the host may bring in and who is not there yet."""
        room = chat.room
        done = Invited(there=[person for person in people if person.user_id in room.members])
        missing = [person for person in people if person.user_id not in room.members]
        for number, person in enumerate(missing, start=1):
            if reason := self._view.now.policy.may_invite(host.user_id, person.user_id, room).reason:
                done.refused.append((person, reason))
            elif chat.has_words and self._would_wait(host, chat, [*room.members, person.user_id]):
                done.resting.append(person)
            elif await self._invite(host, chat, person, done):
                room = replace(room, members=room.members | {person.user_id})
            await progress(number, len(missing))
        return done

    async def _invite(self, host: Person, chat: Chat, person: Person, done: Invited) -> bool:
        for attempt in range(1, _TRIES + 1):
            try:
                await self._homeserver.invite(chat.room_id, person.user_id, as_user=host.user_id)
            except (RefusedError, NotThereError) as error:
                log.info("not_invited", room=chat.room_id, person=person.id, error=str(error))
                done.refused.append((person, Reason.INVITATIONS_BLOCKED))
                return False
            except TryLaterError as error:
                log.warning("not_invited", room=chat.room_id, person=person.id, error=str(error))
                if attempt < _TRIES:
                    await asyncio.sleep(self._pause * attempt)
            else:
                done.invited.append(person)
                return True
        done.failed.append(person)
        return False

    def _would_wait(self, host: Person, chat: Chat, members: Iterable[UserId]) -> bool:
        standing = self._view.now
        mode = standing.mode_of(chat.room_id)
        hold = standing.hold(host.user_id, members, mode, now=self._clock(), colleagues_pass=self._colleagues_pass)
        return hold is not None
