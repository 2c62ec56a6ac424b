"""What rooms and people are told of tasks, and what the bot answers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from a_school import GERMAN, room
from builders import BEA, BEN, CARL, GABI, IDA, NOON, OTTO
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import CLASS, DAY, DUE, HOUR, LAST, OTHER_CLASS, Tasks, wish, with_tasks

from appservice.homeserver import RefusedError, TryLaterError
from school.domain.people import Person, UserId
from school.domain.task_dates import Dates
from tasks.task_command import TaskCommands
from tasks.telling import Telling

URL = "https://bote.school.test"


@dataclass
class Said:
    """What was sent into rooms, and to whom; as a homeserver and a bot would."""

    rooms: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    people: list[tuple[UserId, str]] = field(default_factory=list)
    txn_ids: set[str] = field(default_factory=set)
    error: Exception | None = None

    async def send(self, room_id: str, event_type: str, content: Any, *, txn_id: str) -> str:
        if self.error is not None:
            raise self.error
        assert txn_id not in self.txn_ids, "the homeserver would take it for the same"
        self.txn_ids.add(txn_id)
        self.rooms.append((room_id, content))
        return f"${len(self.rooms)}"

    async def tell(self, user_id: UserId, text: str, *, txn_id: str) -> bool:
        self.people.append((user_id, text))
        return True

    @property
    def bodies(self) -> list[tuple[str, str]]:
        return [(room_id, content["body"]) for room_id, content in self.rooms]


@dataclass
class Scene:
    tasks: Tasks
    said: Said
    telling: Telling
    commands: TaskCommands

    async def ask(self, words: str, who: Person = IDA, number: int = 1) -> str:
        answer = await self.tasks.school.ask(self.commands.commands()[number], words, who)
        assert isinstance(answer, str)
        return answer


@pytest.fixture
async def scene(school_file: Path, engine: AsyncEngine) -> AsyncIterator[Scene]:
    async with with_tasks(school_file, engine) as tasks:
        said = Said()
        yield Scene(
            tasks,
            said,
            Telling(tasks.book, bot=said, tell=lambda: said.tell, texts=GERMAN, public_url=URL),
            TaskCommands(
                book=tasks.book,
                view=tasks.school.view,
                setting=tasks.setting,
                working=tasks.working,
                checking=tasks.checking,
                public_url=URL,
            ),
        )


async def test_the_room_of_a_group_has_one_message_that_changes_with_the_task(scene: Scene) -> None:
    task = await scene.tasks.task()
    link = f"{URL}/task/{task.id}"
    for _ in range(2):
        await scene.telling.look()
    assert scene.said.bodies == [(room("5a"), f"📝 Aufgabe „Gedicht“, fällig Mi, 6. Mai, 14:00 Uhr: {link}")]
    later = Dates(due=DUE + DAY, last=LAST + DAY)
    await scene.tasks.setting.change(IDA, task.id, wish(dates=later, groups=frozenset({CLASS, OTHER_CLASS})))
    await scene.telling.look()
    text = f"📝 Aufgabe „Gedicht“, fällig Do, 7. Mai, 14:00 Uhr: {link}"
    assert scene.said.bodies[1:] == [(room("5a"), f"* {text}"), (room("6b"), text)]
    assert scene.said.rooms[1][1]["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$1"}
    await scene.tasks.setting.change(IDA, task.id, wish(dates=later, groups=frozenset({OTHER_CLASS})))
    await scene.tasks.setting.close(IDA, task.id)
    await scene.telling.look()
    assert scene.said.bodies[3:] == [
        (room("6b"), "* 📝 Die Aufgabe „Gedicht“ ist geschlossen."),
        (room("5a"), "* 📝 Die Aufgabe „Gedicht“ ist nicht mehr für diese Gruppe."),
    ]


async def test_a_change_that_nobody_reads_of_says_nothing(scene: Scene) -> None:
    task = await scene.tasks.task()
    await scene.telling.look()
    await scene.tasks.setting.change(IDA, task.id, wish(text="Anders"))
    await scene.telling.look()
    assert len(scene.said.rooms) == 1


async def test_a_draft_is_told_to_nobody_and_a_task_at_its_time(scene: Scene) -> None:
    await scene.tasks.task(published_at=None)
    await scene.tasks.task(published_at=NOON + HOUR)
    await scene.telling.look()
    assert scene.said.rooms == []
    scene.tasks.now += HOUR
    await scene.telling.look()
    assert len(scene.said.rooms) == 1


async def test_single_people_are_told_in_their_room_with_the_bot(scene: Scene) -> None:
    both = frozenset({BEN.id, GABI.id})
    task = await scene.tasks.task(groups=frozenset(), people=both)
    for _ in range(2):
        await scene.telling.look()
    assert sorted(scene.said.people) == [
        (each.user_id, f"📝 Aufgabe „Gedicht“, fällig Mi, 6. Mai, 14:00 Uhr: {URL}/task/{task.id}")
        for each in (BEN, GABI)
    ]
    assert scene.said.rooms == []
    scene.said.people.clear()
    people = frozenset({BEN.id, CARL.id})
    await scene.tasks.setting.change(IDA, task.id, wish(title="Ballade", groups=frozenset(), people=people))
    await scene.telling.look()
    assert [(who, text.partition(" „")[0]) for who, text in scene.said.people] == [
        (BEN.user_id, "📝 Geändert: Aufgabe"),
        (CARL.user_id, "📝 Aufgabe"),
    ]


async def test_what_could_not_be_told_is_told_later_and_a_refusal_stops_nothing(scene: Scene) -> None:
    await scene.tasks.task()
    scene.said.error = TryLaterError("HTTP 503", status=503)
    with pytest.raises(TryLaterError):
        await scene.telling.look()
    scene.said.error = None
    await scene.telling.look()
    assert len(scene.said.rooms) == 1
    scene.said.error = RefusedError("HTTP 403", status=403)
    await scene.tasks.task(groups=frozenset({OTHER_CLASS}))
    await scene.telling.look()


async def test_the_day_before_those_are_reminded_who_have_not_handed_in(scene: Scene) -> None:
    due = NOON + timedelta(days=2)
    task = await scene.tasks.task(groups=frozenset({CLASS, OTHER_CLASS}), dates=Dates(due=due))
    await scene.tasks.handed_in(task, BEN)
    await scene.tasks.setting.extend(IDA, task.id, CARL.id, due + DAY)
    scene.tasks.now = NOON + DAY + timedelta(hours=1, minutes=59)
    await scene.telling.look()
    assert scene.said.people == []
    scene.tasks.now += timedelta(minutes=1)
    for _ in range(2):
        await scene.telling.look()
    reminder = f"⏰ Morgen fällig: Aufgabe „Gedicht“: {URL}/task/{task.id}"
    assert scene.said.people == [(BEA.user_id, reminder)]
    scene.tasks.now += DAY  # the others are late by now; Carl has one day more
    for _ in range(2):
        await scene.telling.look()
    assert scene.said.people == [(BEA.user_id, reminder), (CARL.user_id, reminder)]


async def test_a_task_that_is_set_on_the_last_day_reminds_nobody(scene: Scene) -> None:
    scene.tasks.now = NOON + timedelta(hours=12)
    await scene.tasks.task(published_at=scene.tasks.now, dates=Dates(due=scene.tasks.now + timedelta(hours=12)))
    await scene.telling.look()
    assert scene.said.people == []


async def test_a_teacher_reads_after_a_rest_what_came_in(scene: Scene) -> None:
    first, second = await scene.tasks.task(), await scene.tasks.task(title="Ballade")
    await scene.tasks.handed_in(first, BEN)
    scene.tasks.now += HOUR
    for pupil in (BEN, BEA):
        await scene.tasks.handed_in(second, pupil)
    told = await scene.telling.came_in(IDA.user_id, NOON, NOON + 2 * HOUR)
    assert told == "Abgegeben für „Ballade“: 2.\nAbgegeben für „Gedicht“: 1."
    assert await scene.telling.came_in(IDA.user_id, NOON + HOUR, NOON + 2 * HOUR) == "Abgegeben für „Ballade“: 2."
    assert await scene.telling.came_in(OTTO.user_id, NOON, NOON + 2 * HOUR) == ""
    assert await scene.telling.came_in(BEN.user_id, NOON, NOON + 2 * HOUR) == ""


# Commands


async def test_a_task_is_set_with_one_line(scene: Scene) -> None:
    answer = await scene.ask("neu Gedicht lernen bis Freitag 18:00 für Klasse 5a, Carl Groß")
    [counts] = await scene.tasks.checking.of_teacher(IDA)
    assert answer == (
        "Die Aufgabe „Gedicht lernen“ ist gestellt, fällig Fr, 18:00 Uhr. Text und Material kannst du hier "
        f"ergänzen: {URL}/task/{counts.task.id}"
    )
    assert (counts.task.groups, counts.task.people) == ({CLASS}, {CARL.id})
    assert counts.task.is_published(NOON)
    assert "Wochenende" in await scene.ask("neu Gedicht bis Samstag für Klasse 5a")


@pytest.mark.parametrize(
    ("words", "who", "begins"),
    [
        ("", IDA, "Schreib zum Beispiel: !aufgabe neu"),
        ("neu Gedicht bis gestern nicht für Klasse 5a", IDA, "Bis wann?"),
        ("neu Gedicht bis 1.1.2026 für Klasse 5a", IDA, "Dieser Termin ist schon vorbei."),
        ("neu Gedicht bis Freitag für Klasse 99z", IDA, "Eine Gruppe"),
        ("neu Gedicht bis Freitag für Otto Groß", IDA, "Aufgaben kannst du hier nicht"),
        ("neu Gedicht bis Freitag für Klasse 5a", BEN, "Aufgaben kannst du hier nicht stellen"),
        ("neu Gedicht bis Freitag für Klasse 99z", BEN, "Aufgaben kannst du hier nicht stellen"),
    ],
)
async def test_what_is_not_clear_or_not_allowed_is_said(scene: Scene, words: str, who: Person, begins: str) -> None:
    answer = await scene.ask(words, who)
    assert answer.startswith(begins), answer
    assert await scene.tasks.checking.of_teacher(who) == []


async def test_everybody_reads_what_is_theirs(scene: Scene) -> None:
    assert await scene.ask("", BEN, 0) == "Für dich gibt es gerade keine Aufgaben."
    task = await scene.tasks.task()
    await scene.tasks.handed_in(task, BEN)
    link = f"{URL}/task/{task.id}"
    every = f"Alle Aufgaben: {URL}/tasks"
    assert await scene.ask("", BEN, 0) == f"• Gedicht, fällig Mi, 14:00 Uhr: abgegeben. {link}\n{every}"
    assert await scene.ask("", BEA, 0) == f"• Gedicht, fällig Mi, 14:00 Uhr: neu. {link}\n{every}"
    assert await scene.ask("", IDA, 0) == f"• Gedicht, fällig Mi, 14:00 Uhr: 1 von 2 abgegeben. {link}\n{every}"
    assert await scene.ask("", CARL, 0) == "Für dich gibt es gerade keine Aufgaben."


async def test_only_who_sets_tasks_is_offered_to(scene: Scene) -> None:
    mine, new = scene.commands.commands()
    assert [await scene.tasks.school.listed(mine, who) for who in (IDA, BEN, GABI)] == [True, True, True]
    assert [await scene.tasks.school.listed(new, who) for who in (IDA, BEN, GABI)] == [True, False, False]
