from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from a_school import ENGLISH, GERMAN, room
from builders import BEN, BERLIN, CARL, GABI, IDA, NOON, OTTO
from conference_school import CHAT, CLASS, URL, Conferences, with_conferences
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.in_rooms import RoomRequest
from school.database.conferences import Conference
from school.database.rests import set_rest
from school.database.tables import group_rooms
from school.domain.conferences import ConferenceState
from school.domain.decisions import Reason
from school.domain.people import Person
from school.domain.rooms import RoomKind, RoomStamp
from school.texts import Texts

FRIDAY = datetime(2026, 5, 8, 14, 0, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
async def it(database: Path, engine: AsyncEngine) -> AsyncIterator[Conferences]:
    async with with_conferences(database, engine) as it:
        yield it


async def says(it: Conferences, words: str, who: Person = IDA, room_id: str = room("5a"), texts: Texts = GERMAN) -> str:
    """What takes the place of the command in a room."""
    stamp = it.school.homeserver.stamps[room_id]
    request = RoomRequest(person=who, room_id=room_id, stamp=stamp, words=words, texts=texts, event_id="$asked")
    return await it.command.in_room().answer(request)


async def asks(it: Conferences, words: str, who: Person = IDA, texts: Texts = GERMAN) -> str:
    """What the bot answers in the control room."""
    return str(await it.school.ask(it.command.command(), words, who, texts))


async def only(it: Conferences, room_id: str = room("5a")) -> Conference:
    [conference] = await it.desk.in_room(room_id)
    return conference


def link(conference: Conference) -> str:
    return f"{URL}/conference/{conference.id}"


# In a room


async def test_in_a_groups_room_a_conference_for_the_group_begins(it: Conferences) -> None:
    answer = await says(it, "Mathe")
    conference = await only(it)
    assert answer == GERMAN.say("conference.begins", title="Mathe", link=link(conference))
    assert (conference.groups, conference.state) == (CLASS.groups, ConferenceState.WAITING)
    assert it.sent == [], "the answer stands in the place of the command"


async def test_without_a_title_it_is_called_like_the_group(it: Conferences) -> None:
    await says(it, "")
    assert (await only(it)).title == "Klasse 5a"
    await says(it, "", room_id=CHAT)
    assert (await only(it, CHAT)).title == "Konferenz"


async def test_in_a_chat_it_is_for_who_is_in_the_room(it: Conferences) -> None:
    await says(it, "Project", room_id=CHAT, texts=ENGLISH)
    conference = await only(it, CHAT)
    assert (conference.groups, conference.language) == (frozenset(), "en")


async def test_said_twice_it_is_the_same(it: Conferences) -> None:
    assert await says(it, "Mathe") == await says(it, "Mathe noch einmal")
    assert len(it.bbb.made) == 1


async def test_what_stands_behind_with_belongs_to_the_title_if_it_is_no_group(it: Conferences) -> None:
    await says(it, "Gespräch mit Frau Groß")
    assert (await only(it)).title == "Gespräch mit Frau Groß"


async def test_another_group_comes_too_and_is_told_in_its_room(it: Conferences) -> None:
    await says(it, "Mathe mit 6b")
    conference = await only(it)
    assert conference.groups == {"5a", "6b"}
    [sent] = it.sent
    assert (sent.room_id, sent.as_user) == (room("6b"), None)
    assert link(conference) in sent.body


@pytest.mark.parametrize("texts", [GERMAN, ENGLISH], ids=["German", "English"])
async def test_the_teacher_chooses_and_reads_what_was_chosen(texts: Texts, it: Conferences) -> None:
    words = "Mathe mit 6b ohne Kameras und Mikrofone" if texts is GERMAN else "Maths with 6b without cameras or mics"
    answer = await asks(it, f"{words}, with lobby", texts=texts)
    [meeting], conference = it.bbb.made, await only(it, room("6b"))
    assert conference.title in ("Mathe", "Maths")
    assert [meeting.settings[f"lockSettingsDisable{what}"] for what in ("Cam", "Mic")] == ["true", "true"]
    said = ("conference.no_cameras", "conference.no_microphones", "conference.everybody_waits")
    assert answer.split("\n")[1:] == [texts.say(each) for each in said]
    other = await says(it, "Deutsch", texts=texts)
    assert not any(texts.say(each) in other for each in said), "only where chosen"


async def test_what_was_chosen_counts_when_a_planned_one_begins(it: Conferences) -> None:
    await says(it, "Mathe am Freitag um 14:00 mit Lobby")
    await it.open_for(await only(it))
    ticket = (await it.desk.join(BEN, (await only(it)).id)).ticket
    assert await it.desk.redeem(ticket or "")
    assert it.bbb.last.guest, "a moderator lets everybody in"


async def test_groups_are_not_for_a_chat(it: Conferences) -> None:
    assert await says(it, "Mathe mit 6b", room_id=CHAT) == GERMAN.say("conference.groups_elsewhere")
    assert it.bbb.made == []


@pytest.mark.parametrize(
    ("who", "room_id", "reason"),
    [
        (BEN, room("5a"), Reason.NO_CONFERENCES),
        (GABI, CHAT, Reason.NO_CONFERENCES),
        (OTTO, CHAT, Reason.NOT_IN_CONFERENCE),
    ],
)
async def test_others_are_refused_with_a_sentence(who: Person, room_id: str, reason: Reason, it: Conferences) -> None:
    assert await says(it, "Mathe", who, room_id) == GERMAN.refusal(reason)


async def test_planned_with_a_time(it: Conferences) -> None:
    answer = await says(it, "Mathe am Freitag um 14:00")
    conference = await only(it)
    assert (conference.planned_at, conference.weekly) == (FRIDAY, False)
    assert answer == GERMAN.say("conference.planned", title="Mathe", when="Fr, 14:00 Uhr", link=link(conference))
    await says(it, "Maths every Friday at 14:00", room_id=CHAT, texts=ENGLISH)
    assert (await only(it, CHAT)).weekly


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Mathe am Freitag", "conference.no_time"),
        ("Mathe um 25:00", "conference.time_not_understood"),
        ("Mathe heute um 8:00", "conference.past"),
        ("ende", "conference.none_here"),
        ("liste", "conference.none_here"),
        ("gast Petra", "conference.none_here"),
    ],
)
async def test_what_is_unclear_is_asked(words: str, answer: str, it: Conferences) -> None:
    assert await says(it, words) == GERMAN.say(answer)
    assert await it.school.logged() == []


