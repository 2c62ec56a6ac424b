"""Slides that are attached to a planned conference."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column. No conference has slides yet."""
    op.add_column("conferences", sa.Column("slides", sa.JSON(none_as_null=True)))
