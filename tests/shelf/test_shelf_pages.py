"""The pages of the shelves: what somebody sees, takes, shares, and what nobody else does."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientPayloadError, FormData, web
from aiohttp.test_utils import TestServer
from builders import BEA, BEN, CARL, GABI, IDA, OTTO, standing
from pages_world import Browser, World, heading, token_in, words_of
from shelf_school import NEWS, OTHER, PDF, PNG, ROOM, FakeMessenger, content, fill
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import RefusedError, TryLaterError
from school.database.shelf_tables import shelf_files, shelf_folders
from school.database.tables import audit_log
from school.domain.decisions import REASON_KEY, Reason
from school.domain.people import Person
from school.sealing import HELD_KEY
from shelf.desk import ShelfDesk
from shelf.index import ShelfIndex
from shelf.web import PAGES
from shelf.web.files import FilePages
from shelf.web.pages import MOST_FILES, ON_A_PAGE, ShelfPages
from shelf.web.routes import shelf_routes

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = b"<!doctype html><script>alert(1)</script>"


class Shelves:
    """The pages with shelves, and what is in the rooms."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.messenger = FakeMessenger()
        self.index = ShelfIndex(engine=world.engine, events=self.messenger)
        desk = ShelfDesk(
            engine=world.engine,
            view=world.view,  # type: ignore[arg-type] # as far as a desk needs one
            messenger=self.messenger,
            index=self.index,
        )
        pages = ShelfPages(desk=desk, limits=self.messenger)
        files = FilePages(pages=pages, desk=desk, index=self.index, files=self.messenger)
        routes = shelf_routes(world.pages.host, pages, files)
        world.server = TestServer(world.pages.application([*routes], largest_bytes=2**20))

    async def has(
        self, name: str, what: bytes = PNG, media_type: str = "image/png", *, size: int = 108, **said: Any
    ) -> str:
        """A file in a room; where it is on the shelf of the class."""
        uri = f"mxc://school.test/f{len(self.messenger.files)}"
        self.messenger.files[uri] = what
        info = {"mimetype": media_type, "size": size}
        event = self.messenger.says(content(name, media_type, uri, info=info), **said)
        await self.index.take([event])
        return f"/shelf/5a/files/{event['event_id'][1:]}"


@pytest.fixture
async def shelves(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Shelves]:
    shelves = Shelves(World(engine, tmp_path, page_sets=(PAGES,)))
    await fill(engine, shelves.messenger)
    await shelves.world.server.start_server()
    yield shelves
    for browser in shelves.world.browsers:
        await browser.client.close()
    await shelves.world.server.close()


async def share(
    browser: Browser, *files: tuple[str, bytes, str], page: str = "/shelf/5a", token: str | None = None, **fields: str
) -> Any:
    """Sends the form with files, as a browser does."""
    form = FormData(quote_fields=False)  # as browsers do
    form.add_field("form_token", await browser.token(page) if token is None else token)
    for name, value in fields.items():
        form.add_field(name, value)
    for name, what, media_type in files:
        form.add_field("files", BytesIO(what), filename=name, content_type=media_type)
    to = page.partition("?")[0]
    return await browser.client.post(to, data=form, headers=browser.headers, allow_redirects=False)


# Seeing


async def test_the_start_page_leads_to_the_shelves_of_ones_rooms(shelves: Shelves) -> None:
    ida = await shelves.world.signed_in(IDA)
    assert 'href="/shelf"' in await ida.text("/")
    page = await ida.text("/shelf")
    assert re.findall(r'href="/shelf/([^"]+)"', page) == ["5a"]
    gabi = await shelves.world.signed_in(GABI)
    assert "in keinem Raum" in words_of(await gabi.text("/shelf"))


