"""Who is silent and who is not: a homeserver in memory that keeps push rules as Synapse does, and a real database."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import BEN, BERLIN, GABI, IDA, OTTO, standing
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from appservice.silence import REST_RULE, RULES, URGENT_RULE, Silence
from school.database.silences import read_silences
from school.database.tables import accounts, persons
from school.domain.intervals import Span
from school.domain.people import Person, UserId
from school.domain.rest import PersonalRest
from school.standing import CannotDecideError, Standing

NIGHT = datetime(2026, 5, 5, 18, 0, tzinfo=UTC)
MORNING = NIGHT + timedelta(hours=12)
MASTER = {"rule_id": ".m.rule.master", "default": True, "enabled": False, "conditions": [], "actions": []}
MENTION = {"rule_id": ".m.rule.is_user_mention", "default": True, "enabled": True, "conditions": [], "actions": []}
OURS = [URGENT_RULE, REST_RULE]
BUSY = TryLaterError("HTTP 503")
LOCKED = RefusedError("HTTP 401: locked")


def own(rule_id: str, *, enabled: bool = True) -> dict[str, Any]:
    return {"rule_id": rule_id, "default": False, "enabled": enabled, "conditions": [], "actions": ["notify"]}


class FakeHomeserver:
    """Everybody's override rules, and what was asked about them. `trouble` is what accounts answer instead."""

    def __init__(self) -> None:
        self.rules: dict[UserId, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, UserId]] = []
        self.trouble: dict[UserId, HomeserverError] = {}

    def of(self, person: Person) -> list[dict[str, Any]]:
        return self.rules.setdefault(person.user_id, [MASTER, own("my own"), own("my other", enabled=False), MENTION])

    def names(self, person: Person) -> list[str]:
        return [rule["rule_id"] for rule in self.of(person) if not rule["default"]]

    def _ask(self, what: str, user_id: UserId) -> list[dict[str, Any]]:
        self.asked.append((what, user_id))
        if user_id in self.trouble:
            raise self.trouble[user_id]
        return self.rules.setdefault(user_id, [MASTER, own("my own"), own("my other", enabled=False), MENTION])

    async def override_rules(self, user_id: UserId) -> list[dict[str, Any]]:
        return json.loads(json.dumps(self._ask("look", user_id)))  # type: ignore[no-any-return]

    async def put_override_rule(self, user_id: UserId, rule_id: str, rule: Mapping[str, Any]) -> None:
        rules = self._ask("put", user_id)
        known = next((each for each in rules if each["rule_id"] == rule_id), None)
        if known is not None:
            rules.remove(known)
        enabled = known is None or known["enabled"]
        rules.insert(1, {"rule_id": rule_id, "default": False, "enabled": enabled, **rule})

    async def switch_on_override_rule(self, user_id: UserId, rule_id: str) -> None:
        next(rule for rule in self._ask("switch on", user_id) if rule["rule_id"] == rule_id)["enabled"] = True

    async def delete_override_rule(self, user_id: UserId, rule_id: str) -> None:
        rules = self._ask("delete", user_id)
        rules[:] = [rule for rule in rules if rule["rule_id"] != rule_id]

    async def place_in_stream(self, user_id: UserId) -> str:
        self._ask("place", user_id)
        return "s1"


class FakeKeeper:
    """The state of the school, as the tests want it."""

    def __init__(self) -> None:
        self.standing: Standing | None = standing()

    def current(self) -> Standing:
        if self.standing is None:
            raise CannotDecideError("no directory")
        return self.standing

    def refresh(self) -> None:
        pass


