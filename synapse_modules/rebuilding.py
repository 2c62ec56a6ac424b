"""Contents that are rebuilt from known keys, so that nothing else gets through with them."""

from collections.abc import Mapping
from typing import Any, Final

from emoji import is_emoji

from school.domain.conference_widget import WIDGET, WIDGET_ID, layout
from school.domain.decisions import Reason
from school.domain.people import UserId
from school.domain.rooms import MEGOLM, OWN_KEYS_PREFIX
from synapse_modules.events import Event, Pass, Refuse, State, Verdict, membership_of

SETTING: Final = "rooms:state"
_MEMBER_KEYS: Final[Mapping[str, type]] = {
    "membership": str,
    "displayname": str,
    "is_direct": bool,
    "join_authorised_via_users_server": str,
}
"""What is kept of a membership, and of which type. No picture: people have none but what the school gives them."""
_NAMES_OF_ONES_OWN: Final = "per_message_profile"
"""Ends the keys by which a message claims to be from somebody of another name (MSC4144)."""
_EMOJI_STYLE: Final = "\ufe0f"
"""Asks for the coloured form of a sign; Matrix puts it behind every emoji, also where it is not needed."""
_ROTATION: Final = frozenset({"rotation_period_ms", "rotation_period_msgs"})


class _Nothing:
    """No value is one."""


def membership(content: Mapping[str, Any]) -> Pass:
    """A membership, with the keys that it has by the specification and the school."""
    kept = {key: value for key, value in content.items() if isinstance(value, _MEMBER_KEYS.get(key, _Nothing))}
    return Pass() if len(kept) == len(content) else Pass(kept)


def without_own_keys(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The content without keys that only the school's own hand may write; None if there are none."""
    inner = content.get("m.new_content")
    inner_is_clean = not isinstance(inner, Mapping) or not any(_is_own(key) for key in inner)
    if inner_is_clean and not any(_is_own(key) for key in content):
        return None
    clean = {key: value for key, value in content.items() if not _is_own(key)}
    if isinstance(inner, Mapping):
        clean["m.new_content"] = {key: value for key, value in inner.items() if not _is_own(key)}
    return clean


def _is_own(key: object) -> bool:
    return isinstance(key, str) and (key.startswith(OWN_KEYS_PREFIX) or key.endswith(_NAMES_OF_ONES_OWN))


def reaction(content: Mapping[str, Any]) -> Verdict:
    """A reaction is a sign, not a sentence: one emoji, no further keys."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping):
        return Refuse(Reason.MALFORMED)
    key, event_id = relation.get("key"), relation.get("event_id")
    if relation.get("rel_type") != "m.annotation" or not isinstance(key, str) or not isinstance(event_id, str):
        return Refuse(Reason.MALFORMED)
    if not (is_emoji(key) or is_emoji(key.replace(_EMOJI_STYLE, ""))):
        return Refuse(Reason.NOT_OFFERED, rule="rooms:one_emoji")
    rebuilt = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}}
    return Pass(None if rebuilt == content else rebuilt)


def encryption(content: Mapping[str, Any]) -> Verdict:
    """How a room is encrypted, in the one way that there is, without further keys."""
    if content.get("algorithm") != MEGOLM:
        return Refuse(Reason.MALFORMED)
    kept: dict[str, Any] = {key: value for key, value in content.items() if key in _ROTATION and type(value) is int}
    kept["algorithm"] = MEGOLM
    return Pass(None if kept == content else kept)


def own_widget(event: Event, widget: Mapping[str, Any] | None) -> Verdict:
    """What stands under the id of the school's own widget: that widget, as the school has it, or nothing. Otherwise
    somebody's page would look like the school's."""
    if event.type == WIDGET and not event.content:
        return Pass()
    if event.type != WIDGET or widget is None or event.content.get("url") != widget["url"]:
        return Refuse(Reason.NOT_OFFERED, rule="rooms:own_widget")
    return Pass(None if event.content == widget else dict(widget))


def own_layout(event: Event, widget: Mapping[str, Any] | None) -> Verdict:
    """Where widgets stand: the school's own above the messages, as Element's video button puts it, and nothing else."""
    named = event.content.get("widgets")
    if widget is None or not isinstance(named, Mapping) or WIDGET_ID not in named:
        return Refuse(Reason.NOT_OFFERED, rule="rooms:own_widget")
    return Pass(None if event.content == layout() else layout())


def redaction(event: Event, state: State) -> Verdict:
    """A reason is free text, so it is taken out. Not where the sender has left: Synapse writes the redactions of
    somebody who was removed in their name, and a replaced event would be refused there. What stands in the state of a
    room (its name, who is in it under which name) is not deleted by anybody."""
    redacts = event.content.get("redacts")
    if any(setting.event_id == redacts for setting in state.values()):
        return Refuse(Reason.RULES_ARE_FIXED, rule=SETTING)
    joined = membership_of(state, UserId(event.sender)) == "join"
    kept = {key: value for key, value in event.content.items() if key == "redacts"}
    return Pass(kept) if joined and len(kept) != len(event.content) else Pass()
