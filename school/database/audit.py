"""The audit log: who did what to whom, by which right. Entries are added and never changed (the database refuses),
each with a hash over the one before (`school.domain.audit_chain`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import audit_chain, audit_log
from school.domain.audit_chain import NO_KEY, Chain, Entry, canonical_details, hash_of, seal_of
from school.domain.intervals import as_utc

KEY_OPTION: Final = "audit_key"
"""The execution option of an engine that holds the key (`open_writer`)."""
_LOOKED_AT: Final = 50_000
_FIELDS: Final = ("at", "actor", "action", "target", "by_right", "details")


class Action(StrEnum):
    """What was done. Values are in the database for ever: add some, never rename one."""

    REST_STARTED = "rest_started"
    """A person, or somebody for them, set a rest or a pause."""
    REST_ENDED = "rest_ended"
    """A rest or a pause was ended before its time."""
    ROOM_REST_SET = "room_rest_set"
    """A teacher said whether messages in a room wait while its teachers rest."""
    TEACHERS_ONLY_SET = "teachers_only_set"
    """A teacher said whether only teachers write in a room."""
    ACCOUNT_LOCKED = "account_locked"
    """The leadership or an admin locked somebody's account."""
    ACCOUNT_UNLOCKED = "account_unlocked"
    """They opened it again."""
    CIRCULAR_SENT = "circular_sent"
    """Somebody sent a text to groups, all at once."""
    CONFERENCE_STARTED = "conference_started"
    """Somebody started a video conference, or planned one."""
    CONFERENCE_ENDED = "conference_ended"
    """A moderator ended a conference for everybody, or called it off."""
    CONFERENCE_GUEST = "conference_guest"
    """Somebody invited a person from outside to a conference, or took the invitation back. Never the name."""
    ATTENDANCE_SEEN = "attendance_seen"
    """A moderator had the list of those who were in a conference."""
    APPOINTMENT_MADE = "appointment_made"
    """Somebody made an appointment for groups."""
    APPOINTMENT_CHANGED = "appointment_changed"
    """Somebody changed an appointment, or called it off."""
    FOLDER_CHANGED = "folder_changed"
    """A teacher made, renamed or took away a folder of a group's shelf."""
    TASK_SET = "task_set"
    """A teacher made a task."""
    TASK_CHANGED = "task_changed"
    """A teacher changed a task, published it, closed it, or gave somebody more time."""
    TASK_TEACHER_ADDED = "task_teacher_added"
    """Somebody became a teacher of a task: sees what is handed in."""
    TASK_ALL_EXTENDED = "task_all_extended"
    """Many tasks were given more days at once, after an outage."""
    TASK_RETURNED = "task_returned"
    """A teacher returned what was handed in."""
    TASK_COLLECTED = "task_collected"
    """A teacher had everything of a task as one archive."""
    GROUP_ENTERED = "group_entered"
    """Somebody entered the rooms of a group that they are not in."""
    URGENT_SENT = "urgent_sent"
    """Somebody of the leadership sent a message past a rest. Its reason and its words stand in the message alone."""
    PASSWORD_CHOSEN = "password_chosen"  # noqa: S105 - what was done, not with what
    """A person chose a password of their own on the web page."""
    DEVICE_SIGNED_OUT = "device_signed_out"
    """A person signed out one of their messengers on the web page."""
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    """A person signed out all of them, and the web pages."""
    SYNC_APPLIED = "sync_applied"
    """The register was read and the directory follows it."""
    PERSON_ERASED = "person_erased"
    """Somebody who left long ago was erased."""
    SYNC_STOPPED = "sync_stopped"
    """A sync that nobody was watching could not do all, and the leadership was told."""
    SYNC_RESUMED = "sync_resumed"
    """What stopped it is over."""
    PASSWORD_RESET = "password_reset"  # noqa: S105 - what was done, no password
    """Somebody got a new way in from a teacher; the old password and all sessions are over."""
    CODE_MADE = "code_made"
    """A first code was made for somebody; the one before is over."""
    CODE_USED = "code_used"
    """Somebody signed in with their first code for the first time."""
    CODE_ENDED = "code_ended"
    """A first code is over before its days are: its person has a password of their own, or somebody took it back."""
    GROUP_MADE = "group_made"
    """A teacher made a group."""
    GROUP_CHANGED = "group_changed"
    """People were put into a teacher's group, or taken out."""
    GROUP_OWNERS_CHANGED = "group_owners_changed"
    """Somebody else owns a teacher's group."""
    GROUP_RENAMED = "group_renamed"
    """A teacher's group has another name."""
    GROUP_KEPT = "group_kept"
    """A teacher's group lives on after this school year."""
    GROUP_ENDED = "group_ended"
    """A teacher's group was ended, by a person or with the school year."""
    GROUP_INVITED = "group_invited"
    """A whole group was invited into a chat."""
    GUEST_LIST_KEPT = "guest_list_kept"
    """A chat follows a group from now on."""
    GUEST_LIST_ENDED = "guest_list_ended"
    """A chat does not follow a group any more."""
    GUEST_REMOVED = "guest_removed"
    """Somebody who left a group was taken out of a chat that follows it."""


