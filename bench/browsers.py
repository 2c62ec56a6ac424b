"""Browsers of many people at once, for benches that press on pages: cookies and forms, over HTTP."""

import asyncio
import re
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientSession, ClientTimeout, CookieJar

from bench.harness import BenchError

PATIENCE_SECONDS: Final = 60.0
_SIGN_IN_AT_ONCE: Final = 6
_FIELD: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@asynccontextmanager
async def signed_in(web: str, accounts: Sequence[dict[str, Any]]) -> AsyncIterator[list[ClientSession]]:
    """A browser for each of these people, in the same order."""
    browsers = [
        ClientSession(web, cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=PATIENCE_SECONDS))
        for _ in accounts
    ]
    may = asyncio.Semaphore(_SIGN_IN_AT_ONCE)
    try:
        await asyncio.gather(
            *(_sign_in(browser, account, may) for browser, account in zip(browsers, accounts, strict=True))
        )
        yield browsers
    finally:
        await asyncio.gather(*(browser.close() for browser in browsers))


async def _sign_in(browser: ClientSession, account: dict[str, Any], may: asyncio.Semaphore) -> None:
    async with may:
        async with browser.get("/login") as page:
            fields = hidden_in(await page.text())
        form = fields | {"name": account["user_id"], "password": account["password"]}
        async with browser.post("/login", data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise BenchError(f"{account['user_id']} cannot sign in: HTTP {answer.status}")


def hidden_in(text: str) -> dict[str, str]:
    """What the forms of a page send by themselves."""
    return dict(_FIELD.findall(text))


def p95(values: Sequence[float]) -> float:
    """Of 100 values 95 are below it."""
    return statistics.quantiles(values, n=20)[-1]


def spread(values: Sequence[float]) -> str:
    """The values, in milliseconds, in words."""
    return f"median {statistics.median(values):.0f}, longest {max(values):.0f} ms"
