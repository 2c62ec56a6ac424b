"""Up to which number people were told of a task."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the column. Of no task anybody was told yet."""
    op.add_column("tasks", sa.Column("told_number", sa.Integer()))
