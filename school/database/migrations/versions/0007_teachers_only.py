"""Groups in whose room only teachers write."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table, and note that no room was told anything yet."""
    op.create_table(
        "teachers_only_groups",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_teachers_only_groups_group_id"),
        sa.PrimaryKeyConstraint("group_id", name="pk_teachers_only_groups"),
    )
    op.add_column("group_rooms", sa.Column("teachers_only", sa.Boolean(), nullable=False, server_default=sa.false()))
