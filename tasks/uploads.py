"""Files on their way: announced, brought in one or many parts, looked at, kept.

1. Where a file belongs and whether it may be brought there was asked before; it is asked anew for every part.
2. What has arrived is what lies on the disk: after a lost connection, or a restart, it goes on from there.
3. A file is there when all of it arrived, is of a kind that is taken, and the scanner found nothing. Until then it is
   part of nothing.
4. One part of a file at a time: a newer one ends an older one, whose browser may be gone for long.
5. In one place lie at most so many files, those that are on their way included.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedReader
from secrets import token_urlsafe
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from school.clock import Clock, utc_now
from school.database.task_files import (
    File,
    Spot,
    Upload,
    add_file,
    add_upload,
    end_upload,
    has_received,
    number_at,
    uploads_of,
    uploads_older_than,
)
from school.domain.people import PersonId
from tasks.file_kinds import FileFault, fault_in, kind_of
from tasks.file_names import tidy_file_name
from tasks.keys import TaskKey, TaskKeys
from tasks.opening import key_of
from tasks.scanning import Scanner
from tasks.sealed_file import SealedWriter
from tasks.store import FileStore, sha256_of
from tasks.threads import in_thread, pieces_of, until

log = structlog.get_logger()

_ID_BYTES: Final = 16
_BATCH_BYTES: Final = 512 * 1024
"""So much is gathered before a thread writes it."""
_UNFINISHED_KEPT: Final = timedelta(days=2)


class WrongOffsetError(Exception):
    """A part that does not go on where the last one ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large files may be, and how many of one person may be on their way."""

    max_bytes: int = 50 * 1024 * 1024
    most_files: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of a file has arrived; the file when all of it has, or why it is not taken."""

    received: int
    file: File | None = None
    fault: FileFault | None = None


class _Running:
    """A part of a file that is being taken."""

    def __init__(self) -> None:
        self.is_unwanted, self.is_over = asyncio.Event(), asyncio.Event()


