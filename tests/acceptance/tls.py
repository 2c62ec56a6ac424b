"""TLS in front of a port of this machine, as a reverse proxy has it."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from certificates import Authority

_PIECE = 65_536


@contextmanager
def tls_in_front_of(backend: int, *, port: int, host: str, folder: Path) -> Iterator[None]:
    """`https://host:port` is what `http://127.0.0.1:backend` is. An authority that nobody knows has signed for it."""
    certificate = folder / f"{host}.pem"
    certificate.write_bytes(b"".join(Authority().certificate(host)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    started, loop = Event(), asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", backend)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    async def run() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", port, ssl=context) as server:
            started.set()
            await server.serve_forever()

    def work() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        for left in asyncio.all_tasks(loop):
            left.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    task = loop.create_task(run())
    thread = Thread(target=work, daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
