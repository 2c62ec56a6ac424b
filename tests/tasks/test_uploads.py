"""Files on their way: broken off at any place, and gone on with."""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from task_rows import BEN, KEYS, MATERIAL, TASK, StoppedClock, fill

from school.database.task_files import (
    Purpose,
    Spot,
    Upload,
    files_of_task,
    read_upload,
    uploads_of,
)
from school.database.tasks import forget_task
from tasks.file_kinds import FileFault
from tasks.opening import NoSuchTaskError, key_of
from tasks.scanning import ScannerDownError
from tasks.sealed_file import PIECE_BYTES
from tasks.store import FileStore
from tasks.threads import EndedError, pieces_of
from tasks.uploads import Limits, Progress, Uploads, WrongOffsetError

SIZE = 3 * PIECE_BYTES + 1234
PICTURE = b"\x89PNG\r\n\x1a\n" + os.urandom(SIZE - 8)
LIMITS = Limits(max_bytes=SIZE, most_files=2)


class LostError(Exception):
    """The connection is gone."""


async def arriving(data: bytes, *, in_parts_of: int = 10_000, lost: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(data), in_parts_of):
        yield data[start : start + in_parts_of]
        await asyncio.sleep(0)
    if lost:
        raise LostError


class Scan:
    """A scanner that finds the word VIRUS, or is down."""

    def __init__(self) -> None:
        self.down = False

    async def is_clean(self, pieces: Callable[[], AsyncIterator[bytes]]) -> bool:
        if self.down:
            raise ScannerDownError("no answer")
        return b"VIRUS" not in b"".join([piece async for piece in pieces()])


