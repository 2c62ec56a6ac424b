"""`/task/{task}/check/{hand_in}`: one hand-in on a teacher's desk, and with one key the next or the one before."""

from typing import Final

from aiohttp import web

from appservice.web.problems import Problem
from appservice.web.problems import Trouble as WebTrouble
from appservice.web.visit import Visit
from school.database.task_files import Purpose
from tasks.answers import Answer, Trouble
from tasks.web.parts import LONGEST_FIELD, PageParts, page_of, task_in

_PURPOSES = (Purpose.WORK, Purpose.FEEDBACK)
DONE: Final = frozenset({"checked", "returned"})


class CheckPage:
    """What a teacher says of it."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def show(self, visit: Visit, *, wrong: list[str] | None = None) -> web.Response:
        """The hand-in with all its versions."""
        parts, found = self._parts, await self._parts.checking.look(visit.person, task_in(visit), _hand_in(visit))
        if found.task is None:
            return parts.refused(visit, found.decision)
        if found.hand_in is None or found.hand_in.newest is None:
            raise Problem(WebTrouble.NOT_FOUND)
        page = page_of(found.task.id)
        newest = found.hand_in.newest
        asked = visit.asked("done")

        def files(number: int, purpose: Purpose) -> object:
            own = [each for each in found.files if each.spot.version == number and each.spot.purpose is purpose]
            return parts.files(own, visit)

        return visit.page(
            "task_check.html",
            status=422 if wrong else 200,
            page=page,
            check=f"{page}/check/{found.hand_in.id}",
            title=found.task.title,
            names=", ".join(person.display_name for person in found.members),
            is_late=found.standing is not None and found.standing.is_late,
            is_returned=newest.returned_at is not None,
            versions=[
                (
                    each,
                    parts.when(each.at, visit),
                    files(each.number, Purpose.WORK),
                    files(each.number, Purpose.FEEDBACK),
                )
                for each in reversed(found.hand_in.versions)
            ],
            newest=newest,
            before="" if found.before is None else f"{page}/check/{found.before}",
            after="" if found.after is None else f"{page}/check/{found.after}",
            place=visit.texts.number(found.number),
            of=visit.texts.number(found.of),
            waits=newest.feedback_at is not None and newest.shown_at is None,
            done=asked if asked in DONE and not wrong else "",
            wrong=wrong or [],
        )

    async def say(self, visit: Visit) -> web.Response:
        """Keeps the feedback; returns the hand-in, or goes on to the next, if that button was pressed."""
        parts, task_id, hand_in = self._parts, task_in(visit), _hand_in(visit)
        answer, spot = await parts.checking.feedback_spot(visit.person, task_id, hand_in)
        if spot is None:
            return self._not_done(visit, answer)
        limits = parts.uploads.limits
        async with visit.files(
            most_bytes=limits.max_bytes, most=limits.most_files, longest_field=LONGEST_FIELD
        ) as form:
            text, mark, do = form.text("feedback").replace("\r\n", "\n"), form.text("mark"), form.text("do")
            until = parts.moment(form.text("until"))
            wrong = await parts.take(visit, spot, form.files)
        answer = await parts.checking.feedback(visit.person, task_id, hand_in, text, mark)
        if answer.is_done and do == "return":
            answer = await parts.checking.give_back(visit.person, task_id, hand_in, until)
        if answer.trouble is not None and answer.trouble is not Trouble.UNKNOWN:
            wrong.append(parts.wrong(visit, answer.trouble))
        elif not answer.is_done:
            return self._not_done(visit, answer)
        if wrong:
            return await self.show(visit, wrong=wrong)
        here = f"{page_of(task_id)}/check/{hand_in}"
        if do == "next":
            after = (await parts.checking.look(visit.person, task_id, hand_in)).after
            return visit.go(page_of(task_id) if after is None else f"{page_of(task_id)}/check/{after}")
        return visit.go(f"{here}?done={'returned' if do == 'return' else 'checked'}")

    def _not_done(self, visit: Visit, answer: Answer) -> web.Response:
        if answer.trouble is Trouble.UNKNOWN:
            raise Problem(WebTrouble.NOT_FOUND)
        return self._parts.refused(visit, answer.decision)


def _hand_in(visit: Visit) -> str:
    return visit.request.match_info["hand_in"]
