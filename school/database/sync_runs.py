"""What outlives the process that syncs: whether the last sync ended, when one last did all that it should, and what
the leadership was told.

The first two are one row among the leases, a claim that nobody holds. What was told stands in the audit log: an entry
when something stops the sync, and one when it runs again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database import audit
from school.database.tables import audit_log, leases

_NAME: Final = "last sync"
_BEGUN: Final = "begun"
_ENDED: Final = "ended"
_BEGIN: Final = text(
    "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, 0) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder"
)
_END: Final = text(
    "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :at) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSync:
    """What is known of the last sync, whichever process made it."""

    unfinished: bool = False
    succeeded_at: datetime | None = None


async def begun(connection: AsyncConnection) -> None:
    """A sync begins. Until it has ended it counts as unfinished: so does one whose process died."""
    await connection.execute(_BEGIN, {"name": _NAME, "holder": _BEGUN})


async def ended(connection: AsyncConnection, *, succeeded_at: datetime | None) -> None:
    """A sync came to its end. None: it changed nothing and has to wait for a person."""
    if succeeded_at is None:
        await connection.execute(_BEGIN, {"name": _NAME, "holder": _ENDED})
    else:
        await connection.execute(_END, {"name": _NAME, "holder": _ENDED, "at": succeeded_at.timestamp()})


async def last_sync(connection: AsyncConnection) -> LastSync:
    """The last sync of this school."""
    found = await connection.execute(select(leases.c.holder, leases.c.until).where(leases.c.name == _NAME))
    row = found.one_or_none()
    if row is None:
        return LastSync()
    return LastSync(
        unfinished=row.holder == _BEGUN,
        succeeded_at=datetime.fromtimestamp(row.until, UTC) if row.until else None,
    )


async def told_stop(connection: AsyncConnection) -> str | None:
    """Which stop the leadership was told of last, if the sync has not run again since."""
    found = await connection.execute(
        select(audit_log.c.action, audit_log.c.details)
        .where(audit_log.c.action.in_([audit.Action.SYNC_STOPPED, audit.Action.SYNC_RESUMED]))
        .order_by(audit_log.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    if row is None or row.action != audit.Action.SYNC_STOPPED:
        return None
    return str(row.details["stop"])


async def tell_stop(
    connection: AsyncConnection, stop: str | None, *, at: datetime, actor: str, details: Mapping[str, object]
) -> None:
    """Writes down that the leadership was told of `stop` (a hash), or, with None, that nothing stops the sync now."""
    await audit.record(
        connection,
        at=at,
        actor=actor,
        action=audit.Action.SYNC_RESUMED if stop is None else audit.Action.SYNC_STOPPED,
        target="register",
        by_right="import_people",
        details=dict(details) if stop is None else {**details, "stop": stop},
    )
