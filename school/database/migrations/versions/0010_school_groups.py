"""Groups that teachers make, their owners, and chats that follow a group."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "school_groups",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("told_on", sa.Date()),
        sa.Column("unowned_told", sa.Boolean(), nullable=False),
        sa.Column("rooms_begun", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_school_groups_group_id"),
        sa.PrimaryKeyConstraint("group_id", name="pk_school_groups"),
    )
    op.create_table(
        "group_owners",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_group_owners_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_group_owners_person_id"),
        sa.PrimaryKeyConstraint("group_id", "person_id", name="pk_group_owners"),
    )
    op.create_index("ix_group_owners_person_id", "group_owners", ["person_id"])
    op.create_table(
        "guest_lists",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("host_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_guest_lists_group_id"),
        sa.ForeignKeyConstraint(["host_id"], ["persons.id"], name="fk_guest_lists_host_id"),
        sa.PrimaryKeyConstraint("room_id", "group_id", name="pk_guest_lists"),
    )
    op.create_index("ix_guest_lists_host_id", "guest_lists", ["host_id"])
    op.create_table(
        "guests",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_guests_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_guests_person_id"),
        sa.PrimaryKeyConstraint("room_id", "group_id", "person_id", name="pk_guests"),
    )
    op.create_index("ix_guests_person_id", "guests", ["person_id"])
