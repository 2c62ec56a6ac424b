"""The pages of tasks, as a browser sees them: who reads what, and what each button does."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from a_school import HEAD
from aiohttp import ClientResponse, FormData
from builders import BEA, BEN, CARL, GABI, IDA, NOON, OTTO
from pages_world import Browser, World, heading, token_in, words_of
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import DAY, DUE, HOUR, LAST, PDF, Tasks, with_tasks

from school.domain.people import Person
from school.domain.task_dates import Dates
from school.domain.tasks import Task
from tasks.web import PAGES
from tasks.web.parts import PageParts
from tasks.web.routes import task_routes


@dataclass
class Pages:
    """A school's tasks, and their pages."""

    it: Tasks
    world: World
    reminded: list[tuple[Task, list[Person]]] = field(default_factory=list)

    async def remind(self, task: Task, people: Sequence[Person]) -> None:
        self.reminded.append((task, list(people)))

    async def as_person(self, person: Person) -> Browser:
        return await self.world.by_link(person)


def pieces_of_form(token: str, fields: Mapping[str, str], files: Mapping[str, bytes]) -> FormData:
    form = FormData(quote_fields=False)
    form.add_field("form_token", token)
    for name, value in fields.items():
        form.add_field(name, value)
    for name, content in files.items():
        form.add_field("files", content, filename=name, content_type="application/pdf")
    if not files:
        form.add_field("files", b"", filename="", content_type="application/octet-stream")
    return form


async def send(
    browser: Browser, page: str, to: str, files: dict[str, bytes] | None = None, **fields: str
) -> ClientResponse:
    """A form with files, as a browser sends it."""
    form = pieces_of_form(await browser.token(page), fields, files or {})
    answer: ClientResponse = await browser.client.post(to, data=form, headers=browser.headers, allow_redirects=False)
    return answer


async def made(database: Path, engine: AsyncEngine, folder: Path, **settings: Any) -> AsyncIterator[Pages]:
    async with with_tasks(database, engine, **settings) as it:
        parts = PageParts(
            book=it.book,
            setting=it.setting,
            working=it.working,
            checking=it.checking,
            giving=it.giving,
            uploads=it.uploads,
            store=it.store,
            view=it.school.view,
        )
        all_pages: list[Pages] = []
        world = World(
            engine,
            folder,
            page_sets=(PAGES,),
            view=it.school.view,
            more=lambda pages: task_routes(
                pages.host, parts, remind=lambda task, people: all_pages[0].remind(task, people)
            ),
        )
        await world.server.start_server()
        all_pages.append(Pages(it, world))
        yield all_pages[0]
        for browser in world.browsers:
            await browser.client.close()
        await world.server.close()


@pytest.fixture
async def pages(school_file: Path, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Pages]:
    async for pages in made(school_file, engine, tmp_path):
        yield pages


async def test_a_teacher_sets_a_task_and_pupils_find_it(pages: Pages) -> None:
    ida = await pages.as_person(IDA)
    answer = await ida.submit(
        "/tasks/new",
        title="Gedicht <b>",
        text="Schreib **eins**.\n\n<script>alert(1)</script>",
        due="2026-05-06T14:00",
        last="2026-05-07T14:00",
        publish="now",
        team_size="1",
        **{"group-5a": "yes"},
    )
    assert answer.status == 303, words_of(await answer.text())
    page = answer.headers["Location"].partition("?")[0]
    overview = await ida.text(answer.headers["Location"].removeprefix(pages.world.settings.web.public_url))
    assert "Die Aufgabe ist gestellt." in words_of(overview)
    assert "0 von 2 haben abgegeben" in words_of(overview)
    ben = await pages.as_person(BEN)
    assert "Gedicht <b> fällig Mi, 14:00 Uhr neu" in words_of(await ben.text("/tasks"))
    task = await ben.text(page)
    assert heading(task) == "Gedicht <b>"
    assert "<strong>eins</strong>" in task
    assert "<script>alert" not in task
    assert "Fällig Mi, 14:00 Uhr" in words_of(task)
    assert (await (await pages.as_person(CARL)).get(page)).status == 403


