"""Attempts to see, change or hand in for somebody else, over HTTP: none succeeds, and none leaves a trace."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from a_school import HEAD
from builders import BEA, BEN, CARL, GABI, IDA, OTTO
from pages_world import Browser
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import PDF, Tasks
from test_task_pages import Pages, made, named, pieces_of_form, tus

from school.database.tables import metadata
from school.database.task_files import File, Upload
from school.domain.people import Person
from school.domain.tasks import Task

SECRETS = (b"Geheimes von Ben", PDF, b"Nur im Entwurf", b"geheim.pdf")
OUTSIDERS = (BEA, CARL, OTTO, HEAD, GABI)
"""A pupil of the class and one of another, a teacher who is not the task's, the leadership, the mother."""


@dataclass
class Scene:
    """Ben has handed in, has a new draft with a file, and another file on its way."""

    pages: Pages
    task: Task
    hand_in: str
    handed_in: File
    in_draft: File
    upload: Upload

    @property
    def page(self) -> str:
        return f"/task/{self.task.id}"


@pytest.fixture
async def scene(school_file: Path, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Scene]:
    async for pages in made(school_file, engine, tmp_path, guardians_see=True):
        tasks: Tasks = pages.it
        await tasks.is_guardian(GABI, BEN)
        task = await tasks.task(team_size=2)
        await tasks.file(task, BEN, name="geheim.pdf")
        receipt = await tasks.handed_in(task, BEN, "Geheimes von Ben")
        await tasks.working.revise(BEN, task.id)
        await tasks.working.keep_draft(BEN, task.id, "Nur im Entwurf")
        seen = await tasks.working.look(BEN, task.id)
        [in_draft] = [file for file in seen.files if file.spot.version is None]
        _, spot = await tasks.working.spot(BEN, task.id)
        assert spot is not None
        upload = await tasks.uploads.announce(spot, BEN.id, "b.pdf", 100)
        assert isinstance(upload, Upload)
        assert seen.hand_in is not None
        yield Scene(pages, task, seen.hand_in.id, receipt.files[0], in_draft, upload)


async def trace(scene: Scene) -> dict[str, list[str]]:
    """Everything about tasks in the database, but who has seen what, and what others begin for themselves."""
    left_out = {"task_people", "hand_ins", "hand_in_members"}
    async with scene.pages.it.school.engine.connect() as connection:
        found = {
            name: sorted(str(row) for row in await connection.execute(select(table)))
            for name, table in metadata.tables.items()
            if name.startswith(("task", "hand_in")) and name not in left_out
        }
        own = metadata.tables["hand_ins"]
        found["bens"] = [str(row) for row in await connection.execute(select(own).where(own.c.id == scene.hand_in))]
        members = metadata.tables["hand_in_members"]
        here = members.c.hand_in_id == scene.hand_in
        found["members"] = [str(row) for row in await connection.execute(select(members).where(here))]
    return found


