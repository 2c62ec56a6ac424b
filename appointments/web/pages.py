"""`/appointments`: what is coming; one appointment, its answers, the form; one's own calendar."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

from aiohttp import web

from appointments.desk import AppointmentDesk, Seen
from appointments.web.form import Unclear, Written, as_written, new_one, written_in
from appointments.words import slot_in_words
from appservice.calendar.feeds import Feeds
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from school.clock import Clock, utc_now
from school.domain.appointment_times import MOST_WEEKS, Slot
from school.domain.appointments import Answer
from school.domain.groups import Group, GroupId

DONE: Final = frozenset({"made", "changed", "off", "left_out", "answered", "calendar_off"})
"""What may have been done. Each has a sentence."""
_MOST_COMING: Final = 8


class AppointmentPages:
    """Each shows what the desk says."""

    def __init__(self, *, desk: AppointmentDesk, feeds: Feeds, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._feeds = feeds
        self._clock = clock

    async def all(self, visit: Visit) -> web.Response:
        """What is coming."""
        return await self._list(visit)

    async def show(self, visit: Visit) -> web.Response:
        """One appointment."""
        seen = await self._seen(visit)
        return visit.page(
            "appointments_one.html",
            seen=seen,
            slots=[(slot.number, slot_in_words(slot, visit.texts, visit.site.zone)) for slot in self._shown(seen)],
            left_out=[slot_in_words(slot, visit.texts, visit.site.zone) for slot in seen.left_out],
            more=max(0, len(seen.coming) - _MOST_COMING),
            answers=[answer.value for answer in Answer],
            answered=await self._desk.answers(seen),
            done=_done(visit),
        )

    async def new(self, visit: Visit) -> web.Response:
        """The form, empty."""
        today = self._clock().astimezone(visit.site.zone).date()
        return self._form(visit, new_one(today), self._offered(visit))

    async def make(self, visit: Visit) -> web.Response:
        """Makes an appointment."""
        offered = self._offered(visit)
        written = written_in(await visit.form(), [group.id for group in offered])
        wish = written.wish()
        made = wish if isinstance(wish, Unclear) else await self._desk.make(visit.person, wish)
        if isinstance(made, StrEnum):
            return self._form(visit, written, offered, wrong=made.value)
        return visit.go(f"/appointments/{made}?done=made")

    async def edit(self, visit: Visit) -> web.Response:
        """The form, as the appointment is."""
        seen = await self._changeable(visit)
        return self._form(visit, as_written(seen.appointment), self._offered(visit, seen), seen=seen)

    async def change(self, visit: Visit) -> web.Response:
        """Changes an appointment."""
        seen = await self._changeable(visit)
        offered = self._offered(visit, seen)
        written = written_in(await visit.form(), [group.id for group in offered])
        wish = written.wish()
        number = int(written.number) if written.number.isdecimal() and len(written.number) < 10 else -1
        trouble = (
            wish if isinstance(wish, Unclear) else await self._desk.change(visit.person, seen, wish, number=number)
        )
        if trouble is not None:
            return self._form(visit, written, offered, seen=seen, wrong=trouble.value)
        return visit.go(f"/appointments/{seen.appointment.id}?done=changed")

    async def call_off(self, visit: Visit) -> web.Response:
        """Calls an appointment off, or one time of it."""
        seen = await self._changeable(visit)
        time = (await visit.form()).text("time")
        if not time:
            done = await self._desk.call_off(visit.person, seen)
        else:
            done = await self._desk.leave_out(visit.person, seen, int(time) if time in map(str, range(1000)) else -1)
        if not done:
            raise Problem(Trouble.TRY_AGAIN)
        return visit.go(f"/appointments/{seen.appointment.id}?done={'left_out' if time else 'off'}")

    async def answer(self, visit: Visit) -> web.Response:
        """Takes an answer."""
        seen = await self._seen(visit)
        said = (await visit.form()).text("answer")
        if said not in set(Answer):
            raise Problem(Trouble.MALFORMED)
        if not await self._desk.answer(visit.person, seen, Answer(said)):
            raise Problem(Trouble.NOT_FOUND)
        return visit.go(f"/appointments/{seen.appointment.id}?done=answered")

    async def calendar(self, visit: Visit) -> web.Response:
        """Makes a new address of one's calendar, which is shown this once, or takes it back."""
        form = await visit.form()
        if form.is_set("remove"):
            await self._feeds.end(visit.person)
            return visit.go("/appointments?done=calendar_off")
        return await self._list(visit, address=await self._feeds.make(visit.person))

    async def _list(self, visit: Visit, address: str = "") -> web.Response:
        return visit.page(
            "appointments_all.html",
            seen=[
                (each, slot_in_words(each.coming[0], visit.texts, visit.site.zone))
                for each in await self._desk.of(visit.person)
            ],
            may_make=bool(self._desk.groups_for(visit.person)),
            address=address,
            has_calendar=await self._feeds.is_there(visit.person),
            done=_done(visit),
        )

    def _form(
        self,
        visit: Visit,
        written: Written,
        offered: Collection[Group],
        *,
        seen: Seen | None = None,
        wrong: str | None = None,
    ) -> web.Response:
        return visit.page(
            "appointments_form.html",
            written=written,
            own=[group for group in offered if group.id in visit.person.groups],
            others=[group for group in offered if group.id not in visit.person.groups],
            weeks=[*range(MOST_WEEKS + 1)],
            seen=seen,
            wrong=wrong,
        )

    def _offered(self, visit: Visit, seen: Seen | None = None) -> list[Group]:
        """The groups that somebody may choose; who may make none comes no further."""
        groups = list(self._desk.groups_for(visit.person))
        known: set[GroupId] = {group.id for group in groups}
        groups += [group for group in (seen.groups if seen else ()) if group.id not in known]
        if not groups:
            raise Problem(Trouble.NOT_FOUND)
        return groups

    async def _seen(self, visit: Visit) -> Seen:
        seen = await self._desk.open(visit.person, visit.request.match_info["appointment"])
        if seen is None:
            raise Problem(Trouble.NOT_FOUND)
        return seen

    async def _changeable(self, visit: Visit) -> Seen:
        seen = await self._seen(visit)
        if not seen.may_change:
            raise Problem(Trouble.NOT_FOUND)
        return seen

    @staticmethod
    def _shown(seen: Seen) -> Sequence[Slot]:
        return (seen.coming or seen.slots[-1:])[:_MOST_COMING]


def _done(visit: Visit) -> str | None:
    return visit.asked("done") if visit.asked("done") in DONE else None
