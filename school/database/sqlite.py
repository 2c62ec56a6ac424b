"""SQLite made to behave as the school's database does elsewhere."""

from typing import Any

from sqlalchemy import Engine, event


def prepare_sqlite(engine: Engine, *, begin: str) -> None:
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
