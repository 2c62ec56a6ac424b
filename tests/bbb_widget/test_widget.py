"""The page in Element's window: who learns and does what, and what it says."""

import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from a_school import room
from builders import BEN, CARL, GABI, IDA
from conference_school import CHAT, CLASS, Conferences, with_conferences
from pages_world import World
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import TryLaterError
from bbb_widget.conferences import Place, Wish
from bbb_widget.web.calendar_file import CalendarFile
from bbb_widget.widget.room_desk import RoomDesk
from bbb_widget.widget.web import WIDGET_PAGES
from bbb_widget.widget.web.page import BUTTONS, IN_THE_BROWSER, ConferenceWidget
from bbb_widget.widget.web.routes import widget_routes
from bbb_widget.widget.web.texts import SENTENCES
from school.domain.conference_widget import build_answer
from school.domain.people import Person
from school.domain.rooms import RoomKind, RoomStamp
from school.texts import Language

GERMAN, ENGLISH = SENTENCES[Language.GERMAN], SENTENCES[Language.ENGLISH]
CLASS_ROOM = room("5a")
BUILD = build_answer("https://bote.school.test", "Videokonferenz")

MATRIX_WIDGET_API = "6a66356cede9b91b7cc8fe02089758d9cc6ac07b12f6b6ca3f67245a2c7eb7fb"
"""dist/api.min.js of matrix-widget-api 1.19.0 (npm)."""
VERSION = "1.19.0"
CLIENTS = Path(__file__).parents[1] / "acceptance" / "clients"
OF_NPM = CLIENTS / "node_modules" / "matrix-widget-api"
STATIC = files(WIDGET_PAGES.package).joinpath("static")


def test_what_is_shipped_of_npm_is_what_is_on_npm() -> None:
    shipped = STATIC.joinpath("matrix-widget-api.min.js").read_bytes()
    assert sha256(shipped).hexdigest() == MATRIX_WIDGET_API
    assert b"Apache License" in STATIC.joinpath("matrix-widget-api.LICENSE").read_bytes()


def test_the_lock_file_names_that_version() -> None:
    locked = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    assert locked["node_modules/matrix-widget-api"]["version"] == VERSION
    assert locked[""]["dependencies"]["matrix-widget-api"] == VERSION, "no other one comes by itself"


@pytest.mark.skipif(not OF_NPM.is_dir(), reason="matrix-widget-api is not installed (npm)")
@pytest.mark.parametrize(("ours", "theirs"), [("min.js", "dist/api.min.js"), ("LICENSE", "LICENSE")])
def test_what_is_shipped_is_what_npm_brings_by_the_lock_file(ours: str, theirs: str) -> None:
    assert STATIC.joinpath(f"matrix-widget-api.{ours}").read_bytes() == (OF_NPM / theirs).read_bytes()


class Widget:
    """Somebody's Element with the widget open in a room."""

    def __init__(self, browser: Any, room_id: str) -> None:
        self.browser = browser
        self.room_id = room_id

    async def asks(self, what: str, conference: str = "", **headers: str) -> dict[str, Any]:
        answer = await self.sends(what, {"room": self.room_id, "conference": conference}, **headers)
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())

    async def sends(self, what: str, body: Any, **headers: str) -> Any:
        sent = self.browser.headers | headers
        return await self.browser.client.post(f"/widget/conference/{what}", json=body, headers=sent)

    async def presses(self, label: str, view: dict[str, Any]) -> dict[str, Any]:
        buttons = [*view["actions"], *(each for item in view["items"] for each in item["actions"])]
        [button] = [each for each in buttons if each["label"] == GERMAN[f"widget.do.{label}"]]
        return await self.asks(button["does"], button["conference"])


def labels(view: dict[str, Any]) -> list[str]:
    buttons = [*view["actions"], *(each for item in view["items"] for each in item["actions"])]
    known = {GERMAN[f"widget.do.{name}"]: name for name in BUTTONS}
    return [known[each["label"]] for each in buttons]


class School:
    """A school with conferences and the widget's pages over it."""

    def __init__(self, conferences: Conferences, world: World) -> None:
        self.conferences = conferences
        self.world = world

    async def widget(self, person: Person, room_id: str = CLASS_ROOM, **headers: str) -> Widget:
        """Opened, and signed in by the messenger's word."""
        browser = self.world.browser(**headers)
        token = f"token-{person.id}-{len(self.world.homeserver.openid_tokens)}"
        self.world.homeserver.openid_tokens[token] = person.user_id
        body = {"access_token": token, "matrix_server_name": "school.test"}
        answer = await browser.client.post("/widget/session", json=body, headers=browser.headers)
        assert answer.status == 200
        return Widget(browser, room_id)


