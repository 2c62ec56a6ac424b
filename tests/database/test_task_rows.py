from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.erasure import Leaver, erase
from school.database.hand_ins import (
    add_version,
    begin_hand_in,
    give_feedback,
    hand_in_of,
    hand_ins_by,
    hand_ins_of,
    keep_draft,
    read_hand_in,
    return_version,
    set_team,
    show_feedback,
)
from school.database.personal_data import Subject, Topic, everything_about
from school.database.tables import groups, metadata, persons
from school.database.task_files import (
    File,
    Purpose,
    Spot,
    Upload,
    add_file,
    add_upload,
    blobs_of,
    end_upload,
    files_about,
    files_of,
    files_of_task,
    has_received,
    material_of,
    number_at,
    read_file,
    read_upload,
    remove_file,
    uploads_of,
    uploads_older_than,
)
from school.database.tasks import (
    Told,
    add_task,
    add_teacher,
    came_in,
    change_task,
    extend_for,
    forget_task,
    has_seen,
    published_tasks,
    read_task,
    reminded_of,
    reminded_of_own,
    seen_by,
    task_is_told,
    tasks_due_before,
    tasks_for,
    tasks_of_teacher,
    untold_tasks,
    wrapped_key_of,
)
from school.domain.groups import GroupId
from school.domain.hand_ins import HandIn, HandInId
from school.domain.people import PersonId, UserId
from school.domain.task_dates import Dates
from school.domain.tasks import Task, TaskId

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
IDA, OTTO, BEN, BEA = (PersonId(f"p-{name}") for name in ("ida", "otto", "ben", "bea"))
CLASS, OTHER_CLASS = GroupId("5a"), GroupId("6b")
TASK = Task(
    id=TaskId("t"),
    setter=IDA,
    teachers=frozenset({IDA}),
    title="Gedicht",
    text="Schreib **eins**.",
    groups=frozenset({CLASS}),
    people=frozenset({BEN}),
    dates=Dates(opens=NOON, due=NOON + DAY, last=NOON + 2 * DAY),
    published_at=NOON,
    team_size=2,
    feedback_together=True,
)
BEGUN = HandIn(id=HandInId("h"), task=TASK.id, members=frozenset({BEN}), begun_at=NOON, draft="Es war")


@pytest.fixture
async def school(writer: AsyncEngine) -> AsyncEngine:
    async with writer.begin() as connection:
        for person_id in (IDA, OTTO, BEN, BEA):
            name = {"given_name": person_id, "family_name": "Groß", "role": "teacher"}
            await connection.execute(insert(persons).values(id=person_id, user_id=f"@{person_id}:x", **name))
        for group in (CLASS, OTHER_CLASS):
            row = {"id": group, "key": group, "name": group, "kind": "class", "origin": "register"}
            await connection.execute(insert(groups).values(row | {"standing": "active"}))
        await add_task(connection, TASK, wrapped_key="key", at=NOON)
    return writer


def file(name: str, spot: Spot, by: PersonId = BEN, blob: str = "") -> File:
    return File(
        id=name,
        spot=spot,
        by=by,
        name=f"{name}.pdf",
        media_type="application/pdf",
        size=3,
        sha256="ab" * 32,
        blob=blob or f"blob-{name}",
        at=NOON,
    )


async def test_what_is_written_is_read(school: AsyncEngine) -> None:
    async with school.begin() as connection:
        assert await read_task(connection, "t") == TASK
        assert await read_task(connection, "other") is None
        assert await wrapped_key_of(connection, TASK.id) == "key"
        await extend_for(connection, TASK.id, BEA, NOON + 3 * DAY)
        await extend_for(connection, TASK.id, BEN, NOON + 4 * DAY)
        await add_teacher(connection, TASK.id, OTTO)
        longer = {BEA: NOON + 3 * DAY, BEN: NOON + 4 * DAY}
        whole = replace(TASK, teachers=frozenset({IDA, OTTO}), extensions=longer)
        assert await read_task(connection, "t") == whole


async def test_a_change_keeps_extensions_and_who_has_seen_it(school: AsyncEngine) -> None:
    changed = replace(TASK, title="Ballade", groups=frozenset({OTHER_CLASS}), people=frozenset({BEA}), number=1)
    async with school.begin() as connection:
        await extend_for(connection, TASK.id, BEN, NOON + 3 * DAY)
        await has_seen(connection, TASK.id, BEN, at=NOON)
        await has_seen(connection, TASK.id, BEN, at=NOON + DAY)
        await change_task(connection, changed)
        assert await read_task(connection, "t") == replace(changed, extensions={BEN: NOON + 3 * DAY})
        assert await seen_by(connection, [TASK.id]) == {(TASK.id, BEN): NOON}, "the first time"


