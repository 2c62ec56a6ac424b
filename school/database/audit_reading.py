"""Reading the audit log, and asking whether its chain fits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from school.database.audit import chain_from
from school.database.tables import audit_chain, audit_log
from school.domain.audit_chain import Chain, Entry, Known, first_break

_SLICE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What became of the question. `broken` is a sentence; empty: the chain fits."""

    chain: Chain
    broken: str = ""

    @property
    def entries(self) -> int:
        """How many there are, if the chain fits."""
        return self.chain.number - self.chain.cut_number


def verify(connection: Connection, keys: Sequence[bytes], known: Sequence[Known] = ()) -> Verified:
    """Whether nothing in the log was changed. Must run in one transaction that sees one state."""
    row = connection.execute(select(audit_chain)).one_or_none()
    if row is None:
        return Verified(chain=Chain(), broken="The row that says where the log begins and ends is missing.")
    chain = chain_from(row)
    return Verified(chain=chain, broken=first_break(chain, read_entries(connection), keys, known))


def read_entries(connection: Connection, *, since: datetime | None = None) -> Iterator[Entry]:
    """The entries, the oldest first."""
    query = select(audit_log).order_by(audit_log.c.id)
    if since is not None:
        query = query.where(audit_log.c.at >= since.timestamp())
    with connection.execute(query.execution_options(yield_per=_SLICE)) as result:
        yield from map(_entry, result)


def moment_of(entry: Entry) -> datetime:
    """When it happened."""
    return datetime.fromtimestamp(entry.at, UTC)


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        number=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        target=row.target,
        by_right=row.by_right,
        details=row.details,
        hash=row.hash,
    )
