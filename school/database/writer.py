"""Opening the database for the programs that write (asynchronously; needs more than Synapse's environment has)."""

from typing import Final

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from school.database.audit import KEY_OPTION
from school.database.sqlite import prepare_sqlite
from school.domain.audit_chain import NO_KEY

_WAIT_SECONDS: Final = 5
_STATEMENT_SECONDS: Final = 20


def open_writer(url: URL, *, audit_key: bytes = NO_KEY) -> AsyncEngine:
    """An asynchronous engine for the programs that write. `audit_key`: with it they chain what they record."""
    options = {KEY_OPTION: audit_key}
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": _STATEMENT_SECONDS}, execution_options=options)
        prepare_sqlite(engine.sync_engine, begin="BEGIN IMMEDIATE")
        return engine
    return create_async_engine(
        url,
        pool_pre_ping=True,
        execution_options=options,
        connect_args={
            "timeout": _WAIT_SECONDS,
            "server_settings": {"statement_timeout": f"{_STATEMENT_SECONDS}s"},
        },
    )
