"""Deleting entries of the audit log whose time is over, so that what is left is still a chain."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.audit import read_end, write_end
from school.database.tables import audit_log


async def delete_entries(connection: AsyncConnection, *, before: datetime) -> int:
    """Deletes the entries from before an instant, up to the first that is younger; how many there were.

    Where the chain begins now is written down first: the database deletes nothing behind that.
    """
    chain = await read_end(connection)
    younger = select(func.min(audit_log.c.id)).where(audit_log.c.at >= before.timestamp())
    first_kept: int = await connection.scalar(younger) or chain.number + 1
    last_deleted = first_kept - 1
    if last_deleted <= chain.cut_number:
        return 0
    cut_hash = await connection.scalar(select(audit_log.c.hash).where(audit_log.c.id == last_deleted))
    await write_end(connection, replace(chain, cut_number=last_deleted, cut_hash=cut_hash or ""))
    deleted = await connection.execute(delete(audit_log).where(audit_log.c.id <= last_deleted))
    return deleted.rowcount
