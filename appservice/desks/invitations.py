"""Inviting whole groups into chats, once or for as long as somebody wishes (guest lists).

Who is invited is decided person by person (`appservice.inviting`); here it is decided whether whole groups may be
invited at all, and into which rooms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.chats import Chat, Chats
from appservice.inviting import Invited, Inviting, OnProgress
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit, guest_lists
from school.domain.decisions import Decision, Reason, refuse
from school.domain.groups import Group
from school.domain.people import Person
from school.domain.school_groups import may_invite_groups

_NOT_THEIRS: Final = refuse(Reason.NOT_A_MODERATOR, "rooms:power_levels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A chat of somebody's that follows a group."""

    room_id: str
    room: str
    group: Group


class InvitationsDesk:
    """Decides and does. What is started here is finished here, or named as failed; guest lists are kept up to date by
    `appservice.guest_lists`."""

    def __init__(
        self, *, engine: AsyncEngine, chats: Chats, inviting: Inviting, view: SchoolView, clock: Clock = utc_now
    ) -> None:
        self._engine = engine
        self._chats = chats
        self._inviting = inviting
        self._view = view
        self._clock = clock

    def may_invite(self, person: Person) -> Decision:
        """Whether somebody may invite whole groups."""
        return may_invite_groups(self._view.now.policy, person)

    async def rooms_of(self, person: Person) -> Sequence[Chat]:
        """The chats into which somebody may bring others.

        Raises:
            HomeserverError: they cannot be looked up now.
        """
        return await self._chats.of(person.user_id)

    async def invite(
        self, person: Person, room_id: str, groups: Sequence[Group], progress: OnProgress, *, keep: bool = False
    ) -> Invited | Decision:
        """Invites everybody in these groups who is not in the chat. `keep`: from now on the chat follows them.

        Raises:
            HomeserverError: the room cannot be looked up now; nobody was invited.
        """
        chat = await self._chats.look(room_id)
        decision = self._decide(person, chat)
        if decision.reason is not None or chat is None:
            return decision
        if keep:  # before anybody is invited: whatever ends this, the list is worked off
            await self._keep(person, room_id, groups, decision)
        members = self._view.now.policy.directory.members
        people = {one.id: one for group in groups for one in members(group.id) if one.id != person.id}
        done = await self._inviting.invite(person, chat, list(people.values()), progress)
        settled = {one.id for one in done.settled}
        async with self._engine.begin() as connection:
            for group in groups if keep else ():
                of_group = [one.id for one in members(group.id) if one.id in settled]
                await guest_lists.note_guests(connection, room_id, group.id, of_group)
            if done.invited:
                details = {"groups": [group.id for group in groups], "invited": [one.id for one in done.invited]}
                await self._record(connection, audit.Action.GROUP_INVITED, person, room_id, decision, **details)
        return done

    async def follow_no_more(self, person: Person, room_id: str, groups: Sequence[Group]) -> Sequence[Group] | Decision:
        """A chat does not follow these groups any more; those of them that it did. Who is in it stays.

        Raises:
            HomeserverError: the room cannot be looked up now; nothing was changed.
        """
        decision = self._decide(person, await self._chats.look(room_id))
        if not decision:
            return decision
        async with self._engine.begin() as connection:
            ended = [group for group in groups if await guest_lists.end_list(connection, room_id, group.id)]
            if ended:
                details = {"groups": [group.id for group in ended]}
                await self._record(connection, audit.Action.GUEST_LIST_ENDED, person, room_id, decision, **details)
        return ended

    async def followed_by(self, person: Person) -> Sequence[Followed]:
        """What chats follow in somebody's name.

        Raises:
            HomeserverError: the rooms cannot be looked up now.
        """
        async with self._engine.connect() as connection:
            lists = [one for one in await guest_lists.read_guest_lists(connection) if one.host == person.id]
        found = []
        for one in lists:
            group, chat = self._view.now.policy.directory.group(one.group_id), await self._chats.look(one.room_id)
            if group is not None and chat is not None:
                found.append(Followed(room_id=one.room_id, room=chat.name, group=group))
        return found

    def _decide(self, person: Person, chat: Chat | None) -> Decision:
        decision = self.may_invite(person)
        if not decision:
            return decision
        return decision if chat is not None and chat.may_bring_in(person.user_id) else _NOT_THEIRS

    async def _keep(self, person: Person, room_id: str, groups: Iterable[Group], decision: Decision) -> None:
        async with self._engine.begin() as connection:
            for group in groups:
                await guest_lists.keep_list(connection, room_id, group.id, person.id)
            details = {"groups": [group.id for group in groups]}
            await self._record(connection, audit.Action.GUEST_LIST_KEPT, person, room_id, decision, **details)

    async def _record(
        self,
        connection: AsyncConnection,
        action: audit.Action,
        person: Person,
        room_id: str,
        decision: Decision,
        **details: object,
    ) -> None:
        await audit.record(
            connection,
            at=self._clock(),
            actor=person.id,
            action=action,
            target=room_id,
            by_right=decision.rule,
            details=details,
        )
