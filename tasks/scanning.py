"""Looks for viruses with clamd, if the school has one: the command INSTREAM (clamd(8)), one connection a file.

A scanner that does not answer lets nothing through: the file stays where it arrived, and is looked at when somebody
tries again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import structlog

log = structlog.get_logger()

_CONNECT_SECONDS: Final = 5.0
_MOST_SECONDS: Final = 120.0
_LONGEST_ANSWER: Final = 4096
_Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ScannerDownError(Exception):
    """The scanner does not answer, or not with something that says whether a file is clean."""


class Scanner:
    """Asks clamd. Its address is `HOST:PORT` or the path of a socket; without one everything is clean."""

    def __init__(self, address: str | None) -> None:
        self._address = address

    async def is_clean(self, pieces: Callable[[], AsyncIterator[bytes]]) -> bool:
        """Whether nothing is found in a file. `pieces` gives its content.

        Raises:
            ScannerDownError: nobody knows.
        """
        if self._address is None:
            return True
        try:
            async with asyncio.timeout(_MOST_SECONDS), self._connected() as (reader, writer):
                writer.write(b"zINSTREAM\0")
                async for piece in pieces():
                    writer.write(len(piece).to_bytes(4, "big") + piece)
                    await writer.drain()
                writer.write(bytes(4))
                await writer.drain()
                answer = (await reader.read(_LONGEST_ANSWER)).rstrip(b"\0\n").decode(errors="replace")
        except (OSError, TimeoutError) as error:
            raise ScannerDownError(f"clamd at {self._address}: {error or type(error).__name__}") from error
        if answer.endswith(" FOUND"):
            log.warning("file_refused_by_scanner", found=answer)
            return False
        if answer != "stream: OK":
            raise ScannerDownError(f"clamd at {self._address} says: {answer}")
        return True

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[_Streams]:
        reader, writer = await self._connect(self._address or "")
        try:
            yield reader, writer
        finally:
            writer.close()

    async def _connect(self, address: str) -> _Streams:
        async with asyncio.timeout(_CONNECT_SECONDS):
            if address.startswith("/"):
                return await asyncio.open_unix_connection(address)
            host, _, port = address.rpartition(":")
            return await asyncio.open_connection(host.strip("[]"), int(port))
