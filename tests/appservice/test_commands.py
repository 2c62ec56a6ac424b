import pytest
from builders import BEN, IDA, NOBODY, person, standing

from appservice.bot.commands import Command, Commands, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_leadership, to_who_rests, with_right
from school.domain.decisions import Reason
from school.domain.people import TEACHER, UserId
from school.domain.rights import Right
from school.standing import CannotDecideError, Standing
from school.texts import Language, Texts

GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)
HEAD = person("head", TEACHER, leadership=True)
SCHOOL = standing(people=(IDA, BEN, HEAD))
ROOT = UserId("@root:school.test")


async def echo(request: Request) -> str:
    return f"{request.person.given_name}|{request.words}|{request.texts.language}"


ECHO = Command(
    names=((Language.GERMAN, "ruhe"), (Language.ENGLISH, "rest"), (Language.GERMAN, "ruhezeit")),
    help="rest",
    run=echo,
    topic=Topic.REST,
    offered=to_who_rests,
)
TEACHERS_ONLY = Command(
    names=((Language.GERMAN, "räume"),), help="away", run=echo, topic=Topic.ROOMS, offered=with_right(Right.SET_TASKS)
)
SYNC = Command(
    names=((Language.GERMAN, "abgleich"), (Language.ENGLISH, "sync")),
    help="sync",
    run=echo,
    topic=Topic.LEADERSHIP,
    offered=to_leadership,
)


async def is_admin(user_id: UserId) -> bool:
    return user_id == ROOT


def commands(language: Language = Language.GERMAN) -> Commands:
    return Commands([SYNC, ECHO, TEACHERS_ONLY], standing=lambda: SCHOOL, language=language, is_admin=is_admin)


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


async def said(message: str, user_id: UserId = IDA.user_id) -> str:
    answer = await commands().answer(user_id, message)
    assert answer is not None
    return answer


@pytest.mark.parametrize("message", ["!hilfe", "Hilfe", "!HILFE", "/hilfe", "hilfe", " !hilfe ", "!!hilfe"])
async def test_help_is_found_however_it_is_asked_for(message: str) -> None:
    assert (await said(message)).startswith(GERMAN.say("help.list"))


async def test_help_in_english() -> None:
    assert (await said("!help")).startswith(ENGLISH.say("help.list"))
    assert f"!rest – {ENGLISH.help('rest')}" in await said("!help")


@pytest.mark.parametrize(
    ("user_id", "names"),
    [
        pytest.param(BEN.user_id, ["hilfe"], id="a pupil"),
        pytest.param(IDA.user_id, ["hilfe", "räume", "ruhe"], id="a teacher"),
        pytest.param(HEAD.user_id, ["hilfe", "räume", "ruhe", "abgleich"], id="the leadership"),
        pytest.param(ROOT, ["hilfe", "abgleich"], id="an admin"),
    ],
)
async def test_help_lists_what_the_person_may_do_by_topics(user_id: UserId, names: list[str]) -> None:
    lines = (await said("!hilfe", user_id)).splitlines()
    assert [line.partition(" – ")[0] for line in lines if line.startswith("!")] == [f"!{name}" for name in names]
    assert (GERMAN.topic("leadership") in lines) == ("abgleich" in names)
    assert GERMAN.topic("people") not in lines


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        ("!hilfe ruhe", GERMAN),
        ("!hilfe !ruhe", GERMAN),
        ("!hilfe rest", GERMAN),
        ("!hilfe rhue", GERMAN),
        ("!help ruhe", ENGLISH),
        ("!ruhe hilfe", GERMAN),
        ("!ruhe ?", GERMAN),
        ("!rest Help", ENGLISH),
    ],
)
async def test_one_command_is_explained_in_full(message: str, texts: Texts) -> None:
    answer = await said(message)
    assert answer.startswith("!ruhe – " if texts is GERMAN else "!rest – ")
    assert texts.help("rest", in_full=True) in answer
    assert texts.say("help.also", names="!rest" if texts is GERMAN else "!ruhe, !ruhezeit") in answer


async def test_what_is_meant_for_others_is_not_explained() -> None:
    assert await said("!hilfe abgleich", BEN.user_id) == GERMAN.say("help.not_for_you")


async def test_help_for_what_nobody_knows_is_the_list() -> None:
    assert await said("!hilfe bitte") == f"{GERMAN.say('help.unknown')}\n{await said('!hilfe')}"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", ["!tanz", "", " ", "!", "Guten Tag", "🌙", "!abgleihc"])
async def test_what_is_not_known_is_answered_in_the_language_of_the_school(message: str, language: Language) -> None:
    assert await commands(language).answer(BEN.user_id, message) == Texts(language).say("bot.unknown")


@pytest.mark.parametrize(
    ("message", "near"),
    [("!rhue", "ruhe"), ("!ruhe2h", "ruhe"), ("ruhezeiten", "ruhe"), ("!raeum", "räume"), ("!hlife abgleich", "hilfe")],
)
async def test_a_typing_error_is_answered_with_the_nearest_command(message: str, near: str) -> None:
    assert await said(message) == GERMAN.say("bot.unknown_near", near=near)


async def test_a_typing_error_is_answered_in_the_language_of_the_nearest_word() -> None:
    assert await said("!reest") == ENGLISH.say("bot.unknown_near", near="rest")


@pytest.mark.parametrize("message", ["!räume", "!raeume", "!raume", "!Ra\u0308ume"])
async def test_umlauts_do_not_matter(message: str) -> None:
    assert await said(message) == "Ida||de"


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
