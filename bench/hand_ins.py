"""The last two minutes before a deadline: 300 pupils each hand in a file of 5 MB, over HTTP, as the script of the page
does it; meanwhile all of them look at the task."""

import asyncio
import hashlib
import random
import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from aiohttp import ClientError, ClientSession, FormData

from bench.browsers import hidden_in, p95, signed_in, spread
from bench.harness import BenchError, Demo, Lab, Row, until

_PUPILS: Final = 300
_WITHIN_SECONDS: Final = 120.0
_BYTES: Final = 5 * 1024 * 1024
_AIM_MS: Final = 500
_AIM_MB: Final = 300
_YEARS: Final = ("Jahrgang 5", "Jahrgang 6", "Jahrgang 7", "Jahrgang 8", "Jahrgang 9", "Jahrgang 10")
_TASK: Final = re.compile(r"/task/[\w-]+")


@dataclass
class _Seen:
    """What took how many milliseconds, what went wrong, and the most memory, in bytes."""

    pages: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: int = 0


def rows(lab: Lab) -> Iterator[Row]:
    """One demo; the pupils are programs on the same cores."""
    demo = lab.new_demo()
    lab.tell("starting a demo …")
    demo.start()
    pupils = [account for account in demo.info["accounts"] if account["role"] == "student"][:_PUPILS]
    page = _task(demo)
    lab.tell(f"signing {len(pupils)} pupils in …")
    seen = asyncio.run(_the_last_minutes(demo, [dict(pupil) for pupil in pupils], page, lab))
    lab.end_demo()
    done = len(seen.files)
    of_pages, megabytes = p95(seen.pages), seen.memory / 1024 / 1024
    yield Row(
        figure=f"{len(pupils)} pupils hand in 5 MB each: pages, p95",
        value=f"{of_pages:.0f} ms",
        shows=f"looking at the task and the button that hands in: {spread(seen.pages)} (aim at most {_AIM_MS} ms)",
        prominent=f"{done} of {len(pupils)} hand in 5 MB within {_WITHIN_SECONDS:.0f} s: pages p95 {of_pages:.0f} ms "
        f"(aim at most {_AIM_MS}), {seen.wrong.total()} errors, {megabytes:.0f} MB (aim under {_AIM_MB})",
    )
    yield Row(
        figure="  the files, p95",
        value=f"{p95(seen.files):.0f} ms",
        shows=f"5 MB, until they are kept: {spread(seen.files)}",
    )
    yield Row(
        figure="  errors",
        value=str(seen.wrong.total()),
        shows=", ".join(f"{what}: {count}" for what, count in seen.wrong.items()) or f"{done} handed in",
    )
    yield Row(
        figure="  memory at most",
        value=f"{megabytes:.0f} MB",
        shows=f"of the appservice, all its other work included (aim under {_AIM_MB})",
    )


def _task(demo: Demo) -> str:
    """A task for everybody, set by the bot's command."""
    client = demo.client(next(account for account in demo.info["accounts"] if account["role"] == "teacher"))
    client.log_in()
    room = client.open_direct(demo.info["bot"])
    known = {group for account in demo.info["accounts"] for group in account["groups"]}
    client.send(room, f"!aufgabe neu Facharbeit bis morgen für {', '.join(year for year in _YEARS if year in known)}")
    found: list[str] = []

    def told() -> bool:
        texts = [str(event["content"].get("body")) for event in client.last_events(room)]
        found[:] = [page[0] for text in texts if (page := _TASK.search(text))]
        return bool(found)

    until(told, what="the bot tells of a task")
    return found[0]


async def _the_last_minutes(demo: Demo, pupils: list[dict[str, object]], page: str, lab: Lab) -> _Seen:
    seen = _Seen()
    async with signed_in(demo.info["web"], pupils) as browsers:
        lab.tell("the last two minutes …")
        watching = asyncio.create_task(_watch(demo, seen))
        starts = [random.uniform(0, _WITHIN_SECONDS) for _ in browsers]
        await asyncio.gather(
            *(_hand_in(browser, page, after, seen) for browser, after in zip(browsers, starts, strict=True))
        )
        watching.cancel()
    return seen


async def _watch(demo: Demo, seen: _Seen) -> None:
    while True:
        seen.memory = max(seen.memory, demo.appservice.memory_info().rss)
        await asyncio.sleep(0.2)


async def _hand_in(browser: ClientSession, page: str, after: float, seen: _Seen) -> None:
    await asyncio.sleep(after)
    try:
        token = hidden_in(await _looked(browser, page, seen))["form_token"]
        begun = time.perf_counter()
        sha256 = await _brought(browser, page, token)
        seen.files.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        form = FormData({"form_token": token, "text": "", "do": "hand_in"}, default_to_multipart=True)
        async with browser.post(f"{page}/work", data=form, allow_redirects=False) as answer:
            await answer.read()
            seen.pages.append((time.perf_counter() - begun) * 1000)
            if answer.status != 303:
                raise BenchError(f"HTTP {answer.status} for the button")
        if sha256 not in await _looked(browser, page, seen):
            raise BenchError("no receipt")
    except (ClientError, TimeoutError, KeyError, BenchError) as error:
        seen.wrong[str(error) or type(error).__name__] += 1


async def _looked(browser: ClientSession, page: str, seen: _Seen) -> str:
    begun = time.perf_counter()
    async with browser.get(page) as answer:
        text = await answer.text()
        seen.pages.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200:
            raise BenchError(f"HTTP {answer.status} for the page")
        return text


async def _brought(browser: ClientSession, page: str, token: str) -> str:
    """Brings a file by the protocol of resumable uploads (tus 1.0), and returns its SHA-256."""
    content = b"%PDF-1.7" + random.randbytes(_BYTES - 8)
    ours = {"Tus-Resumable": "1.0.0", "X-Form-Token": token}
    size = {"Upload-Length": str(len(content)), "Upload-Metadata": f"filename {b64encode(b'arbeit.pdf').decode()}"}
    async with browser.post(f"{page}/uploads", headers=ours | size) as answer:
        if answer.status != 201:
            raise BenchError(f"HTTP {answer.status} for a file that is announced")
        upload = answer.headers["Location"]
    part = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    async with browser.patch(upload, headers=ours | part, data=content) as answer:
        if answer.status != 204:
            raise BenchError(f"HTTP {answer.status} for a file")
    return hashlib.sha256(content).hexdigest()
