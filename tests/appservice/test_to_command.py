from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from a_school import ENGLISH, GERMAN, HEAD, FakeHomeserver, School, a_school, room, space
from builders import BEN, GABI, IDA, NOON, OTTO
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Request
from appservice.bot.replies import Reply
from appservice.bot.to_command import ToCommand
from appservice.desks.circulars import MOST_AN_HOUR, CircularDesk
from appservice.desks.entering import EnteringDesk
from appservice.desks.teachers_only import TeachersOnlyDesk
from appservice.homeserver import HomeserverError, RefusedError, TryLaterError
from school.database.tables import circulars, group_rooms
from school.domain.decisions import REASON_KEY, Reason
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind, power_levels
from school.sealing import HELD_KEY, Binding, Keyring
from school.texts import Texts

CLASS, PARENTS, OTHER = room("5a"), room("parents-5a"), room("6b")
KEYRING = Keyring([b"k" * 32])
TEXT = "Morgen fällt\ndie sechste Stunde aus: alle gehen heim."
SENT_AT_MS = int(NOON.timestamp() * 1000)


@dataclass
class Rooms(FakeHomeserver):
    """Takes messages as Synapse does. `loses_answer`: what it does of the next ones is not told. `replaces`: what the
    module puts in their place."""

    sent: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    transactions: dict[str, str] = field(default_factory=dict)
    loses_answer: int = 0
    replaces: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], **how: Any) -> str:
        self._look(room_id)
        assert how["as_user"] in self.joined[room_id], "who is not in the room sends nothing"
        if how["txn_id"] not in self.transactions:
            event_id = self.transactions[how["txn_id"]] = f"$sent{len(self.sent)}"
            self.sent.append((room_id, self.replaces.get(room_id, dict(content)), how | {"event_id": event_id}))
        if self.loses_answer:
            self.loses_answer -= 1
            raise TryLaterError("the homeserver cannot be reached")
        return self.transactions[how["txn_id"]]

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]:
        return next({"content": content} for _, content, how in self.sent if how["event_id"] == event_id)

    async def newest_events(self, room_id: str, *, sender: UserId, limit: int) -> list[dict[str, Any]]:
        return [
            {
                "event_id": how["event_id"],
                "type": "m.room.message",
                "origin_server_ts": how["origin_server_ts"],
                "content": content,
            }
            for where, content, how in reversed(self.sent)
            if where == room_id and how["as_user"] == sender
        ]

    def bodies(self, room_id: str) -> list[str]:
        return [content["body"] for where, content, _ in self.sent if where == room_id]


