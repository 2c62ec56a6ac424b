"""What the bot says of a sync: its plan, how far it is, and what became of it.

The sentences about a register or a plan come from those who read and make them, in English: they name file, row and
column for whoever made the file.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from school.texts import Texts

_LINES: Final = 5
_HOW_TO_CONFIRM: Final = re.compile(r"[^.]*--confirm\.?$")
"""The end of a sentence that tells the command line's way out; the bot has its own."""


class PlanSeen(Protocol):
    """A plan, as far as the bot speaks of it."""

    @property
    def key(self) -> str: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def stopped(self) -> str | None: ...
    @property
    def doubts(self) -> Sequence[str]: ...


class Outcome(Protocol):
    """What became of a sync."""

    @property
    def ending(self) -> str: ...
    @property
    def seen(self) -> PlanSeen | None: ...
    @property
    def problem(self) -> str: ...
    @property
    def failures(self) -> Sequence[str]: ...


def say_outcome(outcome: Outcome, texts: Texts) -> str:
    """What became of a sync, and what to do."""
    match outcome.ending:
        case "done":
            return "\n".join(_done(outcome, texts))
        case "stopped" if outcome.seen is not None:
            return say_stopped(outcome.seen, texts)
        case "unreadable":
            return texts.say("sync.unreadable", why=outcome.problem)
        case "busy":
            return texts.say("sync.busy")
        case _:
            return texts.say("sync.failed", why=outcome.problem)


def _done(outcome: Outcome, texts: Texts) -> list[str]:
    said = [texts.say("sync.done") if not outcome.failures else texts.say("sync.done_in_part")]
    if outcome.seen is not None:
        said.append(say_counts(outcome.seen.counts, texts))
    if outcome.failures:
        said += [texts.say("sync.failures"), *_some(outcome.failures, texts)]
    if outcome.seen is not None and outcome.seen.doubts:
        said += [texts.say("sync.doubts"), *_some(outcome.seen.doubts, texts)]
    return said


def say_stopped(seen: PlanSeen, texts: Texts) -> str:
    """Why a plan waits, and how it is confirmed."""
    why = _HOW_TO_CONFIRM.sub("", seen.stopped or "").strip()
    return "\n".join(
        (texts.say("sync.stopped", why=why), say_counts(seen.counts, texts), texts.say("sync.how_to_confirm"))
    )


def say_preview(seen: PlanSeen, texts: Texts) -> str:
    """What a sync would change now."""
    said = [texts.say("sync.preview"), say_counts(seen.counts, texts)]
    if seen.stopped:
        why = _HOW_TO_CONFIRM.sub("", seen.stopped).strip()
        said += [texts.say("sync.would_stop", why=why), texts.say("sync.how_to_confirm")]
    if seen.doubts:
        said += [texts.say("sync.doubts"), *_some(seen.doubts, texts)]
    return "\n".join(said)


def say_counts(counts: Mapping[str, int], texts: Texts) -> str:
    """How much a plan changes."""
    if not any(counts.values()):
        return texts.say("sync.nothing")
    return texts.say(
        "sync.counts",
        people_added=counts["people_added"],
        people_changed=counts["people_changed"],
        people_left=counts["people_left"],
        groups_added=counts["groups_added"],
        groups_changed=counts["groups_changed"],
        groups_ended=counts["groups_ended"],
        memberships_added=counts["memberships_added"],
        memberships_removed=counts["memberships_removed"],
    )


def say_progress(stages: Mapping[str, tuple[int, int]], texts: Texts) -> str:
    """How far a sync is: what there is to do of each stage that has begun."""
    told = [f"{_stage(stage, texts)} {done}/{total}" for stage, (done, total) in stages.items() if total]
    return texts.say("sync.progress", stages=", ".join(told)) if told else texts.say("sync.started")


def _stage(stage: str, texts: Texts) -> str:
    match stage:
        case "accounts":
            return texts.say("sync.stage.accounts")
        case "rooms":
            return texts.say("sync.stage.rooms")
        case "memberships":
            return texts.say("sync.stage.memberships")
        case _:
            return texts.say("sync.stage.closing")


def _some(lines: Sequence[str], texts: Texts) -> list[str]:
    more = len(lines) - _LINES
    return [f"• {line}" for line in lines[:_LINES]] + ([texts.say("sync.more", number=more)] if more > 0 else [])