async def test_what_was_written_stays_when_something_is_wrong(pages: Pages) -> None:
    ida = await pages.as_person(IDA)
    answer = await ida.submit("/tasks/new", title="Gedicht", text="Mein Text", due="", groups="8.99", publish="now")
    assert answer.status == 422
    text = await answer.text()
    assert "Mein Text" in text
    assert "bis wann die Aufgabe fällig ist" in words_of(text)
    for fields, sentence in (
        ({"due": "2026-05-06T14:00", "groups": "Klasse 99z"}, "Welche Gruppe meinst du"),
        ({"due": "2026-05-06T14:00", "people": "Wer Istdas"}, "Wen meinst du"),
        ({"due": "2026-05-06T14:00"}, "Die Aufgabe ist für niemanden"),
        ({"due": "2020-05-06T14:00", "groups": "Klasse 5a"}, "Der Termin ist schon vorbei"),
    ):
        answer = await ida.submit("/tasks/new", title="Gedicht", publish="now", **fields)
        assert answer.status == 422
        assert sentence in words_of(await answer.text())


async def test_a_task_is_changed_and_a_weekend_mentioned(pages: Pages) -> None:
    task, ida = await pages.it.task(), await pages.as_person(IDA)
    page = f"/task/{task.id}/edit"
    form = await ida.text(page)
    assert 'value="Gedicht"' in form
    assert 'value="2026-05-06T14:00"' in form
    answer = await ida.submit(
        page, title="Ballade", due="2026-05-09T18:00", groups="Klasse 6b", people="Ben Groß", publish="now"
    )
    assert "doubt=weekend" in answer.headers["Location"]
    overview = words_of(await ida.text(f"/task/{task.id}?done=changed&doubt=weekend"))
    assert "Der Termin ist an einem Wochenende" in overview
    assert "Ballade" in words_of(await (await pages.as_person(BEN)).text("/tasks"))
    assert "Ballade" in words_of(await (await pages.as_person(CARL)).text("/tasks"))
    assert "Ballade" not in words_of(await (await pages.as_person(BEA)).text("/tasks"))


async def test_a_pupil_saves_hands_in_and_has_a_receipt(pages: Pages) -> None:
    task, ben = await pages.it.task(), await pages.as_person(BEN)
    page = f"/task/{task.id}"
    answer = await send(ben, page, f"{page}/work", {"Übung ß.pdf": PDF, "b.pdf": PDF + b"2"}, text="Es war", do="save")
    assert answer.headers["Location"].endswith("?done=saved")
    text = await ben.text(f"{page}?done=saved")
    assert "Gespeichert. Abgegeben ist noch nichts." in words_of(text)
    assert "Übung ß.pdf" in text
    assert ">\nEs war</textarea>" in text
    assert (await pages.it.checking.overview(IDA, task.id)).rows[1].standing.handed_in_at is None
    answer = await send(ben, page, f"{page}/work", text="Es war <i>einmal</i>", do="hand_in")
    assert answer.headers["Location"].endswith("?done=handed_in")
    receipt = await ben.text(f"{page}?done=handed_in")
    assert "Fassung 1, 14:00 Uhr" in words_of(receipt)
    assert "Es war &lt;i&gt;einmal" in receipt
    assert len(re.findall(r"<code>[0-9a-f]{64}</code>", receipt)) == 2
    again = await send(ben, page, f"{page}/work", text="Noch einmal", do="hand_in")
    assert again.status == 303, "the same button once more does nothing"
    assert "Fassung 2" not in words_of(await ben.text(page))
    assert (await ben.submit(page, f"{page}/revise")).status == 303
    assert ">\nEs war &lt;i&gt;einmal&lt;/i&gt;</textarea>" in await ben.text(page)


