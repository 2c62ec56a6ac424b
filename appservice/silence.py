"""Silence: while somebody rests nothing rings on their devices, and no count of unread messages grows.

1. Two override push rules stand above all others of the account: `org.schulbote.rest` tells of nothing, and above it
   `org.schulbote.urgent` lets through what the leadership has marked. A person's own rules are never touched.
2. The database knows who is silent before the homeserver does, so that nobody stays silent because a process died.
3. Silence ends before the first held message is delivered (`lift`): that one shall ring.
4. Where nothing changed nothing is asked; but at the start and every few minutes everybody's rules are looked at. A
   client may have put others above ours, or a database may have been restored.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database.silences import begin_silence, end_silence, in_use_since, read_silences
from school.domain.directory import Directory
from school.domain.intervals import earliest
from school.domain.people import UserId
from school.domain.rest_desk import RestDesk
from school.sealing import URGENT_KEY
from school.standing import CannotDecideError, Standing

log = structlog.get_logger()

REST_RULE: Final = "org.schulbote.rest"
URGENT_RULE: Final = "org.schulbote.urgent"
RULES: Final[Mapping[str, Mapping[str, Any]]] = {
    URGENT_RULE: {
        "conditions": [
            {"kind": "event_property_is", "key": "content." + URGENT_KEY.replace(".", r"\."), "value": True}
        ],
        "actions": ["notify", {"set_tweak": "sound", "value": "default"}],
    },
    REST_RULE: {"conditions": [], "actions": []},
}
_STRONGER_FIRST: Final = (URGENT_RULE, REST_RULE)

_LOOK_AGAIN: Final = timedelta(minutes=5)
_PAUSE: Final = 1.0
_AFTER_FAILURE: Final = 5.0
_AT_ONCE: Final = 4
_BATCH: Final = 50
_ASKED: Final = 3
"""So many people are asked for the place in the stream of events before it is done without."""
_TIME_OF_COMMIT: Final = 60.0
"""A first use may be seen so many seconds after a later one."""


class Silence:
    """Keeps everybody silent who rests, and nobody else. `run` works until it is cancelled."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._clock = clock
        self._wake = asyncio.Event()
        self._locks: defaultdict[UserId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._loading = asyncio.Lock()
        self._loaded = False
        self._silent: set[UserId] = set()
        self._in_use: set[UserId] = set()
        self._newest_use = 0.0
        self._resters: tuple[Directory | None, int, list[UserId]] = (None, 0, [])
        self._unsure: set[UserId] = set()
        self._lifted: set[UserId] = set()
        self._refused: set[UserId] = set()
        self._next_look: datetime | None = None
        self._nobody_late: tuple[RestDesk, datetime | None] | None = None
        self._seen: Standing | None = None
        self._asked: Standing | None = None
        view.on_rest_change(self._wake.set)

    def is_silent(self, user_id: UserId) -> bool:
        """Whether somebody hears nothing now, because they rest or did a moment ago."""
        if not self._loaded or user_id in self._silent:
            return True
        with contextlib.suppress(CannotDecideError):
            return self._rests(user_id)
        return True

    async def run(self) -> None:
        """Looks every second who rests, and at once when rests have changed."""
        while True:
            self._wake.clear()
            try:
                await self.round()
            except (HomeserverError, CannotDecideError) as error:
                log.warning("silence_waits", error=str(error))
                await asyncio.sleep(_AFTER_FAILURE)
            except Exception:
                log.exception("silence_failed")
                await asyncio.sleep(_AFTER_FAILURE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _PAUSE)

    async def round(self) -> None:
        """Makes everybody silent whose rest has begun, and nobody whose rest is over.

        Raises:
            TryLaterError: the homeserver does not answer; what was not done is done in a later round.
        """
        await self._load()
        await self._learn_who_is_here()
        self._look_again_at_times()
        resting = await self._resting()
        await self._each(self._silent - resting - self._refused, self._end)
        beginning = sorted(resting - self._silent - self._refused)
        for start in range(0, len(beginning), _BATCH):
            await self._begin(beginning[start : start + _BATCH])
        await self._each(self._unsure, self._set_right)

    async def late(self) -> Collection[UserId]:
        """Who is still silent although their rest is over. Asked before every delivery, so nobody's rest is worked
        out anew before the first of them ends."""
        await self._load()
        desk, now = self._desk(), self._clock()
        if self._nobody_late is not None:
            known, until = self._nobody_late
            if known is desk and (until is None or now < until):
                return ()
        rests = {user_id: desk.rest_of(user_id, now) for user_id in self._silent}
        late = {user_id for user_id, rest in rests.items() if rest is None} - self._refused
        if not late:
            self._nobody_late = (desk, earliest(rest.until for rest in rests.values() if rest is not None))
        return late

    async def lift(self, user_ids: Iterable[UserId]) -> None:
        """Returns when nobody of these is silent whose rest is over.

        Raises:
            TryLaterError: the homeserver does not answer.
        """
        await self._load()
        for user_id in user_ids:
            try:
                await self._end(user_id)
            except (RefusedError, NotThereError) as error:
                self._could_not(user_id, error)

    async def _load(self) -> None:
        """Who was silent when this program ended, and whose rules may be other than it thinks: anybody's."""
        async with self._loading:
            if self._loaded:
                return
            async with self._engine.connect() as connection:
                self._silent |= {row.user_id for row in await read_silences(connection, ended=False)}
            self._loaded = True

    async def _learn_who_is_here(self) -> None:
        async with self._engine.connect() as connection:
            first_uses = await in_use_since(connection, self._newest_use)
        self._in_use |= first_uses.keys()
        self._newest_use = max([self._newest_use, *(at - _TIME_OF_COMMIT for at in first_uses.values())])

    def _look_again_at_times(self) -> None:
        now = self._clock()
        if self._next_look is not None and now < self._next_look:
            return
        self._unsure |= self._silent | self._lifted
        if self._next_look is None:
            self._unsure |= set(self._who_may_rest())
        self._lifted.clear()
        self._refused.clear()
        self._next_look = now + _LOOK_AGAIN

    def _who_may_rest(self) -> list[UserId]:
        """Those in use for whom there is rest time at all; worked out anew when the people have changed."""
        standing = self._view.now
        directory, number, people = self._resters
        if directory is not standing.policy.directory or number != len(self._in_use):
            people = [user_id for user_id in self._in_use if standing.desk.has_rest(user_id)]
            self._resters = (standing.policy.directory, len(self._in_use), people)
        return people

    async def _resting(self) -> set[UserId]:
        resting: set[UserId] = set()
        people = self._who_may_rest()
        for start in range(0, len(people), _BATCH):
            resting.update(filter(self._rests, people[start : start + _BATCH]))
            await asyncio.sleep(0)
        return resting

    def _rests(self, user_id: UserId) -> bool:
        return self._desk().rest_of(user_id, self._clock()) is not None

    def _desk(self) -> RestDesk:
        """Who rests. A snapshot that differs only in what waits changes nobody's rest, so the answers that an older
        one has worked out are good: in the evening there is a new one every second."""
        standing, old = self._view.now, self._asked
        if standing is not self._seen:
            self._seen = standing
            if old is None or not _has_same_rests(standing, old):
                self._asked = standing
        return standing.desk if self._asked is None else self._asked.desk

    async def _begin(self, user_ids: Sequence[UserId]) -> None:
        place, now = await self._place(user_ids[:_ASKED]), self._clock()
        async with self._engine.begin() as connection:
            for user_id in user_ids:
                await begin_silence(connection, user_id, since=now, sync_token=place)
        self._silent.update(user_ids)
        self._unsure.update(user_ids)
        self._nobody_late = None
        await self._each(user_ids, self._set_right)

    async def _place(self, user_ids: Iterable[UserId]) -> str | None:
        for user_id in user_ids:
            with contextlib.suppress(RefusedError, NotThereError):
                return await self._homeserver.place_in_stream(user_id)
        return None

    async def _end(self, user_id: UserId) -> None:
        async with self._locks[user_id]:
            if user_id not in self._silent or self._rests(user_id):
                return
            for rule_id in reversed(_STRONGER_FIRST):
                await self._homeserver.delete_override_rule(user_id, rule_id)
            async with self._engine.begin() as connection:
                await end_silence(connection, user_id, at=self._clock())
            self._silent.discard(user_id)
            self._unsure.discard(user_id)
            self._lifted.add(user_id)

    async def _set_right(self, user_id: UserId) -> None:
        """Looks at the rules of an account, and changes ours if they are not what they should be."""
        async with self._locks[user_id]:
            rules = await self._homeserver.override_rules(user_id)
            if user_id in self._silent:
                if not _stand_above_all(rules):
                    await self._put_rules(user_id, rules)
            else:
                for rule_id in RULES.keys() & {rule["rule_id"] for rule in rules}:
                    await self._homeserver.delete_override_rule(user_id, rule_id)
            self._unsure.discard(user_id)

    async def _put_rules(self, user_id: UserId, rules: Iterable[Mapping[str, Any]]) -> None:
        is_off = {rule["rule_id"] for rule in rules if not rule["enabled"]}
        for rule_id in reversed(_STRONGER_FIRST):
            await self._homeserver.put_override_rule(user_id, rule_id, RULES[rule_id])
            if rule_id in is_off:
                await self._homeserver.switch_on_override_rule(user_id, rule_id)

    async def _each(self, user_ids: Iterable[UserId], work: Callable[[UserId], Awaitable[None]]) -> None:
        """Works a few at once; stops as soon as the homeserver does not answer."""
        rest, failed = iter(sorted(user_ids)), list[TryLaterError]()

        async def one_after_the_other() -> None:
            for user_id in rest:
                if failed:
                    return
                try:
                    await work(user_id)
                except TryLaterError as error:
                    failed.append(error)
                except HomeserverError as error:
                    self._could_not(user_id, error)

        await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))
        if failed:
            raise failed[0]

    def _could_not(self, user_id: UserId, error: HomeserverError) -> None:
        """The account is locked or gone. It is tried again with the next look."""
        log.warning("silence_not_changed", user=user_id, error=str(error))
        self._refused.add(user_id)
        self._unsure.discard(user_id)


def _has_same_rests(one: Standing, other: Standing) -> bool:
    if one.policy.directory is not other.policy.directory:
        return False
    return replace(one.snapshot.rest, held_rooms=frozenset()) == replace(other.snapshot.rest, held_rooms=frozenset())


def _stand_above_all(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Whether our rules are the first two, but for the master switch that every account has."""
    strongest = [rule for rule in rules if not rule["default"]][: len(_STRONGER_FIRST)]
    if tuple(rule["rule_id"] for rule in strongest) != _STRONGER_FIRST:
        return False
    return all(rule["enabled"] and rule.items() >= RULES[rule["rule_id"]].items() for rule in strongest)
