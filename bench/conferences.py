"""Eight o'clock: three lessons begin, and 300 people open their pages and press within the same ten seconds. All of it
over HTTP, each with a browser of their own, against the stand-in for BigBlueButton as a process of its own."""

import asyncio
import json
import random
import re
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from aiohttp import ClientError, ClientSession

from bench.browsers import PATIENCE_SECONDS, hidden_in, p95, signed_in, spread
from bench.harness import BenchError, Demo, Lab, Row, answers_http, two_free_ports, until

_STUB: Final = Path(__file__).parents[1] / "tests" / "conferences" / "stub_bbb.py"
_YEARS: Final = ("8", "9", "10")
_PEOPLE: Final = 100
"""In each lesson, its teacher among them."""
_WITHIN_SECONDS: Final = 10.0
_LOOKS_AGAIN_SECONDS: Final = 5.0
_AIM_MS: Final = 300
_ZONE: Final = ZoneInfo("Europe/Berlin")


@dataclass
class _Seen:
    """What took how many milliseconds, and what went wrong."""

    pages: list[float] = field(default_factory=list)
    buttons: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)


def rows(lab: Lab) -> Iterator[Row]:
    """One demo, whose BigBlueButton is the stand-in."""
    demo = lab.new_demo()
    with _bbb(demo) as bbb_port:
        lab.tell("starting a demo with a BigBlueButton beside it …")
        demo.start()
        lessons = [_Lesson(demo, year) for year in _YEARS]
        number = sum(len(lesson.accounts) for lesson in lessons)
        lab.tell(f"signing {number} people in …")
        seen, cpu = asyncio.run(_eight_o_clock(demo, lessons, lab))
        asked = _asked(bbb_port)
    lab.end_demo()
    creates = Counter(parameters["name"] for call, parameters in asked["calls"] if call == "create")
    titles = {lesson.title for lesson in lessons}
    if set(creates) != titles:
        raise BenchError(f"there are meetings for {sorted(creates)}, not for {sorted(titles)}")
    own = [seconds * 1000 for seconds in asked["seconds"]]
    calls = Counter(call for call, _ in asked["calls"])
    of_buttons = p95(seen.buttons)
    yield Row(
        figure=f"{len(seen.buttons)} people press in the same {_WITHIN_SECONDS:.0f} s: p95",
        value=f"{of_buttons:.0f} ms",
        shows=f"the button, until the browser is sent to BigBlueButton: {spread(seen.buttons)} "
        f"(aim at most {_AIM_MS} ms)",
        prominent=f"{len(seen.buttons)} people press at eight: p95 {of_buttons:.0f} ms (aim at most {_AIM_MS}), "
        f"{seen.wrong.total()} errors, {max(creates.values())} create for each meeting",
    )
    yield Row(
        figure="  its page: p95",
        value=f"{p95(seen.pages):.0f} ms",
        shows=f"{len(seen.pages)} times, those who wait look again every {_LOOKS_AGAIN_SECONDS:.0f} s: "
        f"{spread(seen.pages)}",
    )
    yield Row(
        figure="  errors",
        value=str(seen.wrong.total()),
        shows=", ".join(f"{what}: {count}" for what, count in seen.wrong.items()) or f"of {number} people",
    )
    yield Row(
        figure="  creates",
        value=f"{sum(creates.values())} for {len(creates)} meetings",
        shows=f"BigBlueButton was asked {calls['getMeetingInfo']} times who is there, instead of once for each press",
    )
    yield Row(
        figure="  BigBlueButton's own part",
        value=f"{p95(own):.1f} ms",
        shows="p95 of its answers, measured inside it; it is in the figures above, and so are the browsers, which run "
        "on the same cores",
    )
    yield Row(
        figure="  the appservice",
        value=f"{cpu:.1f} s CPU",
        shows=f"until the last of them is in; {cpu / number * 1000:.0f} ms for each",
    )


