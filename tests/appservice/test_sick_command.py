"""Who will be absent: said by guardians for their own children and by pupils for themselves, to the office alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import BEA, BEN, BERLIN, CARL, GABI, GROUPS, HANNA, IDA, OTTO, ZOE, group, standing
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from test_rest_queue import FakeKeeper

from appservice.bot.commands import Request
from appservice.bot.sick_command import SickCommand
from appservice.desks.office import OfficeDesk
from appservice.homeserver import HomeserverError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from school.database.tables import audit_log, group_rooms, groups
from school.domain.directory import Directory
from school.domain.groups import GroupId, GroupKind
from school.domain.people import Person, PersonId
from school.standing import Standing
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)
OFFICE = group("office", "Sekretariat", GroupKind.STAFF)
CLERK = replace(ZOE, groups=frozenset({GroupId("office")}))
MOTHER = replace(GABI, wards=frozenset({BEN.id}))
FATHER = replace(HANNA, wards=frozenset({BEN.id, BEA.id, PersonId("gone")}))
PEOPLE = (IDA, OTTO, BEN, BEA, CARL, MOTHER, FATHER, CLERK)
ROOM = "!office"
TUESDAY_NOON = datetime(2026, 11, 24, 12, 0, tzinfo=BERLIN).astimezone(UTC)


def school(*people: Person) -> Standing:
    known = standing(people=people)
    return replace(known, policy=replace(known.policy, directory=Directory(people, [*GROUPS, OFFICE])))


@dataclass
class Bot:
    """`!krank` on Tuesday, 24 November 2026, at noon."""

    engine: AsyncEngine
    keeper: FakeKeeper = field(default_factory=FakeKeeper)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    transactions: set[str] = field(default_factory=set)
    office: str | None = "Sekretariat"
    trouble: HomeserverError | None = None
    now: datetime = TUESDAY_NOON

    def __post_init__(self) -> None:
        self.keeper.standing = school(*PEOPLE)
        self._made: SickCommand | None = None

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str:
        """As the bot: no person's name is given."""
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((room_id, dict(content) | {"type": event_type}))
        self.transactions.add(txn_id)
        return "$sent"

    async def asked(
        self, words: str, who: Person = MOTHER, language: Language = Language.GERMAN, event_id: str = ""
    ) -> str:
        if self._made is None:
            server: Any = self
            desk = OfficeDesk(
                engine=self.engine,
                homeserver=server,
                view=SchoolView(self.keeper, BERLIN),  # type: ignore[arg-type]
                office=self.office,
                texts=GERMAN,
                clock=lambda: self.now,
            )
            self._made = SickCommand(desk=desk)
        return await self._made.run(Request(person=who, words=words, texts=Texts(language), event_id=event_id))

    @property
    def told(self) -> list[str]:
        return [content["body"] for _, content in self.sent]


@pytest.fixture
async def bot(engine: AsyncEngine) -> Bot:
    async with engine.begin() as connection:
        row = {"id": "office", "key": "office", "name": "Sekretariat", "kind": "staff", "origin": "register"}
        await connection.execute(insert(groups).values(row))
        made = {"room_id": ROOM, "name": "Sekretariat", "moderators": [], "linked": True}
        await connection.execute(insert(group_rooms).values(group_id="office", kind="group", **made))
    return Bot(engine)


# --- Who, and for whom ------------------------------------------------------------------------------------------


async def test_a_guardian_reports_their_child_to_the_office(bot: Bot) -> None:
    answer = await bot.asked("Ben morgen")
    assert answer == GERMAN.say("sick.done", name="Ben Groß", days="Mi, 25. November")
    [(room_id, content)] = bot.sent
    assert room_id == ROOM
    assert content == {
        "type": "m.room.message",
        "msgtype": "m.text",
        "body": "Fehlt Mi, 25. November: Ben Groß (Klasse 5a). Gemeldet von Gabi Groß.",
        "m.mentions": {},
    }


async def test_a_pupil_reports_themselves(bot: Bot) -> None:
    for words in ("heute", "Ben heute"):
        assert await bot.asked(words, BEN) == GERMAN.say("sick.done", name="Ben Groß", days="Di, 24. November")
    assert bot.told == ["Fehlt Di, 24. November: Ben Groß (Klasse 5a). Selbst gemeldet."] * 2
    assert len(bot.transactions) == 2


async def test_one_request_is_one_message_even_if_the_appservice_is_told_of_it_twice(bot: Bot) -> None:
    for event_id in ("$a", "$a", "$b"):
        await bot.asked("Ben morgen", event_id=event_id)
    assert len(bot.transactions) == 2


async def test_in_english_the_guardian_is_answered_and_the_office_reads_the_language_of_the_school(bot: Bot) -> None:
    answer = await bot.asked("Ben 24 to 25 Nov", language=Language.ENGLISH)
    assert answer.startswith("✅ Reported: Ben Groß is absent Tue, 24 November to Wed, 25 November.")
    assert bot.told == ["Fehlt Di, 24. November bis Mi, 25. November: Ben Groß (Klasse 5a). Gemeldet von Gabi Groß."]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("morgen", "Mi, 25. November"),
        ("ben groß morgen", "Mi, 25. November"),
        ("Gross, Ben: 25.11.", "Mi, 25. November"),
        ("Ben am Mittwoch!", "Mi, 25. November"),
        ("Ben 24.11.–26.11.", "Di, 24. November bis Do, 26. November"),
        ("Ben 24. bis 26. November", "Di, 24. November bis Do, 26. November"),
        ("Ben bis Freitag", "Di, 24. November bis Fr, 27. November"),
        ("Ben ab morgen", "ab Mi, 25. November, ohne festes Ende"),
        ("Ben, Mi, 25.11.", "Mi, 25. November"),
    ],
)
async def test_names_and_days_are_read_kindly(bot: Bot, words: str, days: str) -> None:
    await bot.asked(words)
    assert bot.told == [f"Fehlt {days}: Ben Groß (Klasse 5a). Gemeldet von Gabi Groß."]


