"""The section `rest` of school.yaml: when teachers rest."""

from collections.abc import Mapping
from datetime import date
from itertools import chain
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from school.config import values
from school.config.section import Dates, RoleName, Section, Text, frozen
from school.domain.people import TEACHER
from school.domain.rest import Window

_Days = Annotated[tuple[int, ...], PlainValidator(values.days)]
_Span = Annotated[tuple[int, int], PlainValidator(values.window)]
_Week = Mapping[tuple[int, ...], tuple[tuple[int, int], ...]]


def _checked_week(reachable: _Week) -> _Week:
    named = list(chain.from_iterable(reachable))
    if twice := sorted({day for day in named if named.count(day) > 1}):
        raise ValueError(f'names "{values.WEEKDAYS[twice[0]]}" twice; put all hours of a day into one line.')
    if not any(reachable.values()):
        raise ValueError("has no hours, so nobody could ever be reached; take the line out for no school hours.")
    return frozen(reachable)


class HolidaySettings(Section):
    """Which public and school holidays are free."""

    country: Annotated[str, AfterValidator(values.country)]
    subdivision: Text | None = None
    school_holidays: bool = True


class RestSettings(Section):
    """When teachers rest."""

    reachable: Annotated[Mapping[_Days, tuple[_Span, ...]], AfterValidator(_checked_week)] | None = None
    roles: tuple[RoleName, ...] = (TEACHER,)
    holidays: HolidaySettings | None = None
    written_free_days: tuple[Dates, ...] = Field(default=(), alias="free_days")
    colleagues_pass: bool = False

    @property
    def windows(self) -> tuple[Window, ...] | None:
        """School hours. None: the school keeps no hours, nobody rests by the calendar."""
        if self.reachable is None:
            return None
        spans = ((day, span) for days, spans in self.reachable.items() for day in days for span in spans)
        return tuple(sorted(Window(day, start, end) for day, (start, end) in spans))

    @property
    def free_days(self) -> frozenset[date]:
        """Days on which the whole school is free, besides the holidays."""
        return frozenset(chain.from_iterable(self.written_free_days))
