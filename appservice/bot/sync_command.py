"""`!abgleich` / `!sync`: the leadership and admins make the messenger follow the register, and watch it doing so.

A plan that stops is shown, and only this plan is applied when its reader confirms it. The sync itself goes on in the
background, so that the bot answers other commands meanwhile; its message is edited until it has ended.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

import structlog

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_leadership
from appservice.bot.sync_words import Outcome, PlanSeen, say_outcome, say_preview, say_progress
from appservice.homeserver import HomeserverError
from school.domain.people import UserId
from school.domain.roster import RegisterError
from school.texts import Language

log = structlog.get_logger()

_EDIT_SECONDS: Final = 2.0
_DRY_RUN: Final = frozenset({"probe", "dry-run", "--dry-run"})
_CONFIRM: Final = frozenset({"bestätigen", "bestaetigen", "confirm", "--confirm"})
_NO_PLAN: Final = "none was shown"


class Syncs(Protocol):
    """What runs syncs."""

    @property
    def is_running(self) -> bool: ...
    async def look(self) -> PlanSeen: ...
    async def attempt(
        self, *, actor: str, confirmed: bool | str = False, progress: Callable[[str, int, int], None] = ...
    ) -> Outcome: ...


class SyncCommand:
    """Starts syncs from control rooms. `pause` is how many seconds lie between two edits at least."""

    def __init__(
        self, *, syncs: Syncs, is_admin: Callable[[UserId], Awaitable[bool]], pause: float = _EDIT_SECONDS
    ) -> None:
        self._syncs = syncs
        self._is_admin = is_admin
        self._pause = pause
        self._shown: dict[UserId, str] = {}
        self._working: set[asyncio.Task[None]] = set()

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "abgleich"), (Language.ENGLISH, "sync")),
            help="sync",
            run=self.run,
            topic=Topic.LEADERSHIP,
            offered=to_leadership,
        )

    def has_seen(self, user_id: UserId, plan_key: str) -> None:
        """Somebody was shown a plan that stops, and may confirm it."""
        self._shown[user_id] = plan_key

    async def run(self, request: Request) -> str | None:
        """Answers one request."""
        user_id, words = request.person.user_id, request.words.casefold()
        if not request.person.leadership and not await self._is_admin(user_id):
            return request.texts.say("sync.leadership_only")
        if words in _DRY_RUN:
            return await self._preview(request)
        if words and words not in _CONFIRM:
            return request.texts.say("sync.not_understood")
        if self._syncs.is_running:
            return request.texts.say("sync.running")
        await request.show(request.texts.say("sync.started"))
        shown = self._shown.pop(user_id, _NO_PLAN)
        self._later(self._sync(request, confirmed=shown if words else False))
        return None

    async def stop(self) -> None:
        """Ends what is still being told."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _preview(self, request: Request) -> str:
        try:
            seen = await self._syncs.look()
        except RegisterError as error:
            return request.texts.say("sync.unreadable", why=str(error))
        if seen.stopped:
            self.has_seen(request.person.user_id, seen.key)
        return say_preview(seen, request.texts)

    async def _sync(self, request: Request, *, confirmed: bool | str) -> None:
        showing = _Showing(request, self._pause)
        async with showing:
            outcome = await self._syncs.attempt(
                actor=request.person.id, confirmed=confirmed, progress=showing.progressed
            )
        said = say_outcome(outcome, request.texts)
        if outcome.ending == "stopped" and outcome.seen is not None:
            self.has_seen(request.person.user_id, outcome.seen.key)
            if confirmed not in (False, _NO_PLAN):
                said = f"{request.texts.say('sync.other_plan')}\n{said}"
        await showing.end_with(said)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)


class _Showing:
    """One message that tells how far a sync is. Never edited more often than every `pause` seconds, the last time
    included."""

    def __init__(self, request: Request, pause: float) -> None:
        self._request = request
        self._pause = pause
        self._stages: dict[str, tuple[int, int]] = {}
        self._changed = asyncio.Event()
        self._free_at = asyncio.get_running_loop().time() + pause

    def progressed(self, stage: str, done: int, total: int) -> None:
        self._stages[stage] = (done, total)
        self._changed.set()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._follow())

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def end_with(self, text: str) -> None:
        """The last words."""
        try:
            await self._show(text)
        except HomeserverError as error:
            log.warning("sync_end_not_shown", error=str(error))

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            await self._until_free()
            self._changed.clear()
            with contextlib.suppress(HomeserverError):  # the next edit tells more than this one
                await self._show(say_progress(self._stages, self._request.texts))

    async def _show(self, text: str) -> None:
        await self._until_free()
        self._free_at = asyncio.get_running_loop().time() + self._pause
        await self._request.show(text)

    async def _until_free(self) -> None:
        await asyncio.sleep(self._free_at - asyncio.get_running_loop().time())