async def record(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: Action,
    target: str,
    by_right: str,
    details: Mapping[str, object],
) -> None:
    """Add an entry in the caller's transaction: done and recorded, or neither.

    `actor` and `target` are ids (a person, a group, a program), `by_right` is the id of the rule that allowed it.
    `details` are facts as JSON knows them: numbers, dates, ids. They must never hold the text of a message, nor a
    name, nor a secret: what stands here cannot be deleted before its time.

    Let it be the last write of a transaction. There is one chain, so whoever records waits until this transaction
    ends; if it wanted something afterwards that one of them holds, each would wait for the other.
    """
    await record_for_each(
        connection, at=at, actor=actor, action=action, targets=[target], by_right=by_right, details=details
    )


async def record_for_each(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: Action,
    targets: Sequence[str],
    by_right: str,
    details: Mapping[str, object],
) -> None:
    """As `record`, an entry for each target of something that was done to many."""
    if not targets:
        return
    key = audit_key(connection)
    chain = await read_end(connection)
    details, rows = canonical_details(details), []
    for target in targets:
        entry = Entry(
            number=chain.number + 1,
            at=as_utc(at).timestamp(),
            actor=actor,
            action=action.value,
            target=target,
            by_right=by_right,
            details=details,
        )
        chain = replace(chain, number=entry.number, hash=hash_of(entry, chain.hash, key))
        values = {field: getattr(entry, field) for field in _FIELDS}
        rows.append({"id": entry.number, **values, "hash": chain.hash})
    await connection.execute(insert(audit_log), rows)
    await write_end(connection, chain)


async def times_since(connection: AsyncConnection, *, actor: str, action: Action, since: datetime) -> list[datetime]:
    """When somebody did something, the oldest first. Whoever else wants to write waits until the transaction ends, so
    that two at once are not both the last one that is allowed."""
    await read_end(connection)
    times = select(audit_log.c.at).where(
        audit_log.c.actor == actor, audit_log.c.action == action.value, audit_log.c.at > as_utc(since).timestamp()
    )
    return [datetime.fromtimestamp(at, UTC) for at in await connection.scalars(times.order_by(audit_log.c.at))]


async def newest_of_each(connection: AsyncConnection, action: Action, *, since: datetime) -> dict[str, datetime]:
    """Who has done something, and when last. Only so many of the newest entries are looked at."""
    newest = select(func.coalesce(func.max(audit_log.c.id), 0) - _LOOKED_AT).scalar_subquery()
    query = (
        select(audit_log.c.actor, func.max(audit_log.c.at))
        .where(audit_log.c.id > newest, audit_log.c.action == action.value, audit_log.c.at > as_utc(since).timestamp())
        .group_by(audit_log.c.actor)
    )
    return {actor: datetime.fromtimestamp(at, UTC) for actor, at in await connection.execute(query)}


async def write_end(connection: AsyncConnection, chain: Chain) -> None:
    """Writes down where the chain begins and ends now, with its seal."""
    await connection.execute(
        update(audit_chain).values(
            number=chain.number,
            hash=chain.hash,
            cut_number=chain.cut_number,
            cut_hash=chain.cut_hash,
            seal=seal_of(chain, audit_key(connection)),
        )
    )


def audit_key(connection: AsyncConnection) -> bytes:
    """The key of the engine; without one a chain is made that anybody could make."""
    options = connection.sync_connection.get_execution_options() if connection.sync_connection else {}
    key: bytes = options.get(KEY_OPTION, NO_KEY)
    return key


async def read_end(connection: AsyncConnection) -> Chain:
    """Where the chain begins and ends. Whoever else wants to write to it waits until the transaction ends."""
    untouched = update(audit_chain).values(number=audit_chain.c.number)
    return chain_from((await connection.execute(untouched.returning(*audit_chain.c))).one())


def chain_from(row: Row[Any]) -> Chain:
    """The chain in a row of its table."""
    return Chain(**{column: value for column, value in row._mapping.items() if column != "id"})
