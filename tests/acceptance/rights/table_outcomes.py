"""What became of an attempt, in one word of the table."""

from collections.abc import Callable, Iterator

from acceptance.client import Answer
from acceptance.people import Person, says_why
from school.texts.de import SENTENCES

Attempt = Iterator[str]
"""A path is tried in three parts, which `yield` parts: what is there before, the attempt itself, whose outcome is
yielded, and, if that is "yes", the look whether it really happened."""


def outcome(answer: Answer) -> str:
    """The word for an answer. A refusal of the school's must have the school's words."""
    if answer.status == 200:
        return "yes"
    if answer.status != 403 or answer.body["errcode"] != "M_FORBIDDEN":
        return f"neither yes nor no: {answer}"
    reason = answer.body.get("org.schulbote.reason")
    if reason is None:
        return "forbidden"
    return reason if says_why(answer.body["error"], reason) else f"other words for {reason}: {answer}"


def outcome_in_place(answer: Answer, room: str, words: str, reader: Person) -> str:
    """The word for a message by what stands in its place, as somebody else reads it."""
    if answer.status != 200:
        return outcome(answer)
    content = reader.event(room, answer.body["event_id"])["content"]
    reason, body = content.get("org.schulbote.reason"), content["body"]
    if reason is None:
        return "yes" if body == words else f"other words: {content}"
    because = SENTENCES["not_delivered"].removesuffix("{why}")
    is_notice = content["msgtype"] == "m.notice" and words not in str(content) and body.startswith(because)
    return reason if is_notice and says_why(body.removeprefix(because), reason) else f"no notice: {content}"


def tried(ask: Callable[[], Answer]) -> Attempt:
    """A path that is one request, and whose answer says everything."""
    yield ""
    yield outcome(ask())


def assert_reaches(one: Person, other: Person, room: str) -> None:
    """Both are in the room, and the other reads what the one writes."""
    assert {one.user_id, other.user_id} <= one.members(room)
    words = f"Guten Tag, {other.name}!"
    assert other.event(room, one.send(room, words))["content"]["body"] == words