async def test_a_shelf_shows_what_was_shared_with_who_and_when(shelves: Shelves) -> None:
    await shelves.has("Übung 3.pdf", PDF, "application/pdf", who=IDA)
    await shelves.has("Foto <b>.png", who=BEN, at=60_000)
    await shelves.has("Aushang.png", room=NEWS, at=120_000)
    await shelves.has("Nicht hier.png", room=OTHER)
    page = await (await shelves.world.signed_in(BEN)).text("/shelf/5a")
    assert heading(page) == "Dateien: Klasse 5a"
    words = words_of(page)
    assert words.index("Aushang.png") < words.index("Foto _b_.png") < words.index("Übung 3.pdf")
    assert 'aria-hidden="true">PDF<' in page
    assert "PDF · 108 B · Ida Groß · 5. Mai 2026, 14:00 Uhr" in words
    assert "Nicht hier" not in words
    assert "3 Dateien" in words
    assert page.count('loading="lazy"') == 2


async def test_search_order_folder_and_pages_go_together(shelves: Shelves) -> None:
    for number in range(ON_A_PAGE + 2):
        await shelves.has(f"Blatt {number:02}.png", at=number)
    await shelves.has("Zebra.png", who=BEN)
    ida = await shelves.world.signed_in(IDA)
    first = await ida.text("/shelf/5a?words=blatt&order=name")
    assert "Blatt 00.png" in first
    assert "Blatt 51.png" not in first
    assert "Zebra" not in first
    [following] = re.findall(r'href="(/shelf/5a\?[^"]+)" rel="next"', first)
    second = await ida.text(following.replace("&amp;", "&"))
    assert "Blatt 51.png" in second
    assert "Blatt 00.png" not in second
    assert "Nichts gefunden" in words_of(await ida.text("/shelf/5a?words=giraffe"))
    assert "Zebra.png" in await ida.text("/shelf/5a?words=ben")


@pytest.mark.parametrize("asked", ["page=0", "page=-1", "page=999999", "page=x", "order=no", "folder=no", "done=no"])
async def test_whatever_an_address_says_is_no_error(shelves: Shelves, asked: str) -> None:
    await shelves.has("Blatt.png")
    assert "Blatt.png" in await (await shelves.world.signed_in(IDA)).text(f"/shelf/5a?{asked}")


# Who sees it

PATHS = ("", "/content", "/view", "/thumbnail")


@pytest.mark.parametrize("person", [CARL, GABI, OTTO], ids=lambda person: str(person.given_name))
async def test_who_is_not_in_the_room_sees_nothing_of_it(shelves: Shelves, person: Person) -> None:
    file = await shelves.has("Geheim.png")
    stranger = await shelves.world.signed_in(person)
    for path in ("/shelf/5a", *(file + more for more in PATHS)):
        answer = await stranger.get(path)
        assert answer.status == 404
        assert "Geheim" not in await answer.text()
        assert "Klasse 5a" not in await answer.text()
    token = await stranger.token("/account")
    refused = await share(stranger, ("a.png", PNG, "image/png"), token=token)
    assert refused.status == 404
    for path in (file, "/shelf/5a/folders", "/shelf/5a/folders/f"):
        assert (await stranger.post(path, {"form_token": token, "name": "x", "folder": ""})).status == 404
    assert shelves.messenger.asked == []


async def test_a_visiting_teacher_sees_the_rooms_that_they_are_in(shelves: Shelves) -> None:
    await shelves.has("Im Raum.png")
    await shelves.has("Im Aushang.png", room=NEWS)
    shelves.messenger.joined[ROOM].add(OTTO.user_id)
    page = await (await shelves.world.signed_in(OTTO)).text("/shelf/5a")
    assert "Im Raum.png" in page
    assert "Im Aushang.png" not in page
    assert "Ordner verwalten" not in page, "that is for the teachers of the group"


async def test_who_is_taken_out_sees_nothing_from_that_moment(shelves: Shelves) -> None:
    file = await shelves.has("Geheim.png")
    ben = await shelves.world.signed_in(BEN)
    assert (await ben.get(file + "/content")).status == 200
    shelves.messenger.joined[ROOM].discard(BEN.user_id)
    assert (await ben.get(file + "/content")).status == 404
    assert "Geheim" not in await (await ben.get("/shelf/5a")).text()


