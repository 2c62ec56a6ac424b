import pytest
from builders import IDA, OTTO, user

from appservice.bot.people_words import find_by_name, nearest
from school.domain.people import TEACHER, Person, PersonId


def teacher(name: str, given: str, family: str) -> Person:
    return Person(id=PersonId(name), user_id=user(name), given_name=given, family_name=family, role=TEACHER)


CHLOE = teacher("chloe", "Chloé", "Lange")
BEN = teacher("ben", "Ben", "Lange")
ZEYNEP = teacher("zeynep", "Zeynep David", "Groß-Gerau")
KRUEGER = teacher("lukasz", "Łukasz", "Krüger")
LUCZAK = teacher("layla", "Layla", "Łuczak")
PHAM = teacher("karl", "Karl-Heinz", "Phạm")
HERR = teacher("fatma", "Fatma", "Herr")
TEACHERS = (IDA, OTTO, CHLOE, BEN, ZEYNEP, KRUEGER, LUCZAK, PHAM, HERR)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Chloé Lange", [CHLOE]),
        ("CHLOE LANGE", [CHLOE]),
        ("Frau Chloé Lange", [CHLOE]),
        ("Lange, Chloé", [CHLOE]),
        ("C. Lange", [CHLOE]),
        ("Dr. B. Lange", [BEN]),
        ("Frau Lange", [CHLOE, BEN]),
        ("lange", [CHLOE, BEN]),
        ("Chloé", [CHLOE]),
        ("Zeynep David Groß-Gerau", [ZEYNEP]),
        ("Zeynep Gross Gerau", [ZEYNEP]),
        ("David Groß-Gerau", [ZEYNEP]),
        ("Gerau", [ZEYNEP]),
        ("Herr Krüger", [KRUEGER]),
        ("Krueger", [KRUEGER]),
        ("herrn kruger", [KRUEGER]),
        ("Kru\u0308ger", [KRUEGER]),
        ("Łukasz", [KRUEGER]),
        ("Lukasz Krueger", [KRUEGER]),
        ("Frau Luczak", [LUCZAK]),
        ("Pham", [PHAM]),
        ("Karl Heinz Phạm", [PHAM]),
        ("Frau Herr", [HERR]),
        ("Herr", [HERR]),
        ("durch Frau Herr", [HERR]),
        ("Herr Groß", [IDA, OTTO]),
        ("Gross", [IDA, OTTO]),
        ("@ben", [BEN]),
        ("@BEN:school.test", [BEN]),
        ("@lange", []),
        ("Lang", []),
        ("Layla Lange", []),
        ("Frau", []),
        ("", []),
        ("🌙", []),
    ],
)
def test_who_is_meant(words: str, meant: list[Person]) -> None:
    assert list(find_by_name(words, TEACHERS)) == meant


def test_the_whole_name_counts_before_a_part_of_it() -> None:
    both = (CHLOE, teacher("x", "Lange", "Chloé"), teacher("y", "Ida", "Lange-Groß"))
    assert list(find_by_name("Lange", both)) == [CHLOE]


@pytest.mark.parametrize(
    ("words", "near"), [("Frau Lang", {CHLOE, BEN}), ("Lukas Kruger", {KRUEGER}), ("Luzak", {LUCZAK}), ("Zzz", {None})]
)
def test_somebody_with_a_similar_name_is_offered(words: str, near: set[Person | None]) -> None:
    assert nearest(words, TEACHERS) in near
