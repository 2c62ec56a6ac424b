"""What a message says of its file, and what of it may be shown."""

from typing import Any

import pytest

from school.domain.shelf_files import (
    PDF,
    PICTURES,
    UNKNOWN_TYPE,
    Described,
    FileKind,
    can_be_shown,
    file_in,
    kind_of,
    looks_like,
    newest_content,
    plain_name,
)

URI = "mxc://school.test/AbC-_1"
CONTENT: dict[str, Any] = {
    "msgtype": "m.file",
    "body": "Blatt.pdf",
    "url": URI,
    "info": {"mimetype": "application/pdf", "size": 1234},
}


def test_a_file_is_what_its_message_says() -> None:
    assert file_in(CONTENT) == Described(name="Blatt.pdf", media_type="application/pdf", size=1234, uri=URI)


@pytest.mark.parametrize(
    "change",
    [
        {"msgtype": "m.text"},
        {"msgtype": "m.notice"},
        {"msgtype": None},
        {"url": None},
        {"url": "https://elsewhere.example/Blatt.pdf"},
        {"url": "mxc://school.test/../../admin"},
        {"url": "mxc://school.test/a?b"},
        {"url": "mxc://school.test"},
        {"url": ["mxc://school.test/a"]},
        {"url": None, "file": {"url": URI, "v": "v2"}},
    ],
    ids=str,
)
def test_what_is_no_file_that_can_be_fetched(change: dict[str, Any]) -> None:
    assert file_in(CONTENT | change) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"info": None}, {"media_type": "application/pdf", "size": None}),
        ({"info": {"mimetype": "text/plain\r\nX-Evil: 1", "size": -1}}, {"media_type": PDF, "size": None}),
        ({"info": {"mimetype": "application/octet-stream", "size": True}}, {"media_type": PDF, "size": None}),
        ({"info": {"mimetype": "Image/PNG; charset=x", "size": 2**60}}, {"media_type": "image/png", "size": None}),
        ({"info": [], "body": "Blatt"}, {"media_type": UNKNOWN_TYPE, "name": "Blatt", "size": None}),
        ({"body": "Mein Bild", "filename": "a.pdf"}, {"name": "a.pdf"}),
        ({"body": 7}, {"name": "–"}),
    ],
    ids=str,
)
def test_what_a_message_says_is_not_believed_blindly(change: dict[str, Any], expected: dict[str, Any]) -> None:
    found = file_in(CONTENT | change)
    assert found is not None
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Übung 3.pdf", "Übung 3.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\Users\\a.txt", "C__Users_a.txt"),
        ("foto\u202egpj.exe", "foto gpj.exe"),
        ("a\r\nSet-Cookie: b=c", "a Set-Cookie_ b=c"),
        ("a\u200bb\x00.png", "a b .png"),
        (".profile", "profile"),
        ("   ", "–"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_lead_nobody_astray(text: str, name: str) -> None:
    assert plain_name(text) == name


def test_the_newest_edit_says_what_a_message_is() -> None:
    edit = {"event_id": "$edit", "content": {"body": "* neu", "m.new_content": CONTENT | {"body": "neu.pdf"}}}
    event = {"content": CONTENT, "unsigned": {"m.relations": {"m.replace": edit}}}
    content, edit_event_id = newest_content(event)
    assert (content["body"], edit_event_id) == ("neu.pdf", "$edit")
    assert newest_content({"content": CONTENT}) == (CONTENT, None)
    assert newest_content({"content": {}, "unsigned": {"redacted_because": {}}}) == ({}, None)


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/svg+xml", FileKind.PICTURE),
        ("video/mp4", FileKind.VIDEO),
        ("audio/ogg", FileKind.SOUND),
        (PDF, FileKind.DOCUMENT),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", FileKind.DOCUMENT),
        ("application/vnd.oasis.opendocument.text", FileKind.DOCUMENT),
        ("text/plain", FileKind.DOCUMENT),
        ("application/zip", FileKind.OTHER),
        (UNKNOWN_TYPE, FileKind.OTHER),
    ],
)
def test_kinds(media_type: str, kind: FileKind) -> None:
    assert kind_of(media_type) is kind


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "text/html", "application/xhtml+xml", "text/xml", "text/plain", "text/javascript"]
)
def test_what_may_carry_a_program_is_never_shown(media_type: str) -> None:
    assert not can_be_shown(media_type)


@pytest.mark.parametrize(
    ("beginning", "among", "found"),
    [
        (b"\x89PNG\r\n\x1a\n....", PICTURES, "image/png"),
        (b"\xff\xd8\xff\xe0", PICTURES, "image/jpeg"),
        (b"RIFF\n\n\n\nWEBPVP8 ", PICTURES, "image/webp"),
        (b"GIF89a", PICTURES, "image/gif"),
        (b"%PDF-1.7", {PDF}, PDF),
        (b"%PDF-1.7", PICTURES, None),
        (b"<svg onload=alert(1)>", PICTURES, None),
        (b"<!doctype html>", {"image/png", PDF, "text/html"}, None),
        (b"", PICTURES, None),
    ],
)
def test_only_what_begins_like_its_type_is_of_it(beginning: bytes, among: set[str], found: str | None) -> None:
    assert looks_like(beginning, among) == found
