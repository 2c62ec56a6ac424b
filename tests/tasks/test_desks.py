"""The life of a task at its desks, with every role, state and date."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from a_school import HEAD
from builders import BEA, BEN, CARL, GABI, GERD, HANNA, IDA, NOON, OTTO
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import CLASS, DAY, DUE, HOUR, LAST, OTHER_CLASS, PARENTS, PDF, Tasks, pieces, wish, with_tasks

from school.domain.decisions import Reason
from school.domain.hand_ins import State
from school.domain.people import Person
from school.domain.task_dates import DateDoubt, Dates
from school.domain.tasks import Part, Task
from tasks.answers import Trouble


@pytest.fixture
async def tasks(school_file: Path, engine: AsyncEngine) -> AsyncIterator[Tasks]:
    async with with_tasks(school_file, engine) as tasks:
        yield tasks


async def state(tasks: Tasks, task: Task, who: Person = BEN) -> State | None:
    seen = await tasks.working.look(who, task.id)
    return None if seen.standing is None else seen.standing.state


# Setting


@pytest.mark.parametrize(
    ("who", "values", "reason", "trouble"),
    [
        pytest.param(IDA, {}, None, None, id="a teacher for the own class"),
        pytest.param(OTTO, {}, None, None, id="a teacher for any class"),
        pytest.param(BEN, {}, Reason.NO_TASKS, None, id="not a pupil"),
        pytest.param(GABI, {}, Reason.NO_TASKS, None, id="not a guardian"),
        pytest.param(IDA, {"title": "  "}, None, Trouble.TITLE, id="without a title"),
        pytest.param(IDA, {"title": "x" * 121}, None, Trouble.TITLE, id="with a title that is too long"),
        pytest.param(IDA, {"text": "x" * 20_001}, None, Trouble.TOO_LONG, id="with a text that is too long"),
        pytest.param(IDA, {"groups": frozenset()}, None, Trouble.NOBODY, id="for nobody"),
        pytest.param(IDA, {"dates": Dates(due=NOON)}, None, Trouble.IN_THE_PAST, id="due already"),
        pytest.param(IDA, {"dates": Dates(due=DUE, opens=DUE)}, None, Trouble.OPENS_TOO_LATE, id="opens too late"),
        pytest.param(IDA, {"dates": Dates(due=DUE, last=NOON)}, None, Trouble.ENDS_TOO_EARLY, id="ends too early"),
        pytest.param(IDA, {"team_size": 0}, None, Trouble.TEAM_SIZE, id="for teams of none"),
    ],
)
async def test_who_sets_what(
    tasks: Tasks, who: Person, values: dict[str, Any], reason: Reason | None, trouble: Trouble | None
) -> None:
    answer = await tasks.setting.new(who, wish(**values))
    assert answer.decision is not None
    assert (answer.decision.reason, answer.trouble) == (reason, trouble)
    assert (await tasks.checking.of_teacher(who) != []) == answer.is_done


async def test_a_day_without_school_is_mentioned_and_not_refused(tasks: Tasks) -> None:
    answer = await tasks.setting.new(IDA, wish(dates=Dates(due=NOON + 4 * DAY)))
    assert (answer.is_done, answer.doubt) == (True, DateDoubt.WEEKEND)


async def test_nobody_knows_of_a_draft_until_it_is_published(tasks: Tasks) -> None:
    told: list[Task] = []

    async def hears(task: Task) -> None:
        told.append(task)

    tasks.setting.on_change.append(hears)
    task = await tasks.task(published_at=None)
    assert await tasks.working.own(BEN) == []
    assert (await tasks.working.look(BEN, task.id)).decision is not None
    assert (await tasks.working.look(BEN, task.id)).task is None
    assert told == []
    await tasks.setting.publish(IDA, task.id)
    assert [own.task.title for own in await tasks.working.own(BEN)] == ["Gedicht"]
    assert [each.number for each in told] == [1]


async def test_a_task_is_published_at_its_time(tasks: Tasks) -> None:
    await tasks.task(published_at=NOON + HOUR)
    assert await tasks.working.own(BEN) == []
    tasks.now += HOUR
    assert len(await tasks.working.own(BEN)) == 1


async def test_a_change_is_told_and_asked_anew(tasks: Tasks) -> None:
    task = await tasks.task()
    changed = await tasks.setting.change(IDA, task.id, wish(title="Ballade", groups=frozenset({OTHER_CLASS})))
    assert changed.task is not None
    assert (changed.task.title, changed.task.number) == ("Ballade", 1)
    assert await tasks.working.own(BEN) == []
    assert len(await tasks.working.own(CARL)) == 1
    tasks.now = DUE + HOUR
    assert (await tasks.setting.change(IDA, task.id, wish(text="Anders"))).is_done, "what was due may stay so"
    past = await tasks.setting.change(IDA, task.id, wish(dates=Dates(due=DUE - HOUR)))
    assert past.trouble is Trouble.IN_THE_PAST


@pytest.mark.parametrize("who", [OTTO, HEAD, BEN, CARL, GABI])
async def test_nobody_but_its_teachers_changes_a_task(tasks: Tasks, who: Person) -> None:
    task = await tasks.task()
    for answer in (
        await tasks.setting.change(who, task.id, wish(title="Meins")),
        await tasks.setting.publish(who, task.id),
        await tasks.setting.close(who, task.id),
        await tasks.setting.extend(who, task.id, BEN.id, LAST),
        await tasks.setting.add_teacher(who, task.id, OTTO),
    ):
        assert answer.decision is not None
        assert not answer.decision
    assert (await tasks.checking.of_teacher(IDA))[0].task == task


async def test_what_is_done_to_tasks_is_written_down(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.setting.extend(IDA, task.id, BEN.id, LAST)
    await tasks.setting.add_teacher(IDA, task.id, OTTO)
    await tasks.setting.extend_all(HEAD, 3, NOON)
    assert [(action, actor, target) for action, actor, target, _ in await tasks.school.logged()] == [
        ("task_set", IDA.id, task.id),
        ("task_changed", IDA.id, task.id),
        ("task_teacher_added", IDA.id, OTTO.id),
        ("task_all_extended", HEAD.id, "tasks"),
    ]


# Handing in, state by state


async def test_the_life_of_a_task(tasks: Tasks) -> None:
    task = await tasks.task(dates=Dates(opens=NOON + HOUR, due=DUE, last=LAST))
    refused = await tasks.working.hand_in(BEN, task.id, "Zu früh")
    assert refused.decision is not None
    assert refused.decision.reason is Reason.TASK_NOT_OPEN
    assert await state(tasks, task) is State.NEW
    tasks.now = NOON + 2 * HOUR
    await tasks.working.keep_draft(BEN, task.id, "Es war")
    assert await state(tasks, task) is State.BEGUN
    assert (await tasks.working.hand_in(BEN, task.id, "  ")).trouble is Trouble.NOTHING
    file = await tasks.file(task)
    receipt = await tasks.handed_in(task)
    assert (receipt.version.number, receipt.version.at) == (1, tasks.now)
    assert [(each.name, each.sha256) for each in receipt.files] == [(file.name, file.sha256)]
    assert await state(tasks, task) is State.HANDED_IN
    await tasks.working.revise(BEN, task.id)
    assert (await tasks.handed_in(task, text="Es war zweimal")).version.number == 2, "replaced until it is due"
    tasks.now = DUE
    refused = await tasks.working.hand_in(BEN, task.id, "Noch einmal")
    assert refused.decision is not None
    assert refused.decision.reason is Reason.HAND_IN_STAYS
    assert await state(tasks, task, BEA) is State.LATE
    await tasks.handed_in(task, BEA)
    assert await state(tasks, task, BEA) is State.LATE
    hand_in = await tasks.hand_in_id(task)
    await tasks.checking.give_back(IDA, task.id, hand_in)
    assert await state(tasks, task) is State.RETURNED
    await tasks.working.revise(BEN, task.id)
    await tasks.handed_in(task, text="Es war dreimal")
    await tasks.checking.feedback(IDA, task.id, hand_in, "Schön", "1")
    assert await state(tasks, task) is State.CLOSED
    checked = await tasks.checking.look(IDA, task.id, hand_in)
    assert checked.hand_in is not None
    assert [version.text for version in checked.hand_in.versions] == [
        "Es war einmal",
        "Es war zweimal",
        "Es war dreimal",
    ]
    tasks.now = LAST
    refused = await tasks.working.hand_in(CARL, task.id, "Ich auch")
    assert refused.decision is not None
    assert refused.decision.reason is Reason.NOT_YOUR_TASK


async def test_after_the_last_moment_nothing_is_taken_and_with_more_time_it_is(tasks: Tasks) -> None:
    task = await tasks.task()
    tasks.now = LAST
    refused = await tasks.working.hand_in(BEN, task.id, "Zu spät")
    assert refused.decision is not None
    assert refused.decision.reason is Reason.TASK_IS_OVER
    assert await state(tasks, task) is State.CLOSED
    assert (await tasks.setting.extend(IDA, task.id, BEN.id, LAST)).trouble is Trouble.NOT_LATER
    assert (await tasks.setting.extend(IDA, task.id, CARL.id, LAST + DAY)).trouble is Trouble.NOBODY
    assert (await tasks.setting.extend(IDA, task.id, BEN.id, LAST + DAY)).is_done
    await tasks.handed_in(task)
    assert await state(tasks, task) is State.HANDED_IN
    assert await state(tasks, task, BEA) is State.CLOSED


async def test_what_is_returned_after_the_last_moment_gets_a_week(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.handed_in(task)
    tasks.now = LAST + DAY
    await tasks.checking.give_back(IDA, task.id, await tasks.hand_in_id(task))
    assert await state(tasks, task) is State.RETURNED
    tasks.now += timedelta(days=6)
    await tasks.working.revise(BEN, task.id)
    await tasks.handed_in(task, text="Besser")


async def test_a_button_that_is_pressed_twice_hands_in_once(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.file(task)
    await tasks.handed_in(task)
    assert (await tasks.working.keep_draft(BEN, task.id, "Es war einmal")).trouble is Trouble.HANDED_IN
    assert (await tasks.working.hand_in(BEN, task.id, "Es war einmal")).trouble is Trouble.HANDED_IN
    assert (await tasks.working.spot(BEN, task.id))[1] is None
    seen = await tasks.working.look(BEN, task.id)
    assert seen.hand_in is not None
    assert len(seen.hand_in.versions) == 1


async def test_a_closed_task_takes_nothing_until_it_is_opened_again(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.setting.close(IDA, task.id)
    assert (await tasks.working.hand_in(BEN, task.id, "x")).receipt is None
    await tasks.setting.close(IDA, task.id, closed=False)
    await tasks.handed_in(task)


async def test_files_that_are_on_their_way_are_not_left_behind(tasks: Tasks) -> None:
    task = await tasks.task()
    _, spot = await tasks.working.spot(BEN, task.id)
    assert spot is not None
    upload = await tasks.uploads.announce(spot, BEN.id, "Video.mp4", 10)
    assert not isinstance(upload, str)
    assert (await tasks.working.hand_in(BEN, task.id, "x")).trouble is Trouble.UNFINISHED
    assert [each.id for each in (await tasks.working.look(BEN, task.id)).unfinished] == [upload.id]
    await tasks.uploads.give_up(upload)
    await tasks.handed_in(task)


async def test_a_file_is_taken_out_of_a_draft_and_not_out_of_a_version(tasks: Tasks) -> None:
    task = await tasks.task()
    first, second = await tasks.file(task), await tasks.file(task, name="b.pdf")
    assert (await tasks.working.remove_file(BEA, task.id, first.id)).trouble is Trouble.UNKNOWN
    assert (await tasks.working.remove_file(BEN, task.id, first.id)).is_done
    assert [file.id for file in (await tasks.handed_in(task)).files] == [second.id]
    await tasks.working.revise(BEN, task.id)
    assert (await tasks.working.remove_file(BEN, task.id, second.id)).trouble is Trouble.UNKNOWN


async def test_a_revision_begins_with_what_was_handed_in(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.file(task)
    await tasks.handed_in(task)
    for _ in range(2):
        await tasks.working.revise(BEN, task.id)
    seen = await tasks.working.look(BEN, task.id)
    assert seen.hand_in is not None
    assert seen.hand_in.draft == "Es war einmal"
    assert len(seen.files) == 2
    assert {(file.name, file.spot.version) for file in seen.files} == {("Gedicht.pdf", 1), ("Gedicht.pdf", None)}


# Teams


async def test_a_team_hands_in_as_one(tasks: Tasks) -> None:
    task = await tasks.task(team_size=2)
    await tasks.working.keep_draft(BEA, task.id, "Allein")
    assert (await tasks.working.team_up(BEN, task.id, [BEA.id])).is_done
    await tasks.working.keep_draft(BEN, task.id, "Zusammen")
    assert (await tasks.working.look(BEA, task.id)).hand_in == (await tasks.working.look(BEN, task.id)).hand_in
    await tasks.handed_in(task, BEA, "Zu zweit")
    assert await state(tasks, task, BEN) is State.HANDED_IN
    [row_bea, row_ben] = (await tasks.checking.overview(IDA, task.id)).rows
    assert row_bea.hand_in == row_ben.hand_in
    refused = await tasks.working.team_up(BEN, task.id, [])
    assert refused.decision is not None
    assert refused.decision.reason is Reason.HAND_IN_STAYS


async def test_a_team_is_refused_where_it_is_not_wanted(tasks: Tasks) -> None:
    task = await tasks.task()
    refused = await tasks.working.team_up(BEN, task.id, [BEA.id])
    assert refused.decision is not None
    assert refused.decision.reason is Reason.TEAM_TOO_LARGE


# Checking


async def test_feedback_to_all_at_one_time(tasks: Tasks) -> None:
    task = await tasks.task(feedback_together=True)
    for pupil in (BEN, BEA):
        await tasks.handed_in(task, pupil)
        await tasks.checking.feedback(IDA, task.id, await tasks.hand_in_id(task, pupil), "Gut", "2")
    seen = await tasks.working.look(BEN, task.id)
    assert seen.hand_in is not None
    assert seen.hand_in.newest is not None
    assert (seen.hand_in.newest.feedback, seen.hand_in.newest.mark) == ("", "")
    assert await state(tasks, task) is State.HANDED_IN
    assert (await tasks.checking.show_all(IDA, task.id))[1] == 2
    seen = await tasks.working.look(BEN, task.id)
    assert seen.hand_in is not None
    assert seen.hand_in.newest is not None
    assert (seen.hand_in.newest.feedback, seen.hand_in.newest.mark) == ("Gut", "2")
    assert await state(tasks, task) is State.CLOSED


async def test_a_file_that_is_given_back_is_seen_with_the_feedback(tasks: Tasks) -> None:
    task = await tasks.task(feedback_together=True)
    await tasks.handed_in(task)
    _, spot = await tasks.checking.feedback_spot(IDA, task.id, await tasks.hand_in_id(task))
    assert spot is not None
    file = (await tasks.uploads.take_whole(spot, IDA.id, "Korrektur.pdf", pieces(PDF))).file
    assert file is not None
    assert [bool((await tasks.giving.find(who, file.id))[1]) for who in (IDA, BEN, BEA)] == [True, False, False]
    assert (await tasks.working.look(BEN, task.id)).files == []
    await tasks.checking.feedback(IDA, task.id, await tasks.hand_in_id(task), "Siehe Datei", "")
    await tasks.checking.show_all(IDA, task.id)
    assert [bool((await tasks.giving.find(who, file.id))[1]) for who in (IDA, BEN, BEA)] == [True, True, False]
    assert [each.name for each in (await tasks.working.look(BEN, task.id)).files] == ["Korrektur.pdf"]


async def test_the_overview_tells_who_has_what(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.handed_in(task)
    await tasks.working.look(BEA, task.id)
    tasks.now = DUE
    overview = await tasks.checking.overview(IDA, task.id)
    assert [(row.person, row.standing.state, row.standing.is_missing, row.seen_at) for row in overview.rows] == [
        (BEA, State.LATE, True, NOON),
        (BEN, State.HANDED_IN, False, None),
    ]
    [counts] = await tasks.checking.of_teacher(IDA)
    assert (counts.learners, counts.handed_in, counts.late, counts.missing, counts.unchecked) == (2, 1, 0, 1, 1)
    assert await tasks.checking.missing(IDA, task.id) == [BEA]


async def test_a_teacher_goes_from_one_hand_in_to_the_next(tasks: Tasks) -> None:
    task = await tasks.task(groups=frozenset({CLASS, OTHER_CLASS}))
    for pupil in (CARL, BEN, BEA):
        await tasks.handed_in(task, pupil, text=pupil.given_name)
    ids = [await tasks.hand_in_id(task, pupil) for pupil in (BEA, BEN, CARL)]
    looks = [await tasks.checking.look(IDA, task.id, hand_in) for hand_in in ids]
    assert [(look.before, look.after, look.number, look.of) for look in looks] == [
        (None, ids[1], 1, 3),
        (ids[0], ids[2], 2, 3),
        (ids[1], None, 3, 3),
    ]


async def test_a_draft_is_nobodys_but_its_learners(tasks: Tasks) -> None:
    task = await tasks.task()
    file = await tasks.file(task)
    await tasks.working.keep_draft(BEN, task.id, "Geheim")
    hand_in = await tasks.hand_in_id(task)
    assert (await tasks.checking.look(IDA, task.id, hand_in)).hand_in is None
    overview = await tasks.checking.overview(IDA, task.id)
    assert [row.hand_in.draft for row in overview.rows if row.hand_in is not None] == [None]
    assert (await tasks.checking.feedback(IDA, task.id, hand_in, "x", "")).trouble is Trouble.UNKNOWN
    assert [bool((await tasks.giving.find(who, file.id))[1]) for who in (BEN, IDA, BEA, OTTO)] == [
        True,
        False,
        False,
        False,
    ]


# In between


async def test_a_pupil_who_changes_class_keeps_what_they_handed_in(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.handed_in(task)
    await tasks.moves(BEN, OTHER_CLASS)
    await tasks.moves(CARL, CLASS)
    seen = await tasks.working.look(BEN, task.id)
    assert seen.part is Part.FORMER
    assert seen.may_hand_in is not None
    assert seen.may_hand_in.reason is Reason.NOT_YOUR_TASK
    rows = (await tasks.checking.overview(IDA, task.id)).rows
    assert [(row.person.given_name, row.is_former) for row in rows] == [("Bea", False), ("Carl", False), ("Ben", True)]
    await tasks.checking.feedback(IDA, task.id, await tasks.hand_in_id(task), "Gut", "")
    assert (await tasks.working.own(BEN))[0].has_news
    await tasks.handed_in(task, CARL)


async def test_a_teacher_leaves_and_the_leadership_names_another(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.handed_in(task)
    assert await tasks.setting.leaderless(HEAD) == []
    await tasks.leaves(IDA)
    assert (await tasks.checking.overview(IDA, task.id)).rows == ()
    await tasks.working.revise(BEN, task.id)
    await tasks.handed_in(task, text="Geht weiter")
    assert [each.id for each in await tasks.setting.leaderless(HEAD)] == [task.id]
    assert await tasks.setting.leaderless(OTTO) == []
    assert (await tasks.checking.overview(HEAD, task.id)).rows == ()
    assert not (await tasks.setting.add_teacher(OTTO, task.id, OTTO)).decision
    assert (await tasks.setting.add_teacher(HEAD, task.id, OTTO)).is_done
    assert len((await tasks.checking.overview(OTTO, task.id)).rows) == 2
    assert (await tasks.checking.overview(HEAD, task.id)).rows == ()


async def test_after_an_outage_all_open_tasks_get_more_days_and_nobody_was_late(tasks: Tasks) -> None:
    task = await tasks.task()
    other = await tasks.task(OTTO, groups=frozenset({OTHER_CLASS}))
    over = await tasks.task(OTTO, dates=Dates(due=NOON + HOUR))
    tasks.now = DUE + HOUR
    await tasks.handed_in(task)
    assert await state(tasks, task) is State.LATE
    answer, extended = await tasks.setting.extend_all(HEAD, 3, DUE - HOUR)
    assert answer.is_done
    assert {each.id for each in extended} == {task.id, other.id}
    assert await state(tasks, task) is State.HANDED_IN
    seen = await tasks.working.look(BEN, task.id)
    assert seen.dates == Dates(due=DUE + 3 * DAY, last=LAST + 3 * DAY)
    assert over.id not in {each.id for each in extended}


@pytest.mark.parametrize(
    ("who", "days", "extended", "reason", "trouble"),
    [
        pytest.param(OTTO, 3, 1, None, None, id="a teacher the own ones"),
        pytest.param(HEAD, 3, 2, None, None, id="the leadership all"),
        pytest.param(BEN, 3, 0, Reason.NO_TASKS, None, id="a pupil none"),
        pytest.param(HEAD, 0, 0, None, Trouble.DAYS, id="no days"),
        pytest.param(HEAD, 61, 0, None, Trouble.DAYS, id="too many"),
    ],
)
async def test_who_extends_which(
    tasks: Tasks, who: Person, days: int, extended: int, reason: Reason | None, trouble: Trouble | None
) -> None:
    await tasks.task(IDA)
    await tasks.task(OTTO)
    answer, done = await tasks.setting.extend_all(who, days, NOON)
    assert answer.decision is not None
    assert (len(done), answer.decision.reason, answer.trouble) == (extended, reason, trouble)


async def test_a_form_to_return_is_a_task_for_guardians(tasks: Tasks) -> None:
    task = await tasks.task(title="Einverständnis", groups=frozenset({PARENTS}))
    assert await tasks.working.own(BEN) == []
    await tasks.file(task, GABI, name="Unterschrift.pdf")
    await tasks.handed_in(task, GABI)
    rows = (await tasks.checking.overview(IDA, task.id)).rows
    assert [(row.person.given_name, row.standing.state) for row in rows] == [
        ("Gabi", State.HANDED_IN),
        ("Gerd", State.NEW),
    ]
    assert (await tasks.working.look(GERD, task.id)).hand_in is None
    assert (await tasks.working.look(HANNA, task.id)).task is None


async def test_guardians_see_how_far_their_child_is_where_the_school_lets_them(
    school_file: Path, engine: AsyncEngine
) -> None:
    async with with_tasks(school_file, engine, guardians_see=True) as tasks:
        task = await tasks.task()
        await tasks.task(groups=frozenset({OTHER_CLASS}))
        assert await tasks.working.of_children(GABI) == []
        await tasks.is_guardian(GABI, BEN)
        await tasks.handed_in(task)
        [seen] = await tasks.working.of_children(GABI)
        assert (seen.child.id, seen.title, seen.dates, seen.standing.state) == (
            BEN.id,
            "Gedicht",
            task.dates,
            State.HANDED_IN,
        )
        assert (await tasks.working.look(GABI, task.id)).task is None
        assert await tasks.working.of_children(GERD) == []


async def test_guardians_see_nothing_where_it_does_not(tasks: Tasks) -> None:
    await tasks.task()
    await tasks.is_guardian(GABI, BEN)
    assert await tasks.working.of_children(GABI) == []


@pytest.mark.parametrize(
    "now", [datetime(2026, 3, 28, 12, 0, tzinfo=NOON.tzinfo), datetime(2026, 10, 24, 12, 0, tzinfo=NOON.tzinfo)]
)
async def test_days_given_over_a_change_of_the_clocks_end_at_the_same_hour(tasks: Tasks, now: datetime) -> None:
    tasks.now = now
    task = await tasks.task(dates=Dates(due=now + HOUR), published_at=now)
    _, [later] = await tasks.setting.extend_all(HEAD, 1, now)
    zone = tasks.book.zone
    assert later.dates.due.astimezone(zone).time() == task.dates.due.astimezone(zone).time()
    assert later.dates.due - task.dates.due != DAY


async def test_the_grace_of_the_school_counts(school_file: Path, engine: AsyncEngine) -> None:
    async with with_tasks(school_file, engine, grace_minutes=10) as tasks:
        task = await tasks.task()
        tasks.now = DUE + timedelta(minutes=9)
        assert await state(tasks, task) is State.NEW
        await tasks.handed_in(task)
        assert await state(tasks, task) is State.HANDED_IN