class School:
    """A homeserver, a database and the silence between them. It is night, and Ida rests until morning."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.homeserver = FakeHomeserver()
        self.keeper = FakeKeeper()
        self.now = NIGHT
        self.rests(IDA)
        self.start()

    def start(self) -> None:
        """The appservice starts (again): everything that it had in memory is gone."""
        homeserver: Any = self.homeserver
        view = SchoolView(self.keeper, BERLIN)  # type: ignore[arg-type]
        self.silence = Silence(engine=self.engine, homeserver=homeserver, view=view, clock=lambda: self.now)

    def rests(self, *people: Person) -> None:
        """From now on these rest, until the next morning."""
        rest = PersonalRest(rests=(Span(NIGHT - timedelta(hours=1), MORNING),))
        self.keeper.standing = standing(rests=dict.fromkeys(people, rest))

    async def use(self, *people: Person, at: datetime = NIGHT) -> None:
        """These have an account that is in use since then."""
        async with self.engine.begin() as connection:
            for person in people:
                await connection.execute(
                    insert(accounts).values(person_id=person.id, display_name="", in_use_since=at.timestamp())
                )

    async def rows(self, *, ended: bool = False) -> list[UserId]:
        async with self.engine.connect() as connection:
            return [row.user_id for row in await read_silences(connection, ended=ended)]

    def asked(self) -> list[tuple[str, UserId]]:
        """What the homeserver was asked since this was called last."""
        asked, self.homeserver.asked = self.homeserver.asked, []
        return asked


@pytest.fixture
async def school(engine: AsyncEngine) -> School:
    async with engine.begin() as connection:
        for person in (IDA, OTTO, BEN, GABI):
            values = {"id": person.id, "user_id": person.user_id, "given_name": person.given_name, "role": person.role}
            await connection.execute(insert(persons).values(family_name="", **values))
    school = School(engine)
    await school.use(IDA, OTTO, BEN)
    return school


async def test_who_rests_is_silent_above_all_own_rules(school: School) -> None:
    await school.silence.round()
    rules = school.homeserver.of(IDA)
    assert [rule["rule_id"] for rule in rules] == [
        ".m.rule.master", URGENT_RULE, REST_RULE, "my own", "my other", ".m.rule.is_user_mention",
    ]  # fmt: skip
    assert [(rule["conditions"], rule["actions"]) for rule in rules[1:3]] == [
        (rule["conditions"], rule["actions"]) for rule in RULES.values()
    ]
    assert rules[2]["conditions"] == rules[2]["actions"] == []
    assert school.homeserver.names(OTTO) == ["my own", "my other"]
    assert school.silence.is_silent(IDA.user_id)
    assert not school.silence.is_silent(OTTO.user_id)


async def test_own_rules_are_found_again_as_they_were(school: School) -> None:
    before = json.dumps(school.homeserver.of(IDA))
    await school.silence.round()
    school.now = MORNING
    await school.silence.round()
    assert json.dumps(school.homeserver.of(IDA)) == before
    assert not school.silence.is_silent(IDA.user_id)
    assert await school.rows() == []
    assert await school.rows(ended=True) == [IDA.user_id]


async def test_where_nothing_changed_nothing_is_asked(school: School) -> None:
    await school.silence.round()
    school.asked()
    for _ in range(5):
        school.rests(IDA)  # the same, in a new snapshot
        await school.silence.round()
    assert school.asked() == []


async def test_a_room_more_that_waits_makes_nobodys_rest_be_worked_out_anew(school: School) -> None:
    await school.silence.round()
    assert school.keeper.standing is not None
    book = replace(school.keeper.standing.snapshot.rest, held_rooms=frozenset({"!room"}))
    snapshot = replace(school.keeper.standing.snapshot, rest=book)
    nobody_asks: Any = None
    school.keeper.standing = replace(school.keeper.standing, snapshot=snapshot, desk=nobody_asks)
    await school.silence.round()
    assert school.silence.is_silent(IDA.user_id)
    school.rests(OTTO)
    await school.silence.round()
    assert not school.silence.is_silent(IDA.user_id)


async def test_what_was_put_above_ours_is_below_again_after_a_few_minutes(school: School) -> None:
    await school.silence.round()
    school.homeserver.of(IDA).insert(1, own("later"))
    school.now += timedelta(minutes=6)
    await school.silence.round()
    assert school.homeserver.names(IDA) == [*OURS, "later", "my own", "my other"]


@pytest.mark.parametrize("number", [1, 2], ids=["the urgent rule", "the rest rule"])
@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"actions": ["notify", "org.example"]}, {"conditions": [{"kind": "contains_display_name"}]}],
    ids=["off", "other actions", "conditions"],
)
async def test_a_rule_of_ours_that_was_changed_is_put_right(school: School, number: int, change: Any) -> None:
    await school.silence.round()
    before = json.dumps(school.homeserver.of(IDA))
    school.homeserver.of(IDA)[number] |= change
    school.now += timedelta(minutes=6)
    await school.silence.round()
    assert json.dumps(school.homeserver.of(IDA)) == before


async def test_looking_again_changes_nothing_where_all_is_right(school: School) -> None:
    await school.silence.round()
    school.asked()
    school.now += timedelta(minutes=6)
    await school.silence.round()
    assert school.asked() == [("look", IDA.user_id)]


async def test_accounts_that_nobody_uses_are_left_alone(school: School) -> None:
    school.rests(IDA, OTTO, GABI)
    async with school.engine.begin() as connection:
        await connection.execute(update(accounts).where(accounts.c.person_id == OTTO.id).values(in_use_since=None))
    await school.silence.round()
    assert {user_id for _, user_id in school.asked()} == {IDA.user_id}


async def test_who_signs_in_for_the_first_time_in_a_rest_is_silent_at_once(school: School) -> None:
    async with school.engine.begin() as connection:
        await connection.execute(update(accounts).where(accounts.c.person_id == OTTO.id).values(in_use_since=None))
    school.rests(IDA, OTTO)
    await school.silence.round()
    assert school.homeserver.names(OTTO) == ["my own", "my other"]
    async with school.engine.begin() as connection:
        first = NIGHT.timestamp() - 20  # committed later than a later one
        await connection.execute(update(accounts).where(accounts.c.person_id == OTTO.id).values(in_use_since=first))
    await school.silence.round()
    assert school.homeserver.names(OTTO)[:2] == OURS


async def test_who_leaves_the_school_is_not_silent_any_more(school: School) -> None:
    await school.silence.round()
    school.keeper.standing = standing(people=[OTTO, BEN])
    await school.silence.round()
    assert school.homeserver.names(IDA) == ["my own", "my other"]


# --- Before the first held message -----------------------------------------------------------------------------------


async def test_lifting_ends_the_silence_of_those_who_are_back_and_of_nobody_else(school: School) -> None:
    school.rests(IDA, OTTO)
    await school.silence.round()
    assert not await school.silence.late()
    school.rests(OTTO)
    assert set(await school.silence.late()) == {IDA.user_id}
    await school.silence.lift([IDA.user_id, OTTO.user_id, BEN.user_id])
    assert school.homeserver.names(IDA) == ["my own", "my other"]
    assert school.homeserver.names(OTTO)[:2] == OURS
    assert not await school.silence.late()


async def test_who_is_late_is_known_at_the_very_end_of_the_rest(school: School) -> None:
    await school.silence.round()
    school.now = MORNING - timedelta(milliseconds=1)
    assert not await school.silence.late()
    school.now = MORNING
    assert set(await school.silence.late()) == {IDA.user_id}


async def test_who_became_silent_later_is_late_in_time(school: School) -> None:
    hour = timedelta(hours=1)
    rests = {IDA: Span(NIGHT, MORNING), OTTO: Span(NIGHT + hour, NIGHT + 2 * hour)}
    school.keeper.standing = standing(rests={who: PersonalRest(rests=(span,)) for who, span in rests.items()})
    for late in (set[UserId](), set[UserId](), {OTTO.user_id}):
        assert set(await school.silence.late()) == late
        await school.silence.round()
        school.now += hour
    assert not await school.silence.late()


async def test_after_a_start_it_is_known_who_is_late_before_anything_else(school: School) -> None:
    await school.silence.round()
    school.start()
    school.now = MORNING
    assert set(await school.silence.late()) == {IDA.user_id}
    await school.silence.lift(await school.silence.late())
    assert school.homeserver.names(IDA) == ["my own", "my other"]


async def test_while_it_cannot_be_lifted_the_message_has_to_wait(school: School) -> None:
    await school.silence.round()
    school.now = MORNING
    school.homeserver.trouble[IDA.user_id] = BUSY
    with pytest.raises(TryLaterError):
        await school.silence.lift([IDA.user_id])
    assert set(await school.silence.late()) == {IDA.user_id}


async def test_an_account_that_is_locked_keeps_no_message_from_the_others(school: School) -> None:
    school.rests(IDA, OTTO)
    await school.silence.round()
    school.rests()
    school.homeserver.trouble[IDA.user_id] = LOCKED
    await school.silence.lift([IDA.user_id, OTTO.user_id])
    assert school.homeserver.names(OTTO) == ["my own", "my other"]
    assert not await school.silence.late()


# --- Whatever happens ------------------------------------------------------------------------------------------------


async def test_nobody_stays_silent_because_a_process_died(school: School) -> None:
    await school.silence.round()
    school.start()
    school.now = MORNING
    await school.silence.round()
    assert school.homeserver.names(IDA) == ["my own", "my other"]


async def test_nobody_stays_silent_because_the_database_was_restored(school: School) -> None:
    school.homeserver.of(OTTO).insert(1, own(REST_RULE))
    await school.silence.round()
    assert school.homeserver.names(OTTO) == ["my own", "my other"]


async def test_a_rule_that_comes_late_goes_with_the_next_look(school: School) -> None:
    """An answer that was given up may still become true."""
    await school.silence.round()
    school.now = MORNING
    await school.silence.round()
    await school.homeserver.put_override_rule(IDA.user_id, REST_RULE, RULES[REST_RULE])
    school.now += timedelta(minutes=6)
    await school.silence.round()
    assert school.homeserver.names(IDA) == ["my own", "my other"]


async def test_what_the_homeserver_did_not_do_is_done_in_the_next_round(school: School) -> None:
    school.homeserver.trouble[IDA.user_id] = BUSY
    with pytest.raises(TryLaterError):
        await school.silence.round()
    school.homeserver.trouble.clear()
    await school.silence.round()
    assert school.homeserver.names(IDA)[:2] == OURS


async def test_a_rule_that_could_not_be_put_is_put_in_the_next_round(school: School) -> None:
    put, fails = school.homeserver.put_override_rule, [True]

    async def put_or_fail(user_id: UserId, rule_id: str, rule: Mapping[str, Any]) -> None:
        if fails and rule_id == URGENT_RULE:
            fails.pop()
            raise BUSY
        await put(user_id, rule_id, rule)

    school.homeserver.put_override_rule = put_or_fail  # type: ignore[method-assign]
    with pytest.raises(TryLaterError):
        await school.silence.round()
    assert await school.rows() == [IDA.user_id]
    await school.silence.round()
    assert school.homeserver.names(IDA)[:2] == OURS


async def test_a_locked_account_is_not_asked_every_second_and_stops_nobody(school: School) -> None:
    school.rests(IDA, OTTO)
    school.homeserver.trouble[IDA.user_id] = LOCKED
    await school.silence.round()
    assert school.homeserver.names(OTTO)[:2] == OURS
    school.asked()
    await school.silence.round()
    assert school.asked() == []
    school.homeserver.trouble.clear()
    school.now += timedelta(minutes=6)
    await school.silence.round()
    assert school.homeserver.names(IDA)[:2] == OURS


async def test_without_a_directory_everybody_counts_as_silent(school: School) -> None:
    await school.silence.round()
    school.keeper.standing = None
    assert school.silence.is_silent(OTTO.user_id)
    with pytest.raises(CannotDecideError):
        await school.silence.round()


async def test_fifty_at_once_are_asked_a_few_at_a_time(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    look = school.homeserver.override_rules

    async def slow_look(user_id: UserId) -> list[dict[str, Any]]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return await look(user_id)

    monkeypatch.setattr(school.homeserver, "override_rules", slow_look)
    teachers = [
        Person(id=f"p{n}", user_id=f"@t{n}:school.test", given_name="T", family_name=str(n), role=IDA.role)  # type: ignore[arg-type]
        for n in range(120)
    ]
    async with school.engine.begin() as connection:
        for one in teachers:
            values = {"id": one.id, "user_id": one.user_id, "given_name": "", "family_name": "", "role": one.role}
            await connection.execute(insert(persons).values(**values))
    await school.use(*teachers)
    rest = PersonalRest(rests=(Span(NIGHT, MORNING),))
    school.keeper.standing = standing(people=teachers, rests=dict.fromkeys(teachers, rest))
    await school.silence.round()
    assert all(school.homeserver.names(one)[:2] == OURS for one in teachers)
    assert 1 < most <= 4
    assert [what for what, _ in school.asked()].count("place") == 3


async def test_running_it_follows_rests_by_itself(school: School) -> None:
    running = asyncio.create_task(school.silence.run())
    for wanted in ([*OURS, "my own", "my other"], ["my own", "my other"]):
        for _ in range(500):
            if school.homeserver.names(IDA) == wanted:
                break
            await asyncio.sleep(0.01)
        assert school.homeserver.names(IDA) == wanted
        school.now = MORNING
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
