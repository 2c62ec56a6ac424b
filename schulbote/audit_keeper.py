"""Looks after the audit log, once a day: whether its chain fits, where it ends, what is too old."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.audit_keeping import delete_entries
from school.database.audit_reading import Verified, verify

log = structlog.get_logger()


class AuditKeeper:
    """Keeps the audit log for `days`. Where it was changed nothing is deleted, so that it can be looked into."""

    def __init__(self, *, reader: Engine, writer: AsyncEngine, keys: Sequence[bytes], days: int) -> None:
        self._reader = reader
        self._writer = writer
        self._keys = keys
        self._kept = timedelta(days=days)
        self._next: datetime | None = None

    async def keep(self, now: datetime) -> None:
        """Does what is due. The end of the chain goes into this program's own log: who changes the database does not
        change that, too."""
        if self._next is not None and now < self._next:
            return
        found = await asyncio.to_thread(self._verify)
        if found.broken:
            log.error("audit_log_changed", what=found.broken)
        else:
            log.info("audit_log_ends", number=found.chain.number, hash=found.chain.hash)
            async with self._writer.begin() as connection:
                deleted = await delete_entries(connection, before=now - self._kept)
            if deleted:
                log.info("audit_log_shortened", entries=deleted)
        self._next = now + timedelta(days=1)

    def _verify(self) -> Verified:
        with self._reader.connect() as connection:
            return verify(connection, self._keys)
