"""Opening the database for reading: all that the modules inside Synapse need, and all that they get.

Time limits on every wait, one snapshot per transaction, the same on SQLite and PostgreSQL.
"""

from typing import Final

from sqlalchemy import URL, Engine, create_engine

from school.database.sqlite import prepare_sqlite

_WAIT_SECONDS: Final = 5
"""How long a connection or a lock may be waited for. A hanging wait would stop the module's poll without a word."""
_STATEMENT_SECONDS: Final = 20
_DEAD_CONNECTION: Final = {
    "keepalives": 1,
    "keepalives_idle": _WAIT_SECONDS,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": _WAIT_SECONDS * 1000,
}
"""A statement's limit is kept by the server. One that is not there any more (a pulled cable, a dead machine) keeps
none, and this machine has to notice (PostgreSQL manual, "Parameter Key Words"). Local sockets do without."""


def open_reader(url: URL) -> Engine:
    """A synchronous engine that reads one consistent snapshot per transaction (for the modules inside Synapse)."""
    if url.get_backend_name() == "sqlite":
        # Only a file that is there: one made by a reader would lack the tables, and the rights that it needs.
        existing = url.set(database=f"file:{url.database}", query={"mode": "rw", "uri": "true"})
        engine = create_engine(existing, connect_args={"timeout": _WAIT_SECONDS, "check_same_thread": False})
        prepare_sqlite(engine, begin="BEGIN")
        return engine
    return create_engine(
        url,
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _WAIT_SECONDS,
            **_DEAD_CONNECTION,
            "options": f"-c statement_timeout={_STATEMENT_SECONDS}s -c default_transaction_read_only=on",
        },
    )
