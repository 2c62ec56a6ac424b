"""What the school's database keeps about a person: in which table, what of it they are given, what erasure leaves.

Every table is in `KEPT`, or in `NOT_ABOUT_PEOPLE` with the reason; a test looks. The export and the erasure of a
person, and what people are told of both, are made from here: a new table needs a line here, and is in all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.audit_reading import moment_of, read_entries
from school.database.everybody import read_everybody
from school.database.guest_lists import forget_lists_of
from school.database.kept import Kept, Row, Subject, Topic
from school.database.personal_appointments import APPOINTMENTS_KEPT
from school.database.personal_tasks import NO_NAMES_IN_TASKS, TASKS_KEPT
from school.database.shelf_tables import shelf_files
from school.database.tables import (
    accounts,
    audit_log,
    bot_words,
    circulars,
    conference_attendance,
    conference_feeds,
    conferences,
    control_rooms,
    first_codes,
    greetings,
    group_owners,
    group_rooms,
    groups,
    guest_lists,
    guests,
    held_messages,
    joins,
    left_rooms,
    locks,
    memberships,
    person_aliases,
    persons,
    rest_overrides,
    silences,
    wards,
    web_links,
    web_sessions,
)
from school.domain.audit_about import for_person, names_one_of
from school.domain.people import Role

__all__ = ["KEPT", "NOT_ABOUT_PEOPLE", "Kept", "Row", "Subject", "Topic", "erase_everything", "everything_about"]


class _Moderators(Kept):
    """Who moderates the rooms of a group stands in a list."""

    async def read(self, connection: AsyncConnection, subject: Subject) -> list[Row]:
        rows = await connection.execute(select(group_rooms))
        return [{"room_id": row.room_id, "name": row.name} for row in rows if subject.user_id in row.moderators]

    async def erase(self, connection: AsyncConnection, subject: Subject) -> None:
        for row in (await connection.execute(select(group_rooms))).all():
            if subject.user_id in row.moderators:
                others = [user_id for user_id in row.moderators if user_id != subject.user_id]
                here = update(group_rooms).where(group_rooms.c.room_id == row.room_id)
                await connection.execute(here.values(moderators=others))


class _AuditLog(Kept):
    """Entries name people in any field, and others besides."""

    async def read(self, connection: AsyncConnection, subject: Subject) -> list[Row]:
        everybody = await connection.run_sync(read_everybody)
        people = [known.person for known in everybody]
        roles: dict[str, Role] = {id_: one.role for one in people for id_ in (one.id, one.user_id)}
        ids = {subject.person_id, subject.user_id}
        entries = await connection.run_sync(
            lambda sync: [entry for entry in read_entries(sync) if names_one_of(entry, ids)]
        )
        return [
            {
                "at": moment_of(own).isoformat(),
                "actor": own.actor,
                "action": own.action,
                "target": own.target,
                "by_right": own.by_right,
                "details": own.details,
            }
            for own in (for_person(entry, ids, roles) for entry in entries)
        ]


class _GuestLists(Kept):
    """With a list goes who stands on it."""

    async def erase(self, connection: AsyncConnection, subject: Subject) -> None:
        await forget_lists_of(connection, subject.person_id)


def _groups_owned_by(subject: Subject) -> Select[Any]:
    joined = select(groups.c.name).join(group_owners, group_owners.c.group_id == groups.c.id)
    return joined.where(group_owners.c.person_id == subject.person_id).order_by(groups.c.name)


def _groups_of(subject: Subject) -> Select[Any]:
    joined = select(groups.c.name, groups.c.kind, groups.c.origin).join(memberships)
    return joined.where(memberships.c.person_id == subject.person_id).order_by(groups.c.name)


def _children_of(subject: Subject) -> Select[Any]:
    joined = select(persons.c.id, persons.c.given_name, persons.c.family_name)
    return joined.join(wards, wards.c.ward_id == persons.c.id).where(wards.c.guardian_id == subject.person_id)


KEPT: Final[Sequence[Kept]] = (
    Kept(table=memberships, column="person_id", topic=Topic.REGISTER, name="groups", query=_groups_of),
    Kept(table=group_owners, column="person_id", topic=Topic.REGISTER, name="groups_owned", query=_groups_owned_by),
    Kept(table=wards, column="guardian_id", topic=Topic.REGISTER, name="children", query=_children_of),
    Kept(table=wards, column="ward_id", topic=Topic.REGISTER, name="guardians", hidden=("guardian_id",)),
    Kept(table=person_aliases, column="person_id", topic=Topic.REGISTER, name="further_ids"),
    Kept(table=accounts, column="person_id", topic=Topic.ACCOUNT, name="account"),
    Kept(table=first_codes, column="person_id", topic=Topic.ACCOUNT, hidden=("digest",)),
    Kept(table=locks, column="person_id", topic=Topic.ACCOUNT, name="locked_by_the_leadership"),
    Kept(table=web_sessions, column="user_id", topic=Topic.ACCOUNT, hidden=("token_hash",)),
    Kept(table=web_links, column="user_id", topic=Topic.ACCOUNT, name="personal_links", hidden=("token_hash",)),
    Kept(table=greetings, column="person_id", topic=Topic.ACCOUNT, name="greeting"),
    Kept(table=joins, column="person_id", topic=Topic.ROOMS, name="brought_into"),
    Kept(table=left_rooms, column="person_id", topic=Topic.ROOMS),
    _GuestLists(table=guest_lists, column="host_id", topic=Topic.ROOMS),
    Kept(table=guests, column="person_id", topic=Topic.ROOMS, name="guest_in"),
    Kept(table=control_rooms, column="user_id", topic=Topic.ROOMS, name="rooms_with_the_bot"),
    _Moderators(table=group_rooms, column="moderators", topic=Topic.ROOMS, name="moderates"),
    Kept(table=circulars, column="person_id", topic=Topic.MESSAGES, hidden=("sealed",)),
    Kept(
        table=shelf_files,
        column="sender",
        topic=Topic.MESSAGES,
        name="files_on_shelves",
        hidden=("edit_event_id", "doubt"),
    ),
    Kept(table=held_messages, column="sender", topic=Topic.HELD, hidden=("position", "receipt_event_id")),
    Kept(table=rest_overrides, column="person_id", topic=Topic.REST, name="rests", hidden=("id",)),
    Kept(
        table=rest_overrides,
        column="deputy",
        topic=Topic.REST,
        name="deputy_for_somebody",
        hidden=("id", "person_id", "kind"),
        emptied=("deputy",),
    ),
    Kept(table=silences, column="user_id", topic=Topic.REST, hidden=("sync_token",)),
    Kept(table=bot_words, column="user_id", topic=Topic.BOT, name="waiting_words", hidden=("txn_id",)),
    Kept(
        table=conferences,
        column="person_id",
        topic=Topic.CONFERENCES,
        hidden=("meeting_id", "create_time_ms", "messages"),
    ),
    Kept(table=conference_feeds, column="person_id", topic=Topic.CONFERENCES, hidden=("token_hash",)),
    Kept(
        table=conference_attendance,
        column="person_id",
        topic=Topic.CONFERENCES,
        name="took_part_in",
        hidden=("meeting_id", "bbb_id"),
    ),
    *TASKS_KEPT,
    *APPOINTMENTS_KEPT,
    _AuditLog(
        table=audit_log,
        column="target",
        topic=Topic.AUDIT,
        stays="It shows that the school did what it had to, and is deleted by its own period (docs/adr).",
    ),
    # The last one: other rows point to it.
    Kept(
        table=persons,
        column="id",
        topic=Topic.REGISTER,
        name="person",
        query=lambda subject: select(persons).where(persons.c.id == subject.person_id),
        stays="The row stays with nothing but the Matrix id, so that nobody ever gets it (`school.database.erasure`).",
    ),
)
"""In the order in which it is erased."""

NOT_ABOUT_PEOPLE: Final[Mapping[str, str]] = {
    "audit_chain": "where the audit log begins and ends",
    "conference_guests": "people from outside, who are in no register; deleted when their invitation is over",
    "free_days": "days of the school",
    "groups": "groups; who is in them stands elsewhere",
    "held_rooms": "rooms in which something waits",
    "leases": "which program, or for whom, does some work now; at its end the row goes",
    "places": "places in the homeserver's stream of events",
    "room_rests": "what was said of rooms, and not by whom",
    "school_groups": "until when groups of teachers live, and what was told about it",
    "shelf_folders": "folders of groups, and not who made them",
    "shelf_places": "which message's file lies in which folder; it goes with the file",
    "shelf_rooms": "until when rooms were looked through for files",
    "spent_proofs": "hashes of tokens that count no more; they go within the hour",
    "teachers_only_groups": "groups in whose rooms only teachers write",
    "versions": "numbers of the directory's states",
    **NO_NAMES_IN_TASKS,
}
"""Tables that name nobody, and what is in them."""


async def everything_about(connection: AsyncConnection, subject: Subject) -> dict[Topic, dict[str, list[Row]]]:
    """All that there is of a person, as they are given it: by topic, then by name."""
    found: dict[Topic, dict[str, list[Row]]] = {}
    for kept in KEPT:
        found.setdefault(kept.topic, {})[kept.name or kept.table.name] = await kept.read(connection, subject)
    return found


async def erase_everything(connection: AsyncConnection, subject: Subject) -> None:
    """Erases all of it but what says why it stays."""
    for kept in KEPT:
        await kept.erase(connection, subject)
