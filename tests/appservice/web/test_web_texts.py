"""The sentences of the pages: equal in both languages, all of them used, none missing."""

import re
import string
from collections import ChainMap
from pathlib import Path

import pytest

from appointments.desk import Trouble as NotSo
from appointments.web.form import Unclear
from appointments.web.pages import DONE as APPOINTMENTS_DONE
from appservice.proofs import LoginRefusal
from appservice.web.pages.start import DONE
from appservice.web.problems import STATUS, Trouble
from appservice.web.texts import CATALOGUES, page_texts
from bbb_widget.conferences import Trouble as NoWay
from bbb_widget.widget.room_desk import Sight
from bbb_widget.widget.web.page import BUTTONS, IN_THE_BROWSER
from school.config.accounts import SignIn
from school.domain.appointment_times import MOST_WEEKS, TimesTrouble
from school.domain.appointments import Answer
from school.domain.hand_ins import State
from school.domain.passwords import PasswordFault
from school.domain.shelf import Order
from school.domain.shelf_files import FileKind
from school.domain.task_dates import DateDoubt
from school.texts import Language
from schulbote.pages import PAGE_SETS
from shelf.web.pages import DONE as SHELF_DONE
from tasks.answers import Trouble as TaskTrouble
from tasks.file_kinds import FileFault
from tasks.web.check_page import DONE as CHECK_DONE
from tasks.web.file_page import ZIP_COLUMNS
from tasks.web.overview_page import DONE as OVERVIEW_DONE
from tasks.web.work_page import DONE as WORK_DONE

ROOT = Path(__file__).parents[3]
PACKAGES = ("appservice.web", *(each.package for each in PAGE_SETS))
GERMAN, ENGLISH = (
    dict(ChainMap(*(dict(each[language]) for each in (CATALOGUES, *(pages.sentences for pages in PAGE_SETS)))))
    for language in (Language.GERMAN, Language.ENGLISH)
)
PUT_TOGETHER = {
    *(f"problem.{trouble}{more}" for trouble in Trouble for more in ("", ".way_out")),
    *(f"done.{done}" for done in DONE),
    *(f"login.refused.{refusal}" for refusal in LoginRefusal),
    *(f"password.fault.{fault}" for fault in PasswordFault),
    *(f"password.elsewhere.{sign_in}" for sign_in in SignIn if sign_in is not SignIn.CODES),
    *(f"widget.{name}" for name in IN_THE_BROWSER),
    *(f"widget.sight.{sight}{more}" for sight in Sight for more in ("", *(["_weekly"] * (sight is Sight.PLANNED)))),
    *(f"widget.do.{name}" for name in BUTTONS),
    *(f"widget.sure.{name}" for name, takes_something in BUTTONS.items() if takes_something),
    *(f"widget.trouble.{trouble}" for trouble in NoWay),
    *(f"appointments.answer.{answer}" for answer in Answer),
    *(f"appointments.done.{done}" for done in APPOINTMENTS_DONE),
    *(f"appointments.wrong.{trouble}" for kind in (Unclear, NotSo, TimesTrouble) for trouble in kind),
    *(f"appointments.form.weeks.{weeks}" for weeks in range(MOST_WEEKS + 1)),
    *(f"shelf.kind.{kind}" for kind in FileKind),
    *(f"shelf.order.{order}" for order in Order),
    *(f"shelf.done.{done}" for done in SHELF_DONE),
    *(f"task.state.{state}" for state in State),
    *(f"task.trouble.{trouble}" for trouble in TaskTrouble),
    *(f"task.fault.{fault}" for fault in FileFault),
    *(f"task.date.{name}" for name in ("opens", "due", "last")),
    *(f"task.done.{done}" for done in (*WORK_DONE, *OVERVIEW_DONE, *CHECK_DONE)),
    *(f"task.doubt.{doubt}" for doubt in DateDoubt),
    *(f"task.zip.column.{name}" for name in ZIP_COLUMNS),
    *(sentence for pages in PAGE_SETS for _, sentence in pages.ways),
    *(name for name in GERMAN if name.startswith("deed.")),  # whether none is missing: tests/school/test_texts.py
}
"""Names that stand nowhere as a whole."""


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def said() -> dict[str, set[str]]:
    """Every name in a template or a page, and the values that it is given there."""
    found = {}
    folders = [ROOT.joinpath(*package.split(".")) for package in PACKAGES]
    for file in [file for folder in folders for file in (*folder.glob("templates/*.html"), *folder.rglob("*.py"))]:
        if "texts" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        for name, values in re.findall(r'say\("([a-z_.]+)"((?:, \w+=(?:[^(),]|\([^()]*\))+)*)\)', text):
            found[name] = set(re.findall(r", (\w+)=", values))
        for name in re.findall(r'"(password\.[a-z_]+)"', text.replace(".html", "")):
            found.setdefault(name, set())
    return found


SAID = said()


def test_both_languages_have_the_same_sentences_with_the_same_placeholders() -> None:
    assert set(GERMAN) == set(ENGLISH)
    assert {name for name in GERMAN if placeholders(GERMAN[name]) != placeholders(ENGLISH[name])} == set()


@pytest.mark.parametrize("name", sorted(SAID))
def test_what_a_page_says_exists_and_gets_all_its_values(name: str) -> None:
    assert name in GERMAN
    assert SAID[name] == placeholders(GERMAN[name])


def test_every_sentence_is_said_somewhere_and_none_is_missing() -> None:
    assert set(GERMAN) == set(SAID) | PUT_TOGETHER


def test_sentences_are_short_and_have_no_blanks_around_them() -> None:
    for sentence in [*GERMAN.values(), *ENGLISH.values()]:
        assert sentence == sentence.strip()
        assert len(sentence) <= 250


def test_the_languages_say_different_words() -> None:
    assert {name for name in GERMAN if GERMAN[name] == ENGLISH[name]} == {
        "account.name",
        "start.server",
        "shelf.kind.video",
        "shelf.order.person",
        "task.material",
        "task.name",
        "task.person",
        "task.team",
        "task.text",
    }


def test_every_trouble_has_its_status() -> None:
    assert set(STATUS) == set(Trouble)
    assert all(status >= 400 for status in STATUS.values())


def test_numbers_are_written_as_people_write_them() -> None:
    assert [texts.number(1234567) for texts in page_texts().values()] == ["1.234.567", "1,234,567"]
