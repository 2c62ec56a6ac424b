"""`/task/{task}` for its teachers: who has handed in, more time, who else is a teacher of it, what goes with it."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from appservice.bot.people_words import find_by_name
from appservice.web.problems import Problem
from appservice.web.problems import Trouble as WebTrouble
from appservice.web.visit import Visit
from school.domain.people import PersonId
from school.domain.task_dates import DateDoubt
from school.domain.tasks import Task
from tasks.answers import Answer, Overview, Row, Trouble
from tasks.remind import Remind
from tasks.web.markdown import as_html
from tasks.web.parts import PageParts, page_of, task_in

DONE: Final = frozenset(
    {"set", "changed", "published", "closed", "opened", "shown", "extended", "teacher", "material", "reminded"}
)


class OverviewPage:
    """Every button asks anew whether somebody is a teacher of the task. `remind` tells those who owe it."""

    def __init__(self, parts: PageParts, remind: Remind) -> None:
        self._parts = parts
        self._remind = remind

    async def show(self, visit: Visit, *, wrong: list[str] | None = None) -> web.Response:
        """Everybody for whom it is."""
        overview = await self._parts.checking.overview(visit.person, task_in(visit))
        if overview.task is None:
            return self._parts.refused(visit, overview.decision)
        return await self._page(visit, overview, overview.task, wrong or [])

    async def act(self, visit: Visit) -> web.Response:
        """Publishes it, closes it, opens it again, shows all feedback, reminds."""
        form = await visit.form()
        person, task_id, setting = visit.person, task_in(visit), self._parts.setting
        match form.text("do"):
            case "publish":
                answer, done = await setting.publish(person, task_id), "published"
            case "close":
                answer, done = await setting.close(person, task_id), "closed"
            case "open":
                answer, done = await setting.close(person, task_id, closed=False), "opened"
            case "show":
                answer, _ = await self._parts.checking.show_all(person, task_id)
                done = "shown"
            case "remind":
                led, _ = await self._parts.checking.material(person, task_id)
                if led.task is not None:
                    await self._remind(led.task, await self._parts.checking.missing(person, task_id))
                answer, done = led, "reminded"
            case _:
                raise Problem(WebTrouble.MALFORMED)
        return await self._answered(visit, answer, done)

    async def extend(self, visit: Visit) -> web.Response:
        """More time for one person."""
        form = await visit.form()
        until = self._parts.moment(form.text("until"))
        learner = self._parts.book.directory.person_by_id(PersonId(form.text("person")))
        if until is None or learner is None:
            return await self.show(visit, wrong=[visit.texts.say("task.wrong_date")])
        answer = await self._parts.setting.extend(visit.person, task_in(visit), learner.id, until)
        return await self._answered(visit, answer, "extended")

    async def add_teacher(self, visit: Visit) -> web.Response:
        """One more teacher."""
        form = await visit.form()
        found = find_by_name(form.text("name"), self._parts.book.directory.people)
        if len(found) != 1:
            wrong = visit.texts.say("task.wrong_person", name=form.text("name"))
            overview = await self._parts.checking.overview(visit.person, task_in(visit))
            if overview.task is None:
                return visit.page("task_refused.html", status=422, why=wrong)
            return await self._page(visit, overview, overview.task, [wrong])
        answer = await self._parts.setting.add_teacher(visit.person, task_in(visit), found[0])
        if answer.is_done and not (await self._parts.checking.overview(visit.person, task_in(visit))).decision:
            return visit.go("/tasks")
        return await self._answered(visit, answer, "teacher")

    async def material(self, visit: Visit) -> web.Response:
        """Puts files with the task."""
        answer, spot = await self._parts.checking.material_spot(visit.person, task_in(visit))
        if spot is None:
            return self._parts.refused(visit, answer.decision)
        limits = self._parts.uploads.limits
        async with visit.files(most_bytes=limits.max_bytes, most=limits.most_files) as form:
            wrong = await self._parts.take(visit, spot, form.files)
        return await self.show(visit, wrong=wrong) if wrong else await self._answered(visit, answer, "material")

    async def _answered(self, visit: Visit, answer: Answer, done: str) -> web.Response:
        if answer.trouble is Trouble.UNKNOWN:
            raise Problem(WebTrouble.NOT_FOUND)
        if answer.trouble is not None:
            return await self.show(visit, wrong=[self._parts.wrong(visit, answer.trouble)])
        if not answer.is_done:
            return self._parts.refused(visit, answer.decision)
        return visit.go(f"{page_of(task_in(visit))}?done={done}")

    async def _page(self, visit: Visit, overview: Overview, task: Task, wrong: list[str]) -> web.Response:
        parts, now = self._parts, self._parts.book.now()
        _, material = await parts.checking.material(visit.person, task.id)
        asked = visit.asked("done")
        rows = [self._row(row, task, visit) for row in overview.rows]
        return visit.page(
            "task_overview.html",
            status=422 if wrong else 200,
            page=page_of(task.id),
            title=task.title,
            text=as_html(task.text),
            dates=parts.dates(task.dates, visit),
            teachers=parts.names(sorted(task.teachers)),
            groups=", ".join(
                sorted(found.name for each in task.groups if (found := parts.book.directory.group(each)) is not None)
            ),
            people=parts.names(sorted(task.people)),
            material=parts.files(material, visit),
            is_published=task.is_published(now),
            publishes="" if task.published_at is None else parts.when(task.published_at, visit),
            is_closed=task.is_closed(now),
            together=task.feedback_together,
            rows=rows,
            counts=_counts(overview.rows),
            learners=[(row.person.id, row.person.display_name) for row in overview.rows if not row.is_former],
            due=parts.field(task.dates.due),
            done=asked if asked in DONE and not wrong else "",
            doubt=visit.asked("doubt") if visit.asked("doubt") in list(DateDoubt) else "",
            wrong=wrong,
        )

    def _row(self, row: Row, task: Task, visit: Visit) -> dict[str, object]:
        say, when = visit.texts.say, self._parts.when
        stands = row.standing
        is_there = row.hand_in is not None and bool(row.hand_in.versions)
        if stands.is_missing:
            state = say("task.mark.missing")
        elif row.hand_in is None and row.seen_at is not None:
            state = say("task.mark.seen")
        else:
            state = say(f"task.state.{stands.state}")
        return {
            "name": row.person.display_name,
            "state": state,
            "missing": stands.is_missing,
            "late": stands.is_late,
            "checked": stands.is_checked,
            "former": row.is_former,
            "at": "" if stands.handed_in_at is None else when(stands.handed_in_at, visit),
            "due": when(row.dates.due, visit) if row.dates.due != task.dates.due else "",
            "check": f"{page_of(task.id)}/check/{row.hand_in.id}" if is_there and row.hand_in is not None else "",
        }


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    return {
        "learners": sum(not row.is_former for row in rows),
        "handed_in": sum(row.standing.handed_in_at is not None for row in rows),
        "missing": sum(row.standing.is_missing for row in rows),
    }
