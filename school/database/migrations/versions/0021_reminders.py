"""Who has more time for a task is reminded of their own date."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the column. Nobody was reminded so far."""
    op.add_column("task_people", sa.Column("reminded_for", sa.Double()))
