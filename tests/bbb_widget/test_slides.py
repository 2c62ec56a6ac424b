from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from a_school import GERMAN, room
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from builders import BEN, IDA, NOON
from conference_school import CLASS, URL, Conferences, with_conferences
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.in_rooms import RoomRequest
from bbb_widget.conferences import Wish
from bbb_widget.slides import slides_in
from school.database.conferences import Conference, Slides
from school.domain.decisions import Reason
from school.domain.people import Person

PDF: dict[str, Any] = {
    "msgtype": "m.file",
    "body": "Bruch.pdf",
    "url": "mxc://school.test/abc",
    "info": {"mimetype": "application/pdf"},
}
FRIDAY = NOON + timedelta(days=3)


@pytest.fixture
async def it(database: Path, engine: AsyncEngine) -> AsyncIterator[Conferences]:
    async with with_conferences(database, engine) as it:
        it.messages["$pdf"] = PDF
        it.files["mxc://school.test/abc"] = b"%PDF-1.7 ..."
        yield it


async def planned(it: Conferences) -> Conference:
    return await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))


async def says_slides(it: Conferences, who: Person = IDA, replies_to: str | None = "$pdf") -> str:
    stamp = it.school.homeserver.stamps[room("5a")]
    request = RoomRequest(
        person=who, room_id=room("5a"), stamp=stamp, words="folien", texts=GERMAN, replies_to=replies_to
    )
    return await it.command.in_room().answer(request)


@pytest.fixture
async def get(it: Conferences) -> AsyncIterator[Any]:
    """What BigBlueButton gets at an address."""
    application = web.Application()
    application.add_routes(it.slides.routes())
    async with TestServer(application) as server, ClientSession() as session:

        async def ask(url: str) -> tuple[int, bytes]:
            async with session.get(server.make_url(urlsplit(url).path)) as answer:
                return answer.status, await answer.read()

        yield ask


@pytest.mark.parametrize(
    ("content", "slides"),
    [
        pytest.param({}, Slides(uri="mxc://school.test/abc", name="Bruch.pdf"), id="a file"),
        pytest.param({"filename": "x.pdf", "body": "Bitte ansehen"}, "x.pdf", id="with words beside it"),
        pytest.param({"filename": "../../a\n.pdf"}, "....a.pdf", id="with signs that no name has"),
        pytest.param({"filename": "a" * 300}, "a" * 80 + ".pdf", id="with a long name"),
        pytest.param({"msgtype": "m.image"}, None, id="a picture"),
        pytest.param({"info": {"mimetype": "text/html"}}, None, id="another type"),
        pytest.param({"info": "x"}, None, id="no type"),
        pytest.param({"url": "https://example.org/x.pdf"}, None, id="from elsewhere"),
        pytest.param({"url": None, "file": {}}, None, id="encrypted"),
        pytest.param({"body": 5}, None, id="without a name"),
    ],
)
def test_slides_are_a_pdf_of_the_messenger(content: dict[str, Any], slides: Slides | str | None) -> None:
    found = slides_in(PDF | content)
    assert (found.name if isinstance(slides, str) and found else found) == slides


async def test_a_planned_conference_begins_with_the_pdf_that_was_replied_to(it: Conferences, get: Any) -> None:
    conference = await planned(it)
    told = await says_slides(it)
    assert told == GERMAN.say("conference.slides_attached", name="Bruch.pdf", title="Mathe")
    await it.open_for(conference)
    [document] = it.bbb.made[0].documents
    assert document.filename == "Bruch.pdf"
    assert document.url.startswith(f"{URL}/conference/slides/{conference.id}/")
    assert await get(document.url) == (200, b"%PDF-1.7 ...")


async def test_the_address_counts_for_an_hour_and_for_this_file(it: Conferences, get: Any) -> None:
    conference = await planned(it)
    await says_slides(it)
    await it.open_for(conference)
    url = it.bbb.made[0].documents[0].url
    base, until, proof = url.rsplit("/", 2)
    forged = [
        f"{base}/{int(until) + 1}/{proof}",
        f"{base}/{until}/{'0' * 32}",
        f"{base}/x/{proof}",
        f"{base}/²/{proof}",
        f"{base}/{'9' * 400}/{proof}",
        url.replace(conference.id, "other"),
    ]
    assert {(await get(each))[0] for each in forged} == {404}
    it.later(hours=1)
    assert (await get(url))[0] == 404


async def test_other_slides_end_the_address_of_those_before(it: Conferences, get: Any) -> None:
    conference = await planned(it)
    await says_slides(it)
    [document] = it.meetings.slides(await it.desk.newest(conference), it.now)
    it.messages["$other"] = PDF | {"url": "mxc://school.test/def"}
    await says_slides(it, replies_to="$other")
    assert (await get(document.url))[0] == 404


async def test_a_file_that_is_gone_is_not_there(it: Conferences, get: Any) -> None:
    conference = await planned(it)
    await says_slides(it)
    it.files.clear()
    [document] = it.meetings.slides(await it.desk.newest(conference), it.now)
    assert (await get(document.url))[0] == 404


async def test_only_moderators_attach_them(it: Conferences) -> None:
    conference = await planned(it)
    assert await says_slides(it, BEN) == GERMAN.refusal(Reason.NO_CONFERENCES)
    assert (await it.desk.newest(conference)).slides is None


@pytest.mark.parametrize("replies_to", [None, "$nothing", "$words"])
async def test_without_a_pdf_it_says_how(replies_to: str | None, it: Conferences) -> None:
    it.messages["$words"] = {"msgtype": "m.text", "body": "Hallo"}
    await planned(it)
    assert await says_slides(it, replies_to=replies_to) == GERMAN.say("conference.slides_how")


async def test_where_nothing_is_planned_there_are_no_slides(it: Conferences) -> None:
    await it.started()
    assert await says_slides(it) == GERMAN.say("conference.slides_for_planned")