@pytest.fixture
async def school(database: Path, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[School]:
    async with with_conferences(database, engine) as it:
        homeserver: Any = it.school.homeserver
        homeserver.stamps[CLASS_ROOM] = CLASS_STAMP
        homeserver.joined[CLASS_ROOM] = {IDA.user_id, BEN.user_id}
        room_desk = RoomDesk(
            desk=it.desk,
            circles=it.circles,
            view=it.school.view,
            announcing=it.announcing,
            stamp_of=lambda room_id, user_id: homeserver.of(room_id, seen_by=user_id),
            language=Language.GERMAN,
        )
        widget = ConferenceWidget(room_desk, build_answer=BUILD)
        world = World(
            engine,
            tmp_path,
            page_sets=(WIDGET_PAGES,),
            view=it.school.view,
            more=lambda pages: widget_routes(pages.host, widget, CalendarFile(it.entries, it.feeds)),
        )
        await world.server.start_server()
        yield School(it, world)
        for browser in world.browsers:
            await browser.client.close()
        await world.server.close()


CLASS_STAMP = RoomStamp(kind=RoomKind.GROUP, group=next(iter(CLASS.groups)))


# What goes on


async def test_a_teacher_starts_the_class_waits_joins_and_is_told_of_the_end(school: School) -> None:
    it = school.conferences
    ida, ben = await school.widget(IDA), await school.widget(BEN)
    view = await ida.asks("state")
    assert (view["said"], labels(view)) == (GERMAN["widget.none"], ["start"])
    assert view["who"] == f"Du bist hier als {IDA.display_name}."
    assert labels(await ben.asks("state")) == []

    view = await ida.presses("start", view)
    assert [item["title"] for item in view["items"]] == ["Klasse 5a"]
    assert labels(view) == ["join", "end"]
    assert [sent.room_id for sent in it.sent] == [CLASS_ROOM], "the bot tells the room once"
    view = await ben.asks("state")
    assert (view["items"][0]["said"], labels(view)) == (GERMAN["widget.sight.wait"], [])

    joined = await ida.presses("join", await ida.asks("state"))
    assert await it.desk.redeem(joined["open"].rpartition("/")[2]) is not None
    view = await ben.asks("state")
    assert labels(view) == ["join"]
    link = (await ben.presses("join", view))["open"]
    assert link.startswith("https://bote.school.test/conference/in/")
    assert await it.desk.redeem(link.rpartition("/")[2])
    assert it.bbb.last.full_name == BEN.display_name
    assert await it.desk.redeem(link.rpartition("/")[2]) is None, "a replay"

    it.bbb.attendees.clear()
    view = await ben.asks("state")
    assert (view["items"][0]["said"], labels(view)) == (GERMAN["widget.sight.wait"], []), "who leads has gone"

    view = await ida.presses("end", await ida.asks("state"))
    assert view["note"] == GERMAN["widget.over"]
    assert labels(await ida.asks("state")) == ["start"]
    assert it.bbb.open == {}


async def test_a_chat_is_told_by_who_started(school: School) -> None:
    ida = await school.widget(IDA, CHAT)
    await ida.presses("start", await ida.asks("state"))
    [sent] = school.conferences.sent
    assert (sent.room_id, sent.as_user) == (CHAT, IDA.user_id)
    ida.room_id = CHAT
    view = await ida.asks("state")
    await ida.presses("end", view)
    assert [each.replaces for each in school.conferences.sent] == [None, "$sent-1"]


async def test_what_is_planned_is_shown_begun_and_called_off(school: School) -> None:
    it = school.conferences
    await it.started(Wish(place=CLASS, title="Mathe", planned_at=it.now.replace(year=2030), weekly=True))
    ida, ben = await school.widget(IDA), await school.widget(BEN)
    view = await ben.asks("state")
    assert view["items"][0]["said"].startswith("Jede Woche")
    assert labels(view) == []
    file = await ben.browser.get(view["items"][0]["calendar"]["path"])
    assert (file.status, file.content_type) == (200, "text/calendar")
    assert (await ben.browser.get("/widget/conference/unknown/calendar.ics")).status == 404
    assert (await (await school.widget(CARL)).browser.get(view["items"][0]["calendar"]["path"])).status == 404
    view = await ida.asks("state")
    assert sorted(labels(view)) == ["begin", "call_off", "start"]
    assert (await ida.presses("begin", view))["open"]
    assert labels(await ida.asks("state")) == ["join", "end"]


async def test_a_conference_of_several_groups_is_shown_in_the_room_of_each(school: School) -> None:
    groups = Place(groups=CLASS.groups | {next(iter(CARL.groups))})
    await school.conferences.started(Wish(place=groups, title="Elternabend"))
    assert [item["title"] for item in (await (await school.widget(BEN)).asks("state"))["items"]] == ["Elternabend"]


# Who may


@pytest.mark.parametrize("room_id", [CLASS_ROOM, "!nowhere", "", "#alias", "!" + "x" * 300])
async def test_who_is_not_in_the_room_learns_and_does_nothing(school: School, room_id: str) -> None:
    conference = await school.conferences.started()
    carl = await school.widget(CARL, room_id)
    for what in ("state", "start", "join", "end"):
        view = await carl.asks(what, conference.id)
        assert (view["said"], view["items"], view["actions"]) == (GERMAN["widget.stranger"], [], [])
        assert view.get("open") is None
    assert len(school.conferences.bbb.made) == 1
    assert len(school.conferences.bbb.open) == 1


@pytest.mark.parametrize(
    "stamp", [RoomStamp(kind=RoomKind.CONTROL), RoomStamp(kind=RoomKind.SPACE, group=next(iter(CLASS.groups)))]
)
async def test_where_nobody_talks_to_each_other_there_is_none(school: School, stamp: RoomStamp) -> None:
    homeserver: Any = school.conferences.school.homeserver
    homeserver.stamps["!other"] = stamp
    homeserver.joined["!other"] = {IDA.user_id}
    ida = await school.widget(IDA, "!other")
    assert (await ida.asks("start"))["said"] == GERMAN["widget.stranger"]
    assert school.conferences.bbb.made == []


async def test_a_conference_of_another_room_is_not_reached_from_ones_own(school: School) -> None:
    conference = await school.conferences.started()
    gabi = await school.widget(GABI, CHAT)
    view = await gabi.asks("join", conference.id)
    assert (view["note"], view["open"]) == (GERMAN["widget.over"], None)


async def test_pupils_and_guardians_neither_start_nor_end(school: School) -> None:
    conference = await school.conferences.started()
    ben = await school.widget(BEN)
    for what in ("start", "end"):
        assert "Konferenz" in (await ben.asks(what, conference.id))["note"]
    assert len(school.conferences.bbb.made) == 1
    assert len(school.conferences.bbb.open) == 1


async def test_who_was_taken_out_of_the_room_and_the_group_is_out_at_once(school: School) -> None:
    await school.conferences.started()
    ben = await school.widget(BEN)
    assert (await ben.asks("state"))["items"]
    homeserver: Any = school.conferences.school.homeserver
    homeserver.joined[CLASS_ROOM].discard(BEN.user_id)
    assert (await ben.asks("state"))["said"] == GERMAN["widget.stranger"]


async def test_without_a_session_nothing_is_said(school: School) -> None:
    stranger = Widget(school.world.browser(), CLASS_ROOM)
    for what in ("state", "start", "join", "end"):
        answer = await stranger.sends(what, {"room": CLASS_ROOM, "conference": "x"})
        assert (answer.status, (await answer.json())["errcode"]) == (403, "ORG_SCHULBOTE_SIGNED_OUT")


async def test_a_session_of_the_pages_is_none_in_a_widget(school: School) -> None:
    browser = await school.world.signed_in(IDA)
    answer = await Widget(browser, CLASS_ROOM).sends("state", {"room": CLASS_ROOM})
    assert answer.status == 403


@pytest.mark.parametrize("body", [None, [], "x", {"room": 5}, {"room": CLASS_ROOM, "conference": ["x"]}])
async def test_what_our_script_does_not_send_is_malformed(school: School, body: Any) -> None:
    ida = await school.widget(IDA)
    for what in ("state", "start", "join", "end"):
        assert (await ida.sends(what, body)).status == 400
    assert school.conferences.bbb.made == []


async def test_another_site_sends_nothing_in_somebodys_name(school: School) -> None:
    ida = await school.widget(IDA)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await ida.sends("start", {"room": CLASS_ROOM}, **headers)).status == 403
    sent = ida.browser.headers | {"Content-Type": "text/plain"}
    body = json.dumps({"room": CLASS_ROOM})
    answer = await ida.browser.client.post("/widget/conference/start", data=body, headers=sent)
    assert answer.status == 400
    assert school.conferences.bbb.made == []


