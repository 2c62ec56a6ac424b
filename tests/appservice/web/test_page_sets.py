"""Pages of other packages stand beside ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from builders import IDA
from pages_world import World, words_of

from appservice.web.page_sets import PageSet
from appservice.web.rendering import Renderer
from appservice.web.site import Site
from appservice.web.static_files import StaticFiles
from appservice.web.texts import CATALOGUES
from appservice.web.visit import Visit
from school.texts import Language

SENTENCES = {
    Language.GERMAN: {"other.title": "Anderes", "other.here": "Hier ist {name}."},
    Language.ENGLISH: {"other.title": "Something else", "other.here": "Here is {name}."},
}
TEMPLATES = {
    "other_page.html": (
        '{% extends "base.html" %}{% block title %}{{ say("other.title") }}{% endblock %}'
        '{% block content %}<h1>{{ say("other.here", name=person.display_name) }}</h1>'
        '<img src="{{ static("other.svg") }}" alt="">{% endblock %}'
    ),
    "base.html": "nobody replaces this",
}


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PageSet:
    folder = tmp_path / "other_pages"
    for name in ("templates", "static"):
        (folder / name).mkdir(parents=True)
    (folder / "__init__.py").touch()
    for name, text in TEMPLATES.items():
        (folder / "templates" / name).write_text(text)
    (folder / "static" / "other.svg").write_text("<svg/>")
    monkeypatch.syspath_prepend(tmp_path)
    return PageSet(package="other_pages", sentences=SENTENCES, ways=(("/other", "other.title"),))


async def _show(visit: Visit) -> web.Response:
    return visit.page("other_page.html")


async def test_a_page_of_another_package_is_one_like_ours(new_world: Callable[..., Any], other: PageSet) -> None:
    world: World = new_world(
        page_sets=(other,), more=lambda pages: [web.get("/other", pages.host.page(_show, signed_in=True))]
    )
    await world.server.start_server()
    stranger = world.browser()
    assert (await stranger.get("/other")).headers["Location"] == "/login?next=/other"
    ida = await world.signed_in(IDA)
    assert 'href="/other"' in await ida.text("/"), "the start page leads there"
    page = await ida.text("/other")
    assert f"Hier ist {IDA.display_name}." in words_of(page)
    assert "<!doctype html>" in page
    file = await ida.get(page.partition('src="')[2].partition('"')[0])
    assert await file.text() == "<svg/>"


def test_two_sentences_of_one_name_are_refused(world: World) -> None:
    ours = {language: {"page.account": "…"} for language in Language}
    site, static = Site.of(world.settings), StaticFiles()
    with pytest.raises(ValueError, match=r"page\.account"):
        Renderer(site, static, (PageSet(package="appservice.web", sentences=ours),))
    assert all("page.account" in catalogue for catalogue in CATALOGUES.values())
