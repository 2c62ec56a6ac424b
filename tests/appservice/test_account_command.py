"""`!konto` and `!passwort`: a link to one's own pages, for whoever is in the register."""

import pytest
from builders import BEN, IDA, standing
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.account_command import AccountCommands
from appservice.bot.commands import Commands, Request
from appservice.web.links import Links
from school.domain.decisions import Reason
from school.domain.people import UserId
from school.texts import Language, Texts

SCHOOL = standing()
GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)


@pytest.fixture
def links(engine: AsyncEngine) -> Links:
    return Links(engine=engine, url=lambda path: "https://bote.test" + path)


def commands(links: Links, *, with_reset: bool = False) -> Commands:
    async def reset(request: Request) -> str:
        return f"Neuer Code für {request.words}"

    async def is_admin(user_id: UserId) -> bool:
        return user_id == "@admin:school.test"

    own = AccountCommands(links=links, directory=lambda: SCHOOL.policy.directory, reset=reset if with_reset else None)
    return Commands(own.commands(), standing=lambda: SCHOOL, language=Language.GERMAN, is_admin=is_admin)


@pytest.mark.parametrize(
    ("words", "path", "texts"),
    [
        ("!konto", "/account", GERMAN),
        ("!account", "/account", ENGLISH),
        ("!passwort", "/password", GERMAN),
        ("!password", "/password", ENGLISH),
        ("!dateien", "/shelf", GERMAN),
        ("!files", "/shelf", ENGLISH),
        ("!termine", "/appointments", GERMAN),
        ("!appointments", "/appointments", ENGLISH),
    ],
)
async def test_a_link_leads_its_person_to_the_page(links: Links, words: str, path: str, texts: Texts) -> None:
    answer = await commands(links).answer(BEN.user_id, words)
    assert isinstance(answer, str)
    link = answer.rpartition(" ")[2]
    assert answer == texts.say("account.link", link=link)
    row = await links.look_at(link.rpartition("/")[2])
    assert row is not None
    assert (row.user_id, row.path) == (BEN.user_id, path)


async def test_two_people_get_two_links(links: Links) -> None:
    bens, idas = [await commands(links).answer(person.user_id, "!konto") for person in (BEN, IDA)]
    assert bens != idas


async def test_who_is_nobody_in_the_register_gets_none(links: Links) -> None:
    answer = await commands(links).answer(UserId("@admin:school.test"), "!konto")
    assert answer == GERMAN.refusal(Reason.UNKNOWN_PERSON)


async def test_with_a_name_it_is_about_somebody_else(links: Links) -> None:
    assert await commands(links, with_reset=True).answer(IDA.user_id, "!passwort Ben Groß") == "Neuer Code für Ben Groß"
    own = await commands(links, with_reset=True).answer(IDA.user_id, "!passwort")
    assert isinstance(own, str)
    assert "https://bote.test/link/" in own
