"""The file shelves against a real Synapse: who finds what, and what is gone; on a telephone and with the keyboard."""

import asyncio
import re
import secrets
import sqlite3
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import URL

from acceptance.browsing import DESKTOP, PHONE, assert_good, opened, sign_in
from acceptance.client import wait_until
from acceptance.people import Person
from school.config import load_settings
from school.database.writer import open_writer
from schulbote.connections import open_homeserver
from shelf.index import ShelfIndex
from shelf.looking_back import LookingBack

SOON = 10
CLASS, OTHER = "Klasse 9.1", "Klasse 9.3"


def picture(width: int = 40, height: int = 30) -> bytes:
    """A PNG file as it must be."""
    lines = b"".join(b"\0" + secrets.token_bytes(3 * width) for _ in range(height))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(lines)))
    chunks = ((name, data, zlib.crc32(name + data)) for name, data in (*parts, (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", check) for name, data, check in chunks
    )


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def says_file(person: Person, room: str, name: str, content: bytes, media_type: str = "image/png") -> str:
    """Somebody shares a file with their messenger."""
    uri = person.upload(content, name)
    info = {"mimetype": media_type, "size": len(content)}
    return str(person.try_send(room, {"msgtype": "m.file", "body": name, "url": uri, "info": info}).ok()["event_id"])


def new_name(form: str) -> str:
    return form.format(secrets.token_hex(3))


def shelf_of(demo: Any, group: str) -> str:
    """The path of a group's shelf."""
    room = demo.info["rooms"][group]
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as database:
        [(group_id,)] = database.execute("SELECT group_id FROM group_rooms WHERE room_id = ?", (room,)).fetchall()
    return f"/shelf/{group_id}"


def names_on(page: Page) -> list[str]:
    return page.locator("ul.files li a").all_inner_texts()


def until_on_shelf(page: Page, name: str, *, there: bool = True) -> None:
    def looks() -> bool:
        page.reload()
        return (name in names_on(page)) is there

    wait_until(looks, SOON)


@pytest.fixture(scope="module")
def cast(people) -> dict[str, Person]:
    return {
        "teacher": people.teacher(CLASS),
        "pupil": people.pupil(CLASS),
        "stranger": people.pupil(OTHER),
        "guardian": people.guardian(),
    }


def test_what_is_shared_with_a_messenger_is_on_the_shelf_until_it_is_deleted(demo, cast, browser):
    pupil, teacher, room = cast["pupil"], cast["teacher"], demo.info["rooms"][CLASS]
    photo, name, other = picture(), new_name("Übung {}.png"), new_name("Referat {}.pdf")
    event_id = says_file(pupil, room, name, photo)
    says_file(pupil, room, other, PDF, "application/pdf")
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, teacher)
        page.goto("/shelf")
        assert_good(page)
        page.get_by_role("link", name=CLASS, exact=True).click()
        until_on_shelf(page, name)
        assert_good(page)
        assert f"Bild · {len(photo) / 1000:.1f}".replace(".", ",") + f" kB · {pupil.name}" in page.inner_text("main")
        page.get_by_label("Datei oder Person").fill(name.partition(".")[0].replace("Ü", "u"))
        page.get_by_role("button", name="Anzeigen").click()
        assert names_on(page) == [name]
        page.wait_for_function("() => [...document.images].every(image => image.complete && image.naturalWidth > 0)")
        page.get_by_role("link", name=name).click()
        assert_good(page)
        shown = page.locator("img.preview").evaluate("image => [image.naturalWidth, image.naturalHeight]")
        assert shown == [40, 30]
        with page.expect_download() as download:
            page.get_by_role("link", name="Herunterladen").click()
        assert download.value.suggested_filename == name
        assert Path(download.value.path()).read_bytes() == photo
        file = page.url
        new = dict(pupil.event(room, event_id)["content"]) | {"body": "Neu " + name}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        pupil.try_send(room, {"msgtype": "m.file", "body": "*", "m.new_content": new, "m.relates_to": relation}).ok()
        page.goto(shelf_of(demo, CLASS))
        until_on_shelf(page, "Neu " + name)
        assert name not in names_on(page)
        pupil.redact(room, event_id)
        until_on_shelf(page, "Neu " + name, there=False)
        assert {page.request.get(file + more).status for more in ("", "/content", "/view", "/thumbnail")} == {404}
        assert other in names_on(page)


def test_nobody_else_finds_it_by_any_address(demo, cast, browser):
    room, name = demo.info["rooms"][CLASS], new_name("Geheim {}.png")
    event_id = says_file(cast["pupil"], room, name, picture())
    shelf = shelf_of(demo, CLASS)
    file = f"{shelf}/files/{event_id[1:]}"
    addresses = [shelf, *(file + more for more in ("", "/content", "/view", "/thumbnail"))]
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, cast["pupil"])
        page.wait_for_url("**/*")
        wait_until(lambda: page.request.get(file).status == 200, SOON)
        assert {page.request.get(address).status for address in addresses} == {200}
    for who in ("stranger", "guardian"):
        with opened(browser, demo, viewport=PHONE) as page:
            sign_in(page, cast[who])
            page.goto("/shelf")
            assert shelf not in page.content()
            for address in addresses:
                answer = page.request.get(address)
                assert answer.status == 404
                assert name not in answer.text()
                assert CLASS not in answer.text()
            other = shelf_of(demo, OTHER) + file.removeprefix(shelf)
            assert page.request.get(other + "/content").status == 404
    with opened(browser, demo) as page:
        for address in addresses:
            assert page.request.get(address, max_redirects=0).status == 303