class _Lesson:
    """A conference that is planned for now, and who comes."""

    def __init__(self, demo: Demo, year: str) -> None:
        self.title = f"Stunde {year}"
        classes = [f"Klasse {year}.{number}" for number in (1, 2, 3)]
        groups = [*classes, f"Sorgeberechtigte {year}.1"]
        of_it = [account for account in demo.info["accounts"] if not {*groups}.isdisjoint(account["groups"])]
        teachers = [account for account in demo.info["accounts"] if account["role"] == "teacher"]
        self.teacher = teachers[_YEARS.index(year)]
        others = [account for account in of_it if account["role"] != "teacher"][: _PEOPLE - 1]
        self.accounts = [self.teacher, *others]
        self.page = self._planned(demo, groups)

    def _planned(self, demo: Demo, groups: list[str]) -> str:
        client = demo.client(self.teacher)
        client.log_in()
        room = client.open_direct(demo.info["bot"])
        at = datetime.now(_ZONE) + timedelta(minutes=10)
        client.send(room, f"!konferenz {self.title} mit {', '.join(groups)} um {at:%H:%M}")
        address = re.compile(r"/conference/[\w-]+")
        found: list[str] = []

        def told() -> bool:
            texts = [str(event["content"].get("body")) for event in client.last_events(room)]
            found[:] = [page[0] for text in texts if self.title in text and (page := address.search(text))]
            return bool(found)

        until(told, what="the bot tells of a planned conference")
        return found[0]


async def _eight_o_clock(demo: Demo, lessons: list[_Lesson], lab: Lab) -> tuple[_Seen, float]:
    seen, web = _Seen(), demo.info["web"]
    comers = [(lesson, account) for lesson in lessons for account in lesson.accounts]
    async with signed_in(web, [account for _, account in comers]) as browsers:
        lab.tell("eight o'clock …")
        await asyncio.sleep(2)
        before = demo.appservice.cpu_times()
        presses = []
        for browser, (lesson, account) in zip(browsers, comers, strict=True):
            leads = account is lesson.teacher
            after = random.uniform(1.0, 3.0) if leads else random.uniform(0.0, _WITHIN_SECONDS)
            presses.append(_press(browser, lesson.page, after, seen))
        await asyncio.gather(*presses)
        used = demo.appservice.cpu_times()
    return seen, used.user + used.system - before.user - before.system


async def _press(browser: ClientSession, page: str, after: float, seen: _Seen) -> None:
    """Opens the page, waits as long as it says so, presses, and follows to BigBlueButton."""
    await asyncio.sleep(after)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    try:
        while (form := await _looked(browser, page, seen)) is None:
            if time.monotonic() > give_up_at:
                raise BenchError("somebody waits in vain")
            await asyncio.sleep(_LOOKS_AGAIN_SECONDS)
        began = time.perf_counter()
        async with browser.post(f"{page}/enter", data=form, allow_redirects=False) as answer:
            await answer.read()
            seen.buttons.append((time.perf_counter() - began) * 1000)
            address = answer.headers.get("Location", "")
        if answer.status != 303 or "/api/join?" not in address:
            seen.wrong[f"HTTP {answer.status} for the button"] += 1
            return
        async with ClientSession() as elsewhere, elsewhere.get(address) as inside:
            if "MODERATOR" not in (text := await inside.text()) and "VIEWER" not in text:
                seen.wrong["BigBlueButton lets nobody in"] += 1
    except (ClientError, TimeoutError, BenchError) as error:
        seen.wrong[str(error) or type(error).__name__] += 1


async def _looked(browser: ClientSession, page: str, seen: _Seen) -> dict[str, str] | None:
    """What the page's button would send; None where there is none yet."""
    began = time.perf_counter()
    async with browser.get(page, allow_redirects=False) as answer:
        text = await answer.text()
        seen.pages.append((time.perf_counter() - began) * 1000)
    if answer.status != 200:
        raise BenchError(f"HTTP {answer.status} for the page")
    _, found, form = text.partition(f'action="{page}/enter"')
    return hidden_in(form.partition("</form>")[0]) if found else None


@contextmanager
def _bbb(demo: Demo) -> Iterator[int]:
    """The stand-in, and a school.yaml that names it."""
    port, secret = two_free_ports(), secrets.token_hex(16)
    secret_file = demo.home.parent / "bbb_secret"
    secret_file.touch(mode=0o600)
    secret_file.write_text(secret)
    demo.has_rules(f"bbb: {{url: 'http://127.0.0.1:{port}/bigbluebutton', secret_file: '{secret_file}'}}\n")
    process = subprocess.Popen([sys.executable, _STUB, secret, str(port)], stdout=subprocess.DEVNULL)
    try:
        until(lambda: answers_http(port, "/stub/calls"), what="the stand-in answers", pause=0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _asked(port: int) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{port}/stub/calls", timeout=20) as answer:
        return dict(json.load(answer))
