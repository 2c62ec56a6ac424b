"""The standing of the school as it is now, for the questions of the command line. Only reads."""

import time
from pathlib import Path

from school.config import Settings
from school.database.reader import open_reader
from school.database.snapshot import read_versions
from school.errors import FailedError
from school.standing import Standing, StandingKeeper


class NoDirectoryError(FailedError):
    """Nobody is in the directory yet. The text says what to do."""


def read_standing(settings: Settings) -> Standing:
    """What the module inside Synapse decides on at this moment.

    Raises:
        NoDirectoryError: no sync has been made yet.
        SQLAlchemyError: the database cannot be used.
    """
    nobody = NoDirectoryError("Nobody is in the directory yet. Start `schulbote sync` first.")
    url = settings.database.sqlalchemy_url("sync")
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise nobody
    engine = open_reader(url)
    try:
        with engine.connect() as connection:  # the keeper logs what is wrong and waits; here it is an answer
            read_versions(connection)
        keeper = StandingKeeper(settings, engine, time.monotonic)
        keeper.refresh()
        standing = keeper.current()
    finally:
        engine.dispose()
    if not len(standing.policy.directory):
        raise nobody
    return standing
