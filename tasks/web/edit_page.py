"""`/tasks/new` and `/task/{task}/edit`: a task as it is set and changed."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from appservice.bot.group_words import find_each_group
from appservice.bot.people_words import find_by_name
from appservice.desks.reach import groups_in_reach, own_groups
from appservice.web.forms import Form
from appservice.web.problems import Problem
from appservice.web.problems import Trouble as WebTrouble
from appservice.web.visit import Visit
from school.domain.decisions import Decision
from school.domain.groups import Group, GroupId
from school.domain.people import PersonId
from school.domain.task_dates import Dates, end_of_day
from school.domain.tasks import Task, may_set
from tasks.answers import Answer, Wish
from tasks.setting_desk import LARGEST_TEAM
from tasks.web.parts import PageParts, page_of, task_in

_DAYS: Final = 7
_MOST_GROUPS: Final = 30


class EditPage:
    """One form for both. What was written stays in it when something is wrong."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def new(self, visit: Visit) -> web.Response:
        """An empty form."""
        decision = self._may_set(visit)
        if not decision:
            return self._parts.refused(visit, decision)
        local = self._parts.book.now().astimezone(self._parts.view.zone)
        due = end_of_day(local.date() + timedelta(days=_DAYS), self._parts.view.zone) - timedelta(minutes=1)
        return self._page(visit, None, {"due": self._parts.field(due), "team_size": "1", "publish": "now"})

    async def make(self, visit: Visit) -> web.Response:
        """Sets it."""
        form = await visit.form()
        decision = self._may_set(visit)
        if not decision:
            return self._parts.refused(visit, decision)
        wish = self._wish(visit, form, None)
        if isinstance(wish, str):
            return self._page(visit, None, form.all(), wrong=wish)
        answer = await self._parts.setting.new(visit.person, wish)
        return self._answered(visit, None, answer, form)

    async def edit(self, visit: Visit) -> web.Response:
        """The form with what the task is."""
        task = await self._led(visit)
        if isinstance(task, web.Response):
            return task
        return self._page(visit, task, self._as_written(visit, task))

    async def change(self, visit: Visit) -> web.Response:
        """Changes it."""
        form = await visit.form()
        task = await self._led(visit)
        if isinstance(task, web.Response):
            return task
        wish = self._wish(visit, form, task)
        if isinstance(wish, str):
            return self._page(visit, task, form.all(), wrong=wish)
        answer = await self._parts.setting.change(visit.person, task.id, wish)
        return self._answered(visit, task, answer, form)

    def _may_set(self, visit: Visit) -> Decision:
        return may_set(self._parts.book.today(visit.person), frozenset(), (), self._parts.book.rights)

    async def _led(self, visit: Visit) -> Task | web.Response:
        led, _ = await self._parts.checking.material(visit.person, task_in(visit))
        return self._parts.refused(visit, led.decision) if led.task is None else led.task

    def _answered(self, visit: Visit, task: Task | None, answer: Answer, form: Form) -> web.Response:
        if answer.trouble is not None:
            return self._page(visit, task, form.all(), wrong=self._parts.wrong(visit, answer.trouble))
        if not answer.is_done or answer.task is None:
            return self._parts.refused(visit, answer.decision)
        done = "set" if task is None else "changed"
        doubt = f"&doubt={answer.doubt}" if answer.doubt is not None else ""
        return visit.go(f"{page_of(answer.task.id)}?done={done}{doubt}")

    # From what is written to a wish, and back

    def _wish(self, visit: Visit, form: Form, task: Task | None) -> Wish | str:
        parts, say = self._parts, visit.texts.say
        due = parts.moment(form.text("due"))
        if due is None:
            return say("task.wrong_due")
        opens, last, later = (parts.moment(form.text(name)) for name in ("opens", "last", "publish_at"))
        if any(form.text(name) and parts.moment(form.text(name)) is None for name in ("opens", "last")):
            return say("task.wrong_date")
        publish = form.text("publish")
        if publish == "later" and later is None:
            return say("task.wrong_date")
        groups = self._groups(visit, form)
        if isinstance(groups, str):
            return groups
        people = self._people(visit, form, task)
        if isinstance(people, str):
            return people
        team_size = form.text("team_size").strip() or "1"
        known = task.published_at if task is not None else None
        now = parts.book.now()
        published = {"now": known if known is not None and known <= now else now, "later": later}
        return Wish(
            title=form.text("title"),
            text=form.text("text").replace("\r\n", "\n"),
            groups=groups,
            people=people,
            dates=Dates(due=due, opens=opens, last=last),
            published_at=published.get(publish),
            team_size=int(team_size) if team_size.isascii() and team_size.isdigit() and len(team_size) < 4 else 0,
            feedback_together=form.is_set("together"),
        )

    def _groups(self, visit: Visit, form: Form) -> frozenset[GroupId] | str:
        person = self._parts.book.today(visit.person)
        if person is None:
            raise Problem(WebTrouble.NOBODY)
        known = groups_in_reach(self._parts.view.now, person)
        ticked = {group.id for group in known if form.is_set(f"group-{group.id}")}
        for named in find_each_group(form.text("groups"), known):
            if named.group is None:
                return visit.texts.say("task.wrong_group", name=named.written)
            ticked.add(named.group.id)
        return frozenset(ticked)

    def _people(self, visit: Visit, form: Form, task: Task | None) -> frozenset[PersonId] | str:
        directory = self._parts.book.directory
        people: set[PersonId] = set()
        for name in filter(None, (part.strip() for part in form.text("people").split(","))):
            found = find_by_name(name, directory.people)
            before = [person for person in found if task is not None and person.id in task.people]
            if len(found) != 1 and len(before) != 1:
                return visit.texts.say("task.wrong_person", name=name)
            people.add((before or list(found))[0].id)
        return frozenset(people)

    def _as_written(self, visit: Visit, task: Task) -> dict[str, str]:
        field, now = self._parts.field, self._parts.book.now()
        directory = self._parts.book.directory
        own = {group.id for group in self._own(visit)}
        groups = [found.name for each in task.groups - own if (found := directory.group(each)) is not None]
        publish = "draft" if task.published_at is None else "now" if task.is_published(now) else "later"
        return {
            "title": task.title,
            "text": task.text,
            "opens": field(task.dates.opens),
            "due": field(task.dates.due),
            "last": field(task.dates.last),
            "publish": publish,
            "publish_at": field(task.published_at) if publish == "later" else "",
            "groups": ", ".join(sorted(groups)),
            "people": self._parts.names(sorted(task.people)),
            "team_size": str(task.team_size),
            "together": "yes" if task.feedback_together else "",
            **{f"group-{each}": "yes" for each in task.groups},
        }

    def _own(self, visit: Visit) -> list[Group]:
        person = self._parts.book.today(visit.person)
        found = [] if person is None else own_groups(self._parts.view.now, person)
        return sorted(found, key=lambda group: group.name)[:_MOST_GROUPS]

    def _page(self, visit: Visit, task: Task | None, written: dict[str, str], *, wrong: str = "") -> web.Response:
        return visit.page(
            "task_edit.html",
            status=422 if wrong else 200,
            page="/tasks/new" if task is None else f"{page_of(task.id)}/edit",
            back="/tasks" if task is None else page_of(task.id),
            is_new=task is None,
            is_out=task is not None and task.is_published(self._parts.book.now()),
            own=[(f"group-{group.id}", group.name) for group in self._own(visit)],
            largest_team=LARGEST_TEAM,
            written=written,
            wrong=wrong,
        )
