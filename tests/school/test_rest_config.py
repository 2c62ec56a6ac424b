"""Hours of groups and persons, the minimum and calendar files in the section `rest` of school.yaml."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from school.config import ConfigError, Settings, load_settings
from school.domain.calendars import HoursLine, OwnDays
from school.domain.week import Window

SHORT = """\
school: {name: Schule am See}
matrix: {server_name: schule-am-see.de, homeserver_url: "http://127.0.0.1:8008"}
rest:
"""
Load = Callable[[str], Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(rest: str) -> Settings:
        (tmp_path / "school.yaml").write_text(SHORT + rest)
        return load_settings(tmp_path / "school.yaml")

    return load_text


def test_hours_of_a_group_name_their_line(load: Load) -> None:
    rest = load('  groups:\n    "Abend*": {reachable: {mon-tue: ["15:00-22:00"]}}\n').rest
    hours = HoursLine(
        id="school.yaml:5 rest.groups.Abend*.reachable", windows=(Window(0, 900, 1320), Window(1, 900, 1320))
    )
    assert rest.group_lines == {"Abend*": hours}
    assert rest.keeps_hours


def test_a_person_has_hours_or_free_days_or_both(load: Load) -> None:
    rest = load(
        "  persons:\n    00123: {free_days: [2027-02-03..2027-02-04]}\n    T2: {reachable: {mon: ['8:00-9:00']}}\n"
    ).rest
    assert rest.own_days == {
        "00123": OwnDays(free_days=frozenset({date(2027, 2, 3), date(2027, 2, 4)})),
        "T2": OwnDays(hours=HoursLine(id="school.yaml:6 rest.persons.T2.reachable", windows=(Window(0, 480, 540),))),
    }


def test_urgent_messages_and_the_office(load: Load) -> None:
    rest = load("  urgent_per_day: 0\n  office: Sekretariat\n").rest
    assert (rest.urgent_per_day, rest.office) == (0, "Sekretariat")
    assert (load("  may_shorten: true\n").rest.urgent_per_day, rest.line("office")) == (10, "school.yaml:5 rest.office")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("  urgent_per_day: -1\n", "rest.urgent_per_day is too small; write 0 or more."),
        ("  urgent_per_day: 9999\n", "rest.urgent_per_day is too large; write 1000 at most."),
        ('  office: ""\n', "rest.office "),
        ("  office: [Sekretariat]\n", "rest.office must be text"),
    ],
)
def test_what_they_cannot_be(load: Load, lines: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load(lines)


@pytest.mark.parametrize(
    ("lines", "keeps"),
    [
        ("  roles: [teacher]\n", False),
        ("  persons: {T1: {free_days: [2027-02-03]}}\n", False),
        ("  minimum: {mon: ['20:00-24:00']}\n", False),
        ("  reachable: {mon: ['8:00-9:00']}\n", True),
        ("  persons: {T1: {reachable: {mon: ['8:00-9:00']}}}\n", True),
    ],
)
def test_hours_are_kept_where_anybody_has_some(load: Load, lines: str, keeps: bool) -> None:
    assert load(lines).rest.keeps_hours is keeps


def test_without_a_line_nobody_differs_and_everybody_may_shorten(load: Load) -> None:
    rest = load("  roles: [teacher]\n").rest
    assert (rest.group_lines, rest.own_days, rest.minimum_windows, rest.calendars) == ({}, {}, (), ())
    assert rest.may_shorten


def test_the_minimum_may_cross_midnight(load: Load) -> None:
    assert load("  minimum: {sat-sun: ['21:00-06:00']}\n").rest.minimum_windows == (
        Window(5, 1260, 1800),
        Window(6, 1260, 1800),
    )


def test_calendar_files_lie_beside_school_yaml(load: Load, tmp_path: Path) -> None:
    assert load("  calendars: [free.ics, /srv/x.ics]\n").rest.calendars == (tmp_path / "free.ics", Path("/srv/x.ics"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            "  minimum: {mon-sun: ['00:00-24:00']}\n",
            "line 4: rest.minimum takes the whole week, so nobody could ever be reached; leave some time out.",
            id="a minimum that leaves nothing",
        ),
        pytest.param(
            "  minimum: {mon-sun: ['12:00-00:00', '20:00-12:00']}\n", "takes the whole week",
            id="a minimum that leaves nothing, in two parts",
        ),
        pytest.param(
            "  minimum: {mon: ['8:00'], mon-tue: ['8:00-9:00']}\n", "rest.minimum", id="a minimum with a wrong span",
        ),
        pytest.param(
            "  groups:\n    Abend: {}\n", 'line 5: rest.groups.Abend.reachable is missing; add a line "reachable: …"',
            id="a group without hours",
        ),
        pytest.param(
            "  groups:\n    Abend: {reachable: {mon: []}}\n", "rest.groups.Abend.reachable has no hours",
            id="a group with empty hours",
        ),
        pytest.param(
            "  persons:\n    T1: {reachable: {mon: ['8:00-9:00'], mon-tue: ['9:00-10:00']}}\n",
            'rest.persons.T1.reachable names "mon" twice', id="a person with a day twice",
        ),
        pytest.param(
            "  persons:\n    T1: {freedays: []}\n", "Did you mean rest.persons.free_days?", id="a key that is wrong",
        ),
        pytest.param("  calendars: free.ics\n", "rest.calendars must be a list", id="a calendar that is no list"),
        pytest.param("  may_shorten: 'no'\n", "rest.may_shorten must be true or false", id="a word for false"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_an_error_with_its_line(load: Load, lines: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(lines)
    assert said in str(caught.value)
