"""Reading what BigBlueButton answers: XML that may come from anywhere. Entities and document types are not read at all;
unknown elements are passed over, missing ones that matter are an error."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bbb_widget.api.errors import BbbUnreachableError, refusal
from bbb_widget.api.values import Attendee, Created, MeetingInfo, Role

_NOT_BBB: Final = "What answers at bbb.url is not BigBlueButton. Compare it with `bbb-conf --secret` on the server."


def read_answer(body: bytes) -> Element:
    """The answer to a call that worked.

    Raises:
        BbbUnreachableError: this is no answer of BigBlueButton's.
        BbbError: it said no.
    """
    try:
        answer = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise BbbUnreachableError(_NOT_BBB) from None
    match answer.findtext("returncode"):
        case "SUCCESS":
            return answer
        case "FAILED":
            raise refusal(answer.findtext("messageKey") or "", (answer.findtext("message") or "").strip())
        case _:
            raise BbbUnreachableError(_NOT_BBB)


def created(answer: Element) -> Created:
    """What `create` answers."""
    return Created(
        meeting_id=_text(answer, "meetingID"),
        create_time=_number(answer, "createTime"),
        was_there=answer.findtext("messageKey") == "duplicateWarning",
    )


def is_running(answer: Element) -> bool:
    """What `isMeetingRunning` answers."""
    return _text(answer, "running") == "true"


def meetings(answer: Element) -> list[MeetingInfo]:
    """What `getMeetings` answers."""
    return [meeting(element) for element in answer.iterfind("meetings/meeting")]


def meeting(element: Element) -> MeetingInfo:
    """What `getMeetingInfo` answers, or one of several."""
    ended = int(element.findtext("endTime") or 0)
    return MeetingInfo(
        meeting_id=_text(element, "meetingID"),
        create_time=_number(element, "createTime"),
        name=element.findtext("meetingName") or "",
        running=element.findtext("running") == "true",
        ended_at=datetime.fromtimestamp(ended / 1000, UTC) if ended else None,
        attendees=tuple(_attendees(element)),
        metadata={each.tag: each.text or "" for each in element.iterfind("metadata/*")},
    )


def _attendees(element: Element) -> Iterator[Attendee]:
    for each in element.iterfind("attendees/attendee"):
        yield Attendee(
            user_id=each.findtext("userID") or "",
            full_name=each.findtext("fullName") or "",
            role=Role.MODERATOR if each.findtext("role") == Role.MODERATOR else Role.VIEWER,
        )


def _text(element: Element, name: str) -> str:
    text = element.findtext(name)
    if text is None:
        raise BbbUnreachableError(_NOT_BBB)
    return text


def _number(element: Element, name: str) -> int:
    text = _text(element, name)
    if not text.isdecimal():
        raise BbbUnreachableError(_NOT_BBB)
    return int(text)
