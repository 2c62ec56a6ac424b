import pytest
from builders import group

from appservice.bot.group_words import NamedGroup, ask_which, find_each_group, find_groups, nearest_groups
from appservice.bot.spelling import is_slip
from school.texts import Language, Texts

NAMES = (
    "Klasse 8.1", "Klasse 8.2", "Klasse 9a", "Sorgeberechtigte 8.1", "Sorgeberechtigte 9a", "Jahrgang 8", "Kollegium",
    "Theater-AG", "Fachkonferenz Französisch", "Fachkonferenz Kunst und Musik", "Elternbeirat", "Sorgeberechtigte 5.1",
)  # fmt: skip
GROUPS = [group(name, name) for name in NAMES]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Klasse 8.1", ["Klasse 8.1"]),
        ("klasse8.1", ["Klasse 8.1"]),
        ("8.1", ["Klasse 8.1"]),
        ("8/1", ["Klasse 8.1"]),
        ("8-1", ["Klasse 8.1"]),
        ("die 8.1", ["Klasse 8.1"]),
        ("class 8.1", ["Klasse 8.1"]),
        ("Klase 8.1", ["Klasse 8.1"]),
        ("Klassse 8.1", ["Klasse 8.1"]),
        ("9A", ["Klasse 9a"]),
        ("9 a", ["Klasse 9a"]),
        ("Klasse 9 A", ["Klasse 9a"]),
        ("Eltern 8.1", ["Sorgeberechtigte 8.1"]),
        ("Eltern der 8.1", ["Sorgeberechtigte 8.1"]),
        ("Eltern Klasse 8.1", ["Sorgeberechtigte 8.1"]),
        ("guardians 9a", ["Sorgeberechtigte 9a"]),
        ("Sorge 8.1", ["Sorgeberechtigte 8.1"]),
        ("Sorgeberechtigten 8.1", ["Sorgeberechtigte 8.1"]),
        ("Sorgeberechtige 8.1", ["Sorgeberechtigte 8.1"]),
        ("Sorgeberechtigte", ["Sorgeberechtigte 5.1", "Sorgeberechtigte 8.1", "Sorgeberechtigte 9a"]),
        ("Jahrgang 8", ["Jahrgang 8"]),
        ("8", ["Jahrgang 8"]),
        ("theater ag", ["Theater-AG"]),
        ("Theater", ["Theater-AG"]),
        ("Theter", ["Theater-AG"]),
        ("Franzoesisch", ["Fachkonferenz Französisch"]),
        ("franz", ["Fachkonferenz Französisch"]),
        ("Fachkonferenz FRANZOSISCH", ["Fachkonferenz Französisch"]),
        ("Kunst und Musik", ["Fachkonferenz Kunst und Musik"]),
        ("Musik", ["Fachkonferenz Kunst und Musik"]),
        ("Lehrkräfte", ["Kollegium"]),
        ("Kollegum", ["Kollegium"]),
        ("Elternrat", []),
        ("8.3", []),
        ("Klasse 8", []),
        ("Klasse 5.1", []),
        ("5.1", []),
        ("Klasse", []),
        ("Fachkonferenz", []),
        ("81", []),
        ("der", []),
        ("", []),
        ("🌙", []),
    ],
)
def test_which_group_is_meant(written: str, meant: list[str]) -> None:
    assert [found.name for found in find_groups(written, GROUPS)] == meant


def test_what_can_mean_two_kinds_of_groups_is_no_guess() -> None:
    both = [group("a", "Klasse 8"), group("b", "Jahrgang 8")]
    assert list(find_groups("8", both)) == [both[1], both[0]]
    assert list(find_groups("Klasse 8", both)) == [both[0]]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("8.1", [["Klasse 8.1"]]),
        ("Klasse 8.1, Sorgeberechtigte 8.1", [["Klasse 8.1"], ["Sorgeberechtigte 8.1"]]),
        ("8.1; 8.2\n9a,", [["Klasse 8.1"], ["Klasse 8.2"], ["Klasse 9a"]]),
        ("8.1 und Eltern 8.1", [["Klasse 8.1"], ["Sorgeberechtigte 8.1"]]),
        ("Kunst und Musik, 8.1 und 8.2", [["Fachkonferenz Kunst und Musik"], ["Klasse 8.1"], ["Klasse 8.2"]]),
        ("8.1, Tanz", [["Klasse 8.1"], []]),
        (" , ", []),
    ],
)
def test_several_groups(written: str, named: list[list[str]]) -> None:
    assert [[found.name for found in each.found] for each in find_each_group(written, GROUPS)] == named


def test_only_one_group_is_clear() -> None:
    clear, several, none = find_each_group("8.1, Eltern, Tanz", GROUPS)
    assert clear.group is not None
    assert (several.group, none.group, none.written) == (None, None, "Tanz")


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("Elternrat", "Elternbeirat"),
        ("Klasse 8.3", "Klasse 8.1"),
        ("5.1 Klasse", "Sorgeberechtigte 5.1"),
        ("Zzz", None),
    ],
)
def test_similar_names_are_offered(written: str, offered: str | None) -> None:
    names = [near.name for near in nearest_groups(written, GROUPS)]
    assert len(names) <= 3
    assert offered in names if offered else names == []


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("Elternrat", "Eine Gruppe „Elternrat“ finde ich nicht. Meinst du Elternbeirat"),
        ("Zzz", "Eine Gruppe „Zzz“ finde ich nicht. Schreib"),
        ("Eltern", "„Eltern“ kann mehrere Gruppen meinen: Sorgeberechtigte 5.1, Sorgeberechtigte 8.1, "),
        (
            "Kurs",
            "„Kurs“ kann viele Gruppen meinen: Kurs 1, Kurs 2, Kurs 3, Kurs 4, Kurs 5, Kurs 6, Kurs 7, Kurs 8 und",
        ),
    ],
)
def test_what_is_not_clear_is_asked_back(written: str, answer: str) -> None:
    found = find_groups(written, GROUPS) or [group(f"Kurs {n}") for n in range(1, 20) if written == "Kurs"]
    assert ask_which(NamedGroup(written=written, found=found), GROUPS, Texts(Language.GERMAN)).startswith(answer)


@pytest.mark.parametrize(
    ("written", "meant", "slip"),
    [
        ("theater", "theatre", True),
        ("theatr", "theater", True),
        ("theeater", "theater", True),
        ("thaeter", "theater", True),
        ("theaterr", "theater", True),
        ("theater", "theater", False),
        ("theateria", "theater", False),
        ("elternrat", "elternbeirat", False),
        ("kurs", "kuss", False),
    ],
)
def test_one_slip_is_forgiven(written: str, meant: str, slip: bool) -> None:
    assert is_slip(written, meant) is slip
