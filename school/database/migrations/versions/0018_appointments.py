"""Appointments of groups, and what people answer."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "appointments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String()),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("for_groups", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("start_minute", sa.Integer()),
        sa.Column("end_minute", sa.Integer()),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("gone", sa.JSON(), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_appointments_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appointments"),
    )
    op.create_index("ix_appointments_person_id", "appointments", ["person_id"])
    op.create_table(
        "appointment_answers",
        sa.Column("appointment_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_appointment_answers_person_id"),
        sa.PrimaryKeyConstraint("appointment_id", "person_id", name="pk_appointment_answers"),
    )
    op.create_index("ix_appointment_answers_person_id", "appointment_answers", ["person_id"])
