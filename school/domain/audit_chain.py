"""The chain of the audit log: what makes a change of it visible.

Every entry has a number, one more than the one before, and a hash over its own content and the hash before it. The
hashes are made with a secret key (HMAC-SHA-256), so that nobody who has only the database can make them anew. A seal
with the same key says where the chain begins and ends. So a change, a gap, another order and a missing end are found;
what is not found is a whole older state of the log put back, unless somebody knows a newer hash (`Known`).
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

NO_KEY: Final = b""
"""Where nobody has given a key: a chain that anybody could make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to whom, when, by which right. `number` and `hash` are its place in the chain."""

    number: int
    at: float
    actor: str
    action: str
    target: str
    by_right: str
    details: Mapping[str, Any]
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Where the chain begins and ends. Entries up to `cut_number` were deleted when their time was over."""

    number: int = 0
    hash: str = ""
    cut_number: int = 0
    cut_hash: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry that somebody wrote down elsewhere."""

    number: int
    hash: str


def hash_of(entry: Entry, previous: str, key: bytes) -> str:
    """The hash of an entry behind the one with the hash `previous`."""
    content = [entry.at, entry.actor, entry.action, entry.target, entry.by_right, entry.details]
    return _keyed(key, "entry", previous, entry.number, content)


def seal_of(chain: Chain, key: bytes) -> str:
    """The seal under the beginning and the end of a chain."""
    return _keyed(key, "chain", chain.number, chain.hash, chain.cut_number, chain.cut_hash)


def first_break(chain: Chain, entries: Iterable[Entry], keys: Sequence[bytes], known: Iterable[Known] = ()) -> str:
    """What is wrong first, as a sentence; empty if nothing is. `entries` in the order of their numbers; `keys` are all
    that the school has had."""
    wanted = {one.number: one.hash for one in known if one.number > chain.cut_number}
    number, previous = chain.cut_number, chain.cut_hash
    for entry in entries:
        if entry.number <= number:
            return f"Entry {entry.number} was deleted when its time was over, and put back."
        if entry.number != number + 1:
            return f"{_span(number + 1, entry.number - 1)} missing."
        if not _is_one_of(entry.hash, (hash_of(entry, previous, key) for key in keys)):
            return f"Entry {entry.number} does not fit: it was changed, or it never stood behind the one before it."
        if not _is_one_of(entry.hash, [wanted.pop(entry.number, entry.hash)]):
            return f"Entry {entry.number} is not the one that you know."
        number, previous = entry.number, entry.hash
    if number < chain.number:
        return f"{_span(number + 1, chain.number)} missing at the end."
    if (number, previous) != (chain.number, chain.hash):
        return f"The log should end with entry {chain.number}, but there is an entry {number}."
    if not _is_one_of(chain.seal, (seal_of(chain, key) for key in keys)):
        return f"The seal does not fit: entries after {number} or at the beginning were removed."
    if wanted:
        return f"The log ends with entry {number}, but you know entry {min(wanted)}: the end was removed."
    return ""


def canonical_details(details: Mapping[str, object]) -> Any:
    """Details as they come back from the database.

    Raises:
        TypeError, ValueError: they are not what JSON knows.
    """
    return json.loads(json.dumps(details, allow_nan=False))


def _keyed(key: bytes, *parts: object) -> str:
    return hmac.new(key, _canonical(parts), hashlib.sha256).hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _is_one_of(found: str, expected: Iterable[str]) -> bool:
    return any(hmac.compare_digest(found.encode(), one.encode()) for one in expected)


def _span(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
