"""Accounts that the leadership has locked."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table. Nobody is locked yet."""
    op.create_table(
        "locks",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("locked_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_locks_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_locks"),
    )
