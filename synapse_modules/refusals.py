"""Refusals: each is counted, logged, said in the person's words, and said again by the bot where a client hides it.

No message text goes into a log or a count: only who, what kind of thing, where, why, and by which rule.
"""

import logging
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from prometheus_client import Counter
from synapse.module_api import NOT_SPAM
from synapse.module_api.errors import Codes, SynapseError

from school.domain.decisions import REASON_KEY, Decision, Reason
from school.domain.groups import Group
from school.domain.people import UserId
from school.domain.rooms import CALL_ANSWERS, CALLS, ENCRYPTED, MESSAGES, REMARKS, STATE_BY_PEOPLE
from school.texts import Texts
from synapse_modules import notices

logger = logging.getLogger(__name__)

Answer: TypeAlias = Literal["NOT_SPAM"] | tuple[Codes, dict[str, Any]]
"""What a spam-checker callback returns: nothing to say, or a refusal with fields for the error's body."""
ALLOWED: Final[Answer] = NOT_SPAM

COUNTER: Final = Counter(
    "schulbote_refusals", "What the school's rules refused, by what was tried and why", ["action", "reason"]
)

_ACTIONS: Final = (
    frozenset({"createRoom", "join", "alias", "publish", "invite_3pid", "upload", "m.room.member", "m.room.create"})
    | frozenset({ENCRYPTED, "m.room.join_rules", "m.room.history_visibility", "m.room.guest_access"})
    | frozenset({"m.room.canonical_alias", "m.room.tombstone", "m.space.child", "m.space.parent", "m.poll.start"})
    | MESSAGES
    | REMARKS
    | CALLS
    | CALL_ANSWERS
    | frozenset().union(*STATE_BY_PEOPLE.values())
)
_STATUS: Final = {
    Reason.MALFORMED: (400, Codes.BAD_JSON),
    Reason.FILE_TOO_LARGE: (413, Codes.TOO_LARGE),
}


class Refusals:
    """Says no. `where_to_ask` knows the group in which somebody can write instead; `explain_later` lets the bot say
    the reason in the person's control room."""

    def __init__(
        self,
        texts: Texts,
        *,
        where_to_ask: Callable[[UserId], Group | None],
        explain_later: Callable[[UserId, Reason], None],
    ) -> None:
        self._texts = texts
        self._where_to_ask = where_to_ask
        self._explain_later = explain_later

    def error(
        self, action: str, user_id: UserId, reason: Reason, *, rule: str, where: str = "", explain: bool = True
    ) -> SynapseError:
        """To be raised: 403 with the words, which few clients show; so the bot says them, too."""
        self._note(action, user_id, reason, rule, where)
        if explain:
            self._explain_later(user_id, reason)
        status, code = _STATUS.get(reason, (403, Codes.FORBIDDEN))
        return SynapseError(status, self._words(user_id, reason), code, {REASON_KEY: reason.value})

    def answer(self, action: str, user_id: UserId, decision: Decision, *, where: str = "") -> Answer:
        """What a spam-checker callback returns for a decision."""
        if decision.reason is None:
            return ALLOWED
        self._note(action, user_id, decision.reason, decision.rule, where)
        self._explain_later(user_id, decision.reason)
        words = self._words(user_id, decision.reason)
        return Codes.FORBIDDEN, {"error": words, REASON_KEY: decision.reason.value}

    def notice(self, action: str, user_id: UserId, reason: Reason, *, rule: str, where: str) -> dict[str, Any]:
        """The content that takes a refused message's place: every client shows it, so the bot need not."""
        self._note(action, user_id, reason, rule, where)
        return notices.not_delivered(self._texts, reason, self._words(user_id, reason))

    def _words(self, user_id: UserId, reason: Reason) -> str:
        group = self._where_to_ask(user_id)
        return self._texts.refusal(reason, ask_in=group.name if group else None)

    def _note(self, action: str, user_id: UserId, reason: Reason, rule: str, where: str) -> None:
        # The type of an event is a client's own text: what nobody knows has one name, in the log and in the metrics.
        known = action if action in _ACTIONS else "other"
        COUNTER.labels(action=known, reason=reason.value).inc()
        logger.info("Refused %s by %s%s: %s (%s)", known, user_id, f" in {where}" if where else "", reason, rule)
