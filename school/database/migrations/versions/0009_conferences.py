"""Video conferences, their guests, and who was there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables. No conference is planned yet."""
    op.create_table(
        "conferences",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String()),
        sa.Column("for_groups", sa.JSON(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("planned_at", sa.Double()),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column("reminded_for", sa.Double()),
        sa.Column("meeting_id", sa.String()),
        sa.Column("create_time_ms", sa.BigInteger()),
        sa.Column("begun_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_conferences_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conferences"),
        sa.UniqueConstraint("meeting_id", name="uq_conferences_meeting_id"),
    )
    for column in ("person_id", "room_id", "state"):
        op.create_index(f"ix_conferences_{column}", "conferences", [column])
    op.create_table(
        "conference_guests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conference_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double()),
        sa.Column("used_at", sa.Double()),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conference_guests"),
        sa.UniqueConstraint("token_hash", name="uq_conference_guests_token_hash"),
    )
    op.create_index("ix_conference_guests_conference_id", "conference_guests", ["conference_id"])
    op.create_table(
        "conference_attendance",
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("bbb_id", sa.String(), nullable=False),
        sa.Column("conference_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("came_at", sa.Double(), nullable=False),
        sa.Column("left_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_conference_attendance_person_id"),
        sa.PrimaryKeyConstraint("meeting_id", "bbb_id", name="pk_conference_attendance"),
    )
    for column in ("conference_id", "person_id"):
        op.create_index(f"ix_conference_attendance_{column}", "conference_attendance", [column])