def test_who_is_taken_out_of_a_group_finds_nothing_from_then_on(demo, people, browser):
    owner, pupil = people.teacher(), people.pupil("Klasse 8.2")
    group = new_name("Imkerei {}")
    owner.ask(f"!gruppe neu {group} + {pupil.user_id}")
    room = wait_until(lambda: room_named(demo, group), SOON)
    wait_until(lambda: room in pupil.joined_rooms() and room in owner.joined_rooms(), SOON)
    name = new_name("Honig {}.png")
    event_id = says_file(owner, room, name, picture())
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, pupil)
        page.goto("/shelf")
        page.get_by_role("link", name=group).click()
        until_on_shelf(page, name)
        shelf = page.url
        owner.ask(f"!gruppe {group} - {pupil.user_id}")
        wait_until(lambda: page.request.get(shelf).status == 404, SOON)
        assert page.request.get(f"{shelf}/files/{event_id[1:]}/content").status == 404
    assert owner.ask(f"!gruppe ende {group}")


def room_named(demo: Any, group: str) -> str | None:
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as database:
        found = database.execute(
            "SELECT room_id FROM group_rooms JOIN groups ON groups.id = group_id "
            "WHERE groups.name = ? AND group_rooms.kind = 'group'",
            (group,),
        ).fetchall()
    return str(found[0][0]) if found else None


