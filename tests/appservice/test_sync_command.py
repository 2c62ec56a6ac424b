"""`!abgleich`: who may, what is said meanwhile and at the end, and that only what was shown is confirmed. And what the
leadership hears of a sync that nobody was watching."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from builders import BEN, BOT, GABI, IDA, NOBODY, OTTO, standing
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Commands, Request
from appservice.bot.control_rooms import ControlRooms
from appservice.bot.sync_command import SyncCommand
from appservice.bot.sync_news import SyncNews
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import TryLaterError
from school.database.tables import audit_log
from school.domain.people import Person, UserId
from school.domain.rooms import STAMP_KEY
from school.domain.roster import RegisterError
from school.texts import Language, Texts

GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)
HEAD = replace(IDA, leadership=True)
DEPUTY = replace(OTTO, leadership=True)
NO_CHANGE = dict.fromkeys(
    [
        "people_added",
        "people_changed",
        "people_left",
        "groups_added",
        "groups_changed",
        "groups_ended",
        "memberships_added",
        "memberships_removed",
    ],
    0,
)
WHY = "25 of 31 people would leave, and at most 10 may without a person's word."
STOPPED = f"{WHY} Look at the plan, and if it is right, start the sync again with --confirm."


@dataclass(frozen=True)
class Seen:
    key: str = "one"
    counts: Mapping[str, int] = field(default_factory=lambda: NO_CHANGE | {"people_added": 3, "people_left": 25})
    stopped: str | None = None
    doubts: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    ending: str = "done"
    seen: Seen | None = None
    problem: str = ""
    failures: Sequence[str] = ()


@dataclass
class Syncs:
    """What a test wants a sync to do. Like the real one it stops at a plan that is not the confirmed one."""

    outcome: Outcome = field(default_factory=lambda: Outcome(seen=Seen()))
    is_running: bool = False
    steps: Callable[[Callable[[str, int, int], None]], Any] | None = None
    asked: list[tuple[str, bool | str]] = field(default_factory=list)
    problem: str = ""

    async def look(self) -> Seen:
        if self.problem:
            raise RegisterError(self.problem)
        assert self.outcome.seen is not None
        return self.outcome.seen

    async def attempt(
        self, *, actor: str, confirmed: bool | str = False, progress: Callable[[str, int, int], None]
    ) -> Outcome:
        self.asked.append((actor, confirmed))
        if self.steps is not None:
            await self.steps(progress)
        seen = self.outcome.seen
        if self.outcome.ending == "stopped" and seen is not None and confirmed == seen.key:
            return Outcome(seen=seen)
        return self.outcome


@dataclass
class Bot:
    """`!abgleich`, and the one message that each asking gets: its texts, and when they were shown."""

    syncs: Syncs
    admins: frozenset[UserId] = frozenset()
    pause: float = 0.0

    def __post_init__(self) -> None:
        self.command = SyncCommand(syncs=self.syncs, is_admin=self.is_admin, pause=self.pause)
        self.shown: list[str] = []
        self.times: list[float] = []
        self.ended = asyncio.Event()

    async def is_admin(self, user_id: UserId) -> bool:
        return user_id in self.admins

    async def asked(self, words: str = "", who: Person = HEAD, texts: Texts = GERMAN) -> str:
        """The last words of the message."""
        self.shown, self.times = [], []

        async def show(text: str) -> None:
            self.shown.append(text)
            self.times.append(asyncio.get_running_loop().time())
            if not text.startswith("⏳"):
                self.ended.set()

        self.ended.clear()
        answer = await self.command.run(Request(person=who, words=words, texts=texts, show=show))
        if answer is not None:
            return answer
        await asyncio.wait_for(self.ended.wait(), 5)
        return self.shown[-1]


# Who may


@pytest.mark.parametrize("words", ["", "probe", "bestätigen", "was"])
@pytest.mark.parametrize("who", [IDA, BEN, GABI], ids=["a teacher", "a pupil", "a guardian"])
async def test_others_are_told_kindly_who_may(who: Person, words: str) -> None:
    bot = Bot(Syncs())
    assert await bot.asked(words, who) == GERMAN.say("sync.leadership_only")
    assert bot.syncs.asked == []


async def test_the_leadership_may_and_stands_in_the_audit_log() -> None:
    bot = Bot(Syncs())
    assert (await bot.asked()).startswith(GERMAN.say("sync.done"))
    assert bot.syncs.asked == [(HEAD.id, False)]


async def test_an_admin_may_who_is_nobody_in_the_register() -> None:
    bot = Bot(Syncs(), admins=frozenset({NOBODY}))
    commands = Commands([bot.command.command()], standing=standing, language=Language.GERMAN, is_admin=bot.is_admin)
    said: list[str] = []

    async def show(text: str) -> None:
        said.append(text)

    assert await commands.answer(NOBODY, "!abgleich probe", show) == "\n".join(
        (GERMAN.say("sync.preview"), *counted(GERMAN))
    )
    assert await commands.answer(NOBODY, "!abgleich", show) is None
    assert (said, bot.syncs.asked) == ([GERMAN.say("sync.started")], [])
    await asyncio.sleep(0)
    assert bot.syncs.asked == [(NOBODY, False)]


def counted(texts: Texts) -> list[str]:
    counts = texts.say("sync.counts", **(NO_CHANGE | {"people_added": 3, "people_left": 25}))
    return counts.split("\n")


# What is said


async def test_the_language_is_that_of_the_command() -> None:
    bot = Bot(Syncs())
    assert await bot.asked(texts=ENGLISH) == "\n".join((ENGLISH.say("sync.done"), *counted(ENGLISH)))
    names = dict(bot.command.command().names)
    assert names == {Language.GERMAN: "abgleich", Language.ENGLISH: "sync"}


@pytest.mark.parametrize("words", ["probe", "Probe", "dry-run"])
async def test_a_trial_shows_the_counts_and_starts_nothing(words: str) -> None:
    bot = Bot(Syncs(Outcome(seen=Seen(doubts=["Kim Groß is there twice."]))))
    said = await bot.asked(words)
    assert said.split("\n") == [
        GERMAN.say("sync.preview"), *counted(GERMAN), GERMAN.say("sync.doubts"), "• Kim Groß is there twice.",
    ]  # fmt: skip
    assert bot.syncs.asked == []


async def test_nothing_to_change() -> None:
    bot = Bot(Syncs(Outcome(seen=Seen(counts=NO_CHANGE))))
    assert await bot.asked() == f"{GERMAN.say('sync.done')}\n{GERMAN.say('sync.nothing')}"


@pytest.mark.parametrize("words", ["los", "probe bestätigen", "--force"])
async def test_other_words_are_explained(words: str) -> None:
    assert await Bot(Syncs()).asked(words) == GERMAN.say("sync.not_understood")


@pytest.mark.parametrize("words", ["", "bestätigen"])
async def test_while_one_runs_no_other_is_started(words: str) -> None:
    bot = Bot(Syncs(is_running=True))
    assert await bot.asked(words) == GERMAN.say("sync.running")
    assert bot.syncs.asked == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        pytest.param(Outcome("unreadable", problem="a.csv, row 3: no."), ["a.csv, row 3: no."], id="register"),
        pytest.param(Outcome("busy", problem="x"), [GERMAN.say("sync.busy")], id="another program"),
        pytest.param(Outcome("failed", problem="HTTP 502"), ["nicht zu Ende", "HTTP 502"], id="no homeserver"),
        pytest.param(Outcome(seen=Seen(), failures=[f"room {n}" for n in range(7)]),
                     ["nicht alles", "• room 4", "… und 2 weitere"], id="single failures"),
    ],
)  # fmt: skip
async def test_how_it_can_end(outcome: Outcome, said: list[str]) -> None:
    answer = await Bot(Syncs(outcome)).asked()
    assert [part for part in said if part not in answer] == []
    assert "room 5" not in answer


async def test_a_trial_of_a_broken_register_says_where_it_is_broken() -> None:
    assert "a.csv, row 3" in await Bot(Syncs(problem="a.csv, row 3: no.")).asked("probe")


async def test_one_message_tells_how_far_it_is_and_not_too_often() -> None:
    async def steps(progress: Callable[[str, int, int], None]) -> None:
        for done in range(40):
            progress("accounts", done, 40)
            progress("rooms", 0, 0)
            await asyncio.sleep(0.01)

    bot = Bot(Syncs(steps=steps), pause=0.1)
    await bot.asked()
    assert bot.shown[0] == GERMAN.say("sync.started")
    assert bot.shown[1].startswith("⏳ Der Abgleich läuft: Konten ")
    assert bot.shown[-1].startswith(GERMAN.say("sync.done"))
    gaps = [later - earlier for earlier, later in zip(bot.times, bot.times[1:], strict=False)]
    assert len(gaps) >= 3
    assert min(gaps) > 0.095


async def test_what_is_under_way_ends_with_the_program() -> None:
    begun = asyncio.Event()

    async def hang(_progress: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    bot = Bot(Syncs(steps=hang))
    asking = asyncio.create_task(bot.asked())
    await begun.wait()
    await bot.command.stop()
    assert bot.shown == [GERMAN.say("sync.started")]
    asking.cancel()


# Confirming


def stops(key: str = "one") -> Syncs:
    return Syncs(Outcome("stopped", seen=Seen(key=key, stopped=STOPPED), problem=STOPPED))


@pytest.mark.parametrize("first", ["", "probe"])
async def test_a_plan_that_stops_is_shown_and_then_confirmed(first: str) -> None:
    bot = Bot(stops())
    said = await bot.asked(first)
    assert WHY in said
    assert "--confirm" not in said
    assert GERMAN.say("sync.how_to_confirm") in said
    assert (await bot.asked("bestätigen")).startswith(GERMAN.say("sync.done"))
    assert bot.syncs.asked[-1] == (HEAD.id, "one")


async def test_a_plan_that_is_another_by_then_is_shown_anew() -> None:
    bot = Bot(stops())
    await bot.asked()
    bot.syncs.outcome = stops("two").outcome
    said = await bot.asked("bestätigen")
    assert said.startswith(GERMAN.say("sync.other_plan"))
    assert WHY in said
    assert (await bot.asked("bestätigen")).startswith(GERMAN.say("sync.done"))
    assert [confirmed for _, confirmed in bot.syncs.asked] == [False, "one", "two"]


async def test_what_was_never_shown_cannot_be_confirmed() -> None:
    bot = Bot(stops())
    said = await bot.asked("bestätigen")
    assert WHY in said
    assert GERMAN.say("sync.other_plan") not in said
    assert "one" not in {confirmed for _, confirmed in bot.syncs.asked}


async def test_one_persons_word_is_for_what_this_person_was_shown() -> None:
    bot = Bot(stops())
    await bot.asked(who=HEAD)
    assert WHY in await bot.asked("bestätigen", who=DEPUTY)


async def test_a_plan_is_confirmed_once() -> None:
    bot = Bot(stops())
    await bot.asked()
    await bot.asked("bestätigen")
    assert WHY in await bot.asked("bestätigen")


# What the leadership hears


class Homeserver:
    """Control rooms, what the bot says in them, and whether it can."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.away = False

    async def state(self, _room_id: str, _event_type: str, *, as_user: UserId) -> dict[str, Any]:
        return {STAMP_KEY: {"kind": "control"}}

    async def join(self, room_id: str) -> None: ...

    async def send(self, room_id: str, _event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str:
        if self.away:
            raise TryLaterError("HTTP 502")
        self.said.append((room_id, content["body"]))
        return "$sent"


@dataclass
class Office:
    """The head has a control room, the deputy has none, and so have a teacher and a pupil."""

    engine: AsyncEngine
    homeserver: Homeserver
    news: SyncNews
    seen: list[tuple[UserId, str]]

    async def hears(self, outcome: Outcome) -> list[tuple[str, str]]:
        """What the bot says of a sync that ended so."""
        self.homeserver.said.clear()
        await self.news.about(outcome, actor="schulbote run (schedule)")
        return list(self.homeserver.said)

    async def logged(self) -> list[tuple[str, str]]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(audit_log).order_by(audit_log.c.id))
            return [(row.action, row.details["ending"]) for row in rows]


