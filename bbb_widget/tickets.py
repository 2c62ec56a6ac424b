"""Tickets: the last step into a conference is an address of ours that counts once, for a minute, for one person and one
meeting. BigBlueButton's own address, which would count for longer, is only ever where that one leads to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from school.domain.conferences import ConferenceId
from school.domain.people import UserId

LIFETIME: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Who may go where. Either a person or a guest's id."""

    conference_id: ConferenceId
    meeting_id: str
    user_id: UserId | None = None
    guest_id: str | None = None


class Tickets:
    """Those that are out, in memory only: after a restart one presses the button again."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._out: dict[str, tuple[datetime, Ticket]] = {}
        self._newest: dict[Ticket, str] = {}

    def give(self, ticket: Ticket) -> str:
        """A new one; whoever has its text may use it. An earlier one of the same person is void."""
        self._forget()
        self._out.pop(self._newest.pop(ticket, ""), None)
        text = token_urlsafe(24)
        self._out[text] = (self._clock() + LIFETIME, ticket)
        self._newest[ticket] = text
        return text

    def take(self, text: str) -> Ticket | None:
        """What a ticket is for, once; None if it is none, or not any more."""
        until, ticket = self._out.pop(text, (None, None))
        if until is None or ticket is None:
            return None
        del self._newest[ticket]
        return ticket if self._clock() < until else None

    def _forget(self) -> None:
        now = self._clock()
        while self._out:
            text, (until, ticket) = next(iter(self._out.items()))
            if now < until:
                return  # given in order, and each lives as long as the others
            del self._out[text], self._newest[ticket]
