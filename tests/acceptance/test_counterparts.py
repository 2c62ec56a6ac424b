"""Conferences against programs that others wrote: bbblb checks every checksum, bbbctl looks at what is there. The
school has bbblb as its BigBlueButton; behind it is the stand-in, whose meetings are the ones that bbblb makes."""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest

from acceptance.client import wait_until
from acceptance.conferences import press, say_in_room, title_for_one_story, way_in
from acceptance.counterparts import Bbblb, need_counterparts
from acceptance.people import People, Person
from acceptance.running import Demo, schulbote, small_register
from bbb_widget.api import (
    Algorithm,
    Bbb,
    BbbMisconfiguredError,
    BbbServer,
    Document,
    Joining,
    NewMeeting,
    Role,
)
from school.texts.de_conferences import SENTENCES as SAID

CLASS = "Klasse 5a"
BERLIN = ZoneInfo("Europe/Berlin")
SLIDES = b"%PDF-1.7\nBruchrechnung\n%%EOF\n"


@pytest.fixture(scope="module")
def bbblb(tmp_path_factory, request) -> Iterator[Bbblb]:
    need_counterparts()
    folder = tmp_path_factory.mktemp("bbblb")
    with Bbblb(folder, request.getfixturevalue("postgresql")).running() as bbblb:
        yield bbblb


@pytest.fixture(scope="module")
def school(bbblb, tmp_path_factory) -> Iterator[Demo]:
    """A small school whose BigBlueButton is the load balancer."""
    folder = tmp_path_factory.mktemp("balanced")
    demo = Demo(folder / "home", small_register(folder / "register"))
    demo.has_rules(f"bbb: {{url: '{bbblb.url}', secret_file: '{bbblb.secret_file}'}}\n")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bbblb.environment.items():
            patch.setenv(name, value)
        with demo.running():
            yield demo


@pytest.fixture(scope="module")
def people(school) -> People:
    return People(school)


@pytest.fixture(scope="module")
def teacher(people) -> Person:
    return greeted(people.teacher(of=CLASS))


@pytest.fixture(scope="module")
def pupil(people) -> Person:
    return greeted(people.pupil(of=CLASS))


def greeted(newcomer: Person) -> Person:
    """Whom the bot has nothing to say to any more that they did not ask."""
    assert newcomer.greeting
    return newcomer


def visit(bbblb: Bbblb, address: str) -> str:
    """What a browser shows that is led from the load balancer to the server."""
    with urlopen(address, timeout=20, context=bbblb.trust) as answer:
        return answer.read().decode()


def client(bbblb: Bbblb, *, secret: str = "", algorithm: Algorithm = Algorithm.SHA256) -> Bbb:
    server = BbbServer(url=bbblb.url, secret=secret or bbblb.secret, algorithm=algorithm)
    return Bbb(server, trust=bbblb.trust)


def behind(bbblb: Bbblb, meeting_id: str) -> dict:
    """A meeting as the server has it that the load balancer chose."""
    [found] = [each for name, each in bbblb.backend.seen["meetings"].items() if name.startswith(meeting_id)]
    return found


# The client


@pytest.mark.parametrize("algorithm", [Algorithm.SHA1, Algorithm.SHA256, Algorithm.SHA512])
async def test_a_meeting_is_made_entered_seen_and_ended(algorithm, bbblb):
    meeting = NewMeeting(meeting_id=secrets.token_urlsafe(24), name="8.1 Übung & Spaß + «Mehr» 👋")
    async with client(bbblb, algorithm=algorithm) as bbb:
        made = await bbb.create(meeting)
        assert (made.meeting_id, made.was_there) == (meeting.meeting_id, False)
        again = await bbb.create(meeting)
        assert (again.create_time, again.was_there) == (made.create_time, True)
        assert not await bbb.is_running(meeting.meeting_id)
        joining = Joining(
            meeting_id=meeting.meeting_id,
            create_time=made.create_time,
            user_id="u-1",
            full_name="Ida Groß & Söhne + mehr",
            role=Role.MODERATOR,
        )
        assert "Ida Groß &amp; Söhne + mehr: MODERATOR" in visit(bbblb, bbb.join_address(joining))
        assert await bbb.is_running(meeting.meeting_id)
        info = await bbb.info(meeting.meeting_id)
        assert (info.name, info.running, info.has_moderator) == (meeting.name, True, True)
        assert [(each.user_id, each.full_name) for each in info.attendees] == [("u-1", "Ida Groß & Söhne + mehr")]
        assert meeting.meeting_id in {each.meeting_id for each in await bbb.meetings()}
        assert await bbb.end(meeting.meeting_id)
        assert await bbb.info(meeting.meeting_id) is None
        assert not await bbb.end(meeting.meeting_id), "there is nothing left to end"
        assert not await bbb.is_running(meeting.meeting_id)


