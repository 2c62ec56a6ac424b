"""What somebody wants of a group, from the words behind the command."""

import pytest

from appservice.bot.group_syntax import What, Wish, read_wish

GROUPS = {"theater-ag", "projekt leitung", "new orleans", "ende"}


def read(words: str) -> Wish | None:
    return read_wish(words, lambda name: name.casefold() in GROUPS)


def wish(what: What, name: str = "", add: str = "", remove: str = "", new_name: str = "") -> Wish:
    return Wish(what=what, name=name, add=add, remove=remove, new_name=new_name)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("", wish(What.LIST)),
        ("alle", wish(What.LIST)),
        ("list", wish(What.LIST)),
        ("neu Theater-AG", wish(What.MAKE, "Theater-AG")),
        ("new Theatre Club", wish(What.MAKE, "Theatre Club")),
        ("NEU Schach + Anna Koch", wish(What.MAKE, "Schach", "Anna Koch")),
        ("neu Schach + 8.1 - Ben Braun", wish(What.MAKE, "Schach", "8.1", "Ben Braun")),
        ("Theater-AG", wish(What.SHOW, "Theater-AG")),
        ("Theater", wish(What.SHOW, "Theater")),
        (
            "Theater-AG + Anna Koch, Klasse 8.1 - Ben Braun",
            wish(What.CHANGE, "Theater-AG", "Anna Koch, Klasse 8.1", "Ben Braun"),
        ),
        ("Theater-AG + Karl-Heinz Groß-Gerau", wish(What.CHANGE, "Theater-AG", "Karl-Heinz Groß-Gerau")),
        ("Theater-AG - Ben Braun + Anna Koch", wish(What.CHANGE, "Theater-AG", "Anna Koch", "Ben Braun")),
        ("Theater-AG + Anna + Ben - Cem - Dana", wish(What.CHANGE, "Theater-AG", "Anna, Ben", "Cem, Dana")),
        ("Theater-AG – Ben Braun", wish(What.CHANGE, "Theater-AG", "", "Ben Braun")),
        ("Theater-AG\n+ Anna Koch\nBen Braun", wish(What.CHANGE, "Theater-AG", "Anna Koch\nBen Braun")),
        ("Theater-AG auflösen", wish(What.END, "Theater-AG")),
        ("auflösen Theater-AG", wish(What.END, "Theater-AG")),
        ("Theater-AG end", wish(What.END, "Theater-AG")),
        ("Theater-AG behalten", wish(What.KEEP, "Theater-AG")),
        ("Theater-AG Keep", wish(What.KEEP, "Theater-AG")),
        ("Theater-AG umbenennen in Schultheater", wish(What.RENAME, "Theater-AG", new_name="Schultheater")),
        ("Theater-AG umbenennen Schultheater", wish(What.RENAME, "Theater-AG", new_name="Schultheater")),
        ("umbenennen Theater-AG in Schultheater", wish(What.RENAME, "Theater-AG", new_name="Schultheater")),
        ("Theater-AG rename to Stage", wish(What.RENAME, "Theater-AG", new_name="Stage")),
        (
            "Theater-AG leitung + Frau Lange - Herr Braun",
            wish(What.OWNERS, "Theater-AG", "Frau Lange", "Herr Braun"),
        ),
        ("Theater-AG owners + Ms Lange", wish(What.OWNERS, "Theater-AG", "Ms Lange")),
        ("Theater-AG leitung", wish(What.SHOW, "Theater-AG")),
    ],
)
def test_what_is_wanted(words: str, meant: Wish) -> None:
    assert read(words) == meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Projekt Leitung", wish(What.SHOW, "Projekt Leitung")),
        ("Projekt Leitung + Anna", wish(What.CHANGE, "Projekt Leitung", "Anna")),
        ("Projekt Leitung leitung + Anna", wish(What.OWNERS, "Projekt Leitung", "Anna")),
        ("Projekt Leitung auflösen", wish(What.END, "Projekt Leitung")),
        ("New Orleans", wish(What.SHOW, "New Orleans")),
        ("New Orleans + Anna", wish(What.CHANGE, "New Orleans", "Anna")),
        ("Ende", wish(What.SHOW, "Ende")),
    ],
)
def test_a_group_that_is_called_like_a_word_is_meant_before_the_word(words: str, meant: Wish) -> None:
    assert read(words) == meant


@pytest.mark.parametrize("words", ["neu", "new + Anna", "Theater-AG +", "Theater-AG + Anna -", "auflösen", "+ Anna"])
def test_what_is_cut_off_says_nothing(words: str) -> None:
    assert read(words) is None


@pytest.mark.parametrize("words", ["Theater-AG +Anna", "Theater-AG+Anna", "Theater-AG -Ben", "+Anna"])
def test_signs_stand_between_blanks_because_names_have_hyphens(words: str) -> None:
    assert read(words) is None


def test_a_new_group_may_have_a_plus_in_its_name() -> None:
    assert read("neu C++ für alle + 8.1") == wish(What.MAKE, "C++ für alle", "8.1")
