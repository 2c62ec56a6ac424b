"""The form of an appointment: what somebody writes in it, and what it means. What cannot be understood is asked about,
and nothing that was written is lost."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Final

from appointments.desk import Wish
from appservice.web.forms import Form
from school.domain.appointment_times import MOST_WEEKS, Times
from school.domain.appointments import Appointment
from school.domain.groups import GroupId

GROUP: Final = "group-"
"""Before the id of a group in the name of its box."""
_AN_HOUR: Final = 60
_LAST_MINUTE: Final = 24 * 60 - 1


class Unclear(StrEnum):
    """What was not understood. Each has a sentence."""

    NO_DAY = "no_day"
    NO_TIME = "no_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stands in the fields, as it was written."""

    title: str = ""
    place: str = ""
    groups: Collection[GroupId] = field(default_factory=frozenset)
    whole_day: bool = False
    first_day: str = ""
    start: str = ""
    last_day: str = ""
    end: str = ""
    weeks: str = "0"
    until: str = ""
    asks: bool = False
    number: str = "0"

    def wish(self) -> Wish | Unclear:
        """What it means."""
        try:
            first_day = date.fromisoformat(self.first_day)
            last_day = date.fromisoformat(self.last_day) if self.last_day else first_day
            until = date.fromisoformat(self.until) if self.until else None
        except ValueError:
            return Unclear.NO_DAY
        start = end = None
        if not self.whole_day:
            start = _minute(self.start)
            end = _minute(self.end) if self.end else None if start is None else min(start + _AN_HOUR, _LAST_MINUTE)
            if start is None or end is None:
                return Unclear.NO_TIME
        weeks = int(self.weeks) if self.weeks in map(str, range(MOST_WEEKS + 1)) else 0
        times = Times(
            first_day=first_day,
            last_day=last_day,
            start=start,
            end=end,
            weeks=weeks,
            until=until if weeks else None,
        )
        groups = frozenset(self.groups)
        return Wish(title=self.title, place=self.place, groups=groups, times=times, asks=self.asks)


def written_in(form: Form, offered: Collection[GroupId]) -> Written:
    """What somebody sent; of the groups those that they were offered."""
    return Written(
        title=form.text("title"),
        place=form.text("place"),
        groups=frozenset(group for group in offered if form.is_set(GROUP + group)),
        whole_day=form.is_set("whole_day"),
        first_day=form.text("first_day"),
        start=form.text("start"),
        last_day=form.text("last_day"),
        end=form.text("end"),
        weeks=form.text("weeks") or "0",
        until=form.text("until"),
        asks=form.is_set("asks"),
        number=form.text("number"),
    )


def as_written(appointment: Appointment) -> Written:
    """An appointment as somebody would have written it."""
    times = appointment.times
    return Written(
        title=appointment.title,
        place=appointment.place,
        groups=appointment.groups,
        whole_day=times.start is None,
        first_day=times.first_day.isoformat(),
        start=_clock(times.start),
        last_day="" if times.last_day == times.first_day else times.last_day.isoformat(),
        end=_clock(times.end),
        weeks=str(times.weeks),
        until="" if times.until is None else times.until.isoformat(),
        asks=appointment.asks,
        number=str(appointment.number),
    )


def new_one(today: date) -> Written:
    """What stands in the form at first."""
    return Written(first_day=today.isoformat())


def _minute(text: str) -> int | None:
    try:
        read = time.fromisoformat(text)
    except ValueError:
        return None
    return None if read.tzinfo is not None else read.hour * 60 + read.minute


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"
