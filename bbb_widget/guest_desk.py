"""Guests: people from outside whom a moderator lets into one conference, by name.

A link is for one person and one conference. It ends with its days, with the conference, or when it is taken back; it
always leads into the lobby. It can be used again, because connections break, but not without end. Nothing is kept of a
guest but the name and a hash, and neither after the end.
"""

from dataclasses import replace
from secrets import token_urlsafe
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from bbb_widget.conferences import Entrance, Gate, Invited
from bbb_widget.desk import ConferenceDesk
from bbb_widget.keys import hash_of_token
from school.clock import Clock, utc_now
from school.config.conferences import ConferenceSettings
from school.database import audit
from school.database.conference_guests import (
    Attended,
    Guest,
    attendance_of,
    guest_with,
    guests_of,
    invite_guest,
    revoke_guest,
)
from school.database.conferences import Conference, read_conference
from school.domain.conferences import ConferenceState, Part
from school.domain.decisions import Decision, Reason, refuse
from school.domain.people import Person

MOST_USES: Final = 20
"""So often one link leads in."""
MOST_GUESTS: Final = 50
"""So many one conference has."""
_LONGEST_NAME: Final = 60
_TOKEN_BYTES: Final = 24
_ID_BYTES: Final = 9


def name_of_guest(words: str) -> str | None:
    """A name as it will be shown; None: it is none."""
    name = " ".join(words.split())
    says_something = any(letter.isalpha() for letter in name)
    return name if says_something and name.isprintable() and len(name) <= _LONGEST_NAME else None


class GuestDesk:
    """Invites, lets in, takes back; and tells moderators who was there."""

    def __init__(
        self, *, engine: AsyncEngine, desk: ConferenceDesk, school: ConferenceSettings, clock: Clock = utc_now
    ) -> None:
        self._engine = engine
        self._desk = desk
        self._school = school
        self._clock = clock

    async def invite(self, person: Person, conference: Conference, name: str) -> Invited:
        """Makes a link for somebody. `name` is one (`name_of_guest`).

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        decision = await self._desk.may_moderate(conference, person)
        if not decision:
            return Invited(decision=decision)
        now, token = self._clock(), token_urlsafe(_TOKEN_BYTES)
        guest = Guest(
            id=token_urlsafe(_ID_BYTES),
            conference_id=conference.id,
            name=name,
            expires_at=max(now, conference.planned_at or now) + self._school.guest_lifetime,
        )
        async with self._engine.begin() as connection:
            if len(await guests_of(connection, conference.id)) >= MOST_GUESTS:
                return Invited(decision=refuse(Reason.TOO_MANY, "conferences:guests"))
            await invite_guest(connection, guest, hash_of_token(token), at=now)
            await audit.record(
                connection,
                at=now,
                actor=person.id,
                action=audit.Action.CONFERENCE_GUEST,
                target=conference.id,
                by_right=decision.rule,
                details={"invited": True},
            )
        return Invited(decision=decision, guest=guest, token=token)

    def link(self, invited: Invited) -> str:
        """The address to give to a guest."""
        return self._desk.meetings.guest_page(invited.token or "")

    async def revoke(self, person: Person, conference: Conference, guest_id: str) -> Decision:
        """Takes a link back. Who is in already is sent away in BigBlueButton."""
        decision = await self._desk.may_moderate(conference, person)
        if not decision:
            return decision
        now = self._clock()
        async with self._engine.begin() as connection:
            if guest_id in {guest.id for guest in await guests_of(connection, conference.id)}:
                await revoke_guest(connection, guest_id, at=now)
                await audit.record(
                    connection,
                    at=now,
                    actor=person.id,
                    action=audit.Action.CONFERENCE_GUEST,
                    target=conference.id,
                    by_right=decision.rule,
                    details={"invited": False},
                )
        return decision

    async def guests(self, conference: Conference) -> list[Guest]:
        """Whose links still lead in."""
        now = self._clock()
        async with self._engine.connect() as connection:
            return [guest for guest in await guests_of(connection, conference.id) if guest.may_come(now)]

    async def look(self, token: str) -> tuple[Guest, Conference] | None:
        """Whose link this is, and into which conference; None if it leads nowhere (any more)."""
        async with self._engine.connect() as connection:
            guest = await guest_with(connection, hash_of_token(token))
            conference = None if guest is None else await read_conference(connection, guest.conference_id)
        if guest is None or conference is None or not guest.may_come(self._clock()):
            return None
        return guest, conference

    async def join(self, token: str) -> Entrance:
        """The way in for a guest. Harmless to ask again."""
        known = self._known(await self.look(token))
        if isinstance(known, Entrance):
            return known
        guest, conference = known
        entrance = await self._desk.let_in(conference, Part.GUEST, guest_id=guest.id)
        return replace(entrance, conference=None)

    async def at_the_door(self, found: tuple[Guest, Conference] | None) -> Entrance:
        """How a guest finds the door whose link was looked at. Makes nothing, and gives no ticket."""
        known = self._known(found)
        if isinstance(known, Entrance):
            return known
        return await self._desk.at_the_door_as(known[1], Part.GUEST)

    def _known(self, found: tuple[Guest, Conference] | None) -> Entrance | tuple[Guest, Conference]:
        if found is None:
            return Entrance(gate=Gate.UNKNOWN, part=Part.GUEST)
        guest, conference = found
        if guest.uses >= MOST_USES:
            return Entrance(gate=Gate.TOO_OFTEN, part=Part.GUEST)
        if conference.state is ConferenceState.ENDED:
            return Entrance(gate=Gate.OVER, part=Part.GUEST)
        return guest, conference

    async def attendance(self, person: Person, conference: Conference) -> tuple[Decision, list[Attended]]:
        """Who was there, for moderators."""
        decision = await self._desk.may_moderate(conference, person)
        if not decision:
            return decision, []
        async with self._engine.begin() as connection:
            there = await attendance_of(connection, conference.id)
            await audit.record(
                connection,
                at=self._clock(),
                actor=person.id,
                action=audit.Action.ATTENDANCE_SEEN,
                target=conference.id,
                by_right=decision.rule,
                details={},
            )
        return decision, there
