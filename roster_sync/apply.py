"""Applying a plan to the directory: all of it in one transaction, with its line in the audit log, or nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from roster_sync.names import localpart_for
from roster_sync.plan import Plan
from school.database import audit, register
from school.database.register import Known
from school.domain.people import PersonId, UserId
from school.domain.roster import RosterPerson


async def apply_plan(
    connection: AsyncConnection,
    plan: Plan,
    known: Known,
    *,
    server_name: str,
    reserved: Iterable[str],
    at: datetime,
    actor: str,
    logins: Mapping[PersonId, str] | None = None,
) -> None:
    """Writes a plan. `reserved` are localparts that nobody gets (the bot, admins); `actor` is who started the sync;
    `logins` are everybody's localparts where accounts are named by logins."""
    if plan.is_empty:
        return
    names = _names_for(plan.people_added, known, reserved=reserved) if logins is None else logins
    new_ids = {
        person.id: UserId(f"@{names[person.id]}:{server_name}")
        for person in plan.people_added
        if person.id not in known.user_ids
    }
    changed = (*plan.people_added, *plan.people_renamed, *plan.people_changed)
    await register.mark_left(connection, (person.id for person in plan.people_left), at.timestamp())
    await register.write_people(connection, changed, new_ids)
    await register.write_aliases(connection, plan.people_recognised)
    await register.write_wards(connection, (*plan.people_added, *plan.people_changed))
    await register.end_groups(connection, (group.key for group in plan.groups_ended))
    for change in plan.groups_changed:
        await register.write_group(connection, change.after, known_as=change.before.key)
    for group in plan.groups_added:
        await register.write_group(connection, group)
    gone = {person.id for person in plan.people_left}
    ended = {group.key for group in plan.groups_ended}
    await register.write_memberships(
        connection,
        added=plan.memberships_added,
        removed=[(person, key) for person, key in plan.memberships_removed if person not in gone and key not in ended],
    )
    await register.people_changed(connection)
    await audit.record(
        connection,
        at=at,
        actor=actor,
        action=audit.Action.SYNC_APPLIED,
        target="register",
        by_right="import_people",
        details={"counts": plan.counts} | plan.as_json(),
    )


def _names_for(people: Iterable[RosterPerson], known: Known, *, reserved: Iterable[str]) -> dict[PersonId, str]:
    """A localpart for everybody who has no account yet. Those of people who left stay taken for ever."""
    taken = {user_id[1:].partition(":")[0] for user_id in known.user_ids.values()} | set(reserved)
    names: dict[PersonId, str] = {}
    for person in people:
        if person.id not in known.user_ids:
            names[person.id] = localpart_for(person.given_name, person.family_name, taken)
            taken.add(names[person.id])
    return names