async def test_who_left_the_class_sees_nothing_though_still_in_the_room(shelves: Shelves) -> None:
    file = await shelves.has("Geheim.png")
    ben = await shelves.world.signed_in(BEN)
    moved = Person(
        id=BEN.id, user_id=BEN.user_id, given_name="Ben", family_name="Groß", role=BEN.role, groups=CARL.groups
    )
    shelves.world.view.school = standing(people=[IDA, moved])
    assert [(await ben.get(path)).status for path in (file, file + "/content", "/shelf/5a")] == [404] * 3


async def test_a_file_of_another_shelf_is_not_on_this_one(shelves: Shelves) -> None:
    file = await shelves.has("Von 6b.png", room=OTHER)
    ida = await shelves.world.signed_in(IDA)
    assert [(await ida.get(file + more)).status for more in PATHS] == [404] * 4


async def test_nobody_sees_anything_who_is_not_signed_in(shelves: Shelves) -> None:
    file = await shelves.has("Geheim.png")
    stranger = shelves.world.browser()
    for path in ("/shelf", "/shelf/5a", *(file + more for more in PATHS)):
        answer = await stranger.get(path)
        assert (answer.status, answer.headers["Location"]) == (303, f"/login?next={path}")
    assert (await stranger.post("/shelf/5a", {})).status == 403


# A file


async def test_a_file_is_taken_along_as_whoever_asks_and_never_runs(shelves: Shelves) -> None:
    file = await shelves.has("Übung „3“.html", HTML, "text/html")
    ben = await shelves.world.signed_in(BEN)
    answer = await ben.get(file + "/content")
    assert await answer.read() == HTML
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"_bung _3_.html\"; filename*=UTF-8''%C3%9Cbung%20%E2%80%9E3%E2%80%9C.html"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["Cache-Control"] == "no-store"
    assert shelves.messenger.asked == [("mxc://school.test/f0", BEN.user_id)]


@pytest.mark.parametrize(
    ("name", "what", "media_type", "shown_as"),
    [
        ("a.png", PNG, "image/png", "image/png"),
        ("a.pdf", PDF, "application/pdf", "application/pdf"),
        ("lies.png", HTML, "image/png", None),
        ("lies.pdf", HTML, "application/pdf", None),
        ("lies.jpg", SVG, "image/jpeg", None),
        ("short.png", b"\x89", "image/png", None),
        ("empty.png", b"", "image/png", None),
    ],
)
async def test_only_what_is_what_it_says_is_shown(
    shelves: Shelves, name: str, what: bytes, media_type: str, shown_as: str | None
) -> None:
    file = await shelves.has(name, what, media_type)
    answer = await (await shelves.world.signed_in(BEN)).get(file + "/view")
    assert await answer.read() == what
    how = answer.headers["Content-Disposition"].partition(";")[0]
    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert ("sandbox" in policy) is (shown_as != "application/pdf")
    if shown_as is None:
        assert (how, answer.headers["Content-Type"]) == ("attachment", "application/octet-stream")
    else:
        assert (how, answer.headers["Content-Type"]) == ("inline", shown_as)


@pytest.mark.parametrize(
    ("name", "what", "media_type"),
    [("a.svg", SVG, "image/svg+xml"), ("a.html", HTML, "text/html"), ("a.txt", b"Hallo", "text/plain")],
)
async def test_what_may_carry_a_program_has_no_address_where_it_is_shown(
    shelves: Shelves, name: str, what: bytes, media_type: str
) -> None:
    file = await shelves.has(name, what, media_type)
    ben = await shelves.world.signed_in(BEN)
    page = await ben.text(file)
    assert "/view" not in page
    assert [(await ben.get(file + more)).status for more in ("/view", "/thumbnail")] == [404, 404]