async def test_the_starter_hears_that_somebody_rests(it: Conferences) -> None:
    async with it.school.engine.begin() as connection:
        await set_rest(connection, IDA.id, "rest", NOON, NOON + timedelta(hours=1))
    await it.school.view.refresh()
    assert (await says(it, "Mathe")).endswith("\n" + GERMAN.say("conference.rests", number=1))


async def test_the_end_is_told_in_the_place_of_the_command(it: Conferences) -> None:
    await says(it, "Mathe mit 6b")
    answer = await says(it, "ende")
    over = GERMAN.say("conference.over", title="Mathe")
    assert answer == over
    _, *changed = it.sent
    assert [(each.room_id, each.body, each.as_user, each.replaces) for each in changed] == [
        (room("5a"), over, IDA.user_id, "$asked"),
        (room("6b"), over, None, "$sent-1"),
    ]
    assert it.bbb.open == {}


async def test_pupils_end_nothing(it: Conferences) -> None:
    await says(it, "Mathe")
    assert await says(it, "ende", BEN) == GERMAN.refusal(Reason.NO_CONFERENCES)
    assert len(it.bbb.open) == 1


async def test_the_next_time_of_a_weekly_one_is_told_at_its_end(it: Conferences) -> None:
    await says(it, "Mathe jeden Freitag 14:00")
    it.now = FRIDAY
    await it.open_for(await only(it))
    await says(it, "ende")
    assert "Fr, 15. Mai, 14:00 Uhr" in it.sent[-1].body


# What only one person reads


async def test_a_guests_link_is_not_told_in_the_room(it: Conferences) -> None:
    await says(it, "Mathe")
    assert await says(it, "gast Petra Lehmann") == GERMAN.say("conference.told_alone")
    [(who, told)] = it.told
    assert who == IDA.user_id
    assert "Petra Lehmann" in told
    assert f"{URL}/conference/guest/" in told


@pytest.mark.parametrize("unable", ["deaf", "silent"])
async def test_who_cannot_be_told_alone_is_asked_to_write_there(unable: str, it: Conferences) -> None:
    await says(it, "Mathe")
    getattr(it, unable).add(IDA.user_id)
    for words in ("gast Petra", "liste"):
        assert await says(it, words) == GERMAN.say("conference.ask_alone")
    assert it.told == []


@pytest.mark.parametrize("words", ["gast Petra", "gast weg Petra", "liste"])
@pytest.mark.parametrize("who", [BEN, CARL], ids=lambda person: person.given_name)
async def test_guests_and_lists_are_for_moderators(words: str, who: Person, it: Conferences) -> None:
    await says(it, "Mathe")
    answer = await says(it, words, who)
    assert answer in {GERMAN.refusal(Reason.NO_CONFERENCES), GERMAN.refusal(Reason.NOT_IN_CONFERENCE)}
    assert it.told == []


async def test_guests_are_invited_and_taken_back_in_the_control_room(it: Conferences) -> None:
    await asks(it, "Mathe mit 5a")
    assert f"{URL}/conference/guest/" in await asks(it, "gast Petra Lehmann")
    assert await asks(it, "gast 123") == GERMAN.say("conference.guest_name")
    assert await asks(it, "gast weg Otto") == GERMAN.say("conference.no_such_guest", name="Otto")
    assert await asks(it, "gast weg petra lehmann") == GERMAN.say("conference.guest_gone", name="Petra Lehmann")
    assert await it.guests.guests(await only(it)) == []


