"""Single times of appointments that are off."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column. Of what there is, no single time is off."""
    op.add_column("appointments", sa.Column("off", sa.JSON(), nullable=False, server_default="[]"))
