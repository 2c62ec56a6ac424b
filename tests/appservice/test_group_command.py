"""`!gruppe`: each thing that can be done, by whoever may and whoever may not; and that nothing is half done."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school
from builders import BEA, BEN, CARL, GABI, HANNA, IDA, OTTO, person
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice import school_view
from appservice.bot.group_command import GroupCommand
from appservice.desks.groups import GroupsDesk
from school.config import load_settings
from school.database.school_groups import read_school_groups
from school.database.tables import Part, audit_log, groups, memberships
from school.database.versions import bump
from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.people import GUARDIAN, STUDENT, Person
from school.texts import Texts

LEO, MIA = person("leo", STUDENT, "5a"), person("mia", STUDENT, "6b")
COUNCIL = person("council", GUARDIAN, "parents-5a", "parents-6b")
CONFIG = f"rights: {{persons: {{{COUNCIL.id}: {{create_groups: true}}}}}}\n"


@dataclass
class Bot:
    """The command in a school of two classes."""

    school: School
    changes: list[None]
    today: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)
    command: GroupCommand = field(init=False)

    def __post_init__(self) -> None:
        settings = load_settings(Path(self.school.engine.url.database or "").parent / "school.yaml")
        desk = GroupsDesk(
            engine=self.school.engine,
            view=self.school.view,
            year=settings.groups.school_year,
            changed=lambda: self.changes.append(None),
            clock=lambda: self.today,
        )
        self.command = GroupCommand(desk=desk, view=self.school.view, clock=lambda: self.today)

    async def told(self, words: str, who: Person = IDA, texts: Texts = GERMAN) -> str:
        person = self.school.view.now.policy.directory.person(who.user_id) or who
        return str(await self.school.ask(self.command.command(), words, person, texts))

    async def made(self, words: str = "Theater-AG", who: Person = IDA) -> GroupId:
        assert "ist angelegt" in await self.told(f"neu {words}", who)
        return self.groups()[words.partition(" +")[0]]

    def groups(self) -> dict[str, GroupId]:
        """Those that teachers made, by name."""
        known = self.school.view.now.policy.directory.groups.values()
        return {group.name: group.id for group in known if not group.in_register}

    def members(self, group: GroupId) -> set[Person]:
        return {by_id(one.id) for one in self.school.view.now.policy.directory.members(group)}

    async def owners(self, group: GroupId) -> set[str]:
        async with self.school.engine.connect() as connection:
            return set((await read_school_groups(connection))[group].owners)

    async def details(self) -> list[dict[str, object]]:
        async with self.school.engine.connect() as connection:
            return list(await connection.scalars(select(audit_log.c.details).order_by(audit_log.c.id)))

    async def state(self) -> object:
        """All that a command could have changed."""
        async with self.school.engine.connect() as connection:
            rows = [sorted(map(tuple, await connection.execute(select(table)))) for table in (groups, memberships)]
            known = await read_school_groups(connection)
        return rows, known, await self.details(), len(self.changes)


def by_id(person_id: str) -> Person:
    return next(one for one in (IDA, OTTO, BEN, BEA, CARL, GABI, HANNA, HEAD, LEO, MIA, COUNCIL) if one.id == person_id)


@pytest.fixture
async def bot(database: Path, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setattr(school_view, "KNOWN_EVERYWHERE_SECONDS", 0)
    async with a_school(database, engine, config=CONFIG, more=[LEO, MIA, COUNCIL]) as school:
        yield Bot(school, [])


# --- By whom ----------------------------------------------------------------------------------------------------

EVERYTHING = (
    "",
    "neu Chor",
    "Theater-AG",
    "Theater-AG + Ben Groß",
    "Theater-AG - Carl Groß",
    "Theater-AG umbenennen in Bühne",
    "Theater-AG behalten",
    "Theater-AG leitung + Otto Groß",
    "Theater-AG auflösen",
)


@pytest.mark.parametrize("words", EVERYTHING)
@pytest.mark.parametrize("who", [BEN, CARL, GABI], ids=["a pupil", "a member of it", "a guardian"])
async def test_who_may_make_no_groups_is_told_so_whatever_they_want(who: Person, words: str, bot: Bot) -> None:
    await bot.made("Theater-AG + Carl Groß")
    before = await bot.state()
    assert await bot.told(words, who) == GERMAN.refusal(Reason.NO_GROUPS)
    assert await bot.state() == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Theater-AG + Ben Groß", Reason.NOT_AN_OWNER),
        ("Theater-AG - Carl Groß", Reason.NOT_AN_OWNER),
        ("Theater-AG umbenennen in Bühne", Reason.NOT_AN_OWNER),
        ("Theater-AG behalten", Reason.NOT_AN_OWNER),
        ("Theater-AG auflösen", Reason.NOT_AN_OWNER),
        ("Theater-AG leitung + Otto Groß", Reason.LEADERSHIP_ONLY),
    ],
)
async def test_another_teacher_changes_nothing(words: str, reason: Reason, bot: Bot) -> None:
    await bot.made("Theater-AG + Carl Groß")
    before = await bot.state()
    assert await bot.told(words, OTTO) == GERMAN.refusal(reason)
    assert await bot.state() == before
    assert "Carl Groß" in await bot.told("Theater-AG", OTTO)
    assert await bot.told("", OTTO) == GERMAN.say("group.none")


async def test_an_owner_does_not_say_who_else_owns_the_group(bot: Bot) -> None:
    group = await bot.made()
    assert await bot.told("Theater-AG leitung + Otto Groß - Ida Groß") == GERMAN.refusal(Reason.LEADERSHIP_ONLY)
    assert await bot.owners(group) == {IDA.id}


@pytest.mark.parametrize(
    ("words", "said", "action"),
    [
        ("Theater-AG + Ben Groß", "• aufgenommen: Ben Groß", "group_changed"),
        ("Theater-AG - Carl Groß", "• nicht mehr dabei: Carl Groß", "group_changed"),
        ("Theater-AG umbenennen in Bühne", "✅ Theater-AG heißt jetzt Bühne.", "group_renamed"),
        ("Theater-AG behalten", "✅ Theater-AG bleibt bis Sa, 31. Juli 2027.", "group_kept"),
        ("Theater-AG auflösen", "✅ Theater-AG ist aufgelöst.", "group_ended"),
    ],
)
@pytest.mark.parametrize("who", [IDA, HEAD], ids=["its owner", "the leadership"])
async def test_owners_and_the_leadership_change_a_group(
    who: Person, words: str, said: str, action: str, bot: Bot
) -> None:
    group = await bot.made("Theater-AG + Carl Groß")
    assert said in await bot.told(words, who)
    right = "groups:owners" if who is IDA else "groups:leadership"
    assert (await bot.school.logged())[-1] == (action, who.id, group, right)


@pytest.mark.parametrize("who", [IDA, HEAD], ids=["a teacher", "the leadership"])
@pytest.mark.parametrize(
    "words",
    [
        "Klasse 5a",
        "Klasse 5a + Carl Groß",
        "5a - Ben Groß",
        "Klasse 5a behalten",
        "Klasse 5a auflösen",
        "Klasse 5a umbenennen in Klasse 6a",
        "Klasse 5a leitung + Ida Groß",
    ],
)
async def test_what_comes_from_the_register_is_changed_there(who: Person, words: str, bot: Bot) -> None:
    before = await bot.state()
    assert await bot.told(words, who) == GERMAN.refusal(Reason.GROUP_FROM_REGISTER)
    assert await bot.state() == before


# --- Making -----------------------------------------------------------------------------------------------------


async def test_who_makes_a_group_owns_it_and_is_in_it(bot: Bot) -> None:
    answer = await bot.told("neu Theater-AG")
    assert answer.startswith("✅ Theater-AG ist angelegt, du leitest sie. Mitglieder: 1, bis Fr, 31. Juli.\n")
    assert answer.endswith("So kommen andere dazu: !gruppe Theater-AG + Anna Koch, Klasse 8.1")
    group = bot.groups()["Theater-AG"]
    assert bot.members(group) == {IDA}
    assert await bot.owners(group) == {IDA.id}
    assert await bot.school.logged() == [("group_made", IDA.id, group, "default:teacher:create_groups")]
    assert await bot.details() == [{"added": [IDA.id]}]
    assert len(bot.changes) == 1


async def test_a_group_can_begin_with_people(bot: Bot) -> None:
    group = await bot.made("Theater-AG + Klasse 5a, Carl Groß - Ben Groß")
    assert bot.members(group) == {IDA, BEA, LEO, CARL}


async def test_the_language_is_that_of_the_word(bot: Bot) -> None:
    assert (await bot.told("new Theatre Club", texts=ENGLISH)).startswith("✅ Theatre Club is there, and you own it.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("neu klasse 5A", "group.name_taken"),
        ("neu Theater AG", "group.name_taken"),
        (f"neu {'A' * 61}", "group.name_too_long"),
        ("neu Theater, Tanz", "group.name_unreadable"),
        ("neu", "group.not_understood"),
        ("neu 🐝", "group.not_understood"),
    ],
)
async def test_a_name_that_cannot_be_makes_no_group(words: str, said: str, bot: Bot) -> None:
    await bot.made()
    before = await bot.state()
    assert await bot.told(words, OTTO) == GERMAN.say(said)
    assert await bot.state() == before


async def test_the_name_of_a_group_that_ended_is_free_again(bot: Bot) -> None:
    first = await bot.made()
    await bot.told("Theater-AG auflösen")
    assert await bot.made() != first


async def test_two_who_make_the_same_group_at_once_make_one(bot: Bot) -> None:
    answers = await asyncio.gather(*(bot.told("neu Theater-AG", who) for who in (IDA, OTTO)))
    assert sorted(answer.startswith("✅") for answer in answers) == [False, True]
    assert len(bot.groups()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("neu Beirat + Gabi Groß", "✅ Beirat ist angelegt"),
        ("neu Beirat + Gabi Groß, Ida Groß, Otto Groß", "✅ Beirat ist angelegt"),
        ("neu Beirat + Gabi Groß, Hanna Groß", GERMAN.refusal(Reason.WOULD_BRIDGE_GROUPS)),
        ("neu Beirat + Ben Groß", GERMAN.refusal(Reason.NO_COMMON_GROUP)),
    ],
)
async def test_who_may_not_write_to_everyone_bridges_nothing_with_a_group(words: str, said: str, bot: Bot) -> None:
    assert (await bot.told(words, COUNCIL)).startswith(said)
    if said.startswith("✅"):
        assert await bot.told("Beirat + Hanna Groß", COUNCIL) == GERMAN.refusal(Reason.WOULD_BRIDGE_GROUPS)
        assert HANNA not in bot.members(bot.groups()["Beirat"])


# --- Members ----------------------------------------------------------------------------------------------------


async def test_people_and_groups_come_and_go_and_each_is_told_once(bot: Bot) -> None:
    group = await bot.made("Theater-AG + Carl Groß, Bea Groß")
    assert await bot.told("Theater-AG + Klasse 5a, Carl Groß - Bea Groß, Mia Groß") == (
        "✅ Theater-AG, Mitglieder jetzt: 4\n"
        "• aufgenommen: Ben Groß, Leo Groß\n"
        "• schon dabei: Carl Groß, Ida Groß\n"
        "• nicht mehr dabei: Bea Groß\n"
        "• auch vorher nicht dabei: Mia Groß"
    )
    assert bot.members(group) == {IDA, CARL, BEN, LEO}
    assert (await bot.details())[-1] == {"added": [BEN.id, LEO.id], "removed": [BEA.id]}


async def test_all_of_a_class_but_one(bot: Bot) -> None:
    group = await bot.made()
    assert "Leo" not in await bot.told("Theater-AG + 5a - Leo Groß")
    assert bot.members(group) == {IDA, BEN, BEA}


async def test_where_nothing_changes_nothing_is_written(bot: Bot) -> None:
    await bot.made("Theater-AG + Carl Groß")
    before = await bot.state()
    assert await bot.told("Theater-AG + Carl Groß - Mia Groß") == (
        "Theater-AG, Mitglieder: 2. Geändert hat sich nichts.\n"
        "• schon dabei: Carl Groß\n"
        "• auch vorher nicht dabei: Mia Groß"
    )
    assert await bot.state() == before


@pytest.mark.parametrize(
    "words",
    ["+ Carl Groß, Xylophon", "+ Carl Groß - Xylophon", "+ Klasse 5a, Groß", "+ Klase 7x", "- Xylophon + Carl Groß"],
)
async def test_nothing_is_done_before_all_names_are_clear(words: str, bot: Bot) -> None:
    await bot.made()
    before = await bot.state()
    assert (await bot.told(f"Theater-AG {words}")).startswith("Geändert ist nichts, weil noch nicht alle Namen klar")
    assert (await bot.told(f"neu Chor {words}")).startswith("Geändert ist nichts")
    assert await bot.state() == before


async def test_many_are_counted_and_few_are_named(bot: Bot) -> None:
    await bot.made()
    assert "• aufgenommen: 9" in await bot.told("Theater-AG + 5a, 6b, Eltern 5a, Eltern 6b - Gerd Groß")


async def test_the_name_of_the_group_may_be_written_as_people_write(bot: Bot) -> None:
    group = await bot.made()
    await bot.told("theater ag + Carl Groß")
    await bot.told("Theter-AG + Mia Groß")
    assert bot.members(group) == {IDA, CARL, MIA}


async def test_a_group_that_is_not_there_is_not_guessed(bot: Bot) -> None:
    await bot.made()
    assert await bot.told("Xylophon + Carl Groß") == GERMAN.say("groups.unknown", name="Xylophon")


# --- Names, time, the end ---------------------------------------------------------------------------------------


async def test_a_group_is_ended_only_by_its_whole_name(bot: Bot) -> None:
    group = await bot.made("Theater-AG + Carl Groß")
    assert await bot.told("Theater auflösen") == (
        "Meinst du Theater-AG? Dann schreib bitte: !gruppe Theater-AG auflösen"
    )
    assert bot.members(group) == {IDA, CARL}
    assert await bot.told("theater-ag auflösen") == "✅ Theater-AG ist aufgelöst. Alle verlassen jetzt den Raum."
    assert bot.groups() == {}
    assert CARL.groups == frozenset({"6b"})
    assert await bot.told("Theater-AG + Carl Groß") == GERMAN.say("groups.unknown", name="Theater-AG")


async def test_a_new_name_must_be_nobody_elses_but_may_be_the_same_in_capital_letters(bot: Bot) -> None:
    group = await bot.made()
    assert await bot.told("Theater-AG umbenennen in Klasse 6b") == GERMAN.say("group.name_taken")
    assert await bot.told("Theater-AG umbenennen in THEATER-AG") == "✅ Theater-AG heißt jetzt THEATER-AG."
    assert bot.groups() == {"THEATER-AG": group}


async def test_keeping_a_group_twice_is_keeping_it_once(bot: Bot) -> None:
    await bot.made()
    assert await bot.told("Theater-AG behalten") == "✅ Theater-AG bleibt bis Sa, 31. Juli 2027."
    before = await bot.state()
    assert await bot.told("Theater-AG behalten") == "Theater-AG bleibt ohnehin bis Sa, 31. Juli 2027."
    assert await bot.state() == before


# --- Owners -----------------------------------------------------------------------------------------------------


async def test_the_leadership_says_who_owns_a_group(bot: Bot) -> None:
    group = await bot.made()
    assert await bot.told("Theater-AG leitung + Otto Groß - Ida Groß", HEAD) == "✅ Theater-AG, Leitung: Otto Groß"
    assert await bot.owners(group) == {OTTO.id}
    assert bot.members(group) == {IDA, OTTO}
    assert await bot.told("Theater-AG + Ben Groß") == GERMAN.refusal(Reason.NOT_AN_OWNER)
    assert "aufgenommen: Ben Groß" in await bot.told("Theater-AG + Ben Groß", OTTO)
    assert (await bot.school.logged())[1] == ("group_owners_changed", HEAD.id, group, "groups:leadership")
    assert (await bot.details())[1] == {"added": [OTTO.id], "removed": [IDA.id]}


async def test_a_group_whose_last_owner_is_taken_is_the_leaderships(bot: Bot) -> None:
    group = await bot.made()
    answer = await bot.told("Theater-AG leitung - Ida Groß", HEAD)
    assert answer == "✅ Theater-AG, Leitung: die Schulleitung"
    assert await bot.owners(group) == set()
    assert "aufgenommen" in await bot.told("Theater-AG + Ben Groß", HEAD)


async def test_who_may_make_no_groups_becomes_no_owner(bot: Bot) -> None:
    group = await bot.made()
    said = await bot.told("Theater-AG leitung + Otto Groß, Ben Groß", HEAD)
    assert said == f"Ben Groß: {GERMAN.refusal(Reason.MAY_NOT_OWN)}"
    assert await bot.owners(group) == {IDA.id}
    assert bot.members(group) == {IDA}


# --- Looking ----------------------------------------------------------------------------------------------------


async def test_everybody_sees_their_own_groups_and_the_leadership_all(bot: Bot) -> None:
    await bot.made("Theater-AG + Carl Groß")
    await bot.made("Chor", OTTO)
    assert (await bot.told("")).splitlines() == [
        "Deine Gruppen:",
        "• Theater-AG, Mitglieder: 2, bis Fr, 31. Juli, Leitung: Ida Groß",
        "Mehr zu einer: !gruppe und ihr Name. Was alles geht: !hilfe gruppe",
    ]
    assert [line.partition(",")[0] for line in (await bot.told("alle", HEAD)).splitlines()[:-1]] == [
        "Gruppen",
        "• Chor",
        "• Theater-AG",
    ]


async def test_a_group_is_shown_with_everybody_in_it(bot: Bot) -> None:
    await bot.made("Theater-AG + Carl Groß, Mia Groß")
    assert await bot.told("Theater-AG") == (
        "Theater-AG, bis Fr, 31. Juli, Leitung: Ida Groß\nMitglieder (3): Carl Groß, Ida Groß, Mia Groß"
    )


@pytest.mark.parametrize(("who", "offered"), [(IDA, True), (HEAD, True), (COUNCIL, True), (BEN, False), (GABI, False)])
async def test_the_command_is_offered_to_who_can_use_it(who: Person, offered: bool, bot: Bot) -> None:
    assert await bot.school.listed(bot.command.command(), who) is offered


# --- Beside the register ----------------------------------------------------------------------------------------


async def test_where_the_register_has_a_group_of_the_same_name_later_its_name_means_that(bot: Bot) -> None:
    own = await bot.made("Theater-AG + Mia Groß")
    async with bot.school.engine.begin() as connection:
        values = {"id": "other", "key": "k", "name": "Theater-AG", "kind": "club", "origin": "register"}
        await connection.execute(insert(groups).values(**values))
        await connection.execute(insert(memberships).values(person_id=LEO.id, group_id="other"))
        await bump(connection, Part.PEOPLE)
    await bot.school.view.refresh()
    await bot.made("Chor + Theater-AG")
    assert bot.members(bot.groups()["Chor"]) == {IDA, LEO}
    assert "aufgenommen: Ben Groß" in await bot.told("Theater-AG + Ben Groß")
    assert bot.members(own) == {IDA, MIA, BEN}
    assert "heißt jetzt Bühne" in await bot.told("Theater-AG umbenennen in Bühne")
    assert await bot.told("Theater-AG + Carl Groß") == GERMAN.refusal(Reason.GROUP_FROM_REGISTER)
