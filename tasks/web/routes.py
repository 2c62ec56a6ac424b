"""Every address of the pages of tasks, and which page answers there. What of it is public is in docs/operation.md."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from appservice.web.host import Page, WebHost
from appservice.web.visit import Visit
from school.domain.tasks import Part
from tasks.remind import Remind
from tasks.web.check_page import CheckPage
from tasks.web.edit_page import EditPage
from tasks.web.file_page import FilePage
from tasks.web.list_page import ListPage
from tasks.web.overview_page import OverviewPage
from tasks.web.parts import PageParts, page_of, task_in
from tasks.web.uploads import UploadPage
from tasks.web.work_page import WorkPage

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def task_routes(host: WebHost, parts: PageParts, *, remind: Remind) -> list[web.RouteDef]:
    """For the application of the web host."""
    known, edit, work, check = ListPage(parts), EditPage(parts), WorkPage(parts), CheckPage(parts)
    overview, files, uploads = OverviewPage(parts, remind), FilePage(parts), UploadPage(parts)

    async def task(visit: Visit) -> web.Response:
        seen = await parts.working.look(visit.person, task_in(visit))
        return await (overview if seen.part is Part.TEACHER else work).show(visit)

    async def back(visit: Visit) -> web.Response:
        """Where somebody looks who has pressed a button here: at the task."""
        return visit.go(page_of(task_in(visit)))

    def page(shows: Page, *, scripted: bool = False) -> _Handler:
        return host.page(shows, signed_in=True, scripted=scripted)

    def script(answers: Page) -> _Handler:
        return host.page(answers, signed_in=True, as_json=True)

    return [
        web.get("/tasks", page(known.show)),
        web.post("/tasks", page(known.extend_all)),
        web.get("/tasks/new", page(edit.new)),
        web.post("/tasks/new", page(edit.make)),
        web.get("/task/{task}", page(task, scripted=True)),
        web.post("/task/{task}", page(overview.act)),
        web.get("/task/{task}/edit", page(edit.edit)),
        web.post("/task/{task}/edit", page(edit.change)),
        web.get("/task/{task}/work", page(back)),
        web.post("/task/{task}/work", page(work.work, scripted=True)),
        web.get("/task/{task}/remove", page(back)),
        web.post("/task/{task}/remove", page(work.remove, scripted=True)),
        web.get("/task/{task}/revise", page(back)),
        web.post("/task/{task}/revise", page(work.revise, scripted=True)),
        web.get("/task/{task}/team", page(back)),
        web.post("/task/{task}/team", page(work.team, scripted=True)),
        web.get("/task/{task}/extend", page(back)),
        web.post("/task/{task}/extend", page(overview.extend)),
        web.get("/task/{task}/teacher", page(back)),
        web.post("/task/{task}/teacher", page(overview.add_teacher)),
        web.get("/task/{task}/material", page(back)),
        web.post("/task/{task}/material", page(overview.material)),
        web.get("/task/{task}/check/{hand_in}", page(check.show, scripted=True)),
        web.post("/task/{task}/check/{hand_in}", page(check.say, scripted=True)),
        web.get("/task/{task}/file/{file}", page(files.take)),
        web.get("/task/{task}/all.zip", page(files.everything)),
        web.post("/task/{task}/uploads", script(uploads.announce)),
        web.head("/task/{task}/uploads/{upload}", script(uploads.look)),
        web.patch("/task/{task}/uploads/{upload}", script(uploads.take)),
        web.delete("/task/{task}/uploads/{upload}", script(uploads.give_up)),
    ]