class Uploads:
    """Takes files in."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        store: FileStore,
        keys: TaskKeys,
        scanner: Scanner,
        limits: Limits,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._store = store
        self._keys = keys
        self._scanner = scanner
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self.limits = limits

    async def announce(self, spot: Spot, by: PersonId, name: str, size: int) -> Upload | FileFault:
        """Somebody will bring a file."""
        name = tidy_file_name(name)
        fault = self._fault_of(name, size)
        if fault is not None:
            return fault
        upload = Upload(id=token_urlsafe(_ID_BYTES), spot=spot, by=by, name=name, size=size, touched_at=self._clock())
        async with self._engine.begin() as connection:
            on_their_way, there = len(await uploads_of(connection, by)), await number_at(connection, spot)
            if on_their_way + there >= self.limits.most_files:
                return FileFault.TOO_MANY
            await add_upload(connection, upload)
        return upload

    def _fault_of(self, name: str, size: int) -> FileFault | None:
        if kind_of(name) is None:
            return FileFault.KIND
        if size <= 0:
            return FileFault.EMPTY
        return FileFault.TOO_LARGE if size > self.limits.max_bytes else None

    async def received(self, upload: Upload) -> int:
        """How much of a file has arrived."""
        key = await self._key(upload.spot)

        async with self._alone(upload):
            return await in_thread(self._length, upload, key)

    async def take(self, upload: Upload, offset: int, content: AsyncIterator[bytes]) -> Progress:
        """Takes a part of a file, which begins at `offset`; what has arrived when `content` breaks off stays.

        Raises:
            WrongOffsetError: it has to be asked first how much has arrived.
            EndedError: somebody newer has asked or goes on.
            NoSuchTaskError: the task is no more.
            OSError: the disk is full.
            ScannerDownError: all of it is here; an empty part looks at it again.
        """
        async with self._alone(upload) as is_unwanted:
            received = await self._append(upload, offset, until(is_unwanted, content))
            if received < upload.size:
                return Progress(received=received)
            return await self._finish(upload, received)

    async def take_whole(self, spot: Spot, by: PersonId, name: str, content: AsyncIterator[bytes]) -> Progress:
        """Takes a file of which nobody said before how large it is: from a form."""
        name = tidy_file_name(name)
        fault = FileFault.KIND if kind_of(name) is None else None
        async with self._engine.connect() as connection:
            if await number_at(connection, spot) >= self.limits.most_files:
                fault = FileFault.TOO_MANY
        upload = Upload(id=token_urlsafe(_ID_BYTES), spot=spot, by=by, name=name, size=0, touched_at=self._clock())
        try:
            received = 0
            if fault is None:
                most = self.limits.max_bytes
                received = await self._write(upload, await self._key(spot), _at_most(content, most + 1))
                fault = self._fault_of(name, received)
            if fault is not None:
                return Progress(received=received, fault=fault)
            return await self._finish(upload, received)
        finally:
            await in_thread(self._store.give_up, upload.id)

    async def give_up(self, upload: Upload) -> None:
        """A file will not be brought."""
        async with self._engine.begin() as connection:
            await end_upload(connection, upload.id)
        await in_thread(self._store.give_up, upload.id)

    async def forget_unfinished(self) -> None:
        """Gives up what nobody has gone on with for days."""
        async with self._engine.connect() as connection:
            old = await uploads_older_than(connection, self._clock() - _UNFINISHED_KEPT)
        for upload in old:
            await self.give_up(upload)

    # Taking in

    def _length(self, upload: Upload, key: TaskKey) -> int:
        if not self._store.is_arriving(upload.id):
            return 0
        with self._store.writer(upload.id, key) as writer:
            return writer.length

    @asynccontextmanager
    async def _alone(self, upload: Upload) -> AsyncIterator[asyncio.Event]:
        """Gives an event that says that somebody newer wants the file."""
        while (earlier := self._running.get(upload.id)) is not None:
            earlier.is_unwanted.set()
            await earlier.is_over.wait()
        running = self._running[upload.id] = _Running()
        try:
            yield running.is_unwanted
        finally:
            del self._running[upload.id]
            running.is_over.set()

    async def _append(self, upload: Upload, offset: int, content: AsyncIterator[bytes]) -> int:
        key = await self._key(upload.spot)
        has = await in_thread(self._length, upload, key)
        if has != offset:
            raise WrongOffsetError
        received = has
        try:
            received = await self._write(upload, key, _at_most(content, upload.size - has))
        finally:
            async with self._engine.begin() as connection:
                await has_received(connection, upload.id, received, at=self._clock())
        return received

    async def _write(self, upload: Upload, key: TaskKey, content: AsyncIterator[bytes]) -> int:
        """What has arrived is written also when the rest does not come."""
        writer = await in_thread(self._store.writer, upload.id, key)
        waiting, size = [], 0
        try:
            async for piece in content:
                waiting.append(piece)
                size += len(piece)
                if size >= _BATCH_BYTES:
                    batch, waiting, size = b"".join(waiting), [], 0
                    await in_thread(writer.write, batch)
        finally:
            await in_thread(_write_rest, writer, b"".join(waiting))
        return writer.length

    async def _finish(self, upload: Upload, size: int) -> Progress:
        key = await self._key(upload.spot)

        def look() -> tuple[FileFault | None, bytes]:
            reader = self._store.arrived(upload.id, key, size)
            with BufferedReader(reader) as file:
                return fault_in(upload.name, file), sha256_of(reader)

        fault, digest = await in_thread(look)
        if fault is None and not await self._scanner.is_clean(lambda: self._pieces(upload, key, size)):
            fault = FileFault.UNSAFE
        if fault is not None:
            await self.give_up(upload)
            return Progress(received=size, fault=fault)
        return Progress(received=size, file=await self._keep(upload, key, size, digest))

    async def _keep(self, upload: Upload, key: TaskKey, size: int, digest: bytes) -> File:
        kind, blob = kind_of(upload.name), key.address(digest)
        file = File(
            id=token_urlsafe(_ID_BYTES),
            spot=upload.spot,
            by=upload.by,
            name=upload.name,
            media_type="application/octet-stream" if kind is None else kind.media_type,
            size=size,
            sha256=digest.hex(),
            blob=blob,
            at=self._clock(),
        )
        await in_thread(self._store.keep, upload.id, upload.spot.task, blob)
        async with self._engine.begin() as connection:
            await end_upload(connection, upload.id)
            await add_file(connection, file)
        return file

    async def _pieces(self, upload: Upload, key: TaskKey, size: int) -> AsyncIterator[bytes]:
        reader = await in_thread(self._store.arrived, upload.id, key, size)
        async for piece in pieces_of(reader):
            yield piece

    async def _key(self, spot: Spot) -> TaskKey:
        async with self._engine.connect() as connection:
            return await key_of(connection, self._keys, spot)


def _write_rest(writer: SealedWriter, rest: bytes) -> None:
    try:
        writer.write(rest)
    finally:
        writer.close()


async def _at_most(content: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """As much of it as is wanted; the rest is left."""
    async for piece in content:
        if len(piece) >= most:
            yield piece[:most]
            return
        most -= len(piece)
        yield piece