async def test_who_was_there_is_told_also_afterwards(it: Conferences) -> None:
    await says(it, "Mathe")
    conference = await only(it)
    assert await asks(it, "liste") == GERMAN.say("conference.nobody_there", title="Mathe")
    await it.open_for(conference)
    await it.watch.look()
    await says(it, "ende")
    listed = GERMAN.say("conference.was_there", name="Ida Groß", came="14:00 Uhr", left="14:00 Uhr")
    assert await asks(it, "liste") == f"{GERMAN.say('conference.list', title='Mathe')}\n{listed}"
    assert await says(it, "liste") == GERMAN.say("conference.told_alone")


# In the control room


async def test_in_the_control_room_groups_are_named_and_told(it: Conferences) -> None:
    answer = await asks(it, "Mathe mit 5a, 6b")
    assert {each.room_id for each in it.sent} == {room("5a"), room("6b")}
    assert {each.body for each in it.sent} == {answer}
    await asks(it, "ende")
    assert {each.replaces for each in it.sent[2:]} == {"$sent-1", "$sent-2"}


async def test_for_one_group_it_is_the_one_of_its_room(it: Conferences) -> None:
    await asks(it, "mit Klasse 5a")
    conference = await only(it)
    assert conference.title == "Klasse 5a"
    assert await says(it, "Mathe") == GERMAN.say("conference.begins", title="Klasse 5a", link=link(conference))


@pytest.mark.parametrize("words", ["", "Mathe"])
async def test_without_groups_it_is_asked_for_whom(words: str, it: Conferences) -> None:
    assert await asks(it, words) == GERMAN.say("conference.which")


async def test_a_group_that_nobody_knows_is_asked_for(it: Conferences) -> None:
    assert await asks(it, "Mathe mit 9z") == GERMAN.say("groups.unknown", name="9z")


async def test_a_group_without_a_room_is_said(it: Conferences) -> None:
    async with it.school.engine.begin() as connection:
        await connection.execute(delete(group_rooms).where(group_rooms.c.group_id == "6b"))
    answer = await asks(it, "Mathe mit 5a, 6b")
    assert answer.endswith("\n" + GERMAN.say("groups.no_room", group="Klasse 6b"))


async def test_nothing_of_ones_own_is_there_to_end(it: Conferences) -> None:
    assert await asks(it, "ende") == GERMAN.say("conference.none_of_yours")
    await asks(it, "Mathe mit 5a")
    assert await asks(it, "ende 6b") == GERMAN.say("conference.none_of_yours")
    assert await asks(it, "ende 5a") == GERMAN.say("conference.over", title="Mathe")


async def test_help_offers_it_to_those_who_may(it: Conferences) -> None:
    command = it.command.command()
    assert await it.school.listed(command, IDA)
    assert not await it.school.listed(command, BEN)


# Without BigBlueButton, or when it is down


async def test_bbb_down_is_said_in_words(it: Conferences) -> None:
    it.bbb.down = True
    for answer in (await says(it, "Mathe"), await asks(it, "Mathe mit 5a")):
        assert answer == GERMAN.say("conference.down")
    it.bbb.down = False
    await says(it, "Mathe")
    it.bbb.down = True
    assert await says(it, "ende") == GERMAN.say("conference.down")


async def test_a_school_without_bbb_says_so(database: Path, engine: AsyncEngine) -> None:
    async with with_conferences(database, engine, has_bbb=False) as it:
        assert await says(it, "Mathe") == GERMAN.say("conference.not_offered")
        await it.watch.look()
        await it.had_planned(at=it.now)
        assert await asks(it, "beitreten") == GERMAN.say("conference.not_offered")


# Reminders


async def test_the_room_is_reminded_by_the_bot(it: Conferences) -> None:
    await says(it, "Mathe am Freitag um 14:00")
    it.now = FRIDAY - timedelta(minutes=10)
    await it.watch.look()
    await it.watch.look()
    [sent] = it.sent
    assert (sent.room_id, sent.as_user, it.told) == (room("5a"), None, [])
    assert sent.body.startswith("⏰ Gleich, 14:00 Uhr: Konferenz „Mathe“: https://")


async def test_in_a_chat_each_is_told_alone(it: Conferences) -> None:
    await says(it, "Projekt am Freitag um 14:00", room_id=CHAT)
    it.now = FRIDAY - timedelta(minutes=10)
    await it.watch.look()
    assert {who for who, _ in it.told} == {IDA.user_id, BEN.user_id, GABI.user_id}
    assert it.sent == []


async def test_in_a_room_for_two_it_works_like_in_a_chat(it: Conferences) -> None:
    it.school.homeserver.stamps["!two"] = RoomStamp(kind=RoomKind.DIRECT)
    it.school.homeserver.joined["!two"] = {IDA.user_id, GABI.user_id}
    await says(it, "Gespräch", room_id="!two")
    conference = await only(it, "!two")
    await it.open_for(conference)
    assert (await it.desk.join(GABI, conference.id)).ticket
    assert (await it.desk.join(BEN, conference.id)).ticket is None
