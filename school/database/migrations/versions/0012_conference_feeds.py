"""Addresses of people's calendars of conferences."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table. Nobody has such an address yet."""
    op.create_table(
        "conference_feeds",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_conference_feeds_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_conference_feeds"),
        sa.UniqueConstraint("token_hash", name="uq_conference_feeds_token_hash"),
    )