async def test_slides_go_through_by_post(bbblb):
    slides = Document(url="https://schule.test/s?a=1&b=ü", filename="Bruch <1>.pdf")
    meeting = NewMeeting(meeting_id=secrets.token_urlsafe(24), name="Folien", documents=[slides])
    async with client(bbblb) as bbb:
        await bbb.create(meeting)
        sent = behind(bbblb, meeting.meeting_id)["slides"]
        assert '<module name="presentation">' in sent
        assert 'url="https://schule.test/s?a=1&amp;b=ü" filename="Bruch &lt;1&gt;.pdf" downloadable="false"' in sent
        await bbb.end(meeting.meeting_id)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"secret": "not the secret"}, id="another secret"),
        pytest.param({"algorithm": Algorithm.SHA384}, id="sha384, which bbblb does not know"),
    ],
)
async def test_a_checksum_that_is_not_accepted_is_told_in_words(wrong, bbblb):
    async with client(bbblb, **wrong) as bbb:
        with pytest.raises(BbbMisconfiguredError, match=r"bbb\.secret_file .* bbb\.checksum") as refused:
            await bbb.create(NewMeeting(meeting_id="m-1", name="x"))
        assert refused.value.message_key == "checksumError"
        assert bbblb.secret not in str(refused.value)


async def test_an_address_that_somebody_changed_leads_nowhere(bbblb):
    meeting = NewMeeting(meeting_id=secrets.token_urlsafe(24), name="Mathe")
    async with client(bbblb) as bbb:
        made = await bbb.create(meeting)
        joining = Joining(
            meeting_id=meeting.meeting_id, create_time=made.create_time, user_id="u", full_name="Ben", role=Role.VIEWER
        )
        address = bbb.join_address(joining)
        for right, wrong in (("VIEWER", "MODERATOR"), ("fullName=Ben", "fullName=Bea"), ("checksum=", "checksum=0")):
            assert "checksumError" in visit(bbblb, address.replace(right, wrong))
        await bbb.end(meeting.meeting_id)
        await bbb.create(meeting)
        assert "mismatchCreateTimeParam" in visit(bbblb, address), "it was for the meeting before"
        await bbb.end(meeting.meeting_id)


# The whole school


def meeting_called(bbblb: Bbblb, title: str) -> dict | None:
    """What bbbctl shows of a meeting with this title."""
    found = [each["meetingID"] for each in bbblb.ctl("meeting", "list") if each["meetingName"] == title]
    return bbblb.ctl("meeting", "info", found[0])[0] if found else None


def test_a_conference_as_bbbctl_and_the_server_see_it(school, teacher, pupil, bbblb):
    checked = schulbote("-c", school.info["config"], "check")
    assert "accepts our checksums" in checked.stdout, checked.stderr
    title = title_for_one_story()
    room = school.info["rooms"][CLASS]
    asked = teacher.send(room, f"!konferenz {title}")
    wait_until(lambda: pupil.receipt_of(room, asked), 15)
    assert way_in(pupil, title) is None
    info = meeting_called(bbblb, title)
    assert (info["running"], info["recording"], info["participantCount"]) == (False, False, 0)

    asked_for = behind(bbblb, info["meetingID"])["parameters"]
    careful = {
        "record": "false",
        "autoStartRecording": "false",
        "allowStartStopRecording": "false",
        "meetingKeepEvents": "false",
        "guestPolicy": "ASK_MODERATOR",
        "allowPromoteGuestToModerator": "false",
        "endWhenNoModerator": "true",
        "endWhenNoModeratorDelayInMinutes": "5",
        "lockSettingsDisablePrivateChat": "true",
        "lockSettingsDisableCam": "false",
        "lockSettingsDisableMic": "false",
        "lockSettingsLockOnJoin": "true",
        "disabledFeatures": "learningDashboard,learningDashboardDownloadSessionData,privateChat",
        "meetingExpireIfNoUserJoinedInMinutes": "60",
    }
    assert careful.items() <= asked_for.items()
    assert asked_for["logoutURL"].startswith(school.info["web"])
    assert "/bbblb/api/v1/callback/" in asked_for["meetingEndedURL"], "the load balancer takes it over, and calls ours"
    own = {name for name in asked_for if name.startswith("meta_") and not name.startswith("meta_bbblb-")}
    assert own == set()

    assert f"{teacher.name}: MODERATOR" in visit(bbblb, press(way_in(teacher, title))[1])
    address = press(wait_until(lambda: way_in(pupil, title), 15))[1]
    assert f"{pupil.name}: VIEWER" in visit(bbblb, address)
    assert "checksumError" in visit(bbblb, address.replace("role=VIEWER", "role=MODERATOR"))
    info = meeting_called(bbblb, title)
    assert (info["running"], info["participantCount"], info["moderatorCount"]) == (True, 2, 1)
    ids = {each["userID"] for each in info["attendees"]}
    assert dict(parse_qsl(urlsplit(address).query))["userID"] in ids
    assert not any(pupil.account["person"] in each or pupil.user_id in each for each in ids)

    assert say_in_room(teacher, room, "!konferenz ende") == SAID["conference.over"].format(title=title)
    assert meeting_called(bbblb, title) is None
    assert way_in(pupil, title) is None


