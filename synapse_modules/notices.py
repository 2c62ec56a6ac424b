"""The notices that stand in a message's place: not delivered, or held until a rest ends.

Both are built from nothing, so that no word and no key of the original is in what a teacher's client can read.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from school.domain.decisions import REASON_KEY, Reason
from school.domain.hold import Hold
from school.sealing import HELD_KEY, Binding, Keyring
from school.texts import Texts


def notice(body: str, **extra: Any) -> dict[str, Any]:
    """The content of an `m.notice` and nothing else."""
    return {"msgtype": "m.notice", "body": body, "m.mentions": {}} | extra


def not_delivered(texts: Texts, reason: Reason, why: str) -> dict[str, Any]:
    """Stands where a refused message would have stood. `why` is the reason in the person's words."""
    return notice(texts.say("not_delivered", why=why), **{REASON_KEY: reason.value})


def held(
    texts: Texts,
    keyring: Keyring,
    hold: Hold,
    content: Mapping[str, Any],
    binding: Binding,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """Stands where a held message will be missed, with the original sealed inside.

    Raises:
        UnsealableError: the original cannot be kept.
    """
    if not hold.resting:
        body = texts.say("held.draining")
    elif hold.until is None:
        body = texts.say("held.no_end", name=hold.resting[0].display_name)
    else:
        until = texts.when(hold.until, zone, now=now)
        one, *more = hold.resting
        body = texts.say("held.many", until=until) if more else texts.say("held", name=one.display_name, until=until)
    if hold.deputy is not None:
        body += " " + texts.say("held.deputy", name=hold.deputy.display_name)
    return notice(body, **{HELD_KEY: keyring.seal(content, binding)})


def reference(event_id: str) -> dict[str, Any]:
    """What a notice says of the event that its message belongs to."""
    return {"m.relates_to": {"rel_type": "m.reference", "event_id": event_id}}


class Patience:
    """Counts refusals of one person: after `limit` in `seconds` there are no more notices, because each one is an
    event that everybody in the room sees. Remembers at most `people` people."""

    def __init__(self, *, limit: int = 3, seconds: float = 600.0, people: int = 10_000) -> None:
        self._limit = limit
        self._seconds = seconds
        self._people = people
        self._refusals: OrderedDict[str, list[float]] = OrderedDict()

    def is_over(self, user_id: str, now: float) -> bool:
        """Counts one refusal and says whether it is one too many."""
        recent = [at for at in self._refusals.pop(user_id, ()) if at > now - self._seconds]
        over = len(recent) >= self._limit
        self._refusals[user_id] = recent if over else [*recent, now]
        while len(self._refusals) > self._people:
            self._refusals.popitem(last=False)
        return over
