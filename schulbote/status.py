"""How the school's messenger is doing, for IT staff and for cron. Only looks; what is wrong is said in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from appservice.homeserver import HomeserverError
from appservice.waiting import OVERDUE_AFTER, Waiting, WaitingLook
from school.config import Settings
from school.database.silences import SilenceRow, read_silences
from school.database.sync_runs import LastSync, last_sync
from school.database.tables import Part
from school.database.writer import open_writer
from school.domain.rest_desk import RestDesk
from school.standing import Standing
from schulbote.connections import open_homeserver
from schulbote.homeserver_config import APPSERVICE_ID
from schulbote.standing_now import read_standing

_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of one moment. `waiting` is None where the homeserver does not say who is in the rooms."""

    waiting: Waiting | None
    silent: int
    late: int
    """How many people are silent although their rest has been over for a while."""
    sync: LastSync
    people: int
    version: int
    homeserver: str | None
    """Why the homeserver does not answer; None: it does."""
    appservice: str | None
    """Why the homeserver does not reach `schulbote run`; None: it does, or nobody can know."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What somebody should look at, with what to do."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[str]:
        if self.homeserver is not None:
            yield f"The homeserver does not answer ({self.homeserver}). Look whether Synapse runs."
        if self.appservice is not None:
            yield f"The homeserver does not reach `schulbote run` ({self.appservice}). Look whether it runs."
        if self.waiting is not None and self.waiting.overdue:
            yield (
                f"{self.waiting.overdue} held messages should have been delivered more than "
                f"{_minutes(OVERDUE_AFTER)} minutes ago. The log of `schulbote run` says why they were not."
            )
        if self.late:
            yield (
                f"{self.late} people are silent although their rest has been over for more than "
                f"{_minutes(OVERDUE_AFTER)} minutes. The log of `schulbote run` says why."
            )

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        waiting = self.waiting
        return {
            "held": None
            if waiting is None
            else {
                "messages": waiting.messages,
                "rooms": waiting.rooms,
                "oldest": _iso(waiting.oldest),
                "next_release": _iso(waiting.next_release),
                "overdue": waiting.overdue,
            },
            "silenced": self.silent,
            "sync": {"succeeded_at": _iso(self.sync.succeeded_at), "unfinished": self.sync.unfinished},
            "directory": {"people": self.people, "version": self.version},
            "homeserver": {"answers": self.homeserver is None, "reaches_appservice": self._is_reached()},
            "problems": list(self.problems),
        }

    def rows(self, settings: Settings) -> Iterator[tuple[str, str]]:
        """What a table shows: what it is, and how it stands, with times of the school."""

        def told(instant: datetime | None, otherwise: str) -> str:
            return otherwise if instant is None else f"{instant.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"

        waiting = self.waiting
        if waiting is None:
            yield "Held messages", "not known"
        else:
            yield "Held messages", f"{waiting.messages} in {waiting.rooms} rooms"
            yield "The oldest was written", told(waiting.oldest, _NOTHING)
            yield "The next is delivered", told(waiting.next_release, _NOTHING)
        yield "Silent now", f"{self.silent} people"
        unfinished = " (one is unfinished)" if self.sync.unfinished else ""
        yield "Last sync", told(self.sync.succeeded_at, "never") + unfinished
        yield "Directory", f"{self.people} people, version {self.version}"
        yield "Homeserver", "answers" if self.homeserver is None else "does not answer"
        yield "Appservice", {True: "is reached", False: "is not reached", None: "not known"}[self._is_reached()]

    def _is_reached(self) -> bool | None:
        if self.homeserver is not None:
            return None
        return self.appservice is None


async def look_at_everything(settings: Settings) -> Status:
    """The status now.

    Raises:
        ConfigError: a secret is missing.
        NoDirectoryError: no sync has been made yet.
        SQLAlchemyError: the database cannot be used.
    """
    standing, now = read_standing(settings), datetime.now(UTC)
    engine = open_writer(settings.database.sqlalchemy_url("async"))
    waiting, homeserver_error, appservice_error = None, None, None
    try:
        async with engine.connect() as connection:
            silences = await read_silences(connection, ended=False)
            sync = await last_sync(connection)
        async with open_homeserver(settings) as homeserver:
            try:
                await homeserver.background_updates()
                looking = WaitingLook(engine=engine, homeserver=homeserver, standing=lambda: standing)
                waiting = await looking.look(now)
            except HomeserverError as error:
                homeserver_error = str(error)
            else:
                try:
                    await homeserver.ping_back(APPSERVICE_ID)
                except HomeserverError as error:
                    appservice_error = str(error)
    finally:
        await engine.dispose()
    return Status(
        waiting=waiting,
        silent=len(silences),
        late=sum(_is_late(row, standing.desk, now) for row in silences),
        sync=sync,
        people=len(standing.policy.directory),
        version=_version(standing),
        homeserver=homeserver_error,
        appservice=appservice_error,
    )


def _is_late(row: SilenceRow, desk: RestDesk, now: datetime) -> bool:
    before = now - OVERDUE_AFTER
    if row.since >= before or not desk.has_rest(row.user_id):  # the accounts of those who left are locked
        return False
    return desk.look(row.user_id, before) is None and desk.look(row.user_id, now) is None


def _version(standing: Standing) -> int:
    return standing.snapshot.versions.get(Part.PEOPLE, 0)


def _minutes(duration: timedelta) -> int:
    return duration // timedelta(minutes=1)


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
