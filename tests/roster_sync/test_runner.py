"""One sync from its beginning to its end: never two at once, told as it goes, and what is left when it does not end."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import TryLaterError
from appservice.stages import Progress
from roster_sync.mirror import MirrorReport
from roster_sync.plan import Guard, Plan, make_plan
from roster_sync.runner import Ending, Outcome, Runner, StoppedError, counts_of, plan_key
from roster_sync.sources import RegisterOptions
from roster_sync.sources.extract import Extract
from roster_sync.sync import RosterSync
from school.database.leases import LeaseTakenError
from school.database.register import read_known
from school.database.sync_runs import LastSync, last_sync
from school.database.tables import audit_log, leases
from school.domain.directory import Directory
from school.domain.groups import GroupKind
from school.domain.people import STUDENT, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, RegisterError, Roster, RosterGroup, RosterPerson

OPTIONS = RegisterOptions(identity_key=b"only for tests")
CLASS = RosterGroup(key=GroupKey("5a"), name="Klasse 5a", kind=GroupKind.CLASS)


def person(ident: str, role: Role = STUDENT, *, name: str = "Kim") -> RosterPerson:
    groups = frozenset({CLASS.key} if role == STUDENT else ())
    return RosterPerson(id=PersonId(ident), given_name=name, family_name="Groß", role=role, groups=groups)


def people(pupils: int) -> dict[str, RosterPerson]:
    return {"t1": person("t1", TEACHER)} | {f"s{number}": person(f"s{number}") for number in range(pupils)}


@dataclass
class School:
    """A register that a test changes, and a homeserver that does, or does not, what it is asked."""

    engine: AsyncEngine
    persons: dict[str, RosterPerson] = field(default_factory=lambda: people(30))
    problem: str = ""
    failures: list[str] = field(default_factory=list)
    mirrored: int = 0
    mirroring: Callable[[], Any] | None = None
    reads: int = 0

    def runner(self, *, now: datetime | None = None) -> Runner:
        clock = (lambda: now) if now else (lambda: datetime.now(UTC))
        return Runner(engine=self.engine, sync=self._sync, mirror=self._mirror, clock=clock)

    def _sync(self) -> RosterSync:
        return RosterSync(
            engine=self.engine,
            server_name="school.test",
            reserved=frozenset(),
            readers=(self._read,),
            options=OPTIONS,
            guard=Guard(people=10, share=0.5),
        )

    def _read(self, _options: RegisterOptions) -> Extract:
        self.reads += 1
        if self.problem:
            raise RegisterError(self.problem)
        persons = {PersonId(ident): person for ident, person in self.persons.items()}
        return Extract(source="test", persons=persons, groups={CLASS.key: CLASS}, doubts=("Kim Groß is there twice.",))

    def _mirror(self, progress: Progress) -> Any:
        return _Mirror(self, progress)

    async def directory(self) -> set[str]:
        async with self.engine.connect() as connection:
            return set((await read_known(connection)).roster.persons)

    async def last(self) -> LastSync:
        async with self.engine.connect() as connection:
            return await last_sync(connection)


@dataclass
class _Mirror:
    school: School
    progress: Progress

    async def run(self, _directory: Directory, *, known: Callable[[], Awaitable[None]]) -> MirrorReport:
        await known()
        self.progress("accounts", 0, 2)
        if self.school.mirroring is not None:
            await self.school.mirroring()
        self.progress("accounts", 2, 2)
        self.school.mirrored += 1
        return MirrorReport(failures=list(self.school.failures))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No module has to learn of a change here."""
    monkeypatch.setattr("roster_sync.sync.KNOWN_EVERYWHERE_SECONDS", 0)


@pytest.fixture
def school(writer: AsyncEngine) -> School:
    return School(writer)


async def synced(school: School) -> School:
    await school.runner().run(actor="test")
    return school


async def test_the_directory_and_the_homeserver_follow_the_register(school: School) -> None:
    shown: list[int] = []
    told: list[tuple[str, int, int]] = []
    outcome = await school.runner().run(
        actor="test",
        on_plan=lambda seen: shown.append(seen.counts["people_added"]),
        progress=lambda *step: told.append(step),
    )
    assert (outcome.ending, outcome.failures) == (Ending.DONE, ())
    assert outcome.seen is not None
    assert outcome.seen.doubts == ("Kim Groß is there twice.",)
    assert (shown, told) == ([31], [("accounts", 0, 2), ("accounts", 2, 2)])
    assert await school.directory() == set(school.persons)
    assert school.mirrored == 1


