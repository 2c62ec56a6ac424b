"""Whose hours hold for whom: a test for each sentence of the precedence."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import pytest
from builders import BERLIN, GROUPS, IDA, OTTO, person

from school.domain.calendars import Calendars, HoursLine, OwnDays
from school.domain.people import TEACHER, Person, PersonId
from school.domain.rest import Calendar, PersonalRest, rest_at
from school.domain.week import Window

MONDAY, FREE = 0, date(2026, 5, 4)


def window(start: int, end: int) -> Window:
    return Window(MONDAY, start * 60, end * 60)


def line(name: str, start: int, end: int) -> HoursLine:
    return HoursLine(id=name, windows=(window(start, end),))


SCHOOL = Calendar(
    zone=BERLIN, windows=(window(8, 12),), free_days=frozenset({FREE}), minimum=(window(22, 24),)
)  # fmt: skip
BOTH = person("both", TEACHER, "5a", "6b")
STRANGER = person("stranger", TEACHER)
OF_5A, OF_6B, OWN = line("line of 5a", 10, 14), line("line of 6b", 16, 18), line("own line", 6, 7)


def calendars(
    groups: Mapping[str, HoursLine] | None = None, persons: Mapping[PersonId, OwnDays] | None = None
) -> Calendars:
    return Calendars(school=SCHOOL, school_line="school's line", group_lines=groups, groups=GROUPS, persons=persons)


def reachable_at(asked: Calendars, who: Person, day: int = 11) -> list[int]:
    """The full hours of a Monday in which somebody can be reached."""
    hours: Iterable[datetime] = (datetime(2026, 5, day, hour, tzinfo=BERLIN).astimezone(UTC) for hour in range(24))
    rests = [rest_at(asked.of(who), PersonalRest(), at) for at in hours]
    return [hour for hour, rest in enumerate(rests) if rest is None]


def test_without_lines_everybody_has_the_hours_of_the_school() -> None:
    assert calendars().of(IDA) is SCHOOL
    assert calendars().rules_of(IDA) == ("school's line",)


def test_the_hours_of_a_group_beat_those_of_the_school() -> None:
    asked = calendars({"Klasse 5a": OF_5A})
    assert reachable_at(asked, IDA) == [10, 11, 12, 13]
    assert reachable_at(asked, OTTO) == [8, 9, 10, 11]
    assert (asked.rules_of(IDA), asked.rules_of(OTTO)) == (("line of 5a",), ("school's line",))


def test_own_hours_beat_those_of_a_group() -> None:
    asked = calendars({"Klasse 5a": OF_5A}, {IDA.id: OwnDays(hours=OWN)})
    assert reachable_at(asked, IDA) == [6]
    assert asked.rules_of(IDA) == ("own line",)


def test_in_several_groups_one_can_be_reached_in_the_hours_of_each() -> None:
    asked = calendars({"Klasse 5a": OF_5A, "Klasse 6b": OF_6B})
    assert reachable_at(asked, BOTH) == [10, 11, 12, 13, 16, 17]
    assert asked.rules_of(BOTH) == ("line of 5a", "line of 6b")


def test_a_group_is_named_by_a_pattern() -> None:
    asked = calendars({"Klasse *": OF_5A})
    assert [reachable_at(asked, who) for who in (IDA, OTTO)] == [[10, 11, 12, 13]] * 2
    assert reachable_at(asked, STRANGER) == [8, 9, 10, 11]
    assert reachable_at(calendars({"klasse *": OF_5A}), IDA) == [8, 9, 10, 11]


@pytest.mark.parametrize("hours", [None, OWN], ids=["hours of the group", "own hours"])
def test_free_days_add_up(hours: HoursLine | None) -> None:
    asked = calendars({"Klasse 5a": OF_5A}, {IDA.id: OwnDays(hours=hours, free_days=frozenset({date(2026, 5, 18)}))})
    assert [bool(reachable_at(asked, IDA, day)) for day in (4, 11, 18, 25)] == [False, True, False, True]
    assert [bool(reachable_at(asked, OTTO, day)) for day in (4, 11, 18, 25)] == [False, True, True, True]


def test_the_minimum_is_everybodys() -> None:
    late = calendars({"Klasse 5a": line("late", 20, 24)}, {OTTO.id: OwnDays(hours=line("later", 21, 24))})
    assert (reachable_at(late, IDA), reachable_at(late, OTTO)) == ([20, 21], [21])


def test_people_of_the_same_hours_share_a_calendar() -> None:
    asked = calendars({"Klasse *": OF_5A})
    assert asked.of(IDA) is asked.of(OTTO)


def test_where_the_school_keeps_no_hours_a_group_may() -> None:
    asked = Calendars(
        school=Calendar(zone=BERLIN, windows=None), group_lines={"Klasse 5a": OF_5A}, groups=GROUPS
    )  # fmt: skip
    assert reachable_at(asked, IDA) == [10, 11, 12, 13]
    assert len(reachable_at(asked, OTTO)) == 24
    assert asked.rules_of(OTTO) == ()