class Desk:
    """The uploads of one program; a second one on the same folder is the program after a restart."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.clock, self.scan = StoppedClock(), Scan()
        self.store = FileStore(folder)
        self.uploads = Uploads(
            engine=engine,
            store=self.store,
            keys=KEYS,
            scanner=self.scan,  # type: ignore[arg-type] # it answers the same question
            limits=LIMITS,
            clock=self.clock,
        )

    async def announced(self, name: str = "Bild.png", size: int = SIZE) -> Upload:
        upload = await self.uploads.announce(MATERIAL, BEN, name, size)
        assert isinstance(upload, Upload)
        return upload

    async def upload(self, upload_id: str) -> Upload | None:
        async with self.engine.connect() as connection:
            return await read_upload(connection, upload_id)

    async def content(self) -> list[bytes]:
        """Of every file that is there."""
        async with self.engine.connect() as connection:
            key = await key_of(connection, KEYS, MATERIAL)
            files = await files_of_task(connection, TASK.id)
        return [
            b"".join([piece async for piece in pieces_of(self.store.reader(TASK.id, file.blob, key, file.size))])
            for file in files
        ]

    def left_over(self) -> list[Path]:
        return [*(self.folder / "arriving").glob("*")]


@pytest.fixture
async def desk(writer: AsyncEngine, tmp_path: Path) -> Desk:
    await fill(writer)
    return Desk(writer, tmp_path / "files")


async def test_a_file_arrives_and_its_receipt_is_right(desk: Desk) -> None:
    upload = await desk.announced("../Übung 1.png")
    progress = await desk.uploads.take(upload, 0, arriving(PICTURE))
    assert progress.file is not None
    assert (progress.received, progress.file.name, progress.file.media_type) == (SIZE, "Übung 1.png", "image/png")
    assert progress.file.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert await desk.content() == [PICTURE]
    assert await desk.upload(upload.id) is None
    assert desk.left_over() == []


PLACES = (0, 1, 9_999, 10_000, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, SIZE - 1, SIZE)


@pytest.mark.parametrize("place", PLACES)
async def test_what_breaks_off_anywhere_goes_on_from_there_also_after_a_restart(desk: Desk, place: int) -> None:
    upload = await desk.announced()
    if place < SIZE:
        with pytest.raises(LostError):
            await desk.uploads.take(upload, 0, arriving(PICTURE[:place], lost=True))
        assert await desk.content() == [], "half a file is none"
    again = Desk(desk.engine, desk.folder)
    known = await again.upload(upload.id)
    assert known is not None
    has = await again.uploads.received(known)
    assert has == (place if place < SIZE else 0)
    progress = await again.uploads.take(known, has, arriving(PICTURE[has:]))
    assert progress.file is not None
    assert progress.file.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert await again.content() == [PICTURE]


async def test_a_file_comes_in_ten_parts_of_which_each_is_lost(desk: Desk) -> None:
    upload = await desk.announced()
    for part in range(10):
        has = await desk.uploads.received(upload)
        assert has == part * 9_000
        with pytest.raises(LostError):
            await desk.uploads.take(upload, has, arriving(PICTURE[has : has + 9_000], lost=True))
    progress = await desk.uploads.take(upload, 90_000, arriving(PICTURE[90_000:]))
    assert progress.file is not None
    assert await desk.content() == [PICTURE]


@pytest.mark.parametrize("offset", [0, 4_999, 5_001, SIZE])
async def test_a_part_that_does_not_fit_is_refused(desk: Desk, offset: int) -> None:
    upload = await desk.announced()
    assert await desk.uploads.take(upload, 0, arriving(PICTURE[:5_000])) == Progress(received=5_000)
    with pytest.raises(WrongOffsetError):
        await desk.uploads.take(upload, offset, arriving(PICTURE))
    assert await desk.uploads.received(upload) == 5_000


async def test_no_more_is_taken_than_was_announced(desk: Desk) -> None:
    upload = await desk.announced(size=PIECE_BYTES)
    progress = await desk.uploads.take(upload, 0, arriving(PICTURE))
    assert progress.file is not None
    assert await desk.content() == [PICTURE[:PIECE_BYTES]]


async def test_a_newer_part_ends_an_older_one_that_hangs(desk: Desk) -> None:
    upload, forever = await desk.announced(), asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield PICTURE[:7_000]
        await forever.wait()

    old = asyncio.create_task(desk.uploads.take(upload, 0, hanging()))
    await asyncio.sleep(0.05)
    assert await desk.uploads.received(upload) == 7_000
    assert isinstance(old.exception(), EndedError)
    assert (await desk.uploads.take(upload, 7_000, arriving(PICTURE[7_000:]))).file is not None
    assert await desk.content() == [PICTURE]


async def stopping(content: bytes, *, in_parts_of: int, after: int) -> AsyncIterator[bytes]:
    """What comes from a network that says nothing more after so many parts."""
    for number, start in enumerate(range(0, len(content), in_parts_of)):
        if number == after:
            await asyncio.Event().wait()
        yield content[start : start + in_parts_of]
        await asyncio.sleep(0)


async def test_whoever_is_ended_at_any_moment_leaves_no_byte_twice_and_none_out(desk: Desk) -> None:
    content = PICTURE[:8] + os.urandom(4 * 1024 * 1024)
    desk.uploads.limits = Limits(max_bytes=len(content), most_files=2)
    upload, dice, ended = await desk.announced(size=len(content)), random.Random(1), 0
    has = 0
    while (known := await desk.upload(upload.id)) is not None:
        some = stopping(content[has:], in_parts_of=10_000, after=dice.randrange(60))
        part = asyncio.create_task(desk.uploads.take(known, has, some))
        await asyncio.sleep(dice.random() * 0.01)
        has = await desk.uploads.received(known)
        assert part.done(), "who asks waits until nobody writes any more"
        ended += isinstance(part.exception(), EndedError)
    assert ended > 3
    assert await desk.content() == [content]
    assert desk.left_over() == []


@pytest.mark.parametrize(
    ("name", "size", "fault"),
    [
        ("a.exe", 10, FileFault.KIND),
        ("a.png", 0, FileFault.EMPTY),
        ("a.png", -1, FileFault.EMPTY),
        ("a.png", SIZE + 1, FileFault.TOO_LARGE),
    ],
)
async def test_what_will_not_be_taken_is_said_beforehand(desk: Desk, name: str, size: int, fault: FileFault) -> None:
    assert await desk.uploads.announce(MATERIAL, BEN, name, size) is fault


async def test_nobody_has_more_files_on_their_way_than_may_be_handed_in(desk: Desk) -> None:
    first = await desk.announced()
    await desk.announced()
    assert await desk.uploads.announce(MATERIAL, BEN, "a.png", 1) is FileFault.TOO_MANY
    await desk.uploads.give_up(first)
    await desk.announced()


async def test_in_one_place_lie_no_more_files_than_may_be_handed_in(desk: Desk) -> None:
    for name in ("a.png", "b.png"):
        assert (await desk.uploads.take_whole(MATERIAL, BEN, name, arriving(PICTURE))).file is not None
    assert (await desk.uploads.take_whole(MATERIAL, BEN, "c.png", arriving(PICTURE))).fault is FileFault.TOO_MANY
    assert await desk.uploads.announce(MATERIAL, BEN, "c.png", 1) is FileFault.TOO_MANY
    elsewhere = Spot(task=TASK.id, purpose=Purpose.FEEDBACK)
    assert isinstance(await desk.uploads.announce(elsewhere, BEN, "c.png", 1), Upload)
    assert desk.left_over() == []


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.pdf", PICTURE, FileFault.NOT_WHAT_IT_SAYS),
        ("a.png", PICTURE[:5_000] + b"VIRUS", FileFault.UNSAFE),
    ],
)
async def test_what_is_not_taken_leaves_nothing_behind(desk: Desk, name: str, content: bytes, fault: FileFault) -> None:
    upload = await desk.announced(name, len(content))
    assert (await desk.uploads.take(upload, 0, arriving(content))).fault is fault
    whole = await desk.uploads.take_whole(MATERIAL, BEN, name, arriving(content))
    assert (whole.fault, whole.file) == (fault, None)
    assert await desk.content() == []
    assert desk.left_over() == []
    async with desk.engine.connect() as connection:
        assert await uploads_of(connection, BEN) == []


async def test_while_the_scanner_is_down_a_file_waits_and_is_not_brought_again(desk: Desk) -> None:
    upload = await desk.announced()
    desk.scan.down = True
    with pytest.raises(ScannerDownError):
        await desk.uploads.take(upload, 0, arriving(PICTURE))
    assert await desk.content() == []
    desk.scan.down = False
    assert await desk.uploads.received(upload) == SIZE
    assert (await desk.uploads.take(upload, SIZE, arriving(b""))).file is not None
    assert await desk.content() == [PICTURE]


async def test_a_form_brings_a_file_whole_and_no_larger_than_allowed(desk: Desk) -> None:
    progress = await desk.uploads.take_whole(MATERIAL, BEN, "Bild.png", arriving(PICTURE))
    assert progress.file is not None
    assert (progress.file.size, progress.file.sha256) == (SIZE, hashlib.sha256(PICTURE).hexdigest())
    too_large = await desk.uploads.take_whole(MATERIAL, BEN, "Bild.png", arriving(PICTURE + b"x" * PIECE_BYTES))
    assert too_large.fault is FileFault.TOO_LARGE
    assert (await desk.uploads.take_whole(MATERIAL, BEN, "leer.png", arriving(b""))).fault is FileFault.EMPTY
    with pytest.raises(LostError):
        await desk.uploads.take_whole(MATERIAL, BEN, "Bild.png", arriving(PICTURE, lost=True))
    assert await desk.content() == [PICTURE]
    assert desk.left_over() == []


async def test_what_nobody_goes_on_with_is_given_up_after_two_days(desk: Desk) -> None:
    old = await desk.announced()
    await desk.uploads.take(old, 0, arriving(PICTURE[:5_000]))
    desk.clock.passes(timedelta(days=1, hours=23))
    await desk.uploads.forget_unfinished()
    new = await desk.announced()
    desk.clock.passes(timedelta(hours=2))
    await desk.uploads.forget_unfinished()
    assert await desk.upload(old.id) is None
    assert await desk.upload(new.id) == new
    assert desk.left_over() == []


async def test_nothing_is_taken_for_a_task_that_is_no_more(desk: Desk) -> None:
    upload = await desk.announced()
    async with desk.engine.begin() as connection:
        await forget_task(connection, TASK.id)
    with pytest.raises(NoSuchTaskError):
        await desk.uploads.take(upload, 0, arriving(PICTURE))


# The store.


async def test_the_same_content_lies_there_once(desk: Desk) -> None:
    files = [
        (await desk.uploads.take_whole(MATERIAL, BEN, name, arriving(PICTURE))).file for name in ("a.png", "b.png")
    ]
    assert files[0] is not None
    assert files[1] is not None
    assert files[0].blob == files[1].blob
    folder = next(path for path in desk.folder.iterdir() if path.name != "arriving")
    assert len([*folder.iterdir()]) == 1
    assert desk.store.blobs(TASK.id) == {files[0].blob}


async def test_no_id_leads_out_of_the_folder(desk: Desk) -> None:
    await desk.uploads.take_whole(MATERIAL, BEN, "a.png", arriving(PICTURE))
    evil = "../../../etc/passwd"
    async with desk.engine.connect() as connection:
        key = await key_of(connection, KEYS, MATERIAL)
    with pytest.raises(FileNotFoundError):
        desk.store.reader(TASK.id, evil, key, 10)
    with desk.store.writer(evil, key) as writer:
        writer.write(b"x")
    assert {path.parent.name for path in desk.folder.rglob("*") if path.is_file()} <= {
        "arriving",
        *(path.name for path in desk.folder.iterdir()),
    }
    desk.store.give_up(evil)


async def test_a_folder_that_cannot_be_used_is_found_out_at_the_start(tmp_path: Path) -> None:
    FileStore(tmp_path / "new").ensure_can_be_used()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        FileStore(tmp_path / "file").ensure_can_be_used()


async def test_the_upload_of_a_task_that_moved_on_keeps_its_place(desk: Desk) -> None:
    upload = await desk.announced()
    await desk.uploads.take(upload, 0, arriving(PICTURE[:100]))
    known = await desk.upload(upload.id)
    assert known == replace(upload, received=100)
