from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from a_school import GERMAN
from builders import BEN, CARL, IDA
from conference_pages import Pages, with_pages
from conference_school import URL, Conferences
from pages_world import words_of
from sqlalchemy.ext.asyncio import AsyncEngine

from school.domain.people import Person


@pytest.fixture
async def pages(database: Path, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Pages]:
    async with with_pages(database, engine, tmp_path) as pages:
        yield pages


@pytest.fixture
def it(pages: Pages) -> Conferences:
    return pages.it


@pytest.fixture
async def browser(pages: Pages) -> Any:
    stranger = pages.world.browser()

    async def ask(method: str, address: str) -> Any:
        path = urlsplit(address).path
        async with stranger.client.request(method, path, headers=stranger.headers, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.text()

    return ask


async def asks(it: Conferences, who: Person) -> str:
    return str(await it.school.ask(it.command.command(), "beitreten", who))


def link_in(answer: str) -> str:
    [link] = [word for word in answer.split() if word.startswith(f"{URL}/conference/in/")]
    return link


async def test_the_bot_gives_each_a_way_in_as_soon_as_somebody_leads(it: Conferences, browser: Any) -> None:
    await it.started()
    assert await asks(it, BEN) == GERMAN.say("conference.wait", title="Mathe")
    for who in (IDA, BEN):
        link = link_in(await asks(it, who))
        status, headers, _ = await browser("POST", link)
        assert (status, headers["Referrer-Policy"], headers["Cache-Control"]) == (303, "no-referrer", "no-store")
        assert headers["Location"].startswith("https://bbb/join?")
        assert it.bbb.last.full_name == who.display_name
    assert await asks(it, CARL) == GERMAN.say("conference.nothing_goes_on")


async def test_looking_at_a_link_uses_nothing_up(it: Conferences, browser: Any) -> None:
    await it.started()
    link = link_in(await asks(it, IDA))
    for method in ("HEAD", "GET", "GET"):
        status, headers, text = await browser(method, link)
        assert status == 200
        assert "Location" not in headers
        assert "bbb/join" not in text
    assert (await browser("POST", link))[0] == 303
    status, _, text = await browser("POST", link)
    assert status == 410
    assert "gilt nicht mehr" in text


async def test_bbb_down_is_said(it: Conferences) -> None:
    await it.started()
    it.bbb.down = True
    assert await asks(it, IDA) == GERMAN.say("conference.down")


@pytest.mark.parametrize("ticket", ["made-up", "%00", "..%2f..%2fend", "a" * 3000])
async def test_a_made_up_link_leads_nowhere(ticket: str, it: Conferences, browser: Any) -> None:
    await it.started()
    status, headers, text = await browser("POST", f"{URL}/conference/in/{ticket}")
    assert status in (404, 410)
    assert "Location" not in headers
    assert ticket not in words_of(text)