@pytest.fixture
async def office(engine: AsyncEngine) -> Office:
    homeserver: Any = Homeserver()
    control = ControlRooms(
        engine=engine,
        homeserver=homeserver,
        stamps=RoomStamps(homeserver),
        commands=Commands([], standing=standing, language=Language.GERMAN),
        texts=GERMAN,
        where_to_ask=lambda _: None,
    )
    await control.invited("!head", HEAD.user_id)
    await control.invited("!ben", BEN.user_id)
    seen: list[tuple[UserId, str]] = []
    return Office(
        engine=engine,
        homeserver=homeserver,
        news=SyncNews(
            engine=engine,
            people=lambda: [HEAD, DEPUTY, BEN, GABI],
            tell=control.tell,
            has_seen=lambda user_id, key: seen.append((user_id, key)),
            texts=GERMAN,
        ),
        seen=seen,
    )


STOP = stops().outcome
UNREADABLE = Outcome("unreadable", problem="a.csv, row 3: no.")
IN_PART = Outcome(seen=Seen(), failures=["accounts: @kim:school.test: HTTP 400"])
DONE = Outcome(seen=Seen())


@pytest.mark.parametrize(
    ("outcome", "words"), [(STOP, WHY), (UNREADABLE, "a.csv, row 3"), (IN_PART, "@kim:school.test: HTTP 400")]
)
async def test_the_leadership_hears_it_once(office: Office, outcome: Outcome, words: str) -> None:
    ((room_id, said),) = await office.hears(outcome)
    assert (room_id, words in said) == ("!head", True)
    for _night in range(3):
        assert await office.hears(outcome) == []


