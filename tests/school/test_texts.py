import ast
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appservice.bot.help_words import Topic
from appservice.web.texts import CATALOGUES as PAGES
from school.database.audit import Action
from school.domain.decisions import Reason
from school.domain.hand_ins import State
from school.domain.people import BUILT_IN_ROLES
from school.domain.rest import RestCause
from school.domain.rights import Right
from school.domain.task_dates import DateDoubt
from school.texts import CATALOGUES, Language, Texts
from tasks.answers import Trouble
from tasks.task_words import Unclear

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "school",
    "synapse_modules",
    "appservice",
    "roster_sync",
    "bbb_widget",
    "shelf",
    "appointments",
    "tasks",
    "schulbote",
)
BERLIN = ZoneInfo("Europe/Berlin")
GERMAN, ENGLISH = CATALOGUES[Language.GERMAN], CATALOGUES[Language.ENGLISH]
LONG = "help."
PUT_TOGETHER: dict[str, list[str]] = {
    "rest.cause.": list(RestCause),
    "tasks.state.": list(State),
    "tasks.unclear.": [each.name.lower() for each in Unclear],
    "tasks.trouble.": [Trouble.TITLE, Trouble.NOBODY],
    "tasks.doubt.": list(DateDoubt),
}
LONGEST = 250
SHOWN = {"name": "Ida Groß", "until": "Mo, 7:30 Uhr"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def said_in_code() -> Iterator[tuple[str, set[str], str]]:
    """Every `say("name", placeholder=…)` of the program: name, placeholders, place. Where the name is put together,
    it is given for every ending that it can have."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "web" in file.relative_to(ROOT).parts:
                continue  # the pages have sentences of their own (tests/appservice/web/test_web_texts.py)
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or getattr(node.func, "attr", None) != "say" or not node.args:
                    continue
                given = {keyword.arg or "**" for keyword in node.keywords}
                place = f"{file.relative_to(ROOT)}:{node.lineno}"
                match node.args[0]:
                    case ast.Constant(value=str(name)):
                        yield name, given, place
                    case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), ast.FormattedValue()]):
                        assert beginning in PUT_TOGETHER, place
                        yield from ((f"{beginning}{ending}", given, place) for ending in PUT_TOGETHER[beginning])
                    case _:
                        pytest.fail(f"{place}: this test cannot see which sentence is said there")


def explained_commands() -> set[str]:
    """Which help texts the commands of the bot name. One that names none cannot be made."""
    named = set()
    files = (file for package in ("appservice", "bbb_widget", "tasks") for file in (ROOT / package).rglob("*.py"))
    for file in sorted(files):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Command":
                named |= {word.value.value for word in node.keywords if word.arg == "help"}  # type: ignore[attr-defined]
    return named


SAID = list(said_in_code())


def test_both_languages_have_the_same_sentences() -> None:
    assert set(GERMAN) == set(ENGLISH)


@pytest.mark.parametrize("name", sorted(GERMAN))
def test_both_languages_have_the_same_placeholders(name: str) -> None:
    assert placeholders(GERMAN[name]) == placeholders(ENGLISH[name])


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_has_a_sentence_without_placeholders(language: Language, reason: Reason) -> None:
    sentence = Texts(language).refusal(reason)
    assert sentence.endswith(".")
    assert not placeholders(sentence)


@pytest.mark.parametrize("language", Language)
def test_a_refusal_names_the_group_that_is_the_way_out(language: Language) -> None:
    texts = Texts(language)
    assert "in Klasse {x}" in texts.refusal(Reason.NO_COMMON_GROUP, ask_in="Klasse {x}")
    assert texts.refusal(Reason.NO_COMMON_GROUP, ask_in=None) == texts.refusal(Reason.NO_COMMON_GROUP)
    assert texts.refusal(Reason.NO_SPACES, ask_in="Klasse 5a") == texts.refusal(Reason.NO_SPACES)


def test_only_groups_are_put_into_refusals() -> None:
    with_a_group = {name for name in GERMAN if name.endswith(".ask_in")}
    assert with_a_group
    assert all(placeholders(GERMAN[name]) == {"group"} for name in with_a_group)


@pytest.mark.parametrize(("name", "given", "place"), SAID, ids=[f"{name} in {place}" for name, _, place in SAID])
def test_what_the_program_says_exists_and_gets_all_its_values(name: str, given: set[str], place: str) -> None:
    assert name in GERMAN
    assert given == placeholders(GERMAN[name])


def test_every_sentence_is_said_somewhere() -> None:
    refusals = {f"refused.{reason}{more}" for reason in Reason for more in ("", ".ask_in")}
    left = set(GERMAN) - {name for name, _, _ in SAID} - refusals
    explained = {f"help.{command}{more}" for command in explained_commands() for more in ("", ".more")}
    roles = {f"role.{role}{more}" for role in BUILT_IN_ROLES for more in ("", ".many")}
    rights = {f"right.{right}" for right in Right}
    assert left == explained | roles | rights | {f"help.topic.{topic}" for topic in Topic}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("command", sorted(explained_commands()))
def test_every_command_is_explained_in_a_line_and_in_full(command: str, language: Language) -> None:
    texts = Texts(language)
    assert "\n" not in texts.help(command)
    assert "!" in texts.help(command, in_full=True)


@pytest.mark.parametrize("language", Language)
def test_everything_in_the_audit_log_has_words_for_whom_it_is_about(language: Language) -> None:
    """In `appservice/web/texts`: the page on which somebody reads what is stored about them."""
    deeds = {name.removeprefix("deed.") for name in PAGES[language] if name.startswith("deed.")}
    assert deeds == {action.value for action in Action}


@pytest.mark.parametrize("language", Language)
def test_sentences_are_short(language: Language) -> None:
    too_long = {name for name, sentence in CATALOGUES[language].items() if len(sentence) > LONGEST}
    assert {name for name in too_long if not (name.startswith(LONG) and name.endswith(".more"))} == set()


@pytest.mark.parametrize("language", Language)
def test_sentences_have_no_blanks_around_them_and_no_double_ones(language: Language) -> None:
    for sentence in CATALOGUES[language].values():
        assert sentence == sentence.strip()
        assert "  " not in sentence


def test_the_languages_say_different_words() -> None:
    same = {name for name in GERMAN if GERMAN[name] == ENGLISH[name]}
    assert same == {"bot.name"}


def test_a_sentence_with_its_values() -> None:
    assert Texts(Language.GERMAN).say("held", **SHOWN) == (
        "🌙 Ida Groß hat bis Mo, 7:30 Uhr Ruhezeit. Diese Nachricht wird dann zugestellt."
    )


def test_a_value_is_shown_as_it_is() -> None:
    """Names come from people: braces in one must not be looked into."""
    said = Texts(Language.GERMAN).say("held", name="{until} {0.__class__}", until="12")
    assert "{until} {0.__class__} hat bis 12" in said


@pytest.mark.parametrize(("name", "values"), [("no.such.sentence", {}), ("held", {"name": "Ida"})])
def test_a_wrong_name_or_a_missing_value_is_an_error_at_once(name: str, values: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        Texts(Language.GERMAN).say(name, **values)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "moment", "german", "english"),
    [
        pytest.param(
            "2026-05-04 20:00", "2026-05-04 21:30", "21:30 Uhr", "9:30 PM", id="today it is the time"
        ),
        pytest.param("2026-05-04 20:00", "2026-05-04 07:05", "7:05 Uhr", "7:05 AM", id="earlier today, too"),
        pytest.param("2026-05-04 00:00", "2026-05-04 23:59", "23:59 Uhr", "11:59 PM", id="until midnight"),
        pytest.param("2026-05-04 23:59", "2026-05-05 00:00", "Di, 0:00 Uhr", "Tue, 12:00 AM", id="then it is a day"),
        pytest.param("2026-05-04 20:00", "2026-05-05 07:30", "Di, 7:30 Uhr", "Tue, 7:30 AM", id="tomorrow"),
        pytest.param("2026-05-04 20:00", "2026-05-10 07:30", "So, 7:30 Uhr", "Sun, 7:30 AM", id="in six days"),
        pytest.param(
            "2026-05-04 20:00", "2026-05-11 07:30", "Mo, 11. Mai, 7:30 Uhr", "Mon, 11 May, 7:30 AM",
            id="in a week the weekday alone would mislead",
        ),
        pytest.param("2026-05-04 07:00", "2026-05-02 22:14", "Sa, 22:14 Uhr", "Sat, 10:14 PM", id="days ago"),
        pytest.param(
            "2026-05-04 07:00", "2026-04-20 22:14", "Mo, 20. Apr., 22:14 Uhr", "Mon, 20 Apr, 10:14 PM",
            id="weeks ago",
        ),
        pytest.param(
            "2026-12-30 20:00", "2027-01-04 07:30", "Mo, 7:30 Uhr", "Mon, 7:30 AM", id="over the end of the year"
        ),
        pytest.param(
            "2026-03-28 23:30", "2026-03-29 03:00", "So, 3:00 Uhr", "Sun, 3:00 AM", id="a night without two o'clock"
        ),
    ],
)  # fmt: skip
def test_how_a_moment_is_said(now: str, moment: str, german: str, english: str) -> None:
    said = {
        language: Texts(language).when(local(moment).astimezone(UTC), BERLIN, now=local(now).astimezone(UTC))
        for language in Language
    }
    # Some versions of the data that Babel has put a narrow blank before AM and PM.
    assert {key: text.replace("\u202f", " ") for key, text in said.items()} == {
        Language.GERMAN: german,
        Language.ENGLISH: english,
    }


def test_the_day_is_that_of_the_school() -> None:
    """23:30 UTC is half past one of the next day in Berlin."""
    now = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    assert Texts(Language.GERMAN).when(now + timedelta(hours=11.5), BERLIN, now=now) == "Di, 1:30 Uhr"
