import hashlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbb_widget.api import (
    Algorithm,
    Bbb,
    BbbError,
    BbbMisconfiguredError,
    BbbRefusedError,
    BbbServer,
    BbbUnreachableError,
    Document,
    Joining,
    NewMeeting,
    Role,
)

SECRET = "only-for-tests"
CREATED = (
    "<meetingID>m-1</meetingID><internalMeetingID>i-1</internalMeetingID><createTime>1795858505695</createTime>"
    "<messageKey>{key}</messageKey><message/>"
)
INFO = (
    "<meetingName>Mathe &amp; mehr</meetingName><meetingID>m-1</meetingID><createTime>1795858505695</createTime>"
    "<running>true</running><endTime>0</endTime><attendees>"
    "<attendee><userID>u-1</userID><fullName>Ida Groß</fullName><role>MODERATOR</role></attendee>"
    "<attendee><userID>u-2</userID><fullName>Ben</fullName><role>VIEWER</role><unknown/></attendee>"
    "</attendees><metadata><group>8.1</group></metadata>"
)


def success(inner: str = "") -> str:
    return f"<response><returncode>SUCCESS</returncode>{inner}</response>"


def failed(key: str, message: str = "") -> str:
    return (
        f"<response><returncode>FAILED</returncode><messageKey>{key}</messageKey>"
        f"<message>{message}</message></response>"
    )


class Server:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[web.Response | str] = []
        self.asked: list[tuple[str, str, str]] = []
        self.bodies: list[bytes] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.match_info["call"], request.rel_url.raw_query_string))
        self.bodies.append(await request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="text/xml")
        return web.Response(status=answer.status, headers=answer.headers)  # each can be sent once


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def address(server: Server) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/bigbluebutton/api/{call}", server.handle)
    async with TestServer(application) as running:
        yield str(running.make_url("/bigbluebutton"))


@pytest.fixture
async def bbb(address: str) -> AsyncIterator[Bbb]:
    async with Bbb(BbbServer(url=address, secret=SECRET, timeout_seconds=5), pause_seconds=0.01) as client:
        yield client


def is_signed(call: str, query: str, algorithm: str = "sha256") -> bool:
    signed, _, checksum = query.rpartition("checksum=")
    return hashlib.new(algorithm, f"{call}{signed.removesuffix('&')}{SECRET}".encode()).hexdigest() == checksum


async def test_a_meeting_is_made_with_what_was_asked_and_signed(bbb: Bbb, server: Server) -> None:
    server.answers = [success(CREATED.format(key=""))]
    made = await bbb.create(NewMeeting(meeting_id="m-1", name="8.1 Übung & Spaß", settings={"record": "false"}))
    assert (made.meeting_id, made.create_time, made.was_there) == ("m-1", 1795858505695, False)
    [(method, call, query)] = server.asked
    assert (method, call) == ("GET", "create")
    assert is_signed("create", query)
    assert dict(parse_qsl(query)).items() >= {"name": "8.1 Übung & Spaß", "meetingID": "m-1", "record": "false"}.items()


@pytest.mark.parametrize("value", ["a,b", "https://x.test/a?b=1&c=ü/..%2F", "a+b c", "~!*'();:@$[]{}|^`\"<>#%", "👋"])
async def test_what_is_signed_is_sent_as_it_stands(value: str, bbb: Bbb, server: Server) -> None:
    server.answers = [success(CREATED.format(key=""))]
    await bbb.create(NewMeeting(meeting_id="m-1", name=value, settings={"disabledFeatures": value}))
    assert is_signed("create", server.asked[0][2])
    assert dict(parse_qsl(server.asked[0][2]))["disabledFeatures"] == value


async def test_a_meeting_that_is_there_is_told(bbb: Bbb, server: Server) -> None:
    server.answers = [success(CREATED.format(key="duplicateWarning"))]
    assert (await bbb.create(NewMeeting(meeting_id="m-1", name="8.1"))).was_there


