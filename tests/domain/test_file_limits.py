from typing import Any

import pytest

from school.domain.decisions import Reason
from school.domain.files import FileLimits, FileRules
from school.domain.people import STUDENT, TEACHER

MESSAGE = "m.room.message"
RULES = FileRules(roles={STUDENT: FileLimits(max_bytes=1000, types=("image/*", "application/pdf"))})


def file(name: str | None, media_type: object, msgtype: str = "m.file", **more: Any) -> dict[str, Any]:
    return {"msgtype": msgtype, "body": name, "info": {"mimetype": media_type}} | more


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(file("Foto.jpg", "image/jpeg", "m.image"), id="a photo"),
        pytest.param(file("Aufsatz.pdf", "application/pdf"), id="a PDF"),
        pytest.param(file("Aufsatz", "application/pdf"), id="a name without an ending"),
        pytest.param(file("AUFSATZ.PDF", "Application/PDF; charset=utf-8"), id="capital letters and parameters"),
        pytest.param(file("Bild.unbekannt", "image/x-own"), id="an ending that stands for nothing"),
        pytest.param({"msgtype": "m.file", "body": "Aufsatz.pdf"}, id="a name that says it all"),
        pytest.param({"msgtype": "m.text", "body": "program.exe"}, id="words about a program"),
        pytest.param(file("Meine Bewerbung", "image/png", filename="Foto.png"), id="a caption beside the name"),
    ],
)
def test_what_pupils_may_send(content: dict[str, Any]) -> None:
    assert RULES.may_attach(STUDENT, MESSAGE, content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(file("spiel.exe", "application/x-msdownload"), id="a program"),
        pytest.param(file("spiel.exe", "image/png"), id="a program that calls itself a picture"),
        pytest.param(file("Foto.png", "application/x-msdownload"), id="a picture that calls itself a program"),
        pytest.param(file("film.mp4", "video/mp4", "m.video"), id="a film"),
        pytest.param(file("film.mp4", "video/mp4", "m.image"), id="a film as a picture"),
        pytest.param(file("etwas", None), id="no type at all"),
        pytest.param({"msgtype": "m.file"}, id="nothing at all"),
        pytest.param({"msgtype": "m.file", "info": "x", "body": 5}, id="rubbish"),
        pytest.param(file("Foto.png", "image/png", filename="spiel.exe"), id="another name for the file"),
        pytest.param(
            file("Foto.png", "image/png") | {"m.new_content": file("spiel.exe", "application/octet-stream")},
            id="a program that takes a picture's place",
        ),
        pytest.param(
            {"msgtype": "m.text", "body": "x", "m.new_content": file("film.mp4", "video/mp4")},
            id="a film that takes a text's place",
        ),
    ],
)
def test_what_pupils_may_not_send(content: dict[str, Any]) -> None:
    assert RULES.may_attach(STUDENT, MESSAGE, content).reason is Reason.FILE_TYPE
    assert RULES.may_attach(TEACHER, MESSAGE, content)


def test_a_sticker_is_a_file_too() -> None:
    assert RULES.may_attach(STUDENT, "m.sticker", {"body": "🐙", "info": {"mimetype": "image/webp"}})
    assert not RULES.may_attach(STUDENT, "m.sticker", {"body": "🐙", "info": {"mimetype": "text/html"}})
    assert not RULES.may_attach(STUDENT, "m.sticker", {"body": "🐙"})


@pytest.mark.parametrize(("size", "allowed"), [(0, True), (1000, True), (1001, False)])
def test_the_limit_is_the_largest_that_passes(size: int, allowed: bool) -> None:
    assert RULES.may_upload(STUDENT, size).allowed is allowed
    assert RULES.may_upload(TEACHER, size)


def test_a_school_that_says_nothing_limits_nothing() -> None:
    assert FileRules().may_upload(STUDENT, 10**12)
    assert FileRules().may_attach(STUDENT, MESSAGE, file("spiel.exe", "application/x-msdownload"))