def told_us(school: Demo, meeting: str) -> int:
    """How often our appservice was told that a meeting is over."""
    lines = [line for log in school.logs() for line in log.read_text().splitlines()]
    return sum("bbb_says_it_is_over" in line and meeting in line for line in lines)


def test_a_meeting_that_somebody_else_ended_is_over_here_too(school, teacher, pupil, bbblb):
    title = title_for_one_story()
    asked = teacher.send(school.info["rooms"][CLASS], f"!konferenz {title}")
    wait_until(lambda: pupil.receipt_of(school.info["rooms"][CLASS], asked), 15)
    visit(bbblb, press(way_in(teacher, title))[1])
    bbblb.ctl("meeting", "end", meeting_called(bbblb, title)["meetingID"])
    over = SAID["conference.over"].format(title=title)
    assert wait_until(lambda: pupil.receipt_of(school.info["rooms"][CLASS], asked) == over, 15)


def test_the_end_comes_three_times_through_the_load_balancer_and_is_told_once(school, teacher, pupil, bbblb):
    title = title_for_one_story()
    room = school.info["rooms"][CLASS]
    asked = teacher.send(room, f"!konferenz {title}")
    wait_until(lambda: pupil.receipt_of(room, asked), 15)
    visit(bbblb, press(way_in(teacher, title))[1])
    meeting = meeting_called(bbblb, title)["meetingID"]
    [moderator] = behind(bbblb, meeting)["attendees"]
    bbblb.backend.leaves(f"{meeting}-bbblb-schule", moderator["user_id"])
    over = SAID["conference.over"].format(title=title)
    assert wait_until(lambda: pupil.receipt_of(room, asked) == over, 15)
    assert wait_until(lambda: told_us(school, meeting) >= 3, 15), "bbblb passes each on, and more than once"
    edits = [event for event in pupil.events(room) if event["content"].get("body") == f"* {over}"]
    assert len(edits) == 1
    assert meeting_called(bbblb, title) is None


def test_slides_are_fetched_by_the_server_without_an_account(school, teacher, bbblb):
    title = title_for_one_story()
    room = school.info["rooms"][CLASS]
    soon = datetime.now(BERLIN) + timedelta(minutes=5)
    say_in_room(teacher, room, f"!konferenz {title} um {soon:%H:%M}")
    content = {"msgtype": "m.file", "body": "Bruch.pdf", "url": teacher.upload(SLIDES, "Bruch.pdf")}
    file = teacher.try_send(room, content | {"info": {"mimetype": "application/pdf", "size": len(SLIDES)}}).ok()
    reply = {"msgtype": "m.text", "body": "!konferenz folien"}
    reply["m.relates_to"] = {"m.in_reply_to": {"event_id": file["event_id"]}}
    asked = teacher.try_send(room, reply).ok()["event_id"]
    said = wait_until(lambda: teacher.receipt_of(room, asked), 15)
    assert said == SAID["conference.slides_attached"].format(name="Bruch.pdf", title=title)
    assert meeting_called(bbblb, title) is None, "there is no meeting before somebody begins it"
    visit(bbblb, press(way_in(teacher, title))[1])
    sent = behind(bbblb, meeting_called(bbblb, title)["meetingID"])["slides"]
    [address] = re.findall(r'url="([^"]+)" filename="Bruch.pdf"', sent)
    with urlopen(address, timeout=20) as answer:
        assert (answer.headers["Content-Type"], answer.read()) == ("application/pdf", SLIDES)
    for forged in (address[:-1] + ("0" if address[-1] != "0" else "1"), address.replace("/slides/", "/slides/x")):
        with pytest.raises(HTTPError, match="404"):
            urlopen(forged, timeout=20)
    say_in_room(teacher, room, "!konferenz ende")
