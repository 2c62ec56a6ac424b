import pytest
from builders import BEN, IDA, NOBODY, standing

from appservice.bot.commands import HELP, Command, Commands, Request
from school.domain.decisions import Reason
from school.standing import CannotDecideError, Standing
from school.texts import Language, Texts

GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)
SCHOOL = standing()


async def echo(request: Request) -> str:
    return f"{request.person.given_name}|{request.words}|{request.texts.language}"


ECHO = Command(names=((Language.GERMAN, "ruhe"), (Language.ENGLISH, "rest")), run=echo)


def commands(language: Language = Language.GERMAN) -> Commands:
    return Commands([HELP, ECHO], standing=lambda: SCHOOL, language=language)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        pytest.param("!ruhe", "Ida||de", id="a German word is answered in German"),
        pytest.param("!rest", "Ida||en", id="an English word is answered in English"),
        pytest.param("!ruhe 2h", "Ida|2h|de", id="what stands behind the word"),
        pytest.param("!ruhe   bis 7:30  ", "Ida|bis 7:30|de", id="without blanks around it"),
        pytest.param("!RUHE Aus", "Ida|Aus|de", id="capital letters"),
        pytest.param("/ruhe 2h", "Ida|2h|de", id="a slash"),
        pytest.param("ruhe 2h", "Ida|2h|de", id="neither"),
        pytest.param("  ! ruhe 2h", "Ida|2h|de", id="blanks before and after the mark"),
        pytest.param("!ruhe\n2h\n", "Ida|2h|de", id="on two lines"),
        pytest.param("!rest bis 7:30", "Ida|bis 7:30|en", id="the first word says the language"),
    ],
)
async def test_which_command_is_meant(message: str, answer: str) -> None:
    assert await commands().answer(IDA.user_id, message) == answer


@pytest.mark.parametrize("message", ["!hilfe", "Hilfe", "!HILFE", "/hilfe", "hilfe", " !hilfe ", "!hilfe bitte"])
async def test_help_is_found_however_it_is_asked_for(message: str) -> None:
    assert await commands().answer(BEN.user_id, message) == GERMAN.say("bot.help")


async def test_help_in_english() -> None:
    assert await commands().answer(BEN.user_id, "!help") == ENGLISH.say("bot.help")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", ["!tanz", "", " ", "!", "Guten Tag", "🌙", "!ruhe2h", "!!hilfe"])
async def test_what_is_not_known_is_answered_in_the_language_of_the_school(message: str, language: Language) -> None:
    assert await commands(language).answer(BEN.user_id, message) == Texts(language).say("bot.unknown")


@pytest.mark.parametrize("language", Language)
async def test_somebody_unknown_gets_no_command_run(language: Language) -> None:
    for message in ("!ruhe 2h", "!hilfe", "!tanz"):
        answer = await commands(language).answer(NOBODY, message)
        assert answer == Texts(language).refusal(Reason.UNKNOWN_PERSON)


async def test_without_a_directory_nobody_is_known() -> None:
    def cannot() -> Standing:
        raise CannotDecideError

    with pytest.raises(CannotDecideError):
        await Commands([ECHO], standing=cannot, language=Language.GERMAN).answer(IDA.user_id, "!ruhe")
