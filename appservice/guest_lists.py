"""Keeps chats that follow a group up to date, in the name of whoever wished it (`school.domain.guest_lists`).

Looks when people or groups have changed, and now and then for what could not be done: who rested, or a homeserver that
did not answer. Where nothing has changed nobody is asked. A list ends when its host cannot invite there any more; while
its host or its group is not in the directory it sleeps.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.bot.sync_news import Tell
from appservice.chats import Chat, Chats
from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from appservice.inviting import Inviting
from appservice.school_view import KNOWN_EVERYWHERE_SECONDS, SchoolView
from school.clock import Clock, utc_now
from school.database import audit, guest_lists
from school.database.guest_lists import GuestList
from school.domain.groups import Group, GroupId
from school.domain.guest_lists import Steps, steps
from school.domain.people import Person, PersonId
from school.domain.school_groups import may_invite_groups
from school.texts import Texts

log = structlog.get_logger()

_ACTOR: Final = "schulbote run"
_BY_THE_LIST: Final = "guest_list"
"""What the audit log names as the right by which somebody is taken out of a chat that follows a group."""
_LOOK_SECONDS: Final = 600.0


class GuestLists:
    """Works until it is cancelled."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        chats: Chats,
        inviting: Inviting,
        view: SchoolView,
        tell: Tell,
        texts: Texts,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._chats = chats
        self._inviting = inviting
        self._view = view
        self._tell = tell
        self._texts = texts
        self._clock = clock
        self._wake = asyncio.Event()
        view.on_people_change(self._wake.set)

    async def run(self) -> None:
        """Begins with what changed while nobody was there."""
        while True:
            self._wake.clear()
            await asyncio.sleep(KNOWN_EVERYWHERE_SECONDS)  # until the modules know whom they may let in
            try:
                await self.follow()
            except Exception:
                log.exception("guest_lists_not_kept")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()

    async def follow(self) -> None:
        """Does all that is to be done now."""
        async with self._engine.connect() as connection:
            lists = await guest_lists.read_guest_lists(connection)
        for one in lists:
            try:
                await self._follow(one, [other for other in lists if other.room_id == one.room_id and other != one])
            except HomeserverError as error:
                log.warning("guest_list_not_kept", room=one.room_id, error=str(error))

    async def _follow(self, one: GuestList, others: Iterable[GuestList]) -> None:
        directory = self._view.now.policy.directory
        host, group = directory.person_by_id(one.host), directory.group(one.group_id)
        if host is None or group is None:
            return
        due = steps(
            members=self._members(group.id),
            guests=one.guests,
            elsewhere=frozenset().union(*(self._members(other.group_id) for other in others)),
            host=host.id,
        )
        if not due:
            return
        chat = await self._chats.look(one.room_id)
        if chat is None or not chat.may_bring_in(host.user_id) or not may_invite_groups(self._view.now.policy, host):
            await self._end(one, host, group, chat)
            return
        await self._invite(one, host, chat, due)
        await self._remove(one, host, chat, due)

    def _members(self, group_id: GroupId) -> frozenset[PersonId]:
        return frozenset(person.id for person in self._view.now.policy.directory.members(group_id))

    async def _invite(self, one: GuestList, host: Person, chat: Chat, due: Steps) -> None:
        people = [person for person in map(self._view.now.policy.directory.person_by_id, sorted(due.invite)) if person]
        done = await self._inviting.invite(host, chat, people)
        async with self._engine.begin() as connection:
            settled = [person.id for person in done.settled]
            await guest_lists.note_guests(connection, one.room_id, one.group_id, settled)
            if done.invited:
                details = {"groups": [one.group_id], "invited": [person.id for person in done.invited]}
                await self._record(connection, audit.Action.GROUP_INVITED, one.room_id, details)

    async def _remove(self, one: GuestList, host: Person, chat: Chat, due: Steps) -> None:
        for person_id in sorted(due.remove):
            person = self._view.now.policy.directory.person_by_id(person_id)
            is_out = person is not None and await self._take_out(host, person, chat)
            async with self._engine.begin() as connection:
                await guest_lists.forget_guests(connection, one.room_id, one.group_id, [person_id])
                if is_out:
                    details = {"groups": [one.group_id], "person": person_id}
                    await self._record(connection, audit.Action.GUEST_REMOVED, one.room_id, details)
        async with self._engine.begin() as connection:
            await guest_lists.forget_guests(connection, one.room_id, one.group_id, due.forget)

    async def _take_out(self, host: Person, person: Person, chat: Chat) -> bool:
        """Whether somebody was there and is not any more. Who leads the chat stays.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        if person.user_id not in chat.room.members or not chat.is_above(host.user_id, person.user_id):
            return False
        try:
            await self._homeserver.kick(chat.room_id, person.user_id, as_user=host.user_id)
        except (RefusedError, NotThereError) as error:
            log.info("guest_not_removed", room=chat.room_id, person=person.id, error=str(error))
            return False
        return True

    async def _end(self, one: GuestList, host: Person, group: Group, chat: Chat | None) -> None:
        async with self._engine.begin() as connection:
            await guest_lists.end_list(connection, one.room_id, one.group_id)
            await self._record(connection, audit.Action.GUEST_LIST_ENDED, one.room_id, {"groups": [group.id]})
        if chat is None:
            return
        text = self._texts.say("invite.ended", room=chat.name, group=group.name)
        with contextlib.suppress(RefusedError, NotThereError):  # they have left the room with the bot
            await self._tell(host.user_id, text, txn_id=f"list-ended-{host.user_id}-{one.room_id}-{group.id}")

    async def _record(
        self, connection: AsyncConnection, action: audit.Action, room_id: str, details: Mapping[str, object]
    ) -> None:
        await audit.record(
            connection,
            at=self._clock(),
            actor=_ACTOR,
            action=action,
            target=room_id,
            by_right=_BY_THE_LIST,
            details=details,
        )
