"""A row for each room of a group, and whom it lets in: a group can have more rooms than one, or no space."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Turn each row, a space with its room, into two. Spaces are open until the next sync closes them."""
    before = op.get_bind().execute(sa.text("SELECT * FROM group_rooms")).mappings().all()
    op.drop_table("group_rooms")
    table = op.create_table(
        "group_rooms",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("moderators", sa.JSON(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("lets_in", sa.JSON(none_as_null=True)),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_group_rooms_group_id"),
        sa.PrimaryKeyConstraint("group_id", "kind", name="pk_group_rooms"),
        sa.UniqueConstraint("room_id", name="uq_group_rooms_room_id"),
    )
    op.bulk_insert(table, [row for old in before for row in _rows(dict(old))])


def _rows(old: dict[str, Any]) -> Iterator[dict[str, Any]]:
    written = old["moderators"]
    moderators = json.loads(written) if isinstance(written, str) else written
    same = {"group_id": old["group_id"], "name": old["name"]}
    space = {"kind": "space", "room_id": old["space_id"], "moderators": [], "linked": True, "lets_in": None}
    yield same | space
    if old["room_id"] is not None:
        room = {"kind": "group", "room_id": old["room_id"], "moderators": moderators}
        yield same | room | {"linked": bool(old["linked"]), "lets_in": [old["space_id"]]}
