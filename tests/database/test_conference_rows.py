from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.conference_guests import (
    Guest,
    attendance_of,
    forget_guests,
    guest_comes,
    guest_with,
    invite_guest,
    revoke_guest,
    seen_there,
)
from school.database.conferences import (
    Conference,
    Message,
    Slides,
    add_conference,
    attach_slides,
    begin_meeting,
    call_off,
    conference_of_meeting,
    conferences_going_on,
    conferences_of_room,
    end_meeting,
    forget_conferences,
    keep_messages,
    meeting_runs,
    planned_conferences,
    read_conference,
    reminded,
)
from school.database.tables import persons
from school.domain.conferences import ConferenceId, ConferenceState
from school.domain.groups import GroupId
from school.domain.people import PersonId

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
IDA = PersonId("p-ida")


def conference(name: str, **values: object) -> Conference:
    given: dict[str, object] = {
        "id": ConferenceId(name),
        "starter": IDA,
        "room_id": "!room",
        "groups": frozenset({GroupId("5a")}),
        "title": "Mathe & mehr",
        "language": "de",
        "choices": {"cameras": True},
        "state": ConferenceState.PLANNED,
        "planned_at": NOON,
    }
    return Conference(**(given | values))  # type: ignore[arg-type]


async def fill(writer: AsyncEngine, *them: Conference) -> None:
    async with writer.begin() as connection:
        name = {"given_name": "Ida", "family_name": "Groß", "role": "teacher"}
        await connection.execute(insert(persons).values(id=IDA, user_id="@ida:school.test", **name))
        for each in them:
            await add_conference(connection, each)


async def test_what_is_written_is_read(writer: AsyncEngine) -> None:
    whole = conference("c", weekly=True)
    await fill(writer, whole)
    async with writer.begin() as connection:
        assert await read_conference(connection, "c") == whole
        await attach_slides(connection, "c", Slides(uri="mxc://school.test/a", name="a.pdf"))
        await keep_messages(connection, "c", [Message(room_id="!room", event_id="$1", by_starter=True)])
        found = await read_conference(connection, "c")
    assert found is not None
    assert found.slides == Slides(uri="mxc://school.test/a", name="a.pdf")
    assert found.messages == (Message(room_id="!room", event_id="$1", by_starter=True),)


async def test_an_occasion_begins_runs_and_ends_once(writer: AsyncEngine) -> None:
    await fill(writer, conference("c"))
    async with writer.begin() as connection:
        await begin_meeting(connection, "c", meeting_id="m", create_time_ms=1795858505695, at=NOON)
        [waiting] = await conferences_going_on(connection)
        assert (waiting.state, waiting.create_time_ms) == (ConferenceState.WAITING, 1795858505695)
        assert [await meeting_runs(connection, "m") for _ in range(2)] == [True, False]
        assert [await end_meeting(connection, "m", at=NOON) for _ in range(3)] == [True, False, False]
        ended = await conference_of_meeting(connection, "m")
        assert ended is not None
        assert (ended.state, ended.ended_at) == (ConferenceState.ENDED, NOON)
        assert await conferences_going_on(connection) == []
        assert await conferences_of_room(connection, "!room") == []


async def test_what_is_repeated_is_planned_again(writer: AsyncEngine) -> None:
    await fill(writer, conference("c", weekly=True))
    following = NOON + timedelta(weeks=1)
    async with writer.begin() as connection:
        assert [await reminded(connection, "c", NOON) for _ in range(2)] == [True, False]
        await begin_meeting(connection, "c", meeting_id="m", create_time_ms=1, at=NOON)
        await end_meeting(connection, "m", at=NOON, next_time=following)
        [planned] = await planned_conferences(connection)
        assert (planned.state, planned.planned_at) == (ConferenceState.PLANNED, following)
        assert await reminded(connection, "c", following)
        assert [await call_off(connection, "c", at=NOON) for _ in range(2)] == [True, False]
        assert await planned_conferences(connection) == []


async def test_guests_are_found_by_the_hash_of_their_link_until_it_is_over(writer: AsyncEngine) -> None:
    await fill(writer, conference("c"))
    guest = Guest(id="g", conference_id=ConferenceId("c"), name="Petra", expires_at=NOON + timedelta(days=1))
    async with writer.begin() as connection:
        await invite_guest(connection, guest, "hash", at=NOON)
        assert await guest_with(connection, "hash") == guest
        assert await guest_with(connection, "other") is None
        await guest_comes(connection, "g", at=NOON)
        assert [await revoke_guest(connection, "g", at=NOON) for _ in range(2)] == [True, False]
        used = await guest_with(connection, "hash")
        assert used is not None
        assert (used.uses, used.may_come(NOON)) == (1, False)
        await forget_guests(connection, at=NOON + timedelta(days=2))
        assert await guest_with(connection, "hash") is None


async def test_of_a_guest_whose_link_is_over_nothing_is_kept(writer: AsyncEngine) -> None:
    await fill(writer, conference("c"), conference("d"))
    there = {"a": (IDA, "Ida Groß"), "b": (None, "Petra (Gast)"), "c": (None, "Petra Lehmann (Gast)")}
    async with writer.begin() as connection:
        for name, days in (("Petra", 1), ("Petra Lehmann", 3)):
            until = NOON + timedelta(days=days)
            guest = Guest(id=name, conference_id=ConferenceId("c"), name=name, expires_at=until)
            await invite_guest(connection, guest, f"hash of {name}", at=NOON)
        await seen_there(connection, ConferenceId("c"), "m", there, at=NOON)
        await seen_there(connection, ConferenceId("d"), "n", {"d": (None, "Petra (Gast)")}, at=NOON)
        for days, known in ((0, 3), (2, 2), (4, 1)):
            await forget_guests(connection, at=NOON + timedelta(days=days))
            assert len(await attendance_of(connection, "c")) == known
        assert [each.name for each in await attendance_of(connection, "c")] == ["Ida Groß"]
        assert await attendance_of(connection, "d") == []


async def test_who_was_there_is_kept_from_first_to_last_and_forgotten(writer: AsyncEngine) -> None:
    await fill(writer, conference("c", state=ConferenceState.ENDED))
    there = {"a": (IDA, "Ida Groß"), "b": (None, "Petra (Gast)")}
    later = NOON + timedelta(minutes=30)
    async with writer.begin() as connection:
        await seen_there(connection, ConferenceId("c"), "m", there, at=NOON)
        await seen_there(connection, ConferenceId("c"), "m", {"a": (IDA, "Ida Groß")}, at=later)
        await seen_there(connection, ConferenceId("c"), "m", {}, at=later)
        found = await attendance_of(connection, "c")
        assert [(each.name, each.person_id, each.came_at, each.left_at) for each in found] == [
            ("Ida Groß", IDA, NOON, later),
            ("Petra (Gast)", None, NOON, NOON),
        ]
        await forget_conferences(connection, ended_before=NOON + timedelta(days=14))
        assert await attendance_of(connection, "c") == []