async def test_what_is_not_taken_is_said_and_nothing_is_lost(pages: Pages) -> None:
    task, ben = await pages.it.task(), await pages.as_person(BEN)
    page = f"/task/{task.id}"
    answer = await send(ben, page, f"{page}/work", {"a.exe": b"MZ", "b.pdf": b"<html>"}, text="Es war", do="hand_in")
    assert answer.status == 422
    words = words_of(await answer.text())
    assert "a.exe wurde nicht angenommen: Dateien dieser Art" in words
    assert "b.pdf wurde nicht angenommen: In der Datei ist etwas anderes" in words
    assert "Es war" in words
    answer = await send(ben, page, f"{page}/work", text=" ", do="hand_in")
    assert "Es gibt noch nichts abzugeben" in words_of(await answer.text())


async def test_a_file_is_taken_out_again(pages: Pages) -> None:
    task, ben = await pages.it.task(), await pages.as_person(BEN)
    file, page = await pages.it.file(task), f"/task/{task.id}"
    assert (await ben.submit(page, f"{page}/remove", file=file.id)).status == 303
    assert "Gedicht.pdf" not in await ben.text(page)


async def test_files_are_given_out_to_whom_they_are_for(pages: Pages) -> None:
    task = await pages.it.task()
    file = await pages.it.file(task)
    await pages.it.handed_in(task)
    address = f"/task/{task.id}/file/{file.id}"
    for who, status in ((BEN, 200), (IDA, 200), (BEA, 403), (OTTO, 403), (HEAD, 403), (GABI, 403)):
        answer = await (await pages.as_person(who)).get(address)
        assert answer.status == status, who
        assert (await answer.read() == PDF) == (status == 200)
        if status == 200:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
    assert (await pages.world.browser().get(address)).status == 303
    assert (await (await pages.as_person(IDA)).get(f"/task/other/file/{file.id}")).status == 404


async def test_a_teacher_checks_one_after_the_other_and_returns(pages: Pages) -> None:
    task = await pages.it.task()
    for pupil in (BEN, BEA):
        await pages.it.handed_in(task, pupil)
    ids = [await pages.it.hand_in_id(task, pupil) for pupil in (BEA, BEN)]
    ida = await pages.as_person(IDA)
    first, second = (f"/task/{task.id}/check/{each}" for each in ids)
    text = await ida.text(first)
    assert heading(text) == "Bea Groß"
    assert f'rel="next" href="{second}"' in text
    answer = await send(ida, first, first, {"Korrektur.pdf": PDF}, feedback="Schön", mark="2+", do="next")
    assert answer.headers["Location"] == second
    assert "Schön" in words_of(await (await pages.as_person(BEA)).text(f"/task/{task.id}"))
    answer = await send(ida, second, second, feedback="Bitte länger", mark="", do="return")
    assert answer.headers["Location"] == f"{second}?done=returned"
    ben = await pages.as_person(BEN)
    text = words_of(await ben.text(f"/task/{task.id}"))
    assert "Stand: zurückgegeben" in text
    assert "Bitte länger" in text
    assert "Überarbeiten" in text


async def test_the_overview_and_its_buttons(pages: Pages) -> None:
    task, ida = await pages.it.task(published_at=None, feedback_together=True), await pages.as_person(IDA)
    page = f"/task/{task.id}"
    assert "Das ist ein Entwurf" in words_of(await ida.text(page))
    assert (await (await pages.as_person(BEN)).get(page)).status == 403
    assert (await ida.submit(page, page, do="publish")).headers["Location"].endswith("done=published")
    await pages.it.handed_in(task)
    pages.it.now = DUE + HOUR
    words = words_of(await ida.text(page))
    assert "Bea Groß fehlt" in words
    assert "1 von 2 haben abgegeben, 1 fehlen." in words
    await ida.submit(page, page, do="remind")
    assert [(asked.id, people) for asked, people in pages.reminded] == [(task.id, [BEA])]
    assert (await ida.submit(page, f"{page}/extend", person=BEA.id, until="2026-05-09T12:00")).status == 303
    assert "hat Zeit bis Sa, 12:00 Uhr" in words_of(await ida.text(page))
    assert (await ida.submit(page, f"{page}/extend", person=BEA.id, until="irgendwann")).status == 422
    assert (await ida.submit(page, page, do="show")).status == 303
    assert (await ida.submit(page, page, do="close")).status == 303
    assert "Diese Aufgabe ist geschlossen" in words_of(await ida.text(page))
    assert (await ida.submit(page, page, do="open")).status == 303
    assert (await ida.submit(page, page, do="destroy")).status == 400
    assert (await ida.submit(page, f"{page}/teacher", name="Otto Groß")).status == 303
    assert "Ida Groß, Otto Groß" in words_of(await (await pages.as_person(OTTO)).text(page))
    await send(ida, page, f"{page}/material", {"Blatt.pdf": PDF})
    assert "Blatt.pdf" in await (await pages.as_person(BEN)).text(page)


