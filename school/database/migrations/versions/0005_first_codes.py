"""The digests of first codes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table. Nobody has a code yet."""
    op.create_table(
        "first_codes",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_first_codes_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_first_codes"),
    )
