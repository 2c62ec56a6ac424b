"""Who is signed in to the web pages, personal links, whom the bot has greeted."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables. Whoever uses their account already is greeted no more."""
    op.create_table(
        "greetings",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("room_id", sa.String()),
        sa.Column("said_at", sa.Double()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_greetings_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_greetings"),
    )
    op.execute(
        "INSERT INTO greetings (person_id, begun_at, said_at) "
        "SELECT person_id, in_use_since, in_use_since FROM accounts WHERE in_use_since IS NOT NULL"
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_sessions"),
    )
    op.create_index("ix_web_sessions_user_id", "web_sessions", ["user_id"])
    op.create_table(
        "web_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_links"),
    )
    op.create_index("ix_web_links_user_id", "web_links", ["user_id"])
    op.create_table(
        "spent_proofs",
        sa.Column("proof_hash", sa.String(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("proof_hash", name="pk_spent_proofs"),
    )