async def test_who_started_it_stands_in_the_audit_log(school: School) -> None:
    await school.runner().run(actor="p-ida")
    async with school.engine.connect() as connection:
        assert (await connection.execute(select(audit_log.c.actor))).scalars().all() == ["p-ida"]


async def test_a_look_changes_nothing(school: School) -> None:
    seen = await school.runner().look()
    assert seen.counts["people_added"] == 31
    assert (await school.directory(), await school.last()) == (set(), LastSync())


# What stops it


async def test_a_plan_that_stops_changes_nothing_and_is_shown(school: School) -> None:
    await synced(school)
    school.persons = people(5)
    runner = school.runner()
    with pytest.raises(StoppedError, match="25 of 31 people would leave") as stopped:
        await runner.run(actor="test")
    assert stopped.value.plan.counts["people_left"] == 25
    assert (len(await school.directory()), school.mirrored) == (31, 1)
    assert runner.state.counts["people_left"] == 25


@pytest.mark.parametrize("confirmed", [True, "its key"])
async def test_a_confirmed_plan_is_applied(school: School, confirmed: bool | str) -> None:
    await synced(school)
    school.persons = people(5)
    outcome = await school.runner().attempt(actor="test")
    assert (outcome.ending, outcome.seen is not None) == (Ending.STOPPED, True)
    assert outcome.seen is not None
    key = outcome.seen.key if isinstance(confirmed, str) else confirmed
    assert (await school.runner().attempt(actor="test", confirmed=key)).ending is Ending.DONE
    assert await school.directory() == set(school.persons)


async def test_only_the_plan_that_was_shown_is_confirmed(school: School) -> None:
    await synced(school)
    school.persons = people(5)
    shown = await school.runner().look()
    school.persons = people(4)
    outcome = await school.runner().attempt(actor="test", confirmed=shown.key)
    assert outcome.ending is Ending.STOPPED
    assert outcome.seen is not None
    assert (outcome.seen.counts["people_left"], outcome.seen.key == shown.key) == (26, False)
    assert len(await school.directory()) == 31


async def test_a_key_does_not_keep_back_a_plan_that_needs_nobodys_word(school: School) -> None:
    assert (await school.runner().attempt(actor="test", confirmed="of another plan")).ending is Ending.DONE


async def test_a_register_that_cannot_be_used_is_told_and_changes_nothing(school: School) -> None:
    await synced(school)
    school.problem = "schueler.csv, row 3: too few columns; export it again."
    outcome = await school.runner().attempt(actor="test")
    assert (outcome.ending, outcome.problem) == (Ending.UNREADABLE, school.problem)
    assert (len(await school.directory()), school.mirrored) == (31, 1)


async def test_one_thing_that_fails_is_named_and_the_rest_is_done(school: School) -> None:
    school.failures = ["accounts: @kim:school.test: HTTP 400"]
    runner = school.runner()
    outcome = await runner.attempt(actor="test")
    assert (outcome.ending, outcome.failures) == (Ending.DONE, tuple(school.failures))
    assert runner.state.failures == 1


@pytest.mark.parametrize("error", [TryLaterError("HTTP 502"), RuntimeError("a bug")])
async def test_what_goes_wrong_is_a_value_for_who_cannot_catch_it(school: School, error: Exception) -> None:
    async def fail() -> None:
        raise error

    school.mirroring = fail
    runner = school.runner()
    outcome = await runner.attempt(actor="test")
    assert outcome.ending is Ending.FAILED
    assert outcome.problem
    assert (runner.is_running, runner.state.running, runner.state.ending) == (False, False, Ending.FAILED)


# One at a time


async def test_two_of_one_process_run_one_after_the_other(school: School) -> None:
    running = 0

    async def alone() -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1

    school.mirroring = alone
    runner = school.runner()
    outcomes = await asyncio.gather(*(runner.attempt(actor=f"test {number}") for number in range(3)))
    assert [outcome.ending for outcome in outcomes] == [Ending.DONE] * 3
    assert school.mirrored == 3


async def test_while_another_process_syncs_nothing_is_read(school: School) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await finish.wait()

    school.mirroring = wait
    first = school.runner()
    running = asyncio.create_task(first.attempt(actor="one"))
    await begun.wait()
    assert (first.is_running, first.state.running, first.state.stages) == (True, True, {"accounts": (0, 2)})
    second = await school.runner().attempt(actor="two")
    assert second.ending is Ending.BUSY
    assert second.until is not None
    assert second.until > datetime.now(UTC)
    assert "one on" in second.problem
    assert school.reads == 1
    finish.set()
    assert (await running).ending is Ending.DONE


