"""Spaces of groups that need no invitation: those of the first release, until the next sync closes them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take every space that is there for open."""
    with op.batch_alter_table("group_rooms") as table:
        table.add_column(sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.alter_column("is_open", server_default=None)
