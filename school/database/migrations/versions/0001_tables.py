"""All tables as of the first release. The audit log takes new entries only: triggers refuse everything else."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_REFUSAL = "audit_log is append-only"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("by_right", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_table(
        "control_rooms",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_control_rooms"),
    )
    op.create_index("ix_control_rooms_user_id", "control_rooms", ["user_id"])
    op.create_table(
        "free_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_free_days"),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("key", name="uq_groups_key"),
    )
    op.create_table(
        "held_messages",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("origin_server_ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.Double()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("receipt_event_id", sa.String()),
        sa.Column("delivered_event_id", sa.String()),
        sa.PrimaryKeyConstraint("event_id", name="pk_held_messages"),
    )
    op.create_index("ix_held_messages_room_id", "held_messages", ["room_id"])
    op.create_index("ix_held_messages_state", "held_messages", ["state"])
    op.create_table(
        "held_rooms",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_held_rooms"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "persons",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("family_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("leadership", sa.Boolean(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("left_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("user_id", name="uq_persons_user_id"),
    )
    op.create_table(
        "versions",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("part", name="pk_versions"),
    )
    op.create_table(
        "accounts",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("in_use_since", sa.Double()),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_accounts_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_accounts"),
    )
    op.create_table(
        "group_rooms",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String()),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("moderators", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_group_rooms_group_id"),
        sa.PrimaryKeyConstraint("group_id", name="pk_group_rooms"),
    )
    op.create_table(
        "joins",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_joins_person_id"),
        sa.PrimaryKeyConstraint("room_id", "person_id", name="pk_joins"),
    )
    op.create_index("ix_joins_person_id", "joins", ["person_id"])
    op.create_table(
        "memberships",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_memberships_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_memberships_person_id"),
        sa.PrimaryKeyConstraint("person_id", "group_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_group_id", "memberships", ["group_id"])
    op.create_table(
        "rest_overrides",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_rest_overrides_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rest_overrides"),
    )
    op.create_index("ix_rest_overrides_person_id", "rest_overrides", ["person_id"])
    op.create_table(
        "wards",
        sa.Column("guardian_id", sa.String(), nullable=False),
        sa.Column("ward_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["guardian_id"], ["persons.id"], name="fk_wards_guardian_id"),
        sa.ForeignKeyConstraint(["ward_id"], ["persons.id"], name="fk_wards_ward_id"),
        sa.PrimaryKeyConstraint("guardian_id", "ward_id", name="pk_wards"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _protect_on_sqlite()
    else:
        _protect_on_postgresql()


def _protect_on_sqlite() -> None:
    # The last one is for INSERT OR REPLACE, which deletes without asking the trigger for DELETE.
    for occasion in (
        "BEFORE UPDATE ON audit_log",
        "BEFORE DELETE ON audit_log",
        "BEFORE INSERT ON audit_log WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)",
    ):
        name = "audit_log_refuses_" + occasion.split()[1].lower()
        op.execute(f"CREATE TRIGGER {name} {occasion} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")


def _protect_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_audit_log_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_log_change()"
    )
