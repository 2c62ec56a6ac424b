"""Appointments in everybody's calendar: each time as an entry of its own, whose id stays when they are moved."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from appointments.announcing import PAGE
from appservice.calendar.entries import Entry, without_names
from appservice.school_view import SchoolView
from school.database.appointments import all_appointments
from school.domain.appointment_times import Slot, slots_of
from school.domain.appointments import Appointment, may_see
from school.domain.people import Person
from school.texts import Language, Texts


class AppointmentEntries:
    """Tells of the appointments of somebody."""

    def __init__(
        self, *, engine: AsyncEngine, view: SchoolView, zone: ZoneInfo, language: Language, public_url: str
    ) -> None:
        self._engine = engine
        self._view = view
        self._zone = zone
        self._texts = Texts(language)
        self._public_url = public_url

    async def of(self, person: Person) -> Sequence[Entry]:
        """All that somebody sees, also what is over and what was called off: calendars learn of it only here."""
        async with self._engine.connect() as connection:
            found = await all_appointments(connection)
        return [entry for each in found if may_see(person, each) for entry in self._entries(each)]

    def _entries(self, appointment: Appointment) -> Iterator[Entry]:
        directory = self._view.now.policy.directory
        people = [each for group in appointment.groups for each in directory.members(group)]
        groups = sorted(group.name for one in appointment.groups if (group := directory.group(one)) is not None)
        title = without_names(appointment.title, people, otherwise=self._texts.say("calendar.unnamed"))
        place = without_names(appointment.place, people, otherwise="")
        summary = " · ".join([title, *(group for group in groups if group != title)])

        def entry(slot: Slot, *, is_off: bool) -> Entry:
            return Entry(
                id=f"{appointment.id}-{slot.number}",
                summary=summary,
                starts=slot.starts,
                ends=slot.ends,
                page=f"{self._public_url}{PAGE}/{appointment.id}",
                place=place,
                number=appointment.number,
                is_off=is_off,
                changed_at=appointment.changed_at,
            )

        for slot in slots_of(appointment.times, self._zone):
            yield entry(slot, is_off=appointment.is_off or slot.number in appointment.off)
        for slot in appointment.gone:
            yield entry(slot, is_off=True)
