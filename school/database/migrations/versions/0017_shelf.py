"""The file shelves of groups."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the tables. The rooms are looked through when the program starts."""
    op.create_table(
        "shelf_files",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("edit_event_id", sa.String()),
        sa.Column("doubt", sa.String()),
        sa.PrimaryKeyConstraint("event_id", name="pk_shelf_files"),
    )
    for column in ("room_id", "sender", "edit_event_id", "doubt"):
        op.create_index(f"ix_shelf_files_{column}", "shelf_files", [column])
    op.create_table(
        "shelf_folders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_shelf_folders_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shelf_folders"),
        sa.UniqueConstraint("group_id", "key", name="uq_shelf_folders_group_id"),
    )
    op.create_table(
        "shelf_places",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("folder_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_shelf_places"),
    )
    op.create_index("ix_shelf_places_folder_id", "shelf_places", ["folder_id"])
    op.create_table(
        "shelf_rooms",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("looked_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_shelf_rooms"),
    )
