"""`!aufgaben` / `!tasks`: what somebody has to do, and has set. `!aufgabe neu Titel bis Freitag 18:00 für Klasse 8.1` /
`!task new …`: sets a task. Everything else is on the page, to which both lead."""

from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import ask_which, find_each_group
from appservice.bot.help_words import Topic
from appservice.bot.offers import with_right
from appservice.bot.people_words import find_by_name
from appservice.desks.reach import groups_in_reach
from appservice.school_view import SchoolView
from school.domain.groups import GroupId
from school.domain.hand_ins import State
from school.domain.people import Person, PersonId
from school.domain.rights import Right
from school.domain.task_dates import Dates
from school.domain.tasks import may_set
from school.texts import Language, Texts
from tasks.answers import Answer, Trouble, Wish
from tasks.book import TaskBook
from tasks.checking_desk import CheckingDesk
from tasks.setting_desk import SettingDesk
from tasks.task_words import Unclear, read_task_words
from tasks.working_desk import WorkingDesk

_MOST: Final = 20


class TaskCommands:
    """Tasks, as the bot hears of them."""

    def __init__(
        self,
        *,
        book: TaskBook,
        view: SchoolView,
        setting: SettingDesk,
        working: WorkingDesk,
        checking: CheckingDesk,
        public_url: str,
    ) -> None:
        self._book = book
        self._view = view
        self._setting = setting
        self._working = working
        self._checking = checking
        self._public_url = public_url

    def commands(self) -> list[Command]:
        """To be registered with the bot's commands."""
        return [
            Command(
                names=((Language.GERMAN, "aufgaben"), (Language.ENGLISH, "tasks")),
                help="tasks",
                run=self.listed,
                topic=Topic.GROUPS,
            ),
            Command(
                names=((Language.GERMAN, "aufgabe"), (Language.ENGLISH, "task")),
                help="task",
                run=self.new,
                topic=Topic.GROUPS,
                offered=with_right(Right.SET_TASKS),
            ),
        ]

    async def listed(self, request: Request) -> str:
        """What somebody has to do, and what they have set."""
        texts, person = request.texts, request.person
        lines = [
            texts.say(
                "tasks.line",
                title=own.task.title,
                due=self._when(own.dates, texts),
                state=texts.say(f"tasks.state.{own.standing.state}"),
                link=self._link(own.task.id),
            )
            for own in await self._working.own(person)
            if own.standing.state is not State.CLOSED
        ]
        lines += [
            texts.say(
                "tasks.line_of_teacher",
                title=each.task.title,
                due=self._when(each.task.dates, texts),
                handed_in=each.handed_in,
                learners=each.learners,
                link=self._link(each.task.id),
            )
            for each in await self._checking.of_teacher(person)
            if not each.task.is_closed(self._book.now())
        ]
        if not lines:
            return texts.say("tasks.none")
        more = [texts.say("tasks.all", link=f"{self._public_url}/tasks")]
        return "\n".join((*lines[:_MOST], *more))

    async def new(self, request: Request) -> str:
        """Sets a task, published now."""
        texts, person = request.texts, request.person
        decision = may_set(self._book.today(person), frozenset(), (), self._book.rights)
        if decision.reason is not None:
            return texts.refusal(decision.reason)
        said = read_task_words(request.words, now=self._book.now(), zone=self._book.zone)
        if isinstance(said, Unclear):
            return texts.say(f"tasks.unclear.{said.name.lower()}", link=f"{self._public_url}/tasks/new")
        whom = self._whom(person, said.whom, texts)
        if isinstance(whom, str):
            return whom
        groups, people = whom
        wish = Wish(
            title=said.title, groups=groups, people=people, dates=Dates(due=said.due), published_at=self._book.now()
        )
        return self._answered(await self._setting.new(person, wish), texts)

    def _whom(self, person: Person, words: str, texts: Texts) -> tuple[frozenset[GroupId], frozenset[PersonId]] | str:
        """Groups, and people where no group is called so."""
        known = groups_in_reach(self._view.now, person)
        groups, people = set(), set()
        for named in find_each_group(words, known):
            if named.group is not None:
                groups.add(named.group.id)
                continue
            found = find_by_name(named.written, self._book.directory.people) if not named.found else ()
            if len(found) != 1:
                return ask_which(named, known, texts)
            people.add(found[0].id)
        return frozenset(groups), frozenset(people)

    def _answered(self, answer: Answer, texts: Texts) -> str:
        if answer.decision is not None and answer.decision.reason is not None:
            return texts.refusal(answer.decision.reason)
        if answer.trouble in (Trouble.TITLE, Trouble.NOBODY):
            return texts.say(f"tasks.trouble.{answer.trouble}")
        if answer.task is None or answer.trouble is not None:
            return texts.say("bot.failed")
        due, link = self._when(answer.task.dates, texts), self._link(answer.task.id)
        lines = [texts.say("tasks.set", title=answer.task.title, due=due, link=link)]
        if answer.doubt is not None:
            lines.append(texts.say(f"tasks.doubt.{answer.doubt}"))
        return "\n".join(lines)

    def _when(self, dates: Dates, texts: Texts) -> str:
        return texts.when(dates.due, self._book.zone, now=self._book.now())

    def _link(self, task_id: str) -> str:
        return f"{self._public_url}/task/{task_id}"
