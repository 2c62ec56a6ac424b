"""The section `rest` of school.yaml: when teachers rest."""

from collections.abc import Mapping
from datetime import date
from itertools import chain
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainValidator, PrivateAttr

from school.config import values
from school.config.section import Dates, FilePath, RoleName, Section, Text, frozen
from school.config.source import Place, Source, dotted
from school.domain.calendars import HoursLine, OwnDays
from school.domain.people import TEACHER, PersonId
from school.domain.week import Window

_Days = Annotated[tuple[int, ...], PlainValidator(values.days)]
_Span = Annotated[tuple[int, int], PlainValidator(values.window)]
_Week = Mapping[tuple[int, ...], tuple[tuple[int, int], ...]]
_MINUTES_OF_A_DAY: Final = 24 * 60
_MINUTES_OF_A_WEEK: Final = 7 * _MINUTES_OF_A_DAY


def _checked_week(week: _Week) -> _Week:
    named = list(chain.from_iterable(week))
    if twice := sorted({day for day in named if named.count(day) > 1}):
        raise ValueError(f'names "{values.WEEKDAYS[twice[0]]}" twice; put all hours of a day into one line.')
    return frozen(week)


def _some_hours(reachable: _Week) -> _Week:
    if not any(reachable.values()):
        raise ValueError("has no hours, so nobody could ever be reached; take the line out for no school hours.")
    return reachable


def _leaves_some_time(minimum: _Week) -> _Week:
    taken = set()
    for window in _windows(minimum):
        first = window.weekday * _MINUTES_OF_A_DAY
        taken |= {(first + minute) % _MINUTES_OF_A_WEEK for minute in range(window.start_minute, window.end_minute)}
    if len(taken) == _MINUTES_OF_A_WEEK:
        raise ValueError("takes the whole week, so nobody could ever be reached; leave some time out.")
    return minimum


def _windows(week: _Week) -> tuple[Window, ...]:
    spans = ((day, span) for days, spans in week.items() for day in days for span in spans)
    return tuple(sorted(Window(day, start, end) for day, (start, end) in spans))


_WeekOf = Annotated[Mapping[_Days, tuple[_Span, ...]], AfterValidator(_checked_week)]
_Reachable = Annotated[_WeekOf, AfterValidator(_some_hours)]


class HolidaySettings(Section):
    """Which public and school holidays are free."""

    country: Annotated[str, AfterValidator(values.country)]
    subdivision: Text | None = None
    school_holidays: bool = True


class GroupRestSettings(Section):
    """The hours of the people in a group."""

    reachable: _Reachable


class PersonRestSettings(Section):
    """The hours of one person, and days on which they never work."""

    reachable: _Reachable | None = None
    written_free_days: tuple[Dates, ...] = Field(default=(), alias="free_days")


class RestSettings(Section):
    """When teachers rest."""

    reachable: _Reachable | None = None
    groups: Annotated[Mapping[Text, GroupRestSettings], AfterValidator(frozen)] = Field(default={})
    persons: Annotated[Mapping[Text, PersonRestSettings], AfterValidator(frozen)] = Field(default={})
    minimum: Annotated[_WeekOf, AfterValidator(_leaves_some_time)] | None = None
    may_shorten: bool = True
    roles: tuple[RoleName, ...] = (TEACHER,)
    holidays: HolidaySettings | None = None
    written_free_days: tuple[Dates, ...] = Field(default=(), alias="free_days")
    calendars: tuple[FilePath, ...] = ()
    colleagues_pass: bool = False
    urgent_per_day: Annotated[int, Field(ge=0, le=1000)] = 10
    office: Text | None = None

    _source: Source = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        self._source = context

    @property
    def windows(self) -> tuple[Window, ...] | None:
        """School hours. None: the school keeps no hours, nobody rests by its calendar."""
        return None if self.reachable is None else _windows(self.reachable)

    @property
    def minimum_windows(self) -> tuple[Window, ...]:
        """Rest that nobody undercuts."""
        return () if self.minimum is None else _windows(self.minimum)

    @property
    def free_days(self) -> frozenset[date]:
        """Days on which the whole school is free, besides the holidays."""
        return frozenset(chain.from_iterable(self.written_free_days))

    @property
    def keeps_hours(self) -> bool:
        """Whether anybody has hours, so that free days mean something."""
        return self.reachable is not None or bool(self.group_lines) or any(own.hours for own in self.own_days.values())

    @property
    def group_lines(self) -> Mapping[str, HoursLine]:
        """The hours of groups, by the pattern of their names."""
        return {
            name: HoursLine(id=self.line("groups", name, "reachable"), windows=_windows(group.reachable))
            for name, group in self.groups.items()
        }

    @property
    def own_days(self) -> Mapping[PersonId, OwnDays]:
        """What differs for single people."""
        return {
            PersonId(person_id): OwnDays(
                hours=None
                if person.reachable is None
                else HoursLine(id=self.line("persons", person_id, "reachable"), windows=_windows(person.reachable)),
                free_days=frozenset(chain.from_iterable(person.written_free_days)),
            )
            for person_id, person in self.persons.items()
        }

    def line(self, *key: str | int) -> str:
        """The id of a rule that stands in this section: file, line and key."""
        place: Place = ("rest", *key)
        return f"{self._source.path.name}:{self._source.line_of(place)} {dotted(place)}"
