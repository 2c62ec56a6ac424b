"""`/tasks`: what somebody has to do, how far their children are, and what they have set."""

from aiohttp import web

from appservice.web.visit import Visit
from school.domain.hand_ins import State
from school.domain.rights import Right
from tasks.web.parts import PageParts, page_of

_DONE = frozenset({"extended"})


class ListPage:
    """Everything that is about somebody."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def show(self, visit: Visit) -> web.Response:
        """The list."""
        return await self._page(visit)

    async def extend_all(self, visit: Visit) -> web.Response:
        """More days for all open tasks, after an outage."""
        form = await visit.form()
        days = form.text("days").strip()
        since = self._parts.moment(f"{form.text('since')}T00:00") or self._parts.book.now()
        answer, extended = await self._parts.setting.extend_all(
            visit.person, int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0, since
        )
        if answer.trouble is not None:
            return await self._page(visit, wrong=self._parts.wrong(visit, answer.trouble))
        if not answer.is_done:
            return self._parts.refused(visit, answer.decision)
        return visit.go(f"/tasks?done=extended&number={len(extended)}")

    async def _page(self, visit: Visit, *, wrong: str = "") -> web.Response:
        parts, person, say = self._parts, visit.person, visit.texts.say
        own = await parts.working.own(person)
        open_ones = [each for each in own if each.standing.state is not State.CLOSED]
        closed = [each for each in own if each.standing.state is State.CLOSED]
        today = parts.book.today(person)
        sets = today is not None and parts.book.rights.holds(today, Right.SET_TASKS)
        leads = await parts.checking.of_teacher(person) if sets else []
        done = visit.asked("done") if visit.asked("done") in _DONE else ""
        number = visit.asked("number")
        return visit.page(
            "task_list.html",
            own=[
                [
                    (page_of(each.task.id), each.task.title, say(f"task.state.{each.standing.state}"), when)
                    for each in some
                    for when in (parts.when(each.dates.due, visit),)
                ]
                for some in (open_ones, closed)
            ],
            children=[
                (each.child.display_name, each.title, say(f"task.state.{each.standing.state}"), when)
                for each in await parts.working.of_children(person)
                for when in (parts.when(each.dates.due, visit),)
            ],
            sets=sets,
            leads=[
                (page_of(each.task.id), each.task.title, parts.when(each.task.dates.due, visit), each, is_draft)
                for each in leads
                for is_draft in (not each.task.is_published(parts.book.now()),)
            ],
            leaderless=[(page_of(task.id), task.title) for task in await parts.setting.leaderless(person)],
            may_extend=bool(leads) or (today is not None and today.leadership),
            done=done,
            count=number if number.isascii() and number.isdigit() else "0",
            wrong=wrong,
        )