async def test_another_plan_is_told_anew(office: Office) -> None:
    for outcome in (STOP, stops("two").outcome, UNREADABLE, STOP):
        assert len(await office.hears(outcome)) == 1


async def test_what_was_over_and_comes_again_is_told_again(office: Office) -> None:
    heard = [await office.hears(outcome) for outcome in (DONE, UNREADABLE, DONE, DONE, UNREADABLE)]
    assert [len(each) for each in heard] == [0, 1, 0, 0, 1]
    assert await office.logged() == [
        ("sync_stopped", "unreadable"), ("sync_resumed", "done"), ("sync_stopped", "unreadable"),
    ]  # fmt: skip


async def test_who_was_told_of_a_plan_may_confirm_it(office: Office) -> None:
    await office.hears(STOP)
    assert office.seen == [(HEAD.user_id, "one")]


@pytest.mark.parametrize("ending", ["busy", "failed"])
async def test_what_is_tried_again_anyway_is_not_told(office: Office, ending: str) -> None:
    await office.hears(UNREADABLE)
    assert await office.hears(Outcome(ending, problem="HTTP 502")) == []
    assert await office.hears(UNREADABLE) == [], "and it does not make the old news new"


async def test_what_nobody_could_be_told_is_told_the_next_time(office: Office) -> None:
    office.homeserver.away = True
    assert await office.hears(STOP) == []
    office.homeserver.away = False
    assert len(await office.hears(STOP)) == 1