class Control:
    """What the bot says, in answer and by itself."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.told: list[str] = []
        self.error: HomeserverError | None = None

    async def show(self, text: str | Reply) -> None:
        if self.error is not None:
            raise self.error
        self.shown.append(str(text))

    async def tell(self, user_id: UserId, text: str, *, txn_id: str) -> bool:
        self.told.append(f"{user_id} {text}")
        return True


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine) as school:
        known = school.homeserver
        school.homeserver = Rooms(
            joined=known.joined, opened_by=known.opened_by, stamps=known.stamps, levels=known.levels
        )
        yield school


def desk(school: School, later: timedelta = timedelta()) -> CircularDesk:
    """As in a program that has just been started."""

    def clock() -> datetime:
        return school.clock() + later

    parts: dict[str, Any] = {"engine": school.engine, "homeserver": school.homeserver, "view": school.view}
    return CircularDesk(
        **parts,
        keyring=KEYRING,
        entering=EnteringDesk(**parts, clock=clock),
        hushing=TeachersOnlyDesk(**parts, clock=clock),
        clock=clock,
    )


def command(school: School, later: timedelta = timedelta()) -> ToCommand:
    return ToCommand(desk=desk(school, later), view=school.view)


async def said(
    school: School,
    words: str,
    who: Person = IDA,
    *,
    by: ToCommand | None = None,
    event_id: str = "$asked",
    texts: Texts = GERMAN,
    control: Control | None = None,
) -> str:
    """The last words of the bot."""
    control = control or Control()
    request = Request(person=who, words=words, texts=texts, show=control.show, event_id=event_id)
    answer = await (by or command(school)).run(request)
    return answer if answer is not None else control.shown[-1]


async def kept(school: School) -> list[tuple[str, bool]]:
    async with school.engine.connect() as connection:
        return [(row.id, row.sealed is not None) for row in await connection.execute(select(circulars))]


# --- Who, where, what ---------------------------------------------------------------------------------------------


async def test_a_text_goes_into_each_room_as_the_teacher(school: School) -> None:
    answer = await said(school, f"Klasse 5a, Eltern 5a: {TEXT}")
    assert school.homeserver.bodies(CLASS) == school.homeserver.bodies(PARENTS) == [TEXT]
    for _, content, how in school.homeserver.sent:
        assert content == {"msgtype": "m.text", "body": TEXT, "m.mentions": {}}
        assert (how["as_user"], how["origin_server_ts"]) == (IDA.user_id, SENT_AT_MS)
    assert answer == "\n".join(
        (
            GERMAN.say("to.sent", groups="Klasse 5a, Eltern Klasse 5a"),
            GERMAN.say("to.entered", groups="Eltern Klasse 5a"),
        )
    )
    assert {IDA.user_id} <= school.homeserver.joined[PARENTS] & school.homeserver.joined[space("parents-5a")]
    rule = "default:teacher:write_to_groups"
    assert await school.logged() == [
        ("circular_sent", IDA.id, "5a", rule),
        ("circular_sent", IDA.id, "parents-5a", rule),
        ("group_entered", IDA.id, "parents-5a", rule),
    ]


async def test_afterwards_the_text_is_kept_nowhere(school: School) -> None:
    await said(school, f"5a: {TEXT}")
    assert await kept(school) == [("$asked", False)]
    await command(school, timedelta(hours=2)).finish(Control().tell)
    assert await kept(school) == []


async def test_a_group_named_twice_gets_it_once(school: School) -> None:
    await said(school, "Klasse 5a, 5a und Klasse 5a: Hallo")
    assert school.homeserver.bodies(CLASS) == ["Hallo"]


@pytest.mark.parametrize("who", [BEN, GABI], ids=["a pupil", "a guardian"])
async def test_others_may_not(who: Person, school: School) -> None:
    for words in ("Klasse 5a: Hallo", "Klasse 6b: Hallo", ""):
        assert await said(school, words, who) == GERMAN.say("to.not_for_you")
    assert not await school.listed(command(school).command(), who)
    assert school.homeserver.sent == []


async def test_the_desk_refuses_them_as_well(school: School) -> None:
    group = school.view.now.policy.directory.group(next(iter(BEN.groups)))
    assert group is not None
    accepted = await desk(school).accept(BEN, [group], "Hallo", asked="$x", language="de")
    assert accepted.decision.reason is Reason.NOT_IN_GROUP
    assert await kept(school) == []


async def test_it_is_offered_to_teachers(school: School) -> None:
    assert await school.listed(command(school).command(), IDA)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "So geht es: !an"),
        ("Klasse 5a", "So geht es: !an"),
        (": Hallo", "So geht es: !an"),
        ("Klasse 5a:", "fehlt noch der Text"),
        ("Klasse 5a:   \n ", "fehlt noch der Text"),
        ("5a, Klasse 7x: Hallo", "finde ich nicht"),
        ("5a, Eltern: Hallo", "kann mehrere Gruppen meinen"),
        (", ,: Hallo", "Gesendet ist noch nichts"),
    ],
)
async def test_nothing_is_sent_before_all_is_clear(words: str, answer: str, school: School) -> None:
    assert answer in await said(school, words)
    assert school.homeserver.sent == []
    assert await kept(school) == []


async def test_everything_unclear_is_asked_back_at_once(school: School) -> None:
    answer = await said(school, "7x, Eltern, 5a: Hallo")
    assert "7x" in answer
    assert "Eltern Klasse 5a, Eltern Klasse 6b" in answer
    assert answer.endswith(GERMAN.say("to.nothing_sent"))


async def test_to_many_groups_the_bot_says_that_it_is_at_it(school: School) -> None:
    control = Control()
    await said(school, "5a, 6b, Eltern 5a, Eltern 6b: Hi", texts=ENGLISH, control=control)
    assert control.shown[0] == ENGLISH.say("to.sending", number=4)
    assert control.shown[1].startswith("✅ Sent to ")


# --- What becomes of it -------------------------------------------------------------------------------------------


async def test_what_is_held_or_refused_is_told_per_group(school: School) -> None:
    school.homeserver.replaces = {CLASS: {HELD_KEY: {}, "body": "🌙"}, OTHER: {REASON_KEY: "file_type", "body": "⛔"}}
    assert (await said(school, "5a, 6b, Eltern 6b: Hallo", OTTO)).splitlines() == [
        GERMAN.say("to.sent", groups="Eltern Klasse 6b"),
        GERMAN.say("to.held", groups="Klasse 5a"),
        GERMAN.say("to.refused", group="Klasse 6b", why=GERMAN.refusal(Reason.FILE_TYPE)),
        GERMAN.say("to.entered", groups="Klasse 5a, Eltern Klasse 6b"),
    ]


async def test_where_the_homeserver_says_no_it_is_told(school: School) -> None:
    def refuse(room_id: str) -> None:
        if room_id == CLASS:
            raise RefusedError("HTTP 403: user_level (0) < send_level (50)", status=403)

    school.homeserver._look = refuse
    answer = await said(school, "5a, 6b: Hallo")
    assert GERMAN.say("to.refused", group="Klasse 5a", why=GERMAN.refusal(Reason.READ_ONLY)) in answer
    assert school.homeserver.bodies(OTHER) == ["Hallo"]


async def test_a_group_without_a_room_is_told(school: School) -> None:
    async with school.engine.begin() as connection:
        await connection.execute(delete(group_rooms).where(group_rooms.c.group_id == "6b"))
    answer = await said(school, "5a, 6b: Hallo")
    assert GERMAN.say("to.no_room", groups="Klasse 6b") in answer
    assert school.homeserver.bodies(CLASS) == ["Hallo"]


async def test_where_only_teachers_write_a_visitor_does(school: School) -> None:
    hushing = TeachersOnlyDesk(engine=school.engine, homeserver=school.homeserver, view=school.view, clock=school.clock)
    school.homeserver.levels[CLASS] = power_levels(RoomKind.GROUP, [IDA.user_id])
    await hushing.set(IDA, CLASS, school.homeserver.stamps[CLASS], on=True)
    await said(school, "5a: Hallo", HEAD)
    assert school.homeserver.levels[CLASS]["users"][HEAD.user_id] == 25


async def test_a_text_that_is_too_long_is_not_taken(school: School) -> None:
    assert await said(school, f"5a: {'x' * 70_000}") == GERMAN.refusal(Reason.TOO_LARGE)
    assert await kept(school) == []


async def test_nobody_writes_without_end(school: School) -> None:
    by = command(school)
    for number in range(MOST_AN_HOUR // 2):
        await said(school, "5a, 6b: Hallo", by=by, event_id=f"${number}")
    too_many = GERMAN.say("to.too_many", most=MOST_AN_HOUR, left=0)
    assert await said(school, "5a: Hallo", event_id="$more") == too_many, "also after a restart"
    assert "Gesendet an" in await said(school, "5a: Hallo", OTTO, event_id="$other"), "somebody else may"
    later = command(school, timedelta(hours=1, seconds=1))
    await later.finish(Control().tell)
    assert "Gesendet an" in await said(school, "5a: Hallo", by=later, event_id="$later")


# --- Exactly once -------------------------------------------------------------------------------------------------


async def test_an_answer_that_is_lost_does_not_send_it_twice(school: School) -> None:
    by, control = command(school), Control()
    school.homeserver.loses_answer = 1
    assert await said(school, f"5a, 6b: {TEXT}", by=by) == GERMAN.say("to.later")
    school.homeserver.transactions.clear()  # Synapse was restarted, and remembers none
    await by.finish(control.tell)
    assert school.homeserver.bodies(CLASS) == school.homeserver.bodies(OTHER) == [TEXT]
    assert len(control.told) == 1
    assert "Gesendet an Klasse 5a, Klasse 6b." in control.told[0]
    await by.finish(control.tell)
    assert len(control.told) == 1


async def test_the_next_process_sends_what_this_one_did_not(school: School) -> None:
    class Killed(BaseException):
        """Nothing after this runs."""

    dying = command(school)
    looks = 0

    def die(room_id: str) -> None:
        nonlocal looks
        looks += room_id == OTHER
        if looks > 1:  # in the room, and about to send
            raise Killed

    school.homeserver._look = die
    with pytest.raises(Killed):
        await said(school, f"5a, 6b: {TEXT}", by=dying)
    assert [school.homeserver.bodies(one) for one in (CLASS, OTHER)] == [[TEXT], []]
    school.homeserver._look = lambda _: None
    school.homeserver.transactions.clear()
    control = Control()
    await command(school).finish(control.tell)
    assert [school.homeserver.bodies(one) for one in (CLASS, OTHER)] == [[TEXT], [TEXT]]
    assert control.told == [
        f"{IDA.user_id} {GERMAN.say('to.sent', groups='Klasse 5a, Klasse 6b')}\n"
        f"{GERMAN.say('to.entered', groups='Klasse 6b')}"
    ]


async def test_what_was_sent_but_not_noted_is_found_in_the_room(school: School) -> None:
    await said(school, f"5a: {TEXT}")
    async with school.engine.begin() as connection:  # as if the process had died before it noted it
        waiting = [{"group": "5a", "state": "waiting", "reason": None, "entered": False}]
        sealed = KEYRING.seal({"msgtype": "m.text", "body": TEXT}, binding("$asked"))
        await connection.execute(update(circulars).values(sealed=sealed, in_groups=waiting))
    school.homeserver.transactions.clear()
    await command(school).finish(Control().tell)
    assert school.homeserver.bodies(CLASS) == [TEXT]


def binding(circular_id: str) -> Binding:
    return Binding(
        room_id=circular_id, sender=IDA.user_id, event_type="org.schulbote.circular", origin_server_ts=SENT_AT_MS
    )


async def test_the_same_text_written_by_hand_is_another_message(school: School) -> None:
    school.homeserver.joined[CLASS].add(IDA.user_id)
    by_hand = {"as_user": IDA.user_id, "txn_id": "t", "origin_server_ts": SENT_AT_MS - 1}
    await school.homeserver.send(CLASS, "m.room.message", {"body": TEXT}, **by_hand)
    school.homeserver.loses_answer = 1
    by = command(school)
    await said(school, f"5a: {TEXT}", by=by)
    await by.finish(Control().tell)
    assert school.homeserver.bodies(CLASS) == [TEXT, TEXT]


async def test_while_somebody_sees_to_it_the_background_does_not(school: School) -> None:
    by, control = command(school), Control()

    async def show(text: str | Reply) -> None:
        await by.finish(control.tell)

    request = Request(person=IDA, words="5a: Hallo", texts=GERMAN, show=show, event_id="$asked")
    assert await by.run(request) is None
    assert control.told == []


async def test_an_answer_that_could_not_be_shown_is_told_later(school: School) -> None:
    by, control = command(school), Control()
    control.error = TryLaterError("HTTP 503")
    assert await said(school, "5a: Hallo", by=by, control=control) == GERMAN.say("to.later")
    await by.finish(control.tell)
    assert school.homeserver.bodies(CLASS) == ["Hallo"]
    assert len(control.told) == 1


async def test_the_same_request_twice_is_one(school: School) -> None:
    for _ in range(2):
        await said(school, "5a: Hallo")
    assert school.homeserver.bodies(CLASS) == ["Hallo"]
    assert len([line for line in await school.logged() if line[0] == "circular_sent"]) == 1


async def test_who_has_lost_the_right_meanwhile_sends_nothing_more(school: School) -> None:
    by, control = command(school), Control()
    school.homeserver.errors[OTHER] = TryLaterError("HTTP 503")
    assert await said(school, "5a, 6b: Hallo", by=by) == GERMAN.say("to.later")
    del school.homeserver.errors[OTHER]
    await school.rename(IDA, role="student")
    await by.finish(control.tell)
    assert school.homeserver.bodies(OTHER) == []
    assert GERMAN.say("to.refused", group="Klasse 6b", why=GERMAN.refusal(Reason.NOT_IN_GROUP)) in control.told[0]


async def test_who_is_gone_meanwhile_sends_nothing_more(school: School) -> None:
    by, control = command(school), Control()
    school.homeserver.errors[CLASS] = TryLaterError("HTTP 503")
    await said(school, "5a: Hallo", by=by)
    del school.homeserver.errors[CLASS]
    await school.rename(IDA, standing="left")
    await by.finish(control.tell)
    assert school.homeserver.sent == []
    assert GERMAN.refusal(Reason.UNKNOWN_PERSON) in control.told[0]
    assert await kept(school) == [("$asked", False)]