async def test_slides_go_in_the_body_and_are_escaped(bbb: Bbb, server: Server) -> None:
    server.answers = [success(CREATED.format(key=""))]
    slides = Document(url='https://schule.test/s?a=1&b="2"', filename="Bruch <1>.pdf")
    await bbb.create(NewMeeting(meeting_id="m-1", name="8.1", documents=[slides]))
    assert server.asked[0][0] == "POST"
    assert is_signed("create", server.asked[0][2])
    body = server.bodies[0].decode()
    assert 'url="https://schule.test/s?a=1&amp;b=&quot;2&quot;" filename="Bruch &lt;1&gt;.pdf"' in body
    assert "schule.test" not in repr(slides), "the address needs no login, so it stands in no log"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_an_address_to_come_in_is_signed_as_the_school_says(algorithm: Algorithm) -> None:
    server = BbbServer(url="https://bbb.test/bigbluebutton/", secret=SECRET, algorithm=algorithm)
    joining = Joining(
        meeting_id="m-1", create_time=7, user_id="u-1", full_name="Łucja O’Brien", role=Role.VIEWER, guest=True
    )
    parts = urlsplit(Bbb(server).join_address(joining))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://bbb.test/bigbluebutton/api/join"
    assert is_signed("join", parts.query, algorithm)
    told = dict(parse_qsl(parts.query))
    told.pop("checksum")
    assert told == {
        "meetingID": "m-1",
        "createTime": "7",
        "userID": "u-1",
        "fullName": "Łucja O’Brien",
        "role": "VIEWER",
        "guest": "true",
    }
    assert SECRET not in repr(server)


async def test_who_is_in_a_meeting(bbb: Bbb, server: Server) -> None:
    server.answers = [success(INFO), success(f"<meetings><meeting>{INFO}</meeting></meetings>")]
    info = await bbb.info("m-1")
    assert info is not None
    assert (info.name, info.running, info.ended_at, info.has_moderator) == ("Mathe & mehr", True, None, True)
    assert [(one.user_id, one.role) for one in info.attendees] == [("u-1", Role.MODERATOR), ("u-2", Role.VIEWER)]
    assert info.metadata == {"group": "8.1"}
    assert await bbb.meetings() == [info]
    assert is_signed("getMeetings", server.asked[1][2])


async def test_what_is_not_there_is_no_error(bbb: Bbb, server: Server) -> None:
    server.answers = [failed("notFound", "We could not find a meeting with that meeting ID")]
    assert await bbb.info("m-1") is None
    assert await bbb.end("m-1") is False
    server.answers = [success("<running>false</running>"), success("<messageKey>sentEndMeetingRequest</messageKey>")]
    assert await bbb.is_running("m-1") is False
    assert await bbb.end("m-1") is True


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed("checksumError"), BbbMisconfiguredError),
        (failed("unsupportedRequest"), BbbMisconfiguredError),
        (failed("idNotUnique", "A meeting already exists"), BbbRefusedError),
        (failed(""), BbbRefusedError),
        ("<html>Welcome to nginx", BbbUnreachableError),
        ("{}", BbbUnreachableError),
        ("", BbbUnreachableError),
        ("<response><returncode>MAYBE</returncode></response>", BbbUnreachableError),
        (success("<meetingID>m-1</meetingID>"), BbbUnreachableError),
        (success("<meetingID>m-1</meetingID><createTime>soon</createTime>"), BbbUnreachableError),
        ('<!DOCTYPE r [<!ENTITY a "b">]><response><returncode>SUCCESS</returncode></response>', BbbUnreachableError),
        ('<?xml version="1.0" encoding="utf-77"?><response/>', BbbUnreachableError),
        (web.Response(status=302, headers={"Location": "https://elsewhere.test/"}), BbbUnreachableError),
    ],
)
async def test_an_error_says_what_to_do_and_never_the_secret(
    bbb: Bbb, server: Server, answer: web.Response | str, error: type[BbbError]
) -> None:
    server.answers = [answer]
    with pytest.raises(error) as raised:
        await bbb.create(NewMeeting(meeting_id="m-1", name="8.1"))
    assert type(raised.value) is error
    assert str(raised.value).endswith(".")
    assert "checksum=" not in str(raised.value)


async def test_whoever_does_not_answer_is_asked_again(bbb: Bbb, server: Server) -> None:
    server.answers = [web.Response(status=502), "not yet", success(CREATED.format(key=""))]
    assert (await bbb.create(NewMeeting(meeting_id="m-1", name="8.1"))).meeting_id == "m-1"
    assert len(server.asked) == 3


async def test_a_no_is_not_asked_for_again(bbb: Bbb, server: Server) -> None:
    server.answers = [failed("checksumError")]
    with pytest.raises(BbbMisconfiguredError):
        await bbb.is_running("m-1")
    assert len(server.asked) == 1


async def test_too_much_is_not_read(bbb: Bbb, server: Server) -> None:
    server.answers = [success("x" * 9_000_000)]
    with pytest.raises(BbbUnreachableError, match="too much"):
        await bbb.is_running("m-1")


async def test_where_nobody_listens_it_says_so(unused_tcp_port_factory: Callable[[], int]) -> None:
    nobody = BbbServer(url=f"http://127.0.0.1:{unused_tcp_port_factory()}", secret=SECRET, timeout_seconds=2)
    async with Bbb(nobody, pause_seconds=0.01) as client:
        with pytest.raises(BbbUnreachableError, match="cannot be reached"):
            await client.meetings()
