"""The audit log: who did what to whom, by which right. Entries are added and never changed (the database refuses)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import audit_log
from school.domain.intervals import as_utc


class Action(StrEnum):
    """What was done. Values are in the database for ever: add some, never rename one."""

    REST_STARTED = "rest_started"
    """A person, or somebody for them, set a rest or a pause."""
    REST_ENDED = "rest_ended"
    """A rest or a pause was ended before its time."""
    ROOM_REST_SET = "room_rest_set"
    """A teacher said whether messages in a room wait while its teachers rest."""
    GROUP_ENTERED = "group_entered"
    """Somebody entered the rooms of a group that they are not in."""
    SYNC_APPLIED = "sync_applied"
    """The register was read and the directory follows it."""
    PERSON_ERASED = "person_erased"
    """Somebody who left long ago was erased."""
    SYNC_STOPPED = "sync_stopped"
    """A sync that nobody was watching could not do all, and the leadership was told."""
    SYNC_RESUMED = "sync_resumed"
    """What stopped it is over."""
    CODE_MADE = "code_made"
    """A first code was made for somebody; the one before is over."""
    CODE_USED = "code_used"
    """Somebody signed in with their first code for the first time."""
    CODE_ENDED = "code_ended"
    """A first code is over before its days are: its person has a password of their own, or somebody took it back."""


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
    name, nor a secret: what stands here can never be deleted.
    """
    await connection.execute(
        insert(audit_log).values(
            at=as_utc(at).timestamp(),
            actor=actor,
            action=action.value,
            target=target,
            by_right=by_right,
            details=dict(details),
        )
    )
