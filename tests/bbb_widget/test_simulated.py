"""The simulated BigBlueButton, asked by our client and looked at as by a browser."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from html import unescape

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bbb_widget.api import Bbb, BbbError, BbbServer, Joining, NewMeeting, Role
from bbb_widget.simulated import SimulatedBbb
from bbb_widget.simulated.words import WORDS
from school.texts import Language

SAID = WORDS[Language.GERMAN]


@dataclass
class Simulation:
    """The server, our client, and a browser."""

    address: str
    bbb: Bbb
    session: ClientSession
    over: list[str]

    async def meeting(self, **settings: str) -> int:
        """Mathe, when it was made."""
        wanted = {
            "guestPolicy": "ASK_MODERATOR",
            "endWhenNoModerator": "true",
            "meetingEndedURL": f"{self.address}/over",
        }
        made = await self.bbb.create(NewMeeting(meeting_id="m-1", name="Mathe & mehr", settings=wanted | settings))
        return made.create_time

    async def comes(self, who: str, at: int, role: Role = Role.VIEWER, *, guest: bool = False) -> str:
        """Somebody's page."""
        joining = Joining(meeting_id="m-1", create_time=at, user_id=who, full_name=who, role=role, guest=guest)
        async with self.session.get(self.bbb.join_address(joining)) as answer:
            return str(answer.url)

    async def sees(self, page: str, **headers: str) -> str:
        async with self.session.get(page, headers=headers) as answer:
            assert answer.status == 200
            return unescape(await answer.text())

    async def presses(self, page: str, deed: str, who: str = "") -> int:
        async with self.session.post(f"{page}/{deed}", data={"who": who}) as answer:
            return answer.status


@pytest.fixture
async def it() -> AsyncIterator[Simulation]:
    over: list[str] = []

    async def is_over(request: web.Request) -> web.Response:
        over.append(request.rel_url.raw_query_string)
        return web.Response()

    application = web.Application()
    application.add_routes([*SimulatedBbb("secret", prefix="/demo-bbb").routes(), web.get("/over", is_over)])
    async with TestServer(application) as server, ClientSession(headers={"Accept-Language": "de"}) as session:
        address = str(server.make_url("")).rstrip("/")
        there = BbbServer(url=f"{address}/demo-bbb", secret="secret", timeout_seconds=5)
        async with Bbb(there, pause_seconds=0.01) as bbb:
            yield Simulation(address, bbb, session, over)


async def test_every_page_says_that_it_is_a_simulation_and_who_is_there_as_what(it: Simulation) -> None:
    at = await it.meeting()
    ida, ben = await it.comes("Ida", at, Role.MODERATOR), await it.comes("Ben", at)
    for page in (ida, ben):
        text = await it.sees(page)
        assert SAID["simulated"] in text
        assert "Ida: MODERATOR" in text
        assert "Ben: VIEWER" in text
    assert SAID["end"] not in await it.sees(ben)
    assert "This is only a simulation" in await it.sees(ben, **{"Accept-Language": "en-GB"})
    info = await it.bbb.info("m-1")
    assert info is not None
    assert [(one.full_name, one.role) for one in info.attendees] == [("Ida", Role.MODERATOR), ("Ben", Role.VIEWER)]


async def test_a_guest_waits_in_the_lobby_until_the_one_who_leads_decides(it: Simulation) -> None:
    at = await it.meeting()
    ida = await it.comes("Ida", at, Role.MODERATOR)
    petra, uwe = await it.comes("Petra", at, guest=True), await it.comes("Uwe", at, guest=True)
    assert SAID["lobby"] in await it.sees(petra)
    assert "Ida" not in await it.sees(petra)
    assert f"{SAID['accept']}: Petra" in await it.sees(ida)
    for page in (petra, uwe):
        assert await it.presses(page, "accept", "Petra") == 403, "nobody lets in themselves"
    await it.presses(ida, "accept", "Petra")
    await it.presses(ida, "deny", "Uwe")
    assert SAID["inside"] in await it.sees(petra)
    assert SAID["denied"] in await it.sees(uwe)
    info = await it.bbb.info("m-1")
    assert info is not None
    assert {one.full_name for one in info.attendees} == {"Ida", "Petra"}


async def test_it_ends_for_everybody_and_says_so_three_times(it: Simulation) -> None:
    at = await it.meeting(logoutURL="https://bote.school.test/conference/x")
    ida, ben = await it.comes("Ida", at, Role.MODERATOR), await it.comes("Ben", at)
    assert await it.presses(ben, "end") == 403
    await it.presses(ida, "end")
    text = await it.sees(ben)
    assert SAID["over"] in text
    assert 'href="https://bote.school.test/conference/x"' in text
    assert await it.bbb.info("m-1") is None
    for _ in range(100):
        if len(it.over) == 3:
            break
        await it.sees(ben)
    assert it.over == ["recordingmarks=false"] * 3


async def test_when_the_last_one_who_leads_has_left_it_ends(it: Simulation) -> None:
    at = await it.meeting()
    ida, ben = await it.comes("Ida", at, Role.MODERATOR), await it.comes("Ben", at)
    await it.presses(ben, "leave")
    assert SAID["left"] in await it.sees(ben)
    assert await it.bbb.info("m-1") is not None
    await it.presses(ida, "leave")
    assert await it.bbb.info("m-1") is None


async def test_nobody_comes_in_by_an_address_of_their_own(it: Simulation) -> None:
    at = await it.meeting()
    joining = Joining(meeting_id="m-1", create_time=at, user_id="Ben", full_name="Ben", role=Role.VIEWER, guest=False)
    right = it.bbb.join_address(joining)
    for address, key in (
        (right.replace("VIEWER", "MODERATOR"), "checksumError"),
        (re.sub(r"checksum=[0-9a-f]+", "checksum=" + "0" * 64, right), "checksumError"),
        (re.sub(r"&checksum=[0-9a-f]+", "", right), "checksumError"),
        (it.bbb.join_address(replace(joining, create_time=at - 1)), "mismatchCreateTimeParam"),
        (it.bbb.join_address(replace(joining, meeting_id="m-2")), "notFound"),
    ):
        assert key in await it.sees(address)
    async with it.session.get(f"{it.address}/demo-bbb/client/guessed") as answer:
        assert answer.status == 404


async def test_the_same_meeting_is_made_once(it: Simulation) -> None:
    at = await it.meeting()
    assert await it.meeting() == at
    with pytest.raises(BbbError):
        await it.meeting(muteOnStart="true")


def test_both_languages_say_the_same() -> None:
    german, english = (WORDS[language] for language in (Language.GERMAN, Language.ENGLISH))
    assert set(german) == set(english)
    assert not any(german[name] == english[name] for name in german)
