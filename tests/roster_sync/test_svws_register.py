"""The JSON of SVWS-Server: one good file, one thing changed per test."""

import copy
import gzip
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from roster_sync.sources import read_sources
from roster_sync.sources.extract import Extract
from roster_sync.sources.svws import read_svws
from school.domain.groups import GroupKind
from school.domain.people import STUDENT, TEACHER
from school.domain.roster import RegisterError

Data = dict[str, Any]


def lerngruppe(number: int, name: str, inner: int, kind: int | None, *teachers: int) -> Data:
    return {"id": number, "idIntern": inner, "idFach": 1, "idKursart": kind, "bezeichnung": name,
            "kursartKuerzel": "GK", "bilingualeSprache": None, "idsLehrer": [*teachers]}  # fmt: skip


def pupil(number: int, given: str, family: str, year: int, class_: int, *groups: int) -> Data:
    return {"id": number, "idJahrgang": year, "idKlasse": class_, "nachname": family, "vorname": given,
            "geschlecht": "d", "status": 2, "idsLerngruppen": [*groups],
            "lernplattformlogin": {"benutzername": "login", "initialpasswort": "hunter2"}}  # fmt: skip


GOOD: Data = {
    "revision": -1,
    "mailadresse": "schule@example.org",
    "jahrgaenge": [
        {"id": 8, "kuerzel": "08", "kuerzelAnzeige": "8", "bezeichnung": "x"},
        {"id": 11, "kuerzel": "EF", "kuerzelAnzeige": None, "bezeichnung": "y"},
    ],
    "klassen": [
        {"id": 42, "kuerzel": "08A", "kuerzelAnzeige": "8a", "idJahrgang": 8, "idsKlassenlehrer": [1]},
        {"id": 43, "kuerzel": "EF", "kuerzelAnzeige": "EF", "idJahrgang": 11, "idsKlassenlehrer": []},
    ],
    "lehrer": [
        {"id": 1, "kuerzel": "GRO", "nachname": "Groß", "vorname": "Ida", "emailDienstlich": "ida@example.org"},
        {"id": 2, "kuerzel": "KAY", "nachname": "Kaya", "vorname": "Jörg", "emailDienstlich": None},
    ],
    "faecher": [],
    "lerngruppen": [
        lerngruppe(1, "D", 42, None, 2),
        lerngruppe(2, "D-GK1", 900, 5, 1),
        lerngruppe(3, "Chor", 901, 6, 2),
        lerngruppe(4, "Chor", 902, 6, 1),
    ],
    "schueler": [
        pupil(1, "Anna", "Koch", 8, 42, 1, 3),
        pupil(2, "Ben", "Braun", 8, 42, 1),
        pupil(3, "Lea", "Wolf", 11, 43, 2, 4),
    ],
}
SPELLINGS = {
    "idJahrgang": "jahrgangId", "idKlasse": "klasseId", "idsLerngruppen": "lerngruppenIds", "idIntern": "kId",
    "idsKlassenlehrer": "klassenlehrer", "idFach": "fachId", "idKursart": "kursartId", "idsLehrer": "lehrerIds",
}  # fmt: skip


def respelled(thing: Any) -> Any:
    """The same in the other spelling."""
    if isinstance(thing, list):
        return [respelled(part) for part in thing]
    if isinstance(thing, dict):
        return {SPELLINGS.get(name, name): respelled(part) for name, part in thing.items()}
    return thing


def read(folder: Path, options, data: Any = GOOD, pack: Callable[[bytes], bytes] = bytes) -> Extract:
    (folder / "svws.json").write_bytes(data if isinstance(data, bytes) else pack(json.dumps(data).encode()))
    return read_svws(folder / "svws.json", options)


def refusal(folder: Path, options, data: Any) -> str:
    with pytest.raises(RegisterError) as caught:
        read(folder, options, data)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


def changed(*place: str | int, to: Any) -> Data:
    """The good file with something else at one place; `...` takes it out."""
    data = copy.deepcopy(GOOD)
    thing: Any = data
    for part in place[:-1]:
        thing = thing[part]
    if to is ...:
        del thing[place[-1]]
    else:
        thing[place[-1]] = to
    return data