async def test_with_two_children_one_has_to_be_named(bot: Bot) -> None:
    for words in ("morgen", "Groß morgen", "Carl morgen"):
        assert await bot.asked(words, FATHER) == GERMAN.say("sick.which", names="Bea Groß, Ben Groß")
    assert bot.sent == []
    await bot.asked("Bea morgen", FATHER)
    assert bot.told == ["Fehlt Mi, 25. November: Bea Groß (Klasse 5a). Gemeldet von Hanna Groß."]


async def test_children_of_one_name_are_told_apart(bot: Bot) -> None:
    twin = replace(BEA, given_name="Ben")
    bot.keeper.standing = school(BEN, twin, FATHER, CLERK)
    assert await bot.asked("Ben morgen", FATHER) == GERMAN.say("sick.which", names="Ben Groß (@bea), Ben Groß (@ben)")
    await bot.asked("@bea morgen", FATHER)
    assert len(bot.sent) == 1


@pytest.mark.parametrize("words", ["Carl morgen", "@carl morgen", "Carl Groß 25.11.", "@carl:school.test heute"])
@pytest.mark.parametrize("who", [MOTHER, BEN], ids=["a guardian", "a pupil"])
async def test_nobody_reports_the_child_of_others(bot: Bot, who: Person, words: str) -> None:
    assert await bot.asked(words, who) == GERMAN.say("sick.which", names="Ben Groß")
    assert bot.sent == []


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        (IDA, GERMAN.say("sick.not_for_staff")),
        (CLERK, GERMAN.say("sick.not_for_staff")),
        (GABI, GERMAN.say("sick.no_child")),
        (replace(GABI, wards=frozenset({PersonId("gone")})), GERMAN.say("sick.no_child")),
    ],
    ids=["a teacher", "staff", "a guardian of nobody", "a guardian whose child has left"],
)
async def test_nobody_else_reports_anything(bot: Bot, who: Person, answer: str) -> None:
    assert await bot.asked("Ben morgen", who) == answer
    assert bot.sent == []


async def test_a_teacher_who_is_a_parent_reports_their_own_child(bot: Bot) -> None:
    teacher = replace(OTTO, wards=frozenset({CARL.id}))
    await bot.asked("Carl morgen", teacher)
    assert bot.told == ["Fehlt Mi, 25. November: Carl Groß (Klasse 6b). Gemeldet von Otto Groß."]


# --- Nothing but a child and days -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", GERMAN.say("sick.how")),
        ("Ben", GERMAN.say("sick.how")),
        ("Ben morgen Fieber", GERMAN.say("sick.how")),
        ("Ben hat Fieber", GERMAN.say("sick.how")),
        ("Ben Fieber morgen", GERMAN.say("sick.which", names="Ben Groß")),
        ("Ben 26.11.–24.11.", GERMAN.say("sick.backward")),
        ("Ben 20.11.2026", GERMAN.say("sick.over")),
        ("Ben 23.11.", GERMAN.say("sick.too_far", days="Di, 23. November 2027", most=60)),
        ("Ben 24.11.–31.3.", GERMAN.say("sick.too_far", days="Di, 24. November bis Mi, 31. März", most=60)),
    ],
)
async def test_what_is_no_child_and_no_day_goes_nowhere(bot: Bot, words: str, answer: str) -> None:
    assert await bot.asked(words) == answer
    assert bot.sent == []


async def test_nothing_of_it_is_kept(bot: Bot) -> None:
    await bot.asked("Ben morgen")
    async with bot.engine.connect() as connection:
        assert (await connection.execute(audit_log.select())).all() == [], "what stands there is never forgotten"


# --- Where it cannot go -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("office", [None, "Verwaltung"])
async def test_without_an_office_one_is_told_whom_to_call(bot: Bot, office: str | None) -> None:
    bot.office = office
    assert await bot.asked("Ben morgen") == GERMAN.say("sick.call")
    assert bot.sent == []


async def test_an_office_with_a_pupil_in_it_is_told_nothing(bot: Bot) -> None:
    curious = replace(CARL, groups=CARL.groups | {GroupId("office")})
    bot.keeper.standing = school(BEN, MOTHER, CLERK, curious)
    assert await bot.asked("Ben morgen") == GERMAN.say("sick.call")
    assert bot.sent == []


async def test_an_office_whose_room_is_not_made_yet_is_none(bot: Bot) -> None:
    async with bot.engine.begin() as connection:
        await connection.execute(group_rooms.delete())
    assert await bot.asked("Ben morgen") == GERMAN.say("sick.call")


async def test_what_does_not_reach_the_office_is_told(bot: Bot) -> None:
    bot.trouble = RefusedError("HTTP 403")
    assert await bot.asked("Ben morgen") == GERMAN.say("sick.call")
    bot.trouble = TryLaterError("HTTP 503")
    with pytest.raises(TryLaterError):
        await bot.asked("Ben morgen")


async def test_so_many_and_no_more(bot: Bot) -> None:
    for _ in range(20):
        await bot.asked("Ben morgen")
    assert await bot.asked("Ben morgen") == GERMAN.say("sick.too_many")
    assert "Gemeldet" in await bot.asked("Ben morgen", FATHER)
    assert len(bot.sent) == 21
    bot.now += timedelta(days=1, seconds=1)
    assert "Gemeldet" in await bot.asked("Ben morgen")