@pytest.mark.parametrize(
    ("viewport", "scripts"), [(PHONE, True), (DESKTOP, False)], ids=["phone", "desktop without JavaScript"]
)
def test_a_teacher_makes_a_folder_a_pupil_shares_into_it_and_both_read_it_in_the_room(
    demo, cast, browser, tmp_path, viewport, scripts
):
    teacher, pupil, room = cast["teacher"], cast["pupil"], demo.info["rooms"][CLASS]
    shelf, folder = shelf_of(demo, CLASS), new_name("Woche {}")
    names = [new_name("Plakat {}.png"), new_name("Äpfel & Birnen {}.pdf")]
    contents = [picture(1600, 1200), PDF]
    for name, content in zip(names, contents, strict=True):
        (tmp_path / name).write_bytes(content)
    with opened(browser, demo, viewport=viewport, java_script_enabled=scripts) as page:
        sign_in(page, teacher)
        page.goto(shelf)
        page.get_by_label("Neuer Ordner").fill(folder)
        page.get_by_role("button", name="Anlegen").click()
        assert "Der Ordner ist angelegt." in page.inner_text("main")
    with opened(browser, demo, viewport=viewport, java_script_enabled=scripts) as page:
        sign_in(page, pupil)
        page.goto(shelf)
        page.get_by_role("link", name=folder).click()
        page.get_by_label("Dateien auswählen").set_input_files([tmp_path / name for name in names])
        page.get_by_role("button", name="Teilen").click()
        assert "Geteilt." in page.inner_text("main")
        assert page.inner_text("h1") == f"{folder} – {CLASS}"
        assert set(names_on(page)) == set(names), "at once"
        assert "Ordner verwalten" not in page.content()
        if scripts:
            assert_good(page)
            drawn = page.locator("ul.files img")
            assert drawn.evaluate_all("all => all.map(one => one.complete && one.naturalWidth)") == [96], "a small one"
    said = [event for event in teacher.events(room) if event["content"].get("body") in names]
    assert [(event["sender"], event["content"]["msgtype"]) for event in said] == [
        (pupil.user_id, "m.image"),
        (pupil.user_id, "m.file"),
    ]
    assert [teacher.download(event["content"]["url"]).ok() for event in said] == contents
    with opened(browser, demo, viewport=viewport, java_script_enabled=scripts) as page:
        sign_in(page, teacher)
        page.goto(f"{shelf}/files/{said[0]['event_id'][1:]}")
        page.get_by_label("Ordner").select_option("")
        page.get_by_role("button", name="In diesen Ordner legen").click()
        assert "Kein Ordner" in page.inner_text("dl")
        page.goto(shelf)
        page.get_by_role("link", name=folder).click()
        assert names_on(page) == [names[1]]
        if scripts:
            assert_good(page)
        page.get_by_role("button", name=re.compile("auflösen")).click()
        assert set(names) <= set(names_on(page))


def test_a_pdf_is_shown_and_a_page_in_a_file_never_runs(demo, cast, browser):
    pupil, room, shelf = cast["pupil"], demo.info["rooms"][CLASS], shelf_of(demo, CLASS)
    evil = b"<!doctype html><script>document.title = 'ran'</script><svg onload='document.title = 1'>"
    sent = {
        "text/html": says_file(pupil, room, new_name("{}.html"), evil, "text/html"),
        "image/svg+xml": says_file(pupil, room, new_name("{}.svg"), evil, "image/svg+xml"),
        "image/png": says_file(pupil, room, new_name("{}.png"), evil, "image/png"),
    }
    pdf = says_file(pupil, room, new_name("{}.pdf"), PDF, "application/pdf")
    with opened(browser, demo) as page:
        sign_in(page, cast["teacher"])
        wait_until(lambda: page.request.get(f"{shelf}/files/{pdf[1:]}").status == 200, SOON)
        answer = page.request.get(f"{shelf}/files/{pdf[1:]}/view")
        assert answer.body() == PDF
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("inline")
        for media_type, event_id in sent.items():
            for more in ("/content", "/view"):
                answer = page.request.get(f"{shelf}/files/{event_id[1:]}{more}")
                if more == "/view" and media_type != "image/png":
                    assert answer.status == 404
                    continue
                assert answer.headers["content-disposition"].startswith("attachment"), media_type
                assert answer.headers["content-type"] == "application/octet-stream"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["content-security-policy"].endswith("sandbox")