async def test_small_pictures_are_shown_only_as_pictures(shelves: Shelves) -> None:
    file = await shelves.has("a.jpg", b"\xff\xd8\xff\xe0" + b"0" * 50, "image/jpeg")
    ben = await shelves.world.signed_in(BEN)
    assert (await (await ben.get(file + "/thumbnail")).read()).startswith(b"\xff\xd8"), "itself: there is none"
    large = await shelves.has("b.jpg", b"\xff\xd8\xff\xe0" + b"0" * 50, "image/jpeg", size=10**6)
    assert (await ben.get(large + "/thumbnail")).status == 404
    assert (await ben.get(large)).status == 200, "that there is no small one casts no doubt on it"
    shelves.messenger.small["mxc://school.test/f0"] = PNG
    answer = await ben.get(file + "/thumbnail")
    assert (answer.headers["Content-Type"], await answer.read()) == ("image/png", PNG)
    shelves.messenger.small["mxc://school.test/f0"] = HTML
    answer = await ben.get(file + "/thumbnail")
    assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_page_tells_of_a_file_and_shows_it(shelves: Shelves) -> None:
    picture, pdf = await shelves.has("Foto.png"), await shelves.has("Blatt.pdf", PDF, "application/pdf")
    ben = await shelves.world.signed_in(BEN)
    page = await ben.text(picture)
    assert f'<img class="preview" src="{picture}/view" alt="Foto.png">' in page
    assert heading(page) == "Foto.png"
    page = await ben.text(pdf)
    assert f'href="{pdf}/view"' in page
    assert "Im Browser ansehen" in page
    assert "<select" not in page, "a pupil moves nothing"


async def test_a_deleted_file_is_gone_from_every_address(shelves: Shelves) -> None:
    file = await shelves.has("Peinlich.png")
    await shelves.index.take([shelves.messenger.deletes({"event_id": "$event-0", "room_id": ROOM})])
    ben = await shelves.world.signed_in(BEN)
    assert [(await ben.get(file + more)).status for more in PATHS] == [404] * 4
    assert "Peinlich" not in await ben.text("/shelf/5a")


async def test_what_the_homeserver_has_lost_is_said_kindly_and_looked_at(shelves: Shelves) -> None:
    file = await shelves.has("Weg.png")
    shelves.messenger.files.clear()
    shelves.messenger.events.clear()
    ben = await shelves.world.signed_in(BEN)
    assert (await ben.get(file + "/content")).status == 404
    await shelves.index.look_again()
    assert "Weg.png" not in await ben.text("/shelf/5a")


