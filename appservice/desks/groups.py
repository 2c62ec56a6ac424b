"""Groups that teachers make: making, changing, keeping, renaming and ending them, and who owns them.

The rules are in `school.domain.school_groups`. Each change is one transaction with its line in the audit log: all of
it, or nothing. It is answered when every Synapse process knows of it; rooms and who is in them follow by themselves
(`appservice.group_keeper`).
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.bot.people_words import in_order
from appservice.desks.group_results import GONE, Changed, GroupView, Kept, No, Unfit
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit, school_groups
from school.database.school_groups import SchoolGroup
from school.database.tables import Part
from school.database.versions import bump, lock
from school.domain.decisions import Decision
from school.domain.groups import GroupId
from school.domain.people import Person, PersonId
from school.domain.policy import Policy
from school.domain.school_groups import (
    KIND,
    NameFault,
    SchoolYear,
    fault_of,
    may_make,
    may_manage,
    may_name_owners,
    may_own,
    tidy_name,
)


class GroupsDesk:
    """Decides and does. `changed` is called when a group was made, changed or ended."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        year: SchoolYear,
        changed: Callable[[], None],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._year = year
        self._tell_changed = changed
        self._clock = clock

    # Looking

    async def own(self, person: Person) -> Sequence[GroupView]:
        """The groups that somebody may change, by name: those that they own, or all for the leadership."""
        groups = [one for one in await self._all() if may_manage(self._policy, person, one.group, one.owners)]
        return [self._seen(one) for one in groups]

    async def look(self, person: Person, group_id: GroupId) -> GroupView | No:
        """One group, for whoever makes groups, and for the leadership."""
        if not (decision := may_make(self._policy, person)) and not person.leadership:
            return decision
        seen = [self._seen(one) for one in await self._all() if one.group.id == group_id]
        return seen[0] if seen else self._no_such_group(person, group_id)

    # Changing

    async def make(self, person: Person, name: str, members: Iterable[Person] = ()) -> GroupView | Decision | NameFault:
        """Makes a group. Who makes it owns it and is in it."""
        name, people = tidy_name(name), _each_once([person, *members])
        if not (decision := may_make(self._policy, person)):
            return decision
        if not (gathering := self._may_gather(person, people)):
            return gathering
        async with self._change() as connection:
            if fault := fault_of(name, await school_groups.names_in_use(connection)):
                return fault
            group = await school_groups.add_school_group(
                connection, name=name, kind=KIND, ends_on=self._year.end_for(self._today), owner=person.id
            )
            await school_groups.add_members(connection, group.id, _ids(people))
            await self._record(connection, audit.Action.GROUP_MADE, person, group.id, decision, added=_ids(people))
        await self._known()
        return await self._view_of(group.id)

    async def change(
        self, person: Person, group_id: GroupId, *, add: Iterable[Person] = (), remove: Iterable[Person] = ()
    ) -> Changed | No:
        """Puts people into a group and takes people out. Who is named on both sides goes: all of a class but one."""
        wanted, out = _each_once(add), _each_once(remove)
        into = [one for one in wanted if one not in out]
        async with self._change() as connection:
            found = await self._found(connection, person, group_id)
            if not isinstance(found, _Found):
                return found
            inside = await school_groups.members_of(connection, group_id)
            added = [one for one in into if one.id not in inside]
            removed = [one for one in out if one.id in inside]
            stay = [one for one in self._policy.directory.members(group_id) if one not in removed]
            if added and not (gathering := self._may_gather(person, [*stay, *added])):
                return gathering
            await school_groups.add_members(connection, group_id, _ids(added))
            await school_groups.remove_members(connection, group_id, _ids(removed))
            if added or removed:
                action, details = audit.Action.GROUP_CHANGED, {"added": _ids(added), "removed": _ids(removed)}
                await self._record(connection, action, person, group_id, found.decision, **details)
        if added or removed:
            await self._known()
        return Changed(
            view=await self._view_of(group_id),
            added=added,
            there_already=[one for one in into if one.id in inside],
            removed=removed,
            not_there=[one for one in out if one.id not in inside and one not in wanted],
        )

    async def rename(self, person: Person, group_id: GroupId, name: str) -> GroupView | No | NameFault:
        """Gives a group another name; its rooms follow."""
        name = tidy_name(name)
        async with self._change() as connection:
            found = await self._found(connection, person, group_id)
            if not isinstance(found, _Found):
                return found
            others = await school_groups.names_in_use(connection)
            others.remove(found.one.group.name)
            if fault := fault_of(name, others):
                return fault
            await school_groups.rename_school_group(connection, group_id, name)
            await self._record(connection, audit.Action.GROUP_RENAMED, person, group_id, found.decision)
        await self._known()
        return await self._view_of(group_id)

    async def keep(self, person: Person, group_id: GroupId) -> Kept | No:
        """Lets a group live on after this school year."""
        async with self._change() as connection:
            found = await self._found(connection, person, group_id)
            if not isinstance(found, _Found):
                return found
            until = self._year.kept_until(found.one.ends_on, self._today)
            longer = until > found.one.ends_on
            if longer:
                await school_groups.keep_until(connection, group_id, until)
                action, details = audit.Action.GROUP_KEPT, {"until": until.isoformat()}
                await self._record(connection, action, person, group_id, found.decision, **details)
        return Kept(view=await self._view_of(group_id), longer=longer)

    async def end(self, person: Person, group_id: GroupId) -> GroupView | No:
        """Ends a group; everybody leaves its rooms. The group as it was."""
        async with self._change() as connection:
            found = await self._found(connection, person, group_id)
            if not isinstance(found, _Found):
                return found
            ended = self._seen(found.one)
            await school_groups.end_school_group(connection, group_id)
            await self._record(connection, audit.Action.GROUP_ENDED, person, group_id, found.decision)
        await self._known()
        return ended

    async def change_owners(
        self, person: Person, group_id: GroupId, *, add: Iterable[Person] = (), remove: Iterable[Person] = ()
    ) -> Changed | No | Unfit:
        """Says who owns a group, besides the leadership. A new owner comes into the group; who was one stays in it."""
        out = _each_once(remove)
        into = [one for one in _each_once(add) if one not in out]
        async with self._change() as connection:
            found = await self._found(connection, person, group_id, of_owners=True)
            if not isinstance(found, _Found):
                return found
            if unfit := [one for one in into if not may_own(self._policy, one)]:
                return Unfit(people=unfit, decision=may_own(self._policy, unfit[0]))
            owners = found.one.owners
            added = [one for one in into if one.id not in owners]
            removed = [one for one in out if one.id in owners]
            await school_groups.add_owners(connection, group_id, _ids(added))
            await school_groups.add_members(connection, group_id, _ids(added))
            await school_groups.remove_owners(connection, group_id, _ids(removed))
            if added or removed:
                action, details = audit.Action.GROUP_OWNERS_CHANGED, {"added": _ids(added), "removed": _ids(removed)}
                await self._record(connection, action, person, group_id, found.decision, **details)
        if added or removed:
            await self._known()
        return Changed(
            view=await self._view_of(group_id),
            added=added,
            there_already=[one for one in into if one.id in owners],
            removed=removed,
            not_there=[one for one in out if one.id not in owners],
        )

    # What all of them need

    @property
    def _policy(self) -> Policy:
        return self._view.now.policy

    @property
    def _today(self) -> date:
        return self._clock().astimezone(self._view.zone).date()

    def _may_gather(self, person: Person, people: Iterable[Person]) -> Decision:
        return self._policy.may_gather(person.user_id, [one.user_id for one in people])

    async def _all(self) -> Sequence[SchoolGroup]:
        async with self._engine.connect() as connection:
            found = (await school_groups.read_school_groups(connection)).values()
        return sorted(found, key=lambda one: one.group.name)

    async def _view_of(self, group_id: GroupId) -> GroupView:
        return next(self._seen(one) for one in await self._all() if one.group.id == group_id)

    def _seen(self, one: SchoolGroup) -> GroupView:
        directory = self._policy.directory
        owners = (directory.person_by_id(owner) for owner in one.owners)
        return GroupView(
            group=one.group,
            ends_on=one.ends_on,
            owners=in_order(owner for owner in owners if owner is not None),
            members=in_order(directory.members(one.group.id)),
        )

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nobody else changes people or groups."""
        async with self._engine.begin() as connection:
            await lock(connection, Part.PEOPLE)
            yield connection

    async def _found(
        self, connection: AsyncConnection, person: Person, group_id: GroupId, *, of_owners: bool = False
    ) -> "_Found | No":
        """The group as it is now, if somebody may change it, or who owns it."""
        one = await school_groups.read_school_group(connection, group_id)
        if one is None:
            return self._no_such_group(person, group_id)
        if of_owners:
            decision = may_name_owners(person, one.group)
        else:
            decision = may_manage(self._policy, person, one.group, one.owners)
        return _Found(one, decision) if decision else decision

    def _no_such_group(self, person: Person, group_id: GroupId) -> No:
        group = self._policy.directory.group(group_id)
        if group is None or not group.in_register:
            return GONE
        return may_manage(self._policy, person, group, ())

    async def _record(
        self,
        connection: AsyncConnection,
        action: audit.Action,
        person: Person,
        group_id: GroupId,
        decision: Decision,
        **details: object,
    ) -> None:
        """The end of every change."""
        await bump(connection, Part.PEOPLE)
        await audit.record(
            connection,
            at=self._clock(),
            actor=person.id,
            action=action,
            target=group_id,
            by_right=decision.rule,
            details=details,
        )

    async def _known(self) -> None:
        self._tell_changed()
        await self._view.until_known_everywhere()


@dataclass(frozen=True, slots=True)
class _Found:
    one: SchoolGroup
    decision: Decision


def _each_once(people: Iterable[Person]) -> list[Person]:
    return in_order({person.id: person for person in people}.values())


def _ids(people: Iterable[Person]) -> list[PersonId]:
    return [person.id for person in people]