async def test_the_answer_takes_the_place_of_what_was_shown_before(engine: AsyncEngine) -> None:
    sent: list[Mapping[str, Any]] = []
    ids: list[str] = []

    async def send(_room: str, _type: str, content: Mapping[str, Any], *, txn_id: str) -> str:
        sent.append(content)
        ids.append(txn_id)
        return f"$sent-{len(sent)}"

    async def slow(request: Request) -> str:
        await request.show("half")
        return "whole"

    homeserver: Any = Homeserver()
    homeserver.send = send
    command = SimpleNamespace(names=((Language.GERMAN, "langsam"),), run=slow)
    rooms = ControlRooms(
        engine=engine,
        homeserver=homeserver,
        stamps=RoomStamps(homeserver),
        commands=Commands([command], standing=standing, language=Language.GERMAN),  # type: ignore[list-item]
        texts=GERMAN,
        where_to_ask=lambda _: None,
    )
    content = {"msgtype": "m.text", "body": "!langsam"}
    await rooms.message({"room_id": "!c", "sender": BEN.user_id, "event_id": "$m", "content": content})
    first, edit = sent
    assert first["body"] == "half"
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$sent-1"}
    assert edit["m.new_content"] == {"msgtype": "m.notice", "body": "whole", "m.mentions": {}}
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("sender", "members", "answered"),
    [
        pytest.param(NOBODY, {NOBODY, BOT}, True, id="an admin alone with the bot"),
        pytest.param(NOBODY, {NOBODY, BOT, BEN.user_id}, False, id="an admin, and somebody else"),
        pytest.param(BEN.user_id, {BEN.user_id, BOT}, False, id="nobody else's room without a stamp"),
    ],
)
async def test_a_room_without_a_stamp_is_for_admins_alone_with_the_bot(
    engine: AsyncEngine, sender: UserId, members: set[UserId], answered: bool
) -> None:
    homeserver: Any = Homeserver()

    async def no_stamp(*_: object, **__: object) -> dict[str, Any]:
        return {}

    async def all_members(_room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        assert as_user == BOT
        return frozenset(members)

    async def is_admin(user_id: UserId) -> bool:
        return user_id == NOBODY

    homeserver.state, homeserver.members, homeserver.bot = no_stamp, all_members, BOT
    rooms = ControlRooms(
        engine=engine,
        homeserver=homeserver,
        stamps=RoomStamps(homeserver),
        commands=Commands([], standing=standing, language=Language.GERMAN, is_admin=is_admin),
        texts=GERMAN,
        where_to_ask=lambda _: None,
        is_admin=is_admin,
    )
    content = {"msgtype": "m.text", "body": "!hilfe"}
    await rooms.message({"room_id": "!admins", "sender": sender, "event_id": "$m", "content": content})
    assert [room for room, said in homeserver.said if "!hilfe" in said] == (["!admins"] if answered else [])