@pytest.mark.parametrize(
    ("who", "in_groups", "now", "found"),
    [
        pytest.param(BEA, [CLASS], NOON, True, id="by the group"),
        pytest.param(BEN, [OTHER_CLASS], NOON, True, id="by name"),
        pytest.param(BEA, [OTHER_CLASS], NOON, False, id="not for others"),
        pytest.param(BEA, [], NOON, False, id="not without groups"),
        pytest.param(BEA, [CLASS], NOON - DAY, False, id="not before it is published"),
    ],
)
async def test_tasks_are_found_for_whom_they_are(
    school: AsyncEngine, who: PersonId, in_groups: Collection[GroupId], now: datetime, found: bool
) -> None:
    async with school.connect() as connection:
        assert await tasks_for(connection, who, in_groups, now=now) == ([TASK] if found else [])


async def test_who_handed_something_in_finds_it_after_leaving_the_group(school: AsyncEngine) -> None:
    async with school.begin() as connection:
        await begin_hand_in(connection, replace(BEGUN, members=frozenset({BEA})))
        assert await tasks_for(connection, BEA, [OTHER_CLASS], now=NOON) == [TASK]


async def test_tasks_are_found_by_their_teachers_and_their_dates(school: AsyncEngine) -> None:
    earlier = replace(TASK, id=TaskId("e"), dates=Dates(due=NOON), published_at=None, setter=OTTO)
    async with school.begin() as connection:
        await add_task(connection, replace(earlier, teachers=frozenset({IDA, OTTO})), wrapped_key="k", at=NOON)
        assert [task.id for task in await tasks_of_teacher(connection, IDA)] == ["e", "t"]
        assert [task.id for task in await tasks_of_teacher(connection, OTTO)] == ["e"]
        assert [task.id for task in await published_tasks(connection, due_after=NOON - DAY, now=NOON)] == ["t"]
        assert await published_tasks(connection, due_after=NOON + DAY, now=NOON) == []
        assert [task.id for task in await tasks_due_before(connection, NOON + DAY)] == ["e"]


async def test_a_draft_becomes_a_version_and_files_go_with_it(school: AsyncEngine) -> None:
    draft, work = Spot(task=TASK.id, purpose=Purpose.WORK, hand_in=BEGUN.id), Purpose.WORK
    async with school.begin() as connection:
        await begin_hand_in(connection, BEGUN)
        await add_file(connection, file("a", draft))
        assert await hand_in_of(connection, TASK.id, BEN) == BEGUN
        assert await hand_in_of(connection, TASK.id, BEA) is None
        assert await add_version(connection, BEGUN.id, by=BEN, at=NOON, text="Es war einmal") == 1
        await keep_draft(connection, BEGUN.id, "Noch einmal")
        await add_file(connection, file("b", draft))
        assert await add_version(connection, BEGUN.id, by=BEN, at=NOON + DAY, text="Es war zweimal") == 2
        found = await read_hand_in(connection, "h")
        assert found is not None
        assert found.draft is None
        assert [(version.number, version.text) for version in found.versions] == [
            (1, "Es war einmal"),
            (2, "Es war zweimal"),
        ]
        of_versions = {each.id: each.spot for each in await files_of(connection, [BEGUN.id])}
    assert of_versions == {
        "a": Spot(task=TASK.id, purpose=work, hand_in=BEGUN.id, version=1),
        "b": Spot(task=TASK.id, purpose=work, hand_in=BEGUN.id, version=2),
    }


async def test_feedback_is_shown_when_it_is_said_to_be(school: AsyncEngine) -> None:
    async with school.begin() as connection:
        await begin_hand_in(connection, BEGUN)
        number = await add_version(connection, BEGUN.id, by=BEN, at=NOON, text="")
        await give_feedback(connection, BEGUN.id, number, text="Schön", mark="2+", at=NOON, shown=False)
        [waiting] = await hand_ins_of(connection, [TASK.id])
        assert waiting.newest is not None
        assert (waiting.newest.feedback, waiting.newest.mark, waiting.newest.shown_at) == ("Schön", "2+", None)
        assert [await show_feedback(connection, TASK.id, at=NOON + DAY) for _ in range(2)] == [1, 0]
        await return_version(connection, BEGUN.id, number, at=NOON + DAY)
        returned = (await hand_ins_by(connection, BEN))[TASK.id].newest
        assert returned is not None
        assert (returned.returned_at, returned.shown_at) == (NOON + DAY, NOON + DAY)


