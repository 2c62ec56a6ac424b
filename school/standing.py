"""What every program decides on: the newest snapshot of the directory, ready to be asked, or that there is none.

Loaded once at the start (in Synapse: before it serves anybody), then its version is looked at every second. A decision
touches neither disk nor network: it takes the object that is there.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import sleep
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from school.config import Settings
from school.database.snapshot import Snapshot, read_snapshot
from school.domain.calendars import Calendars
from school.domain.directory import Directory
from school.domain.hold import Hold, RoomMode, hold_for
from school.domain.people import TEACHER, Person, UserId
from school.domain.policy import Policy
from school.domain.rest import Calendar
from school.domain.rest_desk import RestDesk
from school.domain.rights import rights_of_school

logger = logging.getLogger(__name__)

_SLICE: Final = 500


class CannotDecideError(Exception):
    """There is no directory, or none that is new enough. Whoever asked has to try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One immutable state of the school, and everything that is asked of it."""

    snapshot: Snapshot
    policy: Policy
    desk: RestDesk

    def is_draining(self, room_id: str) -> bool:
        """Whether earlier messages still wait in a room."""
        return room_id in self.snapshot.rest.held_rooms

    def hold(
        self,
        sender: UserId,
        members: Iterable[UserId],
        mode: RoomMode | None,
        *,
        now: datetime,
        colleagues_pass: bool,
    ) -> Hold | None:
        """Why words of `sender` would have to wait in a room of these members (`school.domain.hold`); None if they
        would not. `colleagues_pass`: what teachers write waits for nobody."""
        directory, desk = self.policy.directory, self.desk
        if colleagues_pass:
            person = directory.person(sender)
            if person is not None and person.role == TEACHER:
                return None
        return hold_for(
            sender,
            members,
            directory=directory,
            rest_of=lambda user_id: desk.rest_of(user_id, now),
            has_rest=desk.has_rest,
            bot=self.policy.bot,
            mode=mode,
        )

    def mode_of(self, room_id: str) -> RoomMode | None:
        """What was said of a room's messages (`school.domain.hold`)."""
        return self.snapshot.rest.room_modes.get(room_id)


class StandingKeeper:
    """Keeps the newest `Standing`. `refresh` may run in any thread; `current` only reads a reference."""

    def __init__(self, settings: Settings, engine: Engine, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._engine = engine
        self._monotonic = monotonic
        self._standing: Standing | None = None
        self._confirmed_at = 0.0
        self._failing = False
        self._refreshing = Lock()

    def current(self) -> Standing:
        """The state to decide on.

        Raises:
            CannotDecideError: never loaded, or not confirmed for longer than `module.directory_max_age_seconds`.
        """
        if self._standing is None:
            raise CannotDecideError("the directory was never loaded")
        if self._monotonic() - self._confirmed_at > self._settings.module.directory_max_age_seconds:
            raise CannotDecideError("the directory is too old")
        return self._standing

    def refresh(self) -> None:
        """Looks whether there is a newer snapshot and swaps it in. A database that cannot be reached is logged once
        and tried again at the next call; the old snapshot serves until it is too old."""
        with self._refreshing:  # of two at once the slower one would bring the older state back
            self._refresh()

    def _refresh(self) -> None:
        asked_at = self._monotonic()
        previous = self._standing.snapshot if self._standing else None
        try:
            with self._engine.connect() as connection, connection.begin():
                snapshot = read_snapshot(connection, previous)
        except (SQLAlchemyError, OSError, ValueError) as error:
            if not self._failing:
                logger.warning("The directory cannot be read, the last one serves for now: %s", error, exc_info=True)
            self._failing = True
            return
        if self._failing:
            logger.info("The directory can be read again")
        self._failing = False
        if snapshot is not previous:
            self._standing = self._stand_on(snapshot)
        self._confirmed_at = asked_at
        if previous is not None and previous.directory is not snapshot.directory:
            people = list(previous.directory.people)
            del previous
            _free(people)

    def _stand_on(self, snapshot: Snapshot) -> Standing:
        settings = self._settings
        return Standing(
            snapshot=snapshot,
            policy=policy_of(settings, snapshot.directory),
            desk=RestDesk(
                directory=snapshot.directory,
                calendars=_calendars_of(settings, snapshot),
                personal=snapshot.rest.personal.get,
                roles=settings.rest.roles,
                may_shorten=settings.rest.may_shorten,
            ),
        )


def _calendars_of(settings: Settings, snapshot: Snapshot) -> Calendars:
    rest = settings.rest
    return Calendars(
        school=Calendar(
            zone=settings.zone,
            windows=rest.windows,
            free_days=frozenset(snapshot.rest.free_days),
            minimum=rest.minimum_windows,
        ),
        school_line=None if rest.windows is None else rest.line("reachable"),
        group_lines=rest.group_lines,
        groups=snapshot.directory.groups.values(),
        persons=rest.own_days,
    )


def _free(people: list[Person]) -> None:
    """Lets go of people in slices: all at once would stop every other thread for as long as that takes."""
    while people:
        del people[-_SLICE:]
        sleep(0)


def policy_of(settings: Settings, directory: Directory) -> Policy:
    """The rights of a school over one state of its directory."""
    return Policy(
        directory=directory,
        rights=rights_of_school(settings.rights.lines, directory.groups.values()),
        bot=settings.matrix.bot_user_id,
        files=settings.files.rules,
        encryption=frozenset(settings.encryption.roles),
    )
