"""Circulars: one text that somebody sends to several groups."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table. Nothing is on its way yet."""
    op.create_table(
        "circulars",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("sealed", sa.JSON(none_as_null=True)),
        sa.Column("in_groups", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_circulars_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_circulars"),
    )
    op.create_index("ix_circulars_person_id", "circulars", ["person_id"])
