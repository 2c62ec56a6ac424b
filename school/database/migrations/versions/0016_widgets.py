"""Which widget stands in the room of a group."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the column. In the rooms that there are, there is none."""
    op.add_column("group_rooms", sa.Column("widget", sa.JSON()))