async def sees_nothing(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    content = await answer.read()
    assert answer.status in (303, 403, 404), (path, answer.status)
    assert not [secret for secret in SECRETS if secret in content], path


@pytest.mark.parametrize("who", OUTSIDERS, ids=lambda person: person.given_name)
async def test_nobody_else_sees_what_was_handed_in(scene: Scene, who: Person) -> None:
    """Seven looks each, and as many of somebody who is not signed in."""
    page = scene.page
    paths = [
        f"{page}/file/{scene.handed_in.id}",
        f"{page}/file/{scene.in_draft.id}",
        f"{page}/check/{scene.hand_in}",
        f"{page}/all.zip",
        f"{page}/edit",
        f"/task/{scene.hand_in}",
        f"{page}/uploads/{scene.upload.id}",
    ]
    browser, stranger = await scene.pages.as_person(who), scene.pages.world.browser()
    for path in paths[:-1]:
        await sees_nothing(browser, path)
        await sees_nothing(stranger, path)
    head = await browser.client.head(paths[-1], headers=tus(await browser.token("/tasks")))
    assert head.status in (403, 404)
    task = await browser.get(page)
    assert not [secret for secret in SECRETS if secret in await task.read()]
    assert task.status == (200 if who is BEA else 403)
    for secret in SECRETS:
        assert secret.decode(errors="replace") not in await (await browser.get("/tasks")).text()


async def test_the_tasks_teacher_does_not_see_the_draft(scene: Scene) -> None:
    ida = await scene.pages.as_person(IDA)
    await sees_nothing(ida, f"{scene.page}/file/{scene.in_draft.id}")
    for path in (scene.page, f"{scene.page}/check/{scene.hand_in}"):
        assert "Nur im Entwurf" not in await ida.text(path)


WRITES: list[tuple[str, dict[str, str]]] = [
    ("/remove", {"file": "HANDED_IN"}),
    ("/remove", {"file": "IN_DRAFT"}),
    ("/remove", {"upload": "UPLOAD"}),
    ("/team", {"names": "Ben Groß"}),
    ("", {"do": "publish"}),
    ("", {"do": "close"}),
    ("", {"do": "open"}),
    ("", {"do": "show"}),
    ("", {"do": "remind"}),
    ("/extend", {"person": "p-bea", "until": "2026-06-01T12:00"}),
    ("/teacher", {"name": "Otto Groß"}),
    ("/edit", {"title": "Meins", "due": "2026-06-01T12:00", "groups": "Klasse 5a", "publish": "now"}),
]
WITH_FILES: list[tuple[str, dict[str, str]]] = [
    ("/material", {}),
    ("/check/HAND_IN", {"feedback": "Sechs", "mark": "6", "do": "save"}),
    ("/check/HAND_IN", {"feedback": "Nochmal", "mark": "", "do": "return"}),
]


def filled(scene: Scene, text: str) -> str:
    ids = {"HANDED_IN": scene.handed_in.id, "IN_DRAFT": scene.in_draft.id, "UPLOAD": scene.upload.id}
    for name, value in (ids | {"HAND_IN": scene.hand_in}).items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("who", OUTSIDERS, ids=lambda person: person.given_name)
async def test_nobody_else_changes_anything(scene: Scene, who: Person) -> None:
    """Nineteen attempts each."""
    browser = await scene.pages.as_person(who)
    before = await trace(scene)
    token = await browser.token("/tasks")
    for path, fields in WRITES:
        answer = await browser.post(
            scene.page + path, {"form_token": token} | {name: filled(scene, value) for name, value in fields.items()}
        )
        assert answer.status in (403, 404, 422), (path, answer.status)
    for path, fields in WITH_FILES:
        form = pieces_of_form(token, fields, {"x.pdf": PDF})
        answer = await browser.client.post(
            scene.page + filled(scene, path), data=form, headers=browser.headers, allow_redirects=False
        )
        assert answer.status in (403, 404), (path, answer.status)
    upload = f"{scene.page}/uploads/{scene.upload.id}"
    binary = {"Content-Type": "application/offset+octet-stream"}
    patched = await browser.client.patch(upload, data=PDF, headers=tus(token, Upload_Offset="0") | binary)
    deleted = await browser.client.delete(upload, headers=tus(token))
    assert {patched.status, deleted.status} <= {403, 404}
    if who is not BEA:  # she has the task, and hands in her own
        asked = tus(token, Upload_Length="10", Upload_Metadata=named("a.pdf"))
        assert (await browser.client.post(f"{scene.page}/uploads", headers=asked)).status == 403
        form = pieces_of_form(token, {"text": "Für Ben", "do": "hand_in"}, {})
        answer = await browser.client.post(f"{scene.page}/work", data=form, headers=browser.headers)
        assert answer.status == 403
    assert scene.pages.reminded == []
    assert await trace(scene) == before


async def test_nothing_is_sent_in_somebodys_name_from_elsewhere(scene: Scene) -> None:
    """Without the form's token, with somebody else's, from another site."""
    ben, bea = await scene.pages.as_person(BEN), await scene.pages.as_person(BEA)
    own, others = await ben.token(scene.page), await bea.token(scene.page)
    before = await trace(scene)

    async def work(token: str, **headers: str) -> int:
        form = pieces_of_form(token, {"text": "Fremd", "do": "hand_in"}, {})
        answer = await ben.client.post(f"{scene.page}/work", data=form, headers=ben.headers | headers)
        return int(answer.status)

    assert await work("") == 403
    assert await work(others) == 403
    assert await work(own, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert await work(own, Origin="https://evil.example") == 403
    upload = f"{scene.page}/uploads/{scene.upload.id}"
    for headers in (tus(""), tus(others), tus(own) | {"Sec-Fetch-Site": "cross-site"}):
        assert (await ben.client.delete(upload, headers=headers)).status == 403
    assert await trace(scene) == before


async def test_odd_addresses_are_not_found(scene: Scene) -> None:
    ida: Any = await scene.pages.as_person(IDA)
    for path in ("/task/..%2f..", "/task/%00", "/task/x/file/y", "/task/ä/check/ö", "/task/%0d%0aX:%20y/all.zip"):
        assert (await ida.get(path)).status == 404, path


def test_these_are_more_than_forty_attempts() -> None:
    per_person = 9 + len(WRITES) + len(WITH_FILES) + 4
    assert per_person * len(OUTSIDERS) > 40