async def test_everything_as_a_zip(pages: Pages) -> None:
    task, ida = await pages.it.task(title="Übung: 1"), await pages.as_person(IDA)
    await pages.it.file(task)
    await pages.it.handed_in(task)
    answer = await ida.get(f"/task/{task.id}/all.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "%C3%9Cbung_ 1.zip".replace(" ", "%20") in answer.headers["Content-Disposition"]
    archive = ZipFile(BytesIO(await answer.read()))
    assert archive.namelist() == ["Übersicht.csv", "Groß, Ben/Geschrieben.txt", "Groß, Ben/Gedicht.pdf"]
    assert archive.read("Groß, Ben/Gedicht.pdf") == PDF
    assert (await (await pages.as_person(BEN)).get(f"/task/{task.id}/all.zip")).status == 403


async def test_guardians_read_how_far_their_child_is(school_file: Path, engine: AsyncEngine, tmp_path: Path) -> None:
    async for pages in made(school_file, engine, tmp_path, guardians_see=True):
        task = await pages.it.task()
        await pages.it.is_guardian(GABI, BEN)
        gabi = await pages.as_person(GABI)
        assert "Ben Groß: Gedicht fällig Mi, 14:00 Uhr neu" in words_of(await gabi.text("/tasks"))
        assert (await gabi.get(f"/task/{task.id}")).status == 403


async def test_after_an_outage_the_leadership_gives_days_and_names_teachers(pages: Pages) -> None:
    task = await pages.it.task(dates=Dates(due=DUE))
    head = await pages.as_person(HEAD)
    answer = await head.submit("/tasks", "/tasks", days="3", since="2026-05-05")
    assert "number=1" in answer.headers["Location"]
    seen = await pages.it.working.look(BEN, task.id)
    assert seen.dates == Dates(due=DUE + 3 * DAY)
    assert (await head.submit("/tasks", "/tasks", days="viele", since="2026-05-05")).status == 200
    await pages.it.leaves(IDA)
    assert "Ohne Lehrkraft" in words_of(await head.text("/tasks"))
    answer = await head.submit("/tasks", f"/task/{task.id}/teacher", name="Otto Groß")
    assert answer.status == 303
    assert "0 von 2" in words_of(await (await pages.as_person(OTTO)).text(f"/task/{task.id}"))
    assert (await head.get(f"/task/{task.id}")).status == 403


# Files in parts


def tus(token: str, **headers: str) -> dict[str, str]:
    return {"Tus-Resumable": "1.0.0", "X-Form-Token": token} | {k.replace("_", "-"): v for k, v in headers.items()}


def named(name: str) -> str:
    return f"filename {b64encode(name.encode()).decode()}"


async def test_a_file_comes_in_parts_and_goes_on_where_it_was_lost(pages: Pages) -> None:
    task, ben = await pages.it.task(), await pages.as_person(BEN)
    page = f"/task/{task.id}"
    token, content = await ben.token(page), PDF * 10_000
    asked = tus(token, Upload_Length=str(len(content)), Upload_Metadata=named("Übung.pdf"))
    answer = await ben.client.post(f"{page}/uploads", headers=asked)
    assert answer.status == 201, await answer.text()
    upload = answer.headers["Location"]
    binary = {"Content-Type": "application/offset+octet-stream"}
    for start in range(0, len(content), 50_000):
        part = content[start : start + 50_000]
        sent = tus(token, Upload_Offset=str(start)) | binary
        answer = await ben.client.patch(upload, data=part, headers=sent)
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(start + len(part)))
        again = await ben.client.patch(upload, data=part, headers=sent)
        assert again.status in (404, 409), "the same part once more"
        if start + len(part) < len(content):
            answer = await ben.client.head(upload, headers=tus(token))
            assert answer.headers["Upload-Offset"] == str(start + len(part))
            assert answer.headers["Cache-Control"] == "no-store"
    assert "Übung.pdf" in await ben.text(page)
    await pages.it.handed_in(task, BEN, "")
    [file] = (await pages.it.working.look(BEN, task.id)).files
    assert file.size == len(content)


