"""The desk of appointments: everything that somebody makes, changes, answers. The pages only ask it.

Who asks is looked at anew each time. Who may not see an appointment does not learn whether there is one. What was made
or changed is told in the rooms by `Announcing`, a moment later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from secrets import token_urlsafe
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.database.appointments import (
    add_appointment,
    all_appointments,
    answers_of,
    answers_to,
    change_appointment,
    forget_appointments,
    read_appointment,
    set_answer,
)
from school.domain.appointment_times import Slot, Times, TimesTrouble, gone_after, slots_of, trouble_with
from school.domain.appointments import (
    LONGEST_PLACE,
    LONGEST_TITLE,
    MOST_GROUPS,
    Answer,
    Appointment,
    AppointmentId,
    Keeping,
    may_answer,
    may_change,
    may_make,
    may_see,
)
from school.domain.decisions import Decision
from school.domain.groups import Group, GroupId
from school.domain.people import Person, PersonId


class Trouble(StrEnum):
    """Why an appointment cannot be as somebody wants it, besides its times. Each has a sentence."""

    NO_TITLE = "no_title"
    NO_GROUPS = "no_groups"
    NOT_ALLOWED = "not_allowed"
    CHANGED = "changed"
    """Somebody else has changed it meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An appointment as somebody wants it."""

    title: str
    place: str
    groups: frozenset[GroupId]
    times: Times
    asks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An appointment as one person sees it. `coming` are the times that are not over, `left_out` those of them that are
    off."""

    appointment: Appointment
    groups: Sequence[Group]
    slots: Sequence[Slot]
    coming: Sequence[Slot]
    left_out: Sequence[Slot]
    may_change: bool
    may_answer: bool
    answer: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Who said what, and who said nothing, by their names."""

    said: Mapping[Answer, Sequence[str]]
    nothing: Sequence[str]


class AppointmentDesk:
    """Shows appointments, makes and changes them, takes answers."""

    def __init__(self, *, engine: AsyncEngine, view: SchoolView, zone: ZoneInfo, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._view = view
        self._zone = zone
        self._clock = clock

    def groups_for(self, person: Person) -> Sequence[Group]:
        """The groups for which somebody may make appointments: their own first, each by its name."""
        policy = self._view.now.policy
        groups = [group for group in policy.directory.groups.values() if may_make(person, [group.id], policy.rights)]
        return sorted(groups, key=lambda group: (group.id not in person.groups, group.name.casefold()))

    async def of(self, person: Person) -> Sequence[Seen]:
        """What somebody sees of what is not over, the next one first."""
        async with self._engine.connect() as connection:
            found, answers = await all_appointments(connection), await answers_of(connection, person.id)
        seen = [self._seen(person, each, answers.get(each.id)) for each in found if may_see(person, each)]
        coming = [each for each in seen if each.coming]
        return sorted(coming, key=lambda each: (each.coming[0].order(self._zone), each.appointment.id))

    async def open(self, person: Person, appointment_id: str) -> Seen | None:
        """One that somebody sees; None: there is none for them."""
        async with self._engine.connect() as connection:
            appointment = await read_appointment(connection, appointment_id)
            answers = await answers_of(connection, person.id)
        if appointment is None or not may_see(person, appointment):
            return None
        return self._seen(person, appointment, answers.get(appointment.id))

    async def make(self, person: Person, wish: Wish) -> AppointmentId | Trouble | TimesTrouble:
        """Makes an appointment, or says what is wrong with it."""
        trouble = self._trouble(person, wish, wish.groups) or trouble_with(wish.times, self._clock(), self._zone)
        if trouble is not None:
            return trouble
        made = Appointment(
            id=AppointmentId(token_urlsafe(12)),
            maker=person.id,
            title=_plain(wish.title),
            place=_plain(wish.place),
            groups=wish.groups,
            times=wish.times,
            asks=wish.asks,
            changed_at=self._clock(),
        )
        decision = may_make(person, wish.groups, self._view.now.policy.rights)
        async with self._engine.begin() as connection:
            await add_appointment(connection, made)
            await self._record(connection, person, audit.Action.APPOINTMENT_MADE, made, decision)
        return made.id

    async def change(self, person: Person, seen: Seen, wish: Wish, *, number: int) -> Trouble | TimesTrouble | None:
        """Changes an appointment that somebody has seen after so many changes; None: done."""
        before = seen.appointment
        if number != before.number or before.is_off:
            return Trouble.CHANGED
        if not seen.may_change:
            return Trouble.NOT_ALLOWED
        trouble = self._trouble(person, wish, wish.groups - before.groups)
        if trouble is None and wish.times != before.times:
            trouble_of_times = trouble_with(wish.times, self._clock(), self._zone)
            if trouble_of_times is not None:
                return trouble_of_times
        if trouble is not None:
            return trouble
        after = replace(
            before,
            title=_plain(wish.title),
            place=_plain(wish.place),
            groups=wish.groups,
            times=wish.times,
            asks=wish.asks,
            gone=gone_after(before.times, before.gone, wish.times, self._zone),
            off=frozenset(slot.number for slot in slots_of(wish.times, self._zone)) & before.off,
        )
        return None if await self._write(person, after) else Trouble.CHANGED

    async def call_off(self, person: Person, seen: Seen) -> bool:
        """Calls an appointment off; False: somebody may not, or has changed it meanwhile."""
        if not may_change(person, seen.appointment) or seen.appointment.is_off:
            return False
        return await self._write(person, replace(seen.appointment, is_off=True))

    async def leave_out(self, person: Person, seen: Seen, number: int) -> bool:
        """Calls one time of a repeated appointment off; the last one that is left goes with the whole of it."""
        if not seen.may_change or number not in {slot.number for slot in seen.coming}:
            return False
        if len(seen.coming) == 1:
            return await self.call_off(person, seen)
        return await self._write(person, replace(seen.appointment, off=seen.appointment.off | {number}))

    async def answer(self, person: Person, seen: Seen, answer: Answer) -> bool:
        """Takes somebody's answer; False: none is asked of them, or not any more."""
        if not seen.may_answer:
            return False
        async with self._engine.begin() as connection:
            await set_answer(connection, seen.appointment.id, person.id, answer, at=self._clock())
        return True

    async def answers(self, seen: Seen) -> Answered | None:
        """What everybody said, for who may read it."""
        if not seen.may_change or not seen.appointment.asks:
            return None
        async with self._engine.connect() as connection:
            answers = await answers_to(connection, seen.appointment.id)
        directory = self._view.now.policy.directory
        asked: dict[PersonId, Person] = {
            each.id: each for group in seen.appointment.groups for each in directory.members(group)
        }
        said = {answer: _names(p for p in asked.values() if answers.get(p.id) is answer) for answer in Answer}
        return Answered(said=said, nothing=_names(p for p in asked.values() if p.id not in answers))

    async def forget(self, kept: Keeping) -> None:
        """Forgets what is over for long enough."""
        now = self._clock()
        async with self._engine.begin() as connection:
            old = [each.id for each in await all_appointments(connection) if kept.is_over(each, now, self._zone)]
            await forget_appointments(connection, old)

    async def _write(self, person: Person, after: Appointment) -> bool:
        changed = replace(after, number=after.number + 1, changed_at=self._clock())
        async with self._engine.begin() as connection:
            if not await change_appointment(connection, changed):
                return False
            decision = may_change(person, after)
            await self._record(connection, person, audit.Action.APPOINTMENT_CHANGED, changed, decision)
            return True

    async def _record(
        self,
        connection: AsyncConnection,
        person: Person,
        action: audit.Action,
        appointment: Appointment,
        decision: Decision,
    ) -> None:
        await audit.record(
            connection,
            at=self._clock(),
            actor=person.id,
            action=action,
            target=appointment.id,
            by_right=decision.rule,
            details={"groups": sorted(appointment.groups), "off": appointment.is_off},
        )

    def _trouble(self, person: Person, wish: Wish, new_groups: frozenset[GroupId]) -> Trouble | None:
        policy = self._view.now.policy
        if not 0 < len(_plain(wish.title)) <= LONGEST_TITLE or len(_plain(wish.place)) > LONGEST_PLACE:
            return Trouble.NO_TITLE
        if not 0 < len(wish.groups) <= MOST_GROUPS:
            return Trouble.NO_GROUPS
        if any(policy.directory.group(group) is None for group in wish.groups):
            return Trouble.NO_GROUPS
        if new_groups and not may_make(person, new_groups, policy.rights):
            return Trouble.NOT_ALLOWED
        return None

    def _seen(self, person: Person, appointment: Appointment, answer: Answer | None) -> Seen:
        now, directory = self._clock(), self._view.now.policy.directory
        slots = slots_of(appointment.times, self._zone)
        coming = appointment.coming(now, self._zone)
        is_open = any(not slot.has_begun(now, self._zone) for slot in coming)
        groups = [group for one in appointment.groups if (group := directory.group(one)) is not None]
        return Seen(
            appointment=appointment,
            groups=sorted(groups, key=lambda group: group.name.casefold()),
            slots=slots,
            coming=coming,
            left_out=appointment.left_out(now, self._zone),
            may_change=bool(may_change(person, appointment)) and not appointment.is_off,
            may_answer=bool(may_answer(person, appointment, is_open=is_open)),
            answer=answer,
        )


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _names(people: Iterable[Person]) -> Sequence[str]:
    return sorted((person.display_name for person in people), key=str.casefold)
