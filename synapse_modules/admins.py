"""What Synapse does in people's names because an admin asked for it, and that the rules would refuse them."""

from collections.abc import Awaitable, Callable
from typing import Final

from synapse.events import EventBase
from synapse.module_api import LoggingTransaction, ModuleApi, StateMap

from school.clock import Clock, utc_now
from school.domain.decisions import Reason
from synapse_modules.events import Refuse
from synapse_modules.gate import NO_STAMP
from synapse_modules.passing import CLOSING_SECONDS, Passing
from synapse_modules.rebuilding import SETTING

_REPLACEMENT_MS: Final = 10_000
"""So soon after an admin began to close a room Synapse makes the one that takes its place."""


class AdminsWork:
    """Knows what admins are at. In the person's name Synapse writes that they leave, when an admin closes the room or
    has ended the account; that they join the admin's room that takes the closed one's place; and that they delete
    their own coming, when an admin redacts all that they sent."""

    def __init__(
        self,
        api: ModuleApi,
        monotonic: Callable[[], float],
        *,
        is_admin: Callable[[str], Awaitable[bool]],
        clock: Clock = utc_now,
    ) -> None:
        self._api = api
        self._is_admin = is_admin
        self._clock = clock
        self._closing: Passing[str, float] = Passing(CLOSING_SECONDS, monotonic)
        """When, in milliseconds since the epoch, an admin began to close a room."""

    def closes(self, room_id: str) -> None:
        """From now on everybody may leave that room, because Synapse lets them leave to empty it."""
        self._closing.keep(room_id, self._clock().timestamp() * 1000)

    async def is_behind(self, event: EventBase, state: StateMap[EventBase], verdict: Refuse) -> bool:
        """Whether a refused event is such work."""
        match event.type, event.content.get("membership"):
            case "m.room.member", "leave" if verdict.reason is Reason.GROUP_IS_KEPT and event.sender == event.state_key:
                return await self._is_emptied_or_ended(event)
            case "m.room.member", "join" if verdict.rule == NO_STAMP:
                return await self._takes_a_closed_ones_place(state["m.room.create", ""])
            case "m.room.redaction", None if verdict.rule == SETTING:
                own = state.get(("m.room.member", event.sender))
                if own is None or own.event_id != event.content.get("redacts"):
                    return False
                return await self._api.run_db_interaction("schulbote_redaction", _is_being_redacted, event.sender)
        return False

    async def _is_emptied_or_ended(self, event: EventBase) -> bool:
        if self._closing.get(event.room_id) is not None:
            return True
        account = await self._api.get_userinfo_by_id(event.sender)
        return account is not None and account.is_deactivated

    async def _takes_a_closed_ones_place(self, create: EventBase) -> bool:
        made_at = create.origin_server_ts
        soon_after = any(began <= made_at <= began + _REPLACEMENT_MS for began in self._closing.values())
        return soon_after and await self._is_admin(create.sender)


def _is_being_redacted(transaction: LoggingTransaction, user_id: str) -> bool:
    """Whether an admin has asked for everything that somebody sent to be redacted, and Synapse is at it."""
    transaction.execute(
        "SELECT 1 FROM scheduled_tasks WHERE action = 'redact_all_events' AND status = 'active' AND resource_id = ?",
        (user_id,),
    )
    return transaction.fetchone() is not None