async def test_a_widget_that_asks_without_end_is_told_to_wait(school: School) -> None:
    ida, ben = await school.widget(IDA), await school.widget(BEN)
    statuses = [(await ida.sends("state", {"room": CLASS_ROOM})).status for _ in range(62)]
    assert set(statuses[:60]) == {200}
    assert 429 in statuses[60:]
    assert (await ben.sends("state", {"room": CLASS_ROOM})).status == 200


# When something is missing


async def test_bigbluebutton_down_is_said(school: School) -> None:
    ida = await school.widget(IDA)
    school.conferences.bbb.down = True
    assert (await ida.asks("start"))["note"] == GERMAN["widget.trouble.down"]
    school.conferences.bbb.down = False
    conference = await school.conferences.started()
    school.conferences.bbb.down = True
    view = await (await school.widget(BEN)).asks("state")
    assert view["items"][0]["said"] == GERMAN["widget.sight.down"]
    view = await ida.asks("join", conference.id)
    assert (view["note"], view["open"]) == (GERMAN["widget.trouble.down"], None)
    assert (await ida.presses("end", await ida.asks("state")))["note"] == GERMAN["widget.trouble.down"]


async def test_where_nobody_can_say_who_is_in_the_room_one_asks_again_later(school: School) -> None:
    ida = await school.widget(IDA)
    homeserver: Any = school.conferences.school.homeserver
    homeserver.errors[CLASS_ROOM] = TryLaterError("HTTP 503", status=503)
    answer = await ida.sends("state", {"room": CLASS_ROOM})
    assert (answer.status, (await answer.json())["errcode"]) == (503, "ORG_SCHULBOTE_TRY_AGAIN")


