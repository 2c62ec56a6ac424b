"""Opening the database: time limits on every wait, one snapshot per transaction, the same on SQLite and PostgreSQL."""

from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_WAIT_SECONDS: Final = 5
"""How long a connection or a lock may be waited for. A hanging wait would stop the module's poll without a word."""
_STATEMENT_SECONDS: Final = 20


def open_reader(url: URL) -> Engine:
    """A synchronous engine that reads one consistent snapshot per transaction (for the modules inside Synapse)."""
    if url.get_backend_name() == "sqlite":
        # Only a file that is there: one made by a reader would lack the tables, and the rights that it needs.
        existing = url.set(database=f"file:{url.database}", query={"mode": "rw", "uri": "true"})
        engine = create_engine(existing, connect_args={"timeout": _WAIT_SECONDS, "check_same_thread": False})
        _prepare_sqlite(engine, begin="BEGIN")
        return engine
    return create_engine(
        url,
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _WAIT_SECONDS,
            "options": f"-c statement_timeout={_STATEMENT_SECONDS}s -c default_transaction_read_only=on",
        },
    )


def open_writer(url: URL) -> AsyncEngine:
    """An asynchronous engine for the programs that write."""
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": _STATEMENT_SECONDS})
        _prepare_sqlite(engine.sync_engine, begin="BEGIN IMMEDIATE")
        return engine
    return create_async_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "timeout": _WAIT_SECONDS,
            "server_settings": {"statement_timeout": f"{_STATEMENT_SECONDS}s"},
        },
    )


def _prepare_sqlite(engine: Engine, *, begin: str) -> None:
    """Write-ahead log (readers never wait for the writer), foreign keys, and transactions that really begin: the
    driver's own ones begin at the first write only, so two reads would see two states. A writer takes its lock at
    the beginning, because a read that turns into a write cannot wait."""

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
