"""Deputies, rooms that hold for everybody, who is kept silent, what the bot says after a rest, places in the stream."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables. Nobody is silent yet, and no room differs from its kind."""
    op.add_column("rest_overrides", sa.Column("deputy", sa.String()))
    op.create_table(
        "room_rests",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_room_rests"),
    )
    op.create_table(
        "silences",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("sync_token", sa.String()),
        sa.Column("ended_at", sa.Double()),
        sa.PrimaryKeyConstraint("user_id", name="pk_silences"),
    )
    op.create_table(
        "bot_words",
        sa.Column("txn_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("txn_id", name="pk_bot_words"),
    )
    op.create_index("ix_bot_words_user_id", "bot_words", ["user_id"])
    op.create_table(
        "places",
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("at", name="pk_places"),
    )