async def test_what_tus_does_not_allow_is_refused(pages: Pages) -> None:
    task, ben, bea = await pages.it.task(), await pages.as_person(BEN), await pages.as_person(BEA)
    page = f"/task/{task.id}"
    token = await ben.token(page)

    async def announced(**headers: str) -> ClientResponse:
        answer: ClientResponse = await ben.client.post(f"{page}/uploads", headers=tus(token, **headers))
        return answer

    name = {"Upload_Metadata": named("a.pdf")}
    assert (await announced(Upload_Length="10", Upload_Metadata=named("a.exe"))).status == 422
    assert (await announced(Upload_Length="0", **name)).status == 422
    assert (await announced(Upload_Length=str(2**40), **name)).status == 422
    for wrong in ("-1", "ten", "", "9" * 20):
        assert (await announced(Upload_Length=wrong, **name)).status == 400
    assert (await announced(Upload_Length="10", Upload_Metadata="filename !!")).status == 400
    without = {"Upload-Length": "10", "Upload-Metadata": named("a.pdf")}
    assert (await ben.client.post(f"{page}/uploads", headers=without | {"Tus-Resumable": "1.0.0"})).status == 403
    assert (await ben.client.post(f"{page}/uploads", headers=without | {"X-Form-Token": token})).status == 412
    good = await announced(Upload_Length="10", **name)
    upload = good.headers["Location"]
    text = {"Content-Type": "text/plain"}
    assert (await ben.client.patch(upload, data=b"x", headers=tus(token, Upload_Offset="0") | text)).status == 415
    others = tus(await bea.token(page), Upload_Offset="0") | {"Content-Type": "application/offset+octet-stream"}
    assert (await bea.client.patch(upload, data=PDF, headers=others)).status == 404
    assert (await bea.client.head(upload, headers=others)).status == 404
    assert (await bea.client.delete(upload, headers=others)).status == 404
    assert "a.pdf ist noch nicht ganz angekommen" in words_of(await ben.text(page))
    answer = await send(ben, page, f"{page}/work", text="x", do="hand_in")
    assert "Eine Datei ist noch nicht ganz angekommen" in words_of(await answer.text())
    pages.it.now = LAST
    assert (await ben.client.head(upload, headers=tus(token))).status == 403, "nothing is taken any more"
    late = await announced(Upload_Length="10", **name)
    assert (late.status, "Zeit" in (await late.json())["error"]) == (403, True)
    pages.it.now = NOON
    assert (await ben.client.delete(upload, headers=tus(token))).status == 204


async def test_only_pages_with_a_script_may_have_one(pages: Pages) -> None:
    task, ben, ida = await pages.it.task(), await pages.as_person(BEN), await pages.as_person(IDA)
    answer = await ben.get(f"/task/{task.id}")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    for path in ("/tasks", "/tasks/new"):
        assert "script-src" not in (await ida.get(path)).headers["Content-Security-Policy"]
    script = re.search(r'src="([^"]+task[^"]+\.js)"', await answer.text())
    assert script is not None
    assert (await ben.get(script[1])).status == 200
    assert token_in(await answer.text())
