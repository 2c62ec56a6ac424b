"""`/task/{task}` for whoever has the task: read it, work on it, hand it in, see the receipt and the feedback."""

from typing import Final

from aiohttp import web

from appservice.bot.people_words import find_by_name
from appservice.web.problems import Problem
from appservice.web.problems import Trouble as WebTrouble
from appservice.web.visit import Visit
from school.domain.hand_ins import State
from school.domain.people import PersonId
from school.domain.tasks import Part, learners_of
from tasks.answers import Answer, Seen, Trouble
from tasks.file_kinds import endings
from tasks.web.markdown import as_html
from tasks.web.parts import LONGEST_FIELD, PageParts, page_of, size_of, task_in

DONE: Final = frozenset({"saved", "handed_in", "removed", "team"})


class WorkPage:
    """Every button asks anew whether somebody may hand in."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def show(self, visit: Visit, *, wrong: list[str] | None = None, text: str | None = None) -> web.Response:
        """The task. `text`: what somebody wrote that was not kept."""
        seen = await self._parts.working.look(visit.person, task_in(visit))
        if seen.task is None:
            return self._parts.refused(visit, seen.decision)
        return self._page(visit, seen, wrong or [], text)

    async def work(self, visit: Visit) -> web.Response:
        """Keeps a draft with its files, or hands it in."""
        parts, task_id = self._parts, task_in(visit)
        answer, spot = await parts.working.spot(visit.person, task_id)
        if answer.trouble is Trouble.HANDED_IN:
            return visit.go(f"{page_of(task_id)}?done=handed_in")
        if spot is None:
            return parts.refused(visit, answer.decision)
        limits = parts.uploads.limits
        async with visit.files(
            most_bytes=limits.max_bytes, most=limits.most_files, longest_field=LONGEST_FIELD
        ) as form:
            text = form.text("text").replace("\r\n", "\n")
            kept = await parts.working.keep_draft(visit.person, task_id, text)
            if not kept.is_done:
                return await self._not_done(visit, kept, text)
            wrong = await parts.take(visit, spot, form.files)
            hands_in = form.text("do") == "hand_in"
        if wrong:
            return await self.show(visit, wrong=wrong)
        if not hands_in:
            return visit.go(f"{page_of(task_id)}?done=saved")
        handed_in = await parts.working.hand_in(visit.person, task_id, text)
        if handed_in.receipt is None:
            return await self._not_done(visit, Answer(decision=handed_in.decision, trouble=handed_in.trouble), text)
        return visit.go(f"{page_of(task_id)}?done=handed_in")

    async def remove(self, visit: Visit) -> web.Response:
        """Takes a file out of the draft, or gives one up that is on its way."""
        form, task_id = await visit.form(), task_in(visit)
        if upload_id := form.text("upload"):
            seen = await self._parts.working.look(visit.person, task_id)
            upload = next((each for each in seen.unfinished if each.id == upload_id), None)
            if upload is None:
                raise Problem(WebTrouble.NOT_FOUND)
            await self._parts.uploads.give_up(upload)
            return visit.go(f"{page_of(task_id)}?done=removed")
        answer = await self._parts.working.remove_file(visit.person, task_id, form.text("file"))
        return visit.go(f"{page_of(task_id)}?done=removed") if answer.is_done else await self._not_done(visit, answer)

    async def revise(self, visit: Visit) -> web.Response:
        """Begins anew with what was handed in."""
        await visit.form()
        answer = await self._parts.working.revise(visit.person, task_in(visit))
        return visit.go(page_of(task_in(visit))) if answer.is_done else await self._not_done(visit, answer)

    async def team(self, visit: Visit) -> web.Response:
        """Hands in with others from now on."""
        form, task_id = await visit.form(), task_in(visit)
        seen = await self._parts.working.look(visit.person, task_id)
        if seen.task is None or seen.part is not Part.LEARNER:
            return self._parts.refused(visit, seen.decision)
        learners = learners_of(seen.task, self._parts.book.directory, self._parts.book.rights)
        others: list[PersonId] = []
        for name in filter(None, (part.strip() for part in form.text("names").split(","))):
            found = find_by_name(name, [each for each in learners if each.id != visit.person.id])
            if len(found) != 1:
                return await self.show(visit, wrong=[visit.texts.say("task.team_who", name=name)])
            others.append(found[0].id)
        answer = await self._parts.working.team_up(visit.person, task_id, others)
        return visit.go(f"{page_of(task_id)}?done=team") if answer.is_done else await self._not_done(visit, answer)

    async def _not_done(self, visit: Visit, answer: Answer, text: str | None = None) -> web.Response:
        if answer.trouble is Trouble.UNKNOWN:
            raise Problem(WebTrouble.NOT_FOUND)
        if answer.trouble is not None:
            return await self.show(visit, wrong=[self._parts.wrong(visit, answer.trouble)], text=text)
        return self._parts.refused(visit, answer.decision)

    def _page(self, visit: Visit, seen: Seen, wrong: list[str], text: str | None) -> web.Response:
        parts, task, hand_in, standing = self._parts, seen.task, seen.hand_in, seen.standing
        assert task is not None  # noqa: S101 - who calls has looked
        assert seen.dates is not None  # noqa: S101 - comes with the task
        may = seen.may_hand_in is not None and bool(seen.may_hand_in)
        newest = None if hand_in is None else hand_in.newest
        works = may and (newest is None or (hand_in is not None and hand_in.draft is not None))
        done = visit.asked("done") if visit.asked("done") in DONE and not wrong else ""
        return visit.page(
            "task_work.html",
            status=422 if wrong else 200,
            page=page_of(task.id),
            title=task.title,
            text=as_html(task.text),
            teachers=parts.names(sorted(task.teachers)),
            dates=parts.dates(seen.dates, visit),
            material=parts.files(seen.material, visit),
            state="" if standing is None else visit.texts.say(f"task.state.{standing.state}"),
            is_returned=standing is not None and standing.state is State.RETURNED,
            versions=[
                (
                    version,
                    parts.when(version.at, visit),
                    parts.files([each for each in seen.files if each.spot.version == version.number], visit),
                )
                for version in reversed(() if hand_in is None else hand_in.versions)
            ],
            may=may,
            works=works,
            draft=text if text is not None else ("" if hand_in is None else hand_in.draft or ""),
            files=parts.files([each for each in seen.files if each.spot.version is None], visit),
            unfinished=[(each.id, each.name, each.size, size_of(each.size, visit)) for each in seen.unfinished],
            members=[each.display_name for each in seen.members if each.id != visit.person.id],
            team_size=task.team_size,
            most=visit.texts.number(parts.uploads.limits.max_bytes // 1024**2),
            most_files=visit.texts.number(parts.uploads.limits.most_files),
            accept=",".join(endings()),
            done=done,
            wrong=wrong,
        )
