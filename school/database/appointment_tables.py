"""The tables of appointments. Times and ids are as in `school.database.tables`; hours are minutes of a day on the
school's clock."""

from sqlalchemy import JSON, Boolean, Column, Date, Double, ForeignKey, Integer, String, Table

from school.database.metadata import metadata

# `person_id` is who made it; None: they were erased. `number` counts its changes, `told` is the one that the rooms were
# told of last, in which `messages` (room and event).
appointments = Table(
    "appointments",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), index=True),
    Column("title", String, nullable=False),
    Column("place", String, nullable=False),
    Column("for_groups", JSON, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("start_minute", Integer),
    Column("end_minute", Integer),
    Column("weeks", Integer, nullable=False),
    Column("until", Date),
    Column("asks", Boolean, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("number", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("gone", JSON, nullable=False),
    Column("off", JSON, nullable=False, server_default="[]"),
    Column("is_off", Boolean, nullable=False),
    Column("messages", JSON, nullable=False),
)

appointment_answers = Table(
    "appointment_answers",
    metadata,
    Column("appointment_id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True, index=True),
    Column("answer", String, nullable=False),
    Column("answered_at", Double, nullable=False),
)
