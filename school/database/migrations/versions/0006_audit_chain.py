"""The audit log becomes a chain, and its old entries can be deleted when their time is over: in no other way."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from school.domain.audit_chain import NO_KEY, Chain, Entry, hash_of, seal_of

revision = "0006"
down_revision = "0005"

_REFUSAL = "audit_log is append-only"
_GROWS = "audit_chain only goes forward"
_NOT_DUE = "OLD.id > coalesce((SELECT cut_number FROM audit_chain WHERE id = 1), 0)"
_GOES_BACK = (
    "NEW.id <> 1 OR NEW.number < OLD.number OR NEW.cut_number < OLD.cut_number OR NEW.cut_number > NEW.number "
    "OR (NEW.cut_number > OLD.cut_number "
    "AND NEW.cut_hash <> coalesce((SELECT hash FROM audit_log WHERE id = NEW.cut_number), ''))"
)


def upgrade() -> None:
    """Number the entries that there are without gaps, chain them, and let the database refuse everything else."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for trigger in ("update", "delete") if on_sqlite else ("change",):
        op.execute(f"DROP TRIGGER audit_log_refuses_{trigger}" + ("" if on_sqlite else " ON audit_log"))
    op.add_column("audit_log", sa.Column("hash", sa.String(), nullable=False, server_default=""))
    table = op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("cut_number", sa.BigInteger(), nullable=False),
        sa.Column("cut_hash", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_chain"),
    )
    key: bytes = context.config.attributes.get("audit_key", NO_KEY)
    chain = _chained(key)
    values = {"number": chain.number, "hash": chain.hash, "cut_number": 0, "cut_hash": "", "seal": seal_of(chain, key)}
    op.bulk_insert(table, [{"id": 1, **values}])
    if on_sqlite:
        _protect_on_sqlite()
    else:
        _protect_on_postgresql()


def _chained(key: bytes) -> Chain:
    connection, chain = op.get_bind(), Chain()
    change = sa.text("UPDATE audit_log SET id = :number, hash = :hash WHERE id = :before")
    for row in connection.execute(sa.text("SELECT * FROM audit_log ORDER BY id")).mappings().all():
        entry = _entry(dict(row), chain.number + 1)
        chain = Chain(number=entry.number, hash=hash_of(entry, chain.hash, key))
        connection.execute(change, {"number": chain.number, "hash": chain.hash, "before": row["id"]})
    return chain


def _entry(row: dict[str, Any], number: int) -> Entry:
    written = row["details"]
    return Entry(
        number=number,
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        target=row["target"],
        by_right=row["by_right"],
        details=json.loads(written) if isinstance(written, str) else written,
    )


def _protect_on_sqlite() -> None:
    # Those for INSERT are for INSERT OR REPLACE, which deletes without asking the trigger for DELETE; the one of
    # audit_log is there already.
    for name, occasion, refusal in (
        ("audit_log_refuses_update", "BEFORE UPDATE ON audit_log", _REFUSAL),
        ("audit_log_refuses_delete", f"BEFORE DELETE ON audit_log WHEN {_NOT_DUE}", _REFUSAL),
        ("audit_chain_refuses_insert", "BEFORE INSERT ON audit_chain", _GROWS),
        ("audit_chain_refuses_delete", "BEFORE DELETE ON audit_chain", _GROWS),
        ("audit_chain_refuses_update", f"BEFORE UPDATE ON audit_chain WHEN {_GOES_BACK}", _GROWS),
    ):
        op.execute(f"CREATE TRIGGER {name} {occasion} BEGIN SELECT RAISE(ABORT, '{refusal}'); END")


def _protect_on_postgresql() -> None:
    for name, condition, refusal in (
        ("refuse_audit_log_deletion", _NOT_DUE, _REFUSAL),
        ("refuse_audit_chain_going_back", _GOES_BACK, _GROWS),
        ("refuse_audit_chain_change", "true", _GROWS),
    ):
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION '{refusal}'; END IF; RETURN coalesce(NEW, OLD); END $$"
        )
    for name, occasion, function in (
        ("audit_log_refuses_change", "UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT", "refuse_audit_log_change"),
        ("audit_log_refuses_deletion", "DELETE ON audit_log FOR EACH ROW", "refuse_audit_log_deletion"),
        ("audit_chain_refuses_update", "UPDATE ON audit_chain FOR EACH ROW", "refuse_audit_chain_going_back"),
        (
            "audit_chain_refuses_change",
            "INSERT OR DELETE OR TRUNCATE ON audit_chain FOR EACH STATEMENT",
            "refuse_audit_chain_change",
        ),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {occasion} EXECUTE FUNCTION {function}()")
