"""What is kept about a person in appointments. One that a teacher made stays with its groups, without the teacher's
name."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, String, cast, select

from school.database.appointment_tables import appointment_answers, appointments
from school.database.kept import Kept, Subject, Topic


def _made_by(subject: Subject) -> Select[Any]:
    made = select(appointments.c.title, appointments.c.place, cast(appointments.c.first_day, String).label("first_day"))
    return made.where(appointments.c.person_id == subject.person_id)


def _answers_of(subject: Subject) -> Select[Any]:
    named = select(appointments.c.title, appointment_answers.c.answer, appointment_answers.c.answered_at)
    with_title = named.select_from(appointment_answers).outerjoin(
        appointments, appointments.c.id == appointment_answers.c.appointment_id
    )
    return with_title.where(appointment_answers.c.person_id == subject.person_id)


APPOINTMENTS_KEPT: Final[Sequence[Kept]] = (
    Kept(
        table=appointments,
        column="person_id",
        topic=Topic.APPOINTMENTS,
        name="appointments_made",
        query=_made_by,
        emptied=("person_id",),
    ),
    Kept(
        table=appointment_answers,
        column="person_id",
        topic=Topic.APPOINTMENTS,
        name="answers_to_appointments",
        query=_answers_of,
    ),
)