async def test_who_comes_into_a_team_gives_up_what_they_had_begun_alone(school: AsyncEngine) -> None:
    alone = replace(BEGUN, id=HandInId("b"), members=frozenset({BEA}))
    async with school.begin() as connection:
        await begin_hand_in(connection, BEGUN)
        await begin_hand_in(connection, alone)
        await add_file(connection, file("a", Spot(task=TASK.id, purpose=Purpose.WORK, hand_in=alone.id)))
        await set_team(connection, BEGUN, {BEN, BEA})
        assert await hand_ins_of(connection, [TASK.id]) == [replace(BEGUN, members=frozenset({BEN, BEA}))]
        assert await files_of_task(connection, TASK.id) == []


async def test_nobody_is_in_two_hand_ins_of_a_task(school: AsyncEngine) -> None:
    async with school.begin() as connection:
        await begin_hand_in(connection, BEGUN)
    with pytest.raises(IntegrityError):
        async with school.begin() as connection:
            await begin_hand_in(connection, replace(BEGUN, id=HandInId("second")))


async def test_files_and_uploads(school: AsyncEngine) -> None:
    material = Spot(task=TASK.id, purpose=Purpose.MATERIAL)
    upload = Upload(id="u", spot=material, by=IDA, name="a.pdf", size=9, touched_at=NOON)
    async with school.begin() as connection:
        await add_file(connection, file("a", material, by=IDA))
        assert await material_of(connection, TASK.id) == [file("a", material, by=IDA)]
        assert await read_file(connection, "a") == file("a", material, by=IDA)
        assert await blobs_of(connection, TASK.id) == {"blob-a"}
        await remove_file(connection, "a")
        assert await read_file(connection, "a") is None
        await add_upload(connection, upload)
        await has_received(connection, "u", 4, at=NOON + DAY)
        assert await read_upload(connection, "u") == replace(upload, received=4, touched_at=NOON + DAY)
        assert await uploads_of(connection, IDA) == [replace(upload, received=4, touched_at=NOON + DAY)]
        assert await uploads_older_than(connection, NOON + DAY) == []
        assert len(await uploads_older_than(connection, NOON + 2 * DAY)) == 1
        assert [await end_upload(connection, "u") for _ in range(2)] == [True, False]
        assert await read_upload(connection, "u") is None


async def fill(school: AsyncEngine) -> None:
    """A hand-in of Ben alone, with everything that can be in it."""
    async with school.begin() as connection:
        await begin_hand_in(connection, BEGUN)
        await add_file(connection, file("a", Spot(task=TASK.id, purpose=Purpose.WORK, hand_in=BEGUN.id)))
        number = await add_version(connection, BEGUN.id, by=BEN, at=NOON, text="Es war einmal")
        await give_feedback(connection, BEGUN.id, number, text="Schön", mark="3", at=NOON, shown=False)
        await has_seen(connection, TASK.id, BEN, at=NOON)
        spot = Spot(task=TASK.id, purpose=Purpose.WORK, hand_in=BEGUN.id)
        await add_upload(connection, Upload(id="u", spot=spot, by=BEN, name="b.pdf", size=9, touched_at=NOON))


async def test_with_a_task_goes_all_that_was_handed_in(school: AsyncEngine) -> None:
    await fill(school)
    async with school.begin() as connection:
        await forget_task(connection, TASK.id)
        left = {
            name: (await connection.execute(select(table))).all()
            for name, table in metadata.tables.items()
            if name.startswith(("task", "hand_in"))
        }
    assert len(left) == 9
    assert {name: rows for name, rows in left.items() if rows} == {}


async def test_a_pupil_is_given_what_they_handed_in_and_the_feedback_that_is_shown(school: AsyncEngine) -> None:
    await fill(school)
    ben = Subject(person_id=BEN, user_id=UserId(f"@{BEN}:x"))
    async with school.begin() as connection:
        before = (await everything_about(connection, ben))[Topic.TASKS]
        await show_feedback(connection, TASK.id, at=NOON)
        after = (await everything_about(connection, ben))[Topic.TASKS]
    [version] = before["handed_in"]
    assert (version["task"], version["text"], version["feedback"], version["mark"]) == (
        "Gedicht",
        "Es war einmal",
        None,
        None,
    )
    assert (after["handed_in"][0]["feedback"], after["handed_in"][0]["mark"]) == ("Schön", "3")
    assert [row["name"] for row in before["files_of_tasks"]] == ["a.pdf"]


