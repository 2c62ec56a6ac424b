"""The ZIP of everything that was handed in: opened again and compared."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from builders import BEA, BEN, IDA, NOON, OTTO, person
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import HOUR, PDF, Tasks, pieces, with_tasks

from school.database.task_files import File
from school.domain.people import STUDENT
from school.domain.tasks import Task
from tasks.archive import Words, packed
from tasks.opening import key_of
from tasks.sealed_file import PIECE_BYTES, SealedReader

WORDS = Words(
    table="Übersicht",
    version="Fassung",
    text="Text",
    feedback="Rückmeldung",
    columns=("Nachname", "Vorname", "Fassung", "Abgegeben", "Bewertung", "Datei", "SHA-256"),
)
JOERG = replace(person("joerg", STUDENT, "5a"), given_name="Jörg", family_name="Öztürk-Weiß")
TWIN = person("ben2", STUDENT, "5a")
EVIL = replace(person("evil", STUDENT, "5a"), given_name="../..", family_name="=cmd|'/c calc'!A1")
MORE = (JOERG, replace(TWIN, given_name="Ben"), EVIL)
VIDEO = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 1024


@pytest.fixture
async def tasks(school_file: Path, engine: AsyncEngine) -> AsyncIterator[Tasks]:
    async with with_tasks(school_file, engine, more=MORE) as tasks:
        yield tasks


async def archive_of(tasks: Tasks, task: Task) -> ZipFile:
    _, everything = await tasks.checking.everything(IDA, task.id)
    assert everything is not None
    async with tasks.school.engine.connect() as connection:
        keys = {file.id: await key_of(connection, tasks.book.keys, file.spot) for file in everything.files}

    def open_file(file: File) -> SealedReader:
        return tasks.store.reader(task.id, file.blob, keys[file.id], file.size)

    made = [*packed(everything, open_file, WORDS, zone=tasks.book.zone, now=tasks.now)]
    assert max(map(len, made)) < 3 * PIECE_BYTES, "it is sent as it is made"
    return ZipFile(io.BytesIO(b"".join(made)))


async def test_everything_is_in_it_by_person_and_as_it_was_handed_in(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.file(task, BEN)
    tasks.now += timedelta(seconds=1)
    await tasks.file(task, BEN, name="GEDICHT.PDF", content=PDF + b"2")
    await tasks.handed_in(task, BEN, "Erste\nFassung")
    await tasks.working.revise(BEN, task.id)
    tasks.now += HOUR
    await tasks.handed_in(task, BEN, "Zweite")
    await tasks.file(task, JOERG, name="Übung ß.mp4", content=VIDEO)
    await tasks.handed_in(task, JOERG, "")
    await tasks.handed_in(task, MORE[1], "Ich heiße auch so")
    await tasks.handed_in(task, EVIL, "x")
    await tasks.working.keep_draft(BEA, task.id, "Nur ein Entwurf")
    hand_in = await tasks.hand_in_id(task)
    _, spot = await tasks.checking.feedback_spot(IDA, task.id, hand_in)
    assert spot is not None
    await tasks.uploads.take_whole(spot, IDA.id, "Korrektur.pdf", pieces(PDF))
    await tasks.checking.feedback(IDA, task.id, hand_in, "Gut", "2+")

    archive = await archive_of(tasks, task)
    assert archive.testzip() is None
    content = {name: archive.read(name) for name in archive.namelist()}
    table = content.pop("Übersicht.csv")
    assert content == {
        "Groß, Ben/Text.txt": "\ufeffZweite".encode(),
        "Groß, Ben/Gedicht.pdf": PDF,
        "Groß, Ben/GEDICHT (2).PDF": PDF + b"2",
        "Groß, Ben/Rückmeldung/Korrektur.pdf": PDF,
        "Groß, Ben/Rückmeldung/Rückmeldung.txt": "\ufeffGut".encode(),
        "Groß, Ben/Fassung 1/Text.txt": "\ufeffErste\r\nFassung".encode(),
        "Groß, Ben/Fassung 1/Gedicht.pdf": PDF,
        "Groß, Ben/Fassung 1/GEDICHT (2).PDF": PDF + b"2",
        "Groß, Ben (2)/Text.txt": "\ufeffIch heiße auch so".encode(),
        "Öztürk-Weiß, Jörg/Übung ß.mp4": VIDEO,
        "=cmd_' c calc'!A1,/Text.txt": b"\xef\xbb\xbfx",
    }
    rows = [*csv.reader(io.StringIO(table.decode("utf-8-sig")), delimiter=";")]
    assert rows[0] == list(WORDS.columns)
    assert [row for row in rows if row[1] == "Bea"] == [["Groß", "Bea", "", "", "", "", ""]]
    assert ["Groß", "Ben", "2", "2026-05-05 15:00:01", "2+"] in [row[:5] for row in rows]
    assert any(row[0] == "'=cmd|'/c calc'!A1" for row in rows), "no formula for a spreadsheet"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def unpacked(archive: ZipFile, folder: Path) -> list[str]:
    archive.extractall(folder)
    return [str(path.relative_to(folder)) for path in folder.rglob("Text.txt")]


async def test_umlauts_are_right_on_windows_and_elsewhere(tasks: Tasks, tmp_path: Path) -> None:
    task = await tasks.task()
    await tasks.handed_in(task, JOERG, "x")
    archive = await archive_of(tasks, task)
    assert all(info.flag_bits & 0x800 for info in archive.infolist() if not info.filename.isascii())
    assert [info.filename for info in archive.infolist()] == ["Übersicht.csv", "Öztürk-Weiß, Jörg/Text.txt"]
    assert all(info.date_time[:5] == (2026, 5, 5, 14, 0) for info in archive.infolist()), "in the school's zone"
    assert unpacked(archive, tmp_path) == ["Öztürk-Weiß, Jörg/Text.txt"]


async def test_a_team_has_one_folder(tasks: Tasks) -> None:
    task = await tasks.task(team_size=2)
    await tasks.working.team_up(BEN, task.id, [BEA.id])
    await tasks.handed_in(task, BEN, "Zu zweit")
    assert (await archive_of(tasks, task)).namelist() == ["Übersicht.csv", "Groß, Bea + Groß, Ben/Text.txt"]


async def test_nobody_else_gets_it_and_it_is_written_down_who_did(tasks: Tasks) -> None:
    task = await tasks.task()
    await tasks.handed_in(task)
    for who in (OTTO, BEN):
        answer, everything = await tasks.checking.everything(who, task.id)
        assert (answer.is_done, everything) == (False, None)
    await archive_of(tasks, task)
    collected = [entry for entry in await tasks.school.logged() if entry[0] == "task_collected"]
    assert [(actor, target) for _, actor, target, _ in collected] == [(IDA.id, task.id)]
    assert tasks.now == NOON