async def test_half_a_file_does_not_look_like_a_whole_one(shelves: Shelves) -> None:
    file = await shelves.has("Foto.png")
    ben = await shelves.world.signed_in(BEN)

    async def breaks_off() -> AsyncIterator[bytes]:
        yield PNG
        raise ClientPayloadError("the homeserver was ended")

    @asynccontextmanager
    async def half(uri: str, *, as_user: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        yield breaks_off()

    shelves.messenger.file = half  # type: ignore[method-assign]
    with pytest.raises(ClientError):
        await (await ben.get(file + "/content")).read()
    assert "Foto.png" in await ben.text("/shelf/5a"), "that is no doubt about the file"


async def test_while_the_homeserver_is_busy_nothing_is_shown(shelves: Shelves) -> None:
    file = await shelves.has("Geheim.png")
    ben = await shelves.world.signed_in(BEN)
    shelves.messenger.trouble = TryLaterError("HTTP 503", status=503)
    for path in ("/shelf", "/shelf/5a", file, file + "/content"):
        answer = await ben.get(path)
        assert answer.status == 503
        assert "Geheim" not in await answer.text()


# Sharing


async def test_what_is_shared_is_said_in_the_room_by_whoever_shares_it(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    answer = await share(ben, ("Übung 3.pdf", PDF, "application/pdf"), ("Foto.png", PNG, "image/png"))
    assert (answer.status, answer.headers["Location"]) == (303, "/shelf/5a?done=shared")
    first, second = (event for event in shelves.messenger.events.values())
    assert (first["room_id"], first["sender"]) == (ROOM, BEN.user_id)
    assert first["content"] == {
        "msgtype": "m.file",
        "body": "Übung 3.pdf",
        "filename": "Übung 3.pdf",
        "url": "mxc://school.test/file0",
        "info": {"mimetype": "application/pdf", "size": len(PDF)},
        "m.mentions": {},
    }
    assert second["content"]["msgtype"] == "m.image"
    assert shelves.messenger.files == {"mxc://school.test/file0": PDF, "mxc://school.test/file1": PNG}
    page = words_of(await ben.text("/shelf/5a?done=shared"))
    assert "Geteilt." in page
    assert "Übung 3.pdf" in page, "at once, not only when the homeserver tells everybody"


async def test_a_form_that_is_sent_twice_is_shared_once(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    token = await ben.token("/shelf/5a")
    for _ in range(2):
        assert (await share(ben, ("a.png", PNG, "image/png"), token=token)).status == 303
    assert len(shelves.messenger.events) == 1


async def test_what_waits_says_so_and_is_not_on_the_shelf(shelves: Shelves) -> None:
    shelves.messenger.becomes = {"msgtype": "m.notice", "body": "🌙", HELD_KEY: "v1.sealed"}
    ida = await shelves.world.signed_in(IDA)
    await ida.submit("/shelf/5a", "/shelf/5a/folders", name="Woche 1")
    [folder] = re.findall(r"folder=([\w-]+)", await ida.text("/shelf/5a"))[:1] or [""]
    answer = await share(ida, ("Aufsatz.pdf", PDF, "application/pdf"), folder=folder)
    assert answer.headers["Location"].startswith("/shelf/5a?done=waits")
    page = words_of(await ida.text("/shelf/5a?done=waits"))
    assert "Danach wird es zugestellt" in page
    assert "Aufsatz" not in page
    async with shelves.world.engine.connect() as connection:
        assert (await connection.execute(shelf_files.select())).all() == []


async def test_what_the_module_refuses_is_told_in_its_words(shelves: Shelves) -> None:
    refused = {
        "msgtype": "m.notice",
        "body": "⛔ Nicht zugestellt: Das geht nicht.",
        REASON_KEY: Reason.FILE_TYPE.value,
    }
    shelves.messenger.becomes = refused
    ben = await shelves.world.signed_in(BEN)
    answer = await share(ben, ("a.exe", b"MZ", "application/x-msdownload"))
    page = words_of(await answer.text())
    assert "„a.exe“ wurde nicht geteilt. ⛔ Nicht zugestellt: Das geht nicht." in page


async def test_what_the_homeserver_refuses_is_told_in_its_words(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    token = await ben.token("/shelf/5a")
    shelves.messenger.send = refuse  # type: ignore[method-assign]
    page = words_of(await (await share(ben, ("a.png", PNG, "image/png"), token=token)).text())
    assert "„a.png“ wurde nicht geteilt. Hier schreiben nur Lehrkräfte." in page


async def refuse(*_: Any, **__: Any) -> str:
    raise RefusedError("HTTP 403", status=403, words="Hier schreiben nur Lehrkräfte.")


async def busy(*_: Any, **__: Any) -> str:
    raise TryLaterError("HTTP 503", status=503)


async def test_while_the_homeserver_is_busy_sharing_says_so(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    token = await ben.token("/shelf/5a")
    shelves.messenger.put_file = busy  # type: ignore[method-assign]
    page = words_of(await (await share(ben, ("a.png", PNG, "image/png"), token=token)).text())
    assert "Versuch es bitte in ein paar Minuten noch einmal." in page


async def test_a_file_that_is_too_large_is_told_of_and_the_others_are_shared(shelves: Shelves) -> None:
    shelves.messenger.most_bytes = 2_000_000
    ben = await shelves.world.signed_in(BEN)
    files = (("groß.png", PNG + b"0" * 2_000_000, "image/png"), ("klein.png", PNG, "image/png"))
    page = words_of(await (await share(ben, *files)).text())
    assert "„groß.png“ wurde nicht geteilt. Die Datei ist zu groß, höchstens 2 MB gehen." in page
    assert [event["content"]["body"] for event in shelves.messenger.events.values()] == ["klein.png"]


async def test_too_many_files_at_once_are_refused(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    answer = await share(ben, *((f"{number}.png", PNG, "image/png") for number in range(MOST_FILES + 1)))
    assert answer.status == 413
    assert shelves.messenger.events == {}


async def test_nobody_shares_twice_at_the_same_time(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    token = await ben.token("/shelf/5a")
    put, statuses = shelves.messenger.put_file, []

    async def meanwhile(*given: Any, **more: Any) -> str:
        statuses.append((await share(ben, ("b.png", PNG, "image/png"), token=token)).status)
        return await put(*given, **more)

    shelves.messenger.put_file = meanwhile  # type: ignore[method-assign]
    assert (await share(ben, ("a.png", PNG, "image/png"), token=token)).status == 303
    assert statuses == [429]
    shelves.messenger.put_file = put  # type: ignore[method-assign]
    assert (await share(ben, ("b.png", PNG, "image/png"))).status == 303, "afterwards they may"


async def test_no_file_is_a_sentence(shelves: Shelves) -> None:
    ben = await shelves.world.signed_in(BEN)
    page = await (await share(ben, ("", b"", "application/octet-stream"))).text()
    assert "Wähle zuerst mindestens eine Datei aus." in words_of(page)


async def test_a_form_that_is_not_ours_shares_nothing(shelves: Shelves) -> None:
    ben, bea = await shelves.world.signed_in(BEN), await shelves.world.signed_in(BEA)
    shelves.messenger.joined[ROOM].add(BEA.user_id)
    theirs = await bea.token("/shelf/5a")
    for token in (theirs, "", "x"):
        answer = await share(ben, ("a.png", PNG, "image/png"), token=token)
        assert answer.status == 403
    token = await ben.token("/shelf/5a")
    ben.headers["Sec-Fetch-Site"] = "cross-site"
    assert (await share(ben, ("a.png", PNG, "image/png"), token=token)).status == 403
    assert shelves.messenger.events == {}
    assert shelves.messenger.files == {}


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"a" * 9000),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data", b"--x--"),
        ("multipart/mixed; boundary=x", b"--x--"),
        ("application/x-www-form-urlencoded", b"form_token=x"),
        ("application/json", b"{}"),
    ],
    ids=str,
)
async def test_a_broken_form_is_a_kind_page(shelves: Shelves, media_type: str, body: bytes) -> None:
    ben = await shelves.world.signed_in(BEN)
    answer = await ben.post("/shelf/5a", body, **{"Content-Type": media_type})
    assert answer.status in (400, 403)
    assert "<h1>" in await answer.text()


# Folders


async def folders(shelves: Shelves) -> list[str]:
    async with shelves.world.engine.connect() as connection:
        return sorted(row.name for row in await connection.execute(shelf_folders.select()))


async def test_the_life_of_a_folder(shelves: Shelves) -> None:
    file = await shelves.has("Blatt.png")
    await shelves.has("Foto.png")
    ida, ben = await shelves.world.signed_in(IDA), await shelves.world.signed_in(BEN)
    made = await ida.submit("/shelf/5a", "/shelf/5a/folders", name=" Woche  1 ")
    assert made.headers["Location"] == "/shelf/5a?done=made"
    [folder] = re.findall(r'option value="([\w-]+)">Woche 1', await ida.text(file))
    assert (await ida.submit(file, folder=folder)).status == 303
    assert "Ordner Woche 1" in words_of(await ben.text(file))
    inside = await ben.text(f"/shelf/5a?folder={folder}")
    assert "Blatt.png" in inside
    assert "Foto.png" not in inside
    renamed = await ida.submit(f"/shelf/5a?folder={folder}", f"/shelf/5a/folders/{folder}", name="Woche 2")
    assert renamed.headers["Location"] == f"/shelf/5a?done=renamed&folder={folder}"
    assert heading(await ben.text(f"/shelf/5a?folder={folder}")) == "Woche 2 – Klasse 5a"
    await ida.submit("/shelf/5a", f"/shelf/5a/folders/{folder}", remove="1")
    assert await folders(shelves) == []
    assert "Blatt.png" in await ben.text("/shelf/5a")
    assert "Kein Ordner" in words_of(await ben.text(file))
    async with shelves.world.engine.connect() as connection:
        logged = [(row.action, row.actor, row.target) for row in await connection.execute(audit_log.select())]
    assert logged == [("folder_changed", IDA.id, "5a")] * 3


async def test_what_is_shared_in_a_folder_lies_there(shelves: Shelves) -> None:
    ida, ben = await shelves.world.signed_in(IDA), await shelves.world.signed_in(BEN)
    await ida.submit("/shelf/5a", "/shelf/5a/folders", name="Woche 1")
    [folder] = set(re.findall(r"folder=([\w-]+)&", await ben.text("/shelf/5a")))
    inside = f"/shelf/5a?folder={folder}"
    answer = await share(ben, ("Blatt.png", PNG, "image/png"), page=inside, folder=folder)
    assert answer.headers["Location"] == f"/shelf/5a?done=shared&folder={folder}"
    assert "Blatt.png" in await ida.text(inside)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "WOCHE 1"])
async def test_a_name_that_does_not_do_is_a_sentence(shelves: Shelves, name: str) -> None:
    ida = await shelves.world.signed_in(IDA)
    await ida.submit("/shelf/5a", "/shelf/5a/folders", name="Woche 1")
    answer = await ida.submit("/shelf/5a", "/shelf/5a/folders", name=name)
    assert "So kann der Ordner nicht heißen." in words_of(await answer.text())
    assert await folders(shelves) == ["Woche 1"]


async def test_nobody_but_the_groups_teachers_touches_folders(shelves: Shelves) -> None:
    file = await shelves.has("Blatt.png")
    ida = await shelves.world.signed_in(IDA)
    await ida.submit("/shelf/5a", "/shelf/5a/folders", name="Woche 1")
    [folder] = re.findall(r'option value="([\w-]+)">Woche 1', await ida.text(file))
    shelves.messenger.joined[ROOM].add(OTTO.user_id)
    for person in (BEN, OTTO):
        other = await shelves.world.signed_in(person)
        page = await other.text("/shelf/5a")
        assert "Ordner verwalten" not in page
        token = token_in(page)
        for path, fields in (
            ("/shelf/5a/folders", {"name": "Meins"}),
            (f"/shelf/5a/folders/{folder}", {"name": "Meins"}),
            (f"/shelf/5a/folders/{folder}", {"remove": "1"}),
            (file, {"folder": folder}),
        ):
            assert (await other.post(path, {"form_token": token, **fields})).status == 404
    assert await folders(shelves) == ["Woche 1"]
    assert "Kein Ordner" in words_of(await ida.text(file))


async def test_a_folder_of_another_group_is_not_touched_from_here(shelves: Shelves) -> None:
    otto, ida = await shelves.world.signed_in(OTTO), await shelves.world.signed_in(IDA)
    await otto.submit("/shelf/6b", "/shelf/6b/folders", name="Von Otto")
    theirs = await shelves.has("Blatt von 6b.png", room=OTHER)
    [folder] = re.findall(
        r'option value="([\w-]+)">Von Otto', await otto.text(theirs.replace("/shelf/5a/", "/shelf/6b/"))
    )
    file = await shelves.has("Blatt.png")
    token = await ida.token("/shelf/5a")
    for path, fields in ((f"/shelf/5a/folders/{folder}", {"remove": "1"}), (file, {"folder": folder})):
        assert (await ida.post(path, {"form_token": token, **fields})).status == 404
    assert await folders(shelves) == ["Von Otto"]


def test_every_address_is_a_page_of_somebody_signed_in() -> None:
    seen: list[bool] = []

    class Host:
        def page(self, page: Callable[..., Any], *, signed_in: bool = False) -> Callable[..., Any]:
            seen.append(signed_in)
            return page

    class Anything:
        def __getattr__(self, _: str) -> Callable[..., Any]:
            async def answer(_: Any) -> web.Response:
                return web.Response()

            return answer

    found = shelf_routes(Host(), Anything(), Anything())  # type: ignore[arg-type]
    assert seen == [True] * len(found)