async def test_a_pupil_who_is_erased_takes_their_hand_in_along_and_a_team_keeps_it(school: AsyncEngine) -> None:
    await fill(school)
    together = HandIn(id=HandInId("team"), task=TaskId("t2"), members=frozenset({BEN, BEA}), begun_at=NOON)
    async with school.begin() as connection:
        await add_task(connection, replace(TASK, id=TaskId("t2")), wrapped_key="k", at=NOON)
        await begin_hand_in(connection, together)
        await add_version(connection, together.id, by=BEN, at=NOON, text="Zu zweit")
        await erase(connection, Leaver(person_id=BEN, user_id=UserId(f"@{BEN}:x")))
        assert await hand_ins_of(connection, [TASK.id]) == []
        assert await files_of_task(connection, TASK.id) == []
        [kept] = await hand_ins_of(connection, [TaskId("t2")])
    assert kept.members == {BEA}
    assert [(version.by, version.text) for version in kept.versions] == [(None, "Zu zweit")]


async def test_a_teacher_who_is_erased_leaves_the_task_to_its_pupils(school: AsyncEngine) -> None:
    async with school.begin() as connection:
        await erase(connection, Leaver(person_id=IDA, user_id=UserId(f"@{IDA}:x")))
        assert await read_task(connection, "t") == replace(TASK, setter=None, teachers=frozenset())


async def test_what_is_new_is_untold_until_it_is_told_and_again_when_it_changes(school: AsyncEngine) -> None:
    told = Told(words="Aufgabe", rooms={"!room": "$1"}, people=frozenset({BEN}))
    async with school.begin() as connection:
        assert await untold_tasks(connection, now=NOON - DAY) == [], "it is not published yet"
        assert await untold_tasks(connection, now=NOON) == [(TASK, Told())]
        await task_is_told(connection, TASK, told)
        assert await untold_tasks(connection, now=NOON) == []
        changed = replace(TASK, title="Ballade", number=1)
        await change_task(connection, changed)
        assert await untold_tasks(connection, now=NOON) == [(changed, told)]


async def test_who_has_more_time_is_reminded_of_each_date_of_theirs_once(school: AsyncEngine) -> None:
    async with school.begin() as connection:
        for due in (TASK.dates.due + DAY, TASK.dates.due + 2 * DAY):
            await extend_for(connection, TASK.id, BEN, due)
            task = await read_task(connection, TASK.id)
            assert task is not None
            assert [await reminded_of_own(connection, task, BEN) for _ in range(2)] == [True, False]
            nearly = due - timedelta(minutes=1)
            assert [found.id for found in await published_tasks(connection, due_after=nearly, now=NOON)] == [TASK.id]
            assert await published_tasks(connection, due_after=due, now=NOON) == []


async def test_of_each_date_people_are_reminded_once(school: AsyncEngine) -> None:
    later = replace(TASK, dates=Dates(due=NOON + 3 * DAY))
    async with school.begin() as connection:
        assert [await reminded_of(connection, TASK) for _ in range(2)] == [True, False]
        assert [await reminded_of(connection, later) for _ in range(2)] == [True, False]


async def test_what_came_in_is_counted_for_its_teachers(school: AsyncEngine) -> None:
    await fill(school)
    async with school.begin() as connection:
        assert await came_in(connection, IDA, after=NOON, before=NOON + DAY) == [("Gedicht", 1)]
        assert await came_in(connection, IDA, after=NOON - DAY, before=NOON) == []
        assert await came_in(connection, OTTO, after=NOON, before=NOON + DAY) == []


async def test_files_are_counted_where_they_lie_and_found_for_whose_they_are(school: AsyncEngine) -> None:
    await fill(school)
    version = Spot(task=TASK.id, purpose=Purpose.WORK, hand_in=BEGUN.id, version=1)
    draft, material = replace(version, version=None), Spot(task=TASK.id, purpose=Purpose.MATERIAL)
    async with school.begin() as connection:
        await add_file(connection, file("m", material, by=IDA))
        await add_file(connection, file("f", replace(version, purpose=Purpose.FEEDBACK), by=IDA))
        assert [await number_at(connection, spot) for spot in (version, draft, material)] == [1, 0, 1]
        assert {each.id for each in await files_about(connection, BEN)} == {"a"}
        assert {each.id for each in await files_about(connection, IDA)} == {"m", "f"}
        assert await files_about(connection, BEA) == []