async def test_a_room_that_cannot_be_told_has_its_conference_all_the_same(school: School) -> None:
    async def nobody_hears(*_: Any, **__: Any) -> str:
        raise TryLaterError("HTTP 503", status=503)

    homeserver: Any = school.conferences.school.homeserver
    homeserver.send = nobody_hears
    ida = await school.widget(IDA)
    assert labels(await ida.presses("start", await ida.asks("state"))) == ["join", "end"]


# The page


async def test_it_speaks_the_messengers_language(school: School) -> None:
    ida = await school.widget(IDA, **{"Accept-Language": "en"})
    assert (await ida.asks("state"))["said"] == ENGLISH["widget.none"]
    await school.conferences.started()
    ben = await school.widget(BEN, **{"Accept-Language": "fr, de;q=0.5"})
    assert (await ben.asks("state"))["items"][0]["said"] == GERMAN["widget.sight.wait"]


async def test_the_page_is_the_same_for_everybody_and_is_shown_by_element_alone(school: School) -> None:
    answer = await school.world.browser().get("/widget/conference?widgetId=x&parentUrl=https%3A%2F%2Fevil.example")
    page, policy = await answer.text(), answer.headers["Content-Security-Policy"].split("; ")
    assert "frame-ancestors https://element.schule-am-see.de vector://vector" in policy
    assert {"script-src 'self'", "connect-src 'self'", "default-src 'none'"} <= set(policy)
    assert "evil" not in page
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page)
    words = json.loads(unescape(re.findall(r'data-words="([^"]*)"', page)[0]))
    assert words["en"] == {name: ENGLISH[f"widget.{name}"] for name in IN_THE_BROWSER}
    for source in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert (await school.world.browser().get(source)).status == 200


async def test_the_script_says_no_word_that_the_page_does_not_give_it() -> None:
    script = STATIC.joinpath("widget_conference.js").read_text(encoding="utf-8")
    assert set(re.findall(r"\bwords\.(\w+)", script)) == set(IN_THE_BROWSER)
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|\beval\b|localStorage", script)


async def test_elements_video_button_is_answered_the_same_for_every_room(school: School) -> None:
    browser = school.world.browser(Origin="https://element.schule-am-see.de")
    answers = [await browser.get(f"/widget/conference/build?roomId={room}") for room in ("!a", CLASS_ROOM, "", "%00")]
    assert [await answer.json() for answer in answers] == [BUILD] * 4
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}
    assert {answer.headers.get("Set-Cookie") for answer in answers} == {None}
