"""Applying a plan to the directory: all of it in one transaction, with its line in the audit log, or nothing."""

from collections.abc import Iterable
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
) -> None:
    """Writes a plan. `reserved` are localparts that nobody gets (the bot, admins); `actor` is who started the sync."""
    if plan.is_empty:
        return
    new_ids = _new_user_ids(plan.people_added, known, server_name=server_name, reserved=reserved)
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


def _new_user_ids(
    people: Iterable[RosterPerson], known: Known, *, server_name: str, reserved: Iterable[str]
) -> dict[PersonId, UserId]:
    """A Matrix id for everybody who has none yet. Ids of people who left stay taken for ever."""
    taken = {user_id[1:].partition(":")[0] for user_id in known.user_ids.values()} | set(reserved)
    new: dict[PersonId, UserId] = {}
    for person in people:
        if person.id not in known.user_ids:
            localpart = localpart_for(person.given_name, person.family_name, taken)
            taken.add(localpart)
            new[person.id] = UserId(f"@{localpart}:{server_name}")
    return new
