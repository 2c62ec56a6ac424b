"""The scanner, with a clamd of our own that speaks its protocol."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tasks.scanning import Scanner, ScannerDownError


class Clamd:
    """Finds the word VIRUS. `says` answers something else; `hangs_up` does not answer."""

    def __init__(self, says: bytes | None = None, *, hangs_up: bool = False) -> None:
        self.says, self.hangs_up = says, hangs_up
        self.seen = b""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        if not self.hangs_up:
            while length := int.from_bytes(await reader.readexactly(4), "big"):
                self.seen += await reader.readexactly(length)
            found = b"stream: Eicar FOUND\0" if b"VIRUS" in self.seen else b"stream: OK\0"
            writer.write(self.says or found)
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        async with server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def pieces(*all_of_them: bytes) -> AsyncIterator[bytes]:
    async def each() -> AsyncIterator[bytes]:
        for piece in all_of_them:
            yield piece

    return each()


async def test_a_clean_file_is_seen_whole() -> None:
    clamd = Clamd()
    async with clamd.listening() as address:
        assert await Scanner(address).is_clean(lambda: pieces(b"Es ", b"war"))
    assert clamd.seen == b"Es war"


async def test_what_is_found_in_two_pieces_is_found() -> None:
    async with Clamd().listening() as address:
        assert not await Scanner(address).is_clean(lambda: pieces(b"VIR", b"US"))


async def test_it_is_reached_by_a_socket_too(tmp_path: Path) -> None:
    server = await asyncio.start_unix_server(Clamd().handle, str(tmp_path / "c"))
    async with server:
        assert not await Scanner(str(tmp_path / "c")).is_clean(lambda: pieces(b"VIRUS"))


@pytest.mark.parametrize(
    "clamd",
    [
        pytest.param(Clamd(b"INSTREAM size limit exceeded. ERROR\0"), id="too large for it"),
        pytest.param(Clamd(b"stream: not OK\0"), id="anything else"),
        pytest.param(Clamd(hangs_up=True), id="it hangs up"),
    ],
)
async def test_an_answer_that_says_nothing_lets_nothing_through(clamd: Clamd) -> None:
    async with clamd.listening() as address:
        with pytest.raises(ScannerDownError):
            await Scanner(address).is_clean(lambda: pieces(b"x"))


async def test_a_scanner_that_is_not_there_lets_nothing_through() -> None:
    with pytest.raises(ScannerDownError):
        await Scanner("127.0.0.1:1").is_clean(lambda: pieces(b"x"))


async def test_without_a_scanner_nothing_is_asked() -> None:
    assert await Scanner(None).is_clean(lambda: pieces(b"VIRUS"))