def test_people_and_groups_are_read(tmp_path, options):
    extract = read(tmp_path, options)
    assert {ident: (one.role, set(one.groups)) for ident, one in extract.persons.items()} == {
        "1": (STUDENT, {"Jahrgang 8", "Klasse 8a", "Chor (Jahrgang 8)"}),
        "2": (STUDENT, {"Jahrgang 8", "Klasse 8a"}),
        "3": (STUDENT, {"Jahrgang EF", "Klasse EF", "D-GK1", "Chor (Jahrgang EF)"}),
        "L1": (TEACHER, {"Klasse 8a", "D-GK1", "Chor (Jahrgang EF)"}),
        "L2": (TEACHER, {"Klasse 8a", "Chor (Jahrgang 8)"}),
    }
    assert {key: group.kind for key, group in extract.groups.items()} == {
        "Jahrgang 8": GroupKind.YEAR,
        "Jahrgang EF": GroupKind.YEAR,
        "Klasse 8a": GroupKind.CLASS,
        "Klasse EF": GroupKind.CLASS,
        "D-GK1": GroupKind.CLUB,
        "Chor (Jahrgang 8)": GroupKind.CLUB,
        "Chor (Jahrgang EF)": GroupKind.CLUB,
    }
    assert extract.doubts == ()


def test_both_spellings_and_gzip_say_the_same(tmp_path, options):
    plain = read(tmp_path, options)
    assert read(tmp_path, options, respelled(GOOD)) == plain
    assert read(tmp_path, options, GOOD, gzip.compress) == plain
    assert read(tmp_path, options, b"\xef\xbb\xbf" + json.dumps(GOOD, ensure_ascii=False).encode()) == plain


def test_no_login_password_or_address_is_in_what_is_read(tmp_path, options):
    text = repr(read(tmp_path, options))
    assert not [word for word in ("hunter2", "login", "@", "GRO") if word in text]


@pytest.mark.parametrize("status", [0, 1, 3, 6, 8, 9])
def test_who_is_not_active_is_left_out_and_counted(tmp_path, options, status):
    extract = read(tmp_path, options, changed("schueler", 2, "status", to=status))
    assert "3" not in extract.persons
    assert extract.doubts == ("svws.json: 1 schueler are left out; their status is not active.",)


def test_without_a_status_everybody_is_active(tmp_path, options):
    assert "3" in read(tmp_path, options, changed("schueler", 2, "status", to=...)).persons


def test_a_teacher_of_a_lerngruppe_who_is_not_in_the_file_is_a_doubt(tmp_path, options):
    extract = read(tmp_path, options, changed("lerngruppen", 1, "idsLehrer", to=[1, 77]))
    assert "D-GK1" in extract.persons["L1"].groups
    assert extract.doubts == ("svws.json: 1 lerngruppen have teachers who are not in lehrer; they are left out.",)


def test_lessons_without_a_type_of_a_class_and_others_are_a_course(tmp_path, options):
    extract = read(tmp_path, options, changed("schueler", 2, "idsLerngruppen", to=[1]))
    assert "D" in extract.groups
    assert {ident for ident, one in extract.persons.items() if "D" in one.groups} == {"1", "2", "3", "L2"}


REFUSED = {
    "no JSON": (b'{"revision": 1', "svws.json: this is no JSON, or it is cut off"),
    "no text": (b"\xff\xfe{}", "svws.json: this is no JSON"),
    "nothing": (b"", "svws.json: this is no JSON"),
    "a list": (b"[]", "svws.json: this is not of the kind that belongs there; export"),
    "no pupils' list": (changed("schueler", to=...), "svws.json, schueler: this is missing; export"),
    "no pupils": (changed("schueler", to=[]), "svws.json, schueler: nobody who is active is in it"),
    "no teachers": (changed("lehrer", to=[]), "svws.json, lehrer: nobody"),
    "no class": (changed("schueler", 1, "idKlasse", to=...), "svws.json, schueler[1].idKlasse: this is missing"),
    "text for a number": (changed("schueler", 1, "id", to="2"), "svws.json, schueler[1].id: this is not of the kind"),
    "an unknown class": (changed("schueler", 1, "idKlasse", to=7), "svws.json, schueler[1].idKlasse: this ID stands"),
    "an unknown year": (changed("schueler", 1, "idJahrgang", to=7), "svws.json, schueler[1].idJahrgang: this ID"),
    "an unknown group": (
        changed("schueler", 0, "idsLerngruppen", to=[1, 9]),
        "svws.json, schueler[0].idsLerngruppen[1]: this ID stands nowhere",
    ),
    "an unknown class teacher": (
        changed("klassen", 0, "idsKlassenlehrer", to=[9]),
        "svws.json, klassen[0].idsKlassenlehrer[0]: this ID stands nowhere",
    ),
    "a number twice": (changed("schueler", 1, "id", to=1), "svws.json, schueler[1].id: the same ID already stands in"),
    "no name": (changed("lehrer", 0, "nachname", to=" "), "svws.json, lehrer[0].nachname: this text is empty"),
    "name unknown": (changed("lehrer", 0, "nachname", to=None), "svws.json, lehrer[0].nachname: this text is empty"),
    "control characters": (
        changed("schueler", 0, "vorname", to="An\u202ena"),
        "svws.json, schueler[0].vorname: there is an invisible control character",
    ),
    "a class without a name": (
        changed("klassen", 1, to={"id": 43, "idsKlassenlehrer": []}),
        "svws.json, klassen[1].kuerzel: this text is empty",
    ),
    "two classes of one name": (
        changed("klassen", 1, "kuerzelAnzeige", to="8a"),
        "svws.json, klassen[1].kuerzelAnzeige: another group has this name",
    ),
    "two courses of one year and name": (
        changed("schueler", to=[pupil(1, "Anna", "Koch", 8, 42, 3, 4)]),
        "svws.json, lerngruppen[3].bezeichnung: another group has this name",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "sentence"), REFUSED.values(), ids=REFUSED)
