"""Holding, as Synapse sees it: whether an event has to wait, and what stands in its place until then."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from school.clock import Clock
from school.domain.decisions import Reason
from school.domain.hold import Hold, RoomMode
from school.domain.people import UserId
from school.domain.rooms import RoomStamp
from school.sealing import Keyring, UnsealableError
from school.standing import Standing
from school.texts import Texts
from synapse_modules import notices
from synapse_modules.events import Event, Pass, Refuse, State, Verdict, binding_of, members_of

_EVENT_ID: Final = re.compile(r"\$[A-Za-z0-9_-]{43}")
"""What the id of an event looks like in every room of the school (Matrix spec, room version 4 and later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Says what waits, and seals it."""

    bot: UserId
    zone: ZoneInfo
    texts: Texts
    keyring: Keyring
    clock: Clock
    colleagues_pass: bool
    held_lately: Callable[[str], bool]
    """Whether something was held in a room a moment ago, of which nobody but this process may know yet."""

    def hold(self, standing: Standing, event: Event, state: State, stamp: RoomStamp) -> Hold | None:
        """Why an event has to wait, None if it goes out at once."""
        sender = UserId(event.sender)
        mode = standing.mode_of(event.room_id) or (None if stamp.group is None else RoomMode.SILENT)
        resting = self._hold(standing, sender, members_of(state), mode)
        if resting is not None or not (standing.is_draining(event.room_id) or self.held_lately(event.room_id)):
            return resting
        # What waits here may wait for the sender, whose own words go out at once and overtake nothing meant for others.
        sender_rests = standing.desk.rest_of(sender, self.clock()) is not None
        return None if sender_rests else Hold(until=None)

    def would_hold(
        self, standing: Standing, sender: UserId, members: Iterable[UserId], mode: RoomMode | None = None
    ) -> bool:
        """Whether words of `sender` would have to wait in a room of these members."""
        return self._hold(standing, sender, members, mode) is not None

    def place(self, hold: Hold, event: Event, content: Mapping[str, Any]) -> Verdict:
        """The notice in the place of a message, with its `content` sealed inside."""
        try:
            related = _related(content)
            notice = notices.held(
                self.texts, self.keyring, hold, dict(content), binding_of(event), now=self.clock(), zone=self.zone
            )
        except _NoRelationError:
            return Refuse(Reason.MALFORMED, as_notice=True)
        except UnsealableError:
            return Refuse(Reason.TOO_LARGE, as_notice=True)
        return Pass(notice if related is None else notice | notices.reference(related))

    def _hold(
        self, standing: Standing, sender: UserId, members: Iterable[UserId], mode: RoomMode | None
    ) -> Hold | None:
        return standing.hold(sender, members, mode, now=self.clock(), colleagues_pass=self.colleagues_pass)


class _NoRelationError(ValueError):
    """What a message says to be related to cannot be an event."""


def _related(content: Mapping[str, Any]) -> str | None:
    """The event that a message edits or continues. The notice refers to it, too: so Synapse looks whether it is there,
    as it would for the message itself, and whoever delivers an edited message finds its newest version."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping) or "rel_type" not in relation:
        return None
    event_id = relation.get("event_id")
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        raise _NoRelationError
    return event_id