async def test_the_claim_of_a_process_that_died_ends_by_itself(school: School) -> None:
    died_at = datetime.now(UTC)
    async with school.engine.begin() as connection:
        until = (died_at + timedelta(seconds=30)).timestamp()
        await connection.execute(insert(leases).values(name="roster sync", holder="a dead process", until=until))
    with pytest.raises(LeaseTakenError):
        await school.runner(now=died_at).run(actor="test")
    done = await school.runner(now=died_at + timedelta(seconds=31)).run(actor="test")
    assert done.ending is Ending.DONE


# What is left


async def test_a_sync_that_ended_is_not_unfinished(school: School) -> None:
    at = datetime(2026, 9, 1, 4, 30, tzinfo=UTC)
    await school.runner(now=at).run(actor="test")
    assert await school.last() == LastSync(unfinished=False, succeeded_at=at)


async def cancelled(school: School) -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    school.mirroring = hang
    running = asyncio.create_task(school.runner().attempt(actor="test"))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def without_homeserver(school: School) -> None:
    async def fail() -> None:
        raise TryLaterError("HTTP 502")

    school.mirroring = fail
    await school.runner().attempt(actor="test")


@pytest.mark.parametrize("interrupted", [cancelled, without_homeserver])
async def test_a_sync_that_was_interrupted_is_unfinished_until_one_has_ended(
    school: School, interrupted: Callable[[School], Any]
) -> None:
    await interrupted(school)
    assert (await school.last()).unfinished
    school.mirroring = None
    await school.runner().run(actor="test")
    assert not (await school.last()).unfinished


@pytest.mark.parametrize("kept_back", ["stopped", "unreadable", "failures"])
async def test_what_waits_for_a_person_is_not_unfinished_and_no_success(school: School, kept_back: str) -> None:
    at = datetime(2026, 9, 1, 4, 30, tzinfo=UTC)
    await school.runner(now=at).run(actor="test")
    match kept_back:
        case "stopped":
            school.persons = people(5)
        case "unreadable":
            school.problem = "no"
        case _:
            school.failures = ["accounts: @kim:school.test: HTTP 400"]
    outcome: Outcome = await school.runner(now=at + timedelta(days=1)).attempt(actor="test")
    assert outcome.ending is not Ending.FAILED
    assert await school.last() == LastSync(unfinished=False, succeeded_at=at)


# What tells plans apart


def plan_of(persons: dict[str, RosterPerson], known: dict[str, RosterPerson]) -> Plan:
    rosters = [
        Roster(persons={PersonId(ident): each for ident, each in one.items()}, groups={CLASS.key: CLASS})
        for one in (persons, known)
    ]
    return make_plan(*rosters, Guard())


def test_the_order_of_the_rows_makes_no_other_plan() -> None:
    before, after = people(30), people(20) | {"s40": person("s40"), "s41": person("s41")}
    key = plan_key(plan_of(after, before), b"secret")
    for seed in range(5):
        rows = list(after.items())
        random.Random(seed).shuffle(rows)
        assert plan_key(plan_of(dict(rows), before), b"secret") == key


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"s1": person("s1", name="Lea")}, id="a name"),
        pytest.param({"s1": replace(person("s1"), leadership=True)}, id="the leadership"),
        pytest.param({"s1": person("s1", TEACHER)}, id="a role"),
        pytest.param({"s1": replace(person("s1"), groups=frozenset())}, id="a group"),
        pytest.param({"s99": person("s99")}, id="a person"),
    ],
)
def test_every_difference_makes_another_plan(change: dict[str, RosterPerson]) -> None:
    before, after = people(30), people(20)
    assert plan_key(plan_of(after | change, before), b"x") != plan_key(plan_of(after, before), b"x")


def test_the_key_is_worth_nothing_without_the_secret() -> None:
    plan = plan_of(people(20), people(30))
    assert plan_key(plan, b"one") != plan_key(plan, b"another")


def test_counts_name_everything_that_changes() -> None:
    assert counts_of(plan_of(people(2), {})) == {
        "people_added": 3,
        "people_changed": 0,
        "people_left": 0,
        "groups_added": 0,
        "groups_changed": 0,
        "groups_ended": 0,
        "memberships_added": 2,
        "memberships_removed": 0,
    }