def test_one_thing_broken_in_the_file(tmp_path, options, data, sentence):
    assert refusal(tmp_path, options, data).startswith(sentence)


def test_a_place_is_written_in_the_spelling_of_the_file(tmp_path, options):
    data = respelled(changed("schueler", 0, "idsLerngruppen", to=[1, 9]))
    assert refusal(tmp_path, options, data).startswith("svws.json, schueler[0].lerngruppenIds[1]: this ID")


def test_a_gzip_file_that_is_cut_off_is_said_so(tmp_path, options):
    text = refusal(tmp_path, options, gzip.compress(json.dumps(GOOD).encode())[:-20])
    assert text == "svws.json is a damaged gzip file, as if it were cut off; export it again."


def of_school(answer: Data) -> Data:
    """The school of the tests as such a file, without what it has no place for."""
    kinds = {group["id"]: group["kind"] for group in answer["groups"]}
    numbers = {ident: number for number, ident in enumerate(kinds, start=1)}

    def of_kind(kind: str, person: Data) -> list[int]:
        return [numbers[group] for group in person["groups"] if kinds[group] == kind]

    def teachers_of(group: Data) -> list[int]:
        return [int(one["id"][1:]) for one in teachers if group["id"] in one["groups"]]

    teachers = [one for one in answer["persons"] if one["role"] == "teacher"]
    pupils = [one for one in answer["persons"] if one["role"] == "student"]
    years, classes, clubs = (
        [group for group in answer["groups"] if group["kind"] == kind] for kind in ("year", "class", "club")
    )
    return GOOD | {
        "jahrgaenge": [{"id": numbers[one["id"]], "kuerzelAnzeige": one["name"].split()[-1]} for one in years],
        "klassen": [
            {"id": numbers[one["id"]], "kuerzelAnzeige": one["name"], "idsKlassenlehrer": teachers_of(one)}
            for one in classes
        ],
        "lehrer": [{"id": int(one["id"][1:]), "vorname": one["given"], "nachname": one["family"]} for one in teachers],
        "lerngruppen": [
            lerngruppe(numbers[one["id"]], one["name"], 900 + place, 6, *teachers_of(one))
            for place, one in enumerate(clubs)
        ],
        "schueler": [
            pupil(int(one["id"][1:]), one["given"], one["family"], *of_kind("year", one), *of_kind("class", one))
            | {"idsLerngruppen": of_kind("club", one)}
            for one in pupils
        ],
    }


@pytest.mark.parametrize("school", ["oberschule", "oberschule-day2"])
@pytest.mark.parametrize("spelling", [copy.deepcopy, respelled], ids=["idKlasse", "klasseId"])
def test_pupils_and_teachers_of_the_school_of_the_tests_are_as_expected(registers, tmp_path, options, school, spelling):
    answer = json.loads((registers / school / "expected.json").read_text())
    (tmp_path / "svws.json").write_text(json.dumps(spelling(of_school(answer))))
    roster = read_sources([partial(read_svws, tmp_path / "svws.json")], options)
    names = {one["id"]: one["name"] for one in answer["groups"] if one["kind"] in ("year", "class", "club")}
    assert {
        ident: (one.given_name, one.family_name, one.role, one.groups) for ident, one in roster.persons.items()
    } == {
        ("L" if one["role"] == "teacher" else "") + one["id"][1:].lstrip("0"): (
            one["given"],
            one["family"],
            one["role"],
            {names[group] for group in one["groups"] if group in names},
        )
        for one in answer["persons"]
        if one["role"] != "guardian"
    }
