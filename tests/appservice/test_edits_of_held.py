"""Editing what waits: the newest version is delivered, once."""

import time
from typing import Any

import pytest
from builders import GABI, IDA
from sqlalchemy.ext.asyncio import AsyncEngine
from test_rest_queue import BUSY, ROOM, School

from school.database.tables import HeldState
from school.domain.people import Person
from school.sealing import SIGNED_KEY, Purpose

DELIVERED, WITHDRAWN = HeldState.DELIVERED, HeldState.WITHDRAWN


@pytest.fixture
async def school(engine: AsyncEngine) -> School:
    return School(engine)


async def edits(school: School, event_id: str, words: str, **more: Any) -> str:
    relation = {"rel_type": "m.replace", "event_id": event_id}
    new = {"msgtype": "m.text", "body": words} | more.pop("new", {})
    return await school.writes(f"* {words}", content={"m.new_content": new, "m.relates_to": relation}, **more)


async def is_over(school: School) -> list[dict[str, Any]]:
    """Everybody is back; what was delivered, without its signatures."""
    school.everybody_is_back()
    await school.queue.round()
    delivered = school.homeserver.signed(Purpose.DELIVERY)
    return [{key: value for key, value in content.items() if key != SIGNED_KEY} for content in delivered]


def id_of_delivery(school: School) -> str:
    """The event that was delivered first."""
    purposes = ((event, event["content"].get(SIGNED_KEY, {})) for event in school.homeserver.timeline)
    return str(next(event["event_id"] for event, mark in purposes if mark.get("purpose") == Purpose.DELIVERY))


async def test_the_newest_version_is_delivered_once(school: School) -> None:
    first = await school.writes("um 7")
    await edits(school, first, "um 8")
    await school.writes("Danke")
    await edits(school, first, "um 9", new={"format": "html"})
    assert await is_over(school) == [
        {"msgtype": "m.text", "body": "um 9", "format": "html"},
        {"msgtype": "m.text", "body": "Danke"},
    ]
    assert await school.states() == [DELIVERED] * 4
    assert await school.held_rooms() == set()


async def test_what_was_edited_later_goes_out_as_an_edit(school: School) -> None:
    first = await school.writes("um 7")
    await is_over(school)
    await edits(school, first, "um 8")
    delivered = id_of_delivery(school)
    assert (await is_over(school))[1]["m.relates_to"] == {"rel_type": "m.replace", "event_id": delivered}


async def test_an_edit_of_what_was_taken_back_is_nothing(school: School) -> None:
    first = await school.writes("um 7")
    await edits(school, first, "um 8")
    await school.queue.take_back(first, int(time.time() * 1000))
    assert await is_over(school) == []
    assert await school.states() == [WITHDRAWN, WITHDRAWN]


async def test_an_edit_that_was_taken_back_changes_nothing(school: School) -> None:
    first = await school.writes("um 7")
    second = await edits(school, first, "um 8")
    await school.queue.take_back(second, int(time.time() * 1000))
    assert [content["body"] for content in await is_over(school)] == ["um 7"]


async def test_an_edit_that_is_not_there_any_more_changes_nothing(school: School) -> None:
    """Its deletion has not been heard of yet."""
    first = await school.writes("um 7")
    second = await edits(school, first, "um 8")
    event = await school.homeserver.event(ROOM, second, as_user=IDA.user_id)
    event["content"] = {"m.relates_to": event["content"]["m.relates_to"]}
    assert [content["body"] for content in await is_over(school)] == ["um 7"]
    assert await school.states() == [DELIVERED, WITHDRAWN]


async def test_an_edited_reply_stays_a_reply(school: School) -> None:
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$older"}}}
    first = await school.writes("ja", content=reply)
    await edits(school, first, "nein", new={"m.relates_to": {"m.in_reply_to": {"event_id": "$another"}}})
    assert await is_over(school) == [{"msgtype": "m.text", "body": "nein", **reply}]


@pytest.mark.parametrize("sender", [GABI, IDA])
async def test_nobody_else_edits_what_waits(sender: Person, school: School) -> None:
    school.homeserver.people[ROOM].add(GABI.user_id)
    first = await school.writes("um 7")
    await edits(school, first, "nie", sender=sender)
    assert (await is_over(school))[0] == {"msgtype": "m.text", "body": "um 7"}


async def test_a_thread_is_no_edit(school: School) -> None:
    first = await school.writes("um 7")
    new = {"m.new_content": {"msgtype": "m.text", "body": "nie"}}
    await school.writes("und?", content={"m.relates_to": {"rel_type": "m.thread", "event_id": first}, **new})
    await school.writes("nie", content={"m.relates_to": {"rel_type": "m.replace", "event_id": first}})  # no new content
    assert (await is_over(school))[0] == {"msgtype": "m.text", "body": "um 7"}


async def test_the_sealed_copies_of_edits_go_when_the_message_is_delivered_and_its_own_when_it_is_deleted(
    school: School,
) -> None:
    first = await school.writes("um 7")
    second = await edits(school, first, "um 8")
    await is_over(school)
    contents = {event["event_id"]: event["content"] for event in school.homeserver.timeline}
    assert contents[second] == {}
    assert contents[first]
    await school.queue.take_back(id_of_delivery(school), int(time.time() * 1000))
    assert (await school.homeserver.event(ROOM, first, as_user=IDA.user_id))["content"] == {}


async def test_an_edited_message_that_was_delivered_unheard_is_not_delivered_again(school: School) -> None:
    first = await school.writes("um 7")
    await edits(school, first, "um 8")
    school.homeserver.trouble = [("after", BUSY)]
    await is_over(school)
    school.homeserver.restart()
    school.start()
    delivered = await is_over(school)
    assert [content["body"] for content in delivered] == ["um 8", "* um 8"], "the same words, shown as an edit"
    assert delivered[1]["m.relates_to"]["rel_type"] == "m.replace"
    assert await school.states() == [DELIVERED, DELIVERED]