def test_what_waits_for_a_rest_comes_onto_the_shelf_with_its_delivery_and_into_its_folder(
    demo, people, browser, tmp_path
):
    owner, colleague = people.teacher(), people.teacher()
    group, name = new_name("Planung {}"), new_name("Entwurf {}.pdf")
    owner.ask(f"!gruppe neu {group} + {colleague.user_id}")
    room = wait_until(lambda: room_named(demo, group), SOON)
    wait_until(lambda: room in colleague.joined_rooms() and room in owner.joined_rooms(), SOON)
    (tmp_path / name).write_bytes(PDF)
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, owner)
        page.goto("/shelf")
        page.get_by_role("link", name=group).click()
        page.get_by_label("Neuer Ordner").fill("Entwürfe")
        page.get_by_role("button", name="Anlegen").click()
        page.get_by_role("link", name="Entwürfe").click()
        with colleague.resting():
            page.get_by_label("Dateien auswählen").set_input_files(tmp_path / name)
            page.get_by_role("button", name="Teilen").click()
            assert "Danach wird es zugestellt" in page.inner_text("main")
            assert names_on(page) == []
            assert name not in page.content()
            with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as database:
                assert database.execute("SELECT * FROM shelf_files WHERE name = ?", (name,)).fetchall() == []
        until_on_shelf(page, name)
        assert page.inner_text("h1").startswith("Entwürfe"), "it lies where it was meant to lie"
        assert [event["sender"] for event in colleague.events(room) if event["content"].get("body") == name] == [
            owner.user_id
        ]
    assert owner.ask(f"!gruppe ende {group}")


def test_an_index_that_was_lost_is_written_anew_from_the_rooms(demo, cast, tmp_path):
    pupil, room = cast["pupil"], demo.info["rooms"][CLASS]
    kept, edited, gone = (says_file(pupil, room, new_name("Verlust {}.png"), picture()) for _ in range(3))
    new = dict(pupil.event(room, edited)["content"]) | {"body": new_name("Umbenannt {}.png")}
    relation = {"rel_type": "m.replace", "event_id": edited}
    pupil.try_send(room, {"msgtype": "m.file", "body": "*", "m.new_content": new, "m.relates_to": relation}).ok()
    pupil.redact(room, gone)
    database = Path(demo.info["database"].removeprefix("sqlite:///"))

    def rows(path: Path) -> list[Any]:
        columns = "event_id, room_id, sender, sent_at_ms, name, media_type, size, uri, edit_event_id, doubt"
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(f"SELECT {columns} FROM shelf_files ORDER BY event_id").fetchall()

    def are_settled() -> bool:
        names = [row[4] for row in rows(database) if row[-1] is None]
        return new["body"] in names and all(row[-1] is None and row[0] != gone for row in rows(database))

    wait_until(are_settled, SOON)
    known = rows(database)
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("DELETE FROM shelf_files")
        target.execute("DELETE FROM shelf_rooms")
        target.commit()
    with ThreadPoolExecutor(1) as thread:  # the browser's loop runs in this one
        thread.submit(lambda: asyncio.run(_written_anew(Path(demo.info["config"]), copy))).result(timeout=120)
    assert kept in {row[0] for row in known}
    assert rows(copy) == known


async def _written_anew(config: Path, database: Path) -> None:
    settings = load_settings(config)
    engine = open_writer(URL.create("sqlite+aiosqlite", database=str(database)))
    async with open_homeserver(settings) as homeserver:
        index = ShelfIndex(engine=engine, events=homeserver)
        await LookingBack(engine=engine, rooms=homeserver, index=index).look()
        await index.look_again()
    await engine.dispose()


def test_files_beside_the_limits_of_a_role_are_refused_in_words(demo, cast, browser, tmp_path):
    """Also while nobody writes: the homeserver is asked how large a file may be."""
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, cast["pupil"])
        page.goto(shelf_of(demo, CLASS))
        (tmp_path / "groß.bin").write_bytes(b"0" * (51 * 1024 * 1024))
        page.get_by_label("Dateien auswählen").set_input_files(tmp_path / "groß.bin")
        page.get_by_role("button", name="Teilen").click()
        assert "„groß.bin“ wurde nicht geteilt. Die Datei ist zu groß, höchstens" in page.inner_text("main")
        assert_good(page)
    assert "groß.bin" not in cast["pupil"].texts(demo.info["rooms"][CLASS])
