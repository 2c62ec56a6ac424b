"""Further ids of a person, rooms to come back to, and the role that an account was last seen with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables. Nobody's role has been seen yet, so the next sync looks at everybody's once."""
    op.create_table(
        "person_aliases",
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_person_aliases_person_id"),
        sa.PrimaryKeyConstraint("alias", name="pk_person_aliases"),
    )
    op.create_index("ix_person_aliases_person_id", "person_aliases", ["person_id"])
    op.create_table(
        "left_rooms",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_left_rooms_person_id"),
        sa.PrimaryKeyConstraint("person_id", "room_id", name="pk_left_rooms"),
    )
    op.add_column("accounts", sa.Column("role", sa.String()))
