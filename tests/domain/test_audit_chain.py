"""Whatever is changed in the log is found, and the sentence says where."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from school.domain.audit_chain import NO_KEY, Chain, Entry, Known, first_break, hash_of, seal_of

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
Log = tuple[Chain, list[Entry]]


def entry(number: int, **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "at": 1_772_476_200.5,
        "actor": "p-ida",
        "action": "rest_started",
        "target": "p-ida",
        "by_right": "rest:own_time",
        "details": {"until": 1_772_483_400.0, "ids": ["a", "b"]},
    }
    return Entry(number=number, **(values | changes))


def log_of(count: int, key: bytes = KEY) -> Log:
    chain, entries = Chain(), []
    for number in range(1, count + 1):
        one = entry(number, at=1_772_476_200.5 + number)
        one = replace(one, hash=hash_of(one, chain.hash, key))
        entries.append(one)
        chain = Chain(number=number, hash=one.hash)
    return replace(chain, seal=seal_of(chain, key)), entries


def found(log: Log, *known: Known, keys: tuple[bytes, ...] = (KEY,)) -> str:
    chain, entries = log
    return first_break(chain, entries, keys, known)


def test_a_log_that_nobody_touched_fits() -> None:
    assert found(log_of(0)) == ""
    assert found(log_of(5)) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"at": 1_772_476_203.500001},
        {"actor": "p-otto"},
        {"action": "rest_ended"},
        {"target": "p-otto"},
        {"by_right": "import_people"},
        {"details": {"until": 1_772_483_400.0, "ids": ["b", "a"]}},
        {"details": {}},
        {"hash": "0" * 64},
        {"hash": ""},
        {"hash": "ä"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_any_field_is_found_where_it_is(change: dict[str, Any]) -> None:
    chain, entries = log_of(5)
    entries[2] = replace(entries[2], **change)
    assert found((chain, entries)).startswith("Entry 3 does not fit: it was changed")


def test_fields_do_not_flow_into_each_other() -> None:
    one, other = entry(1, actor="ab", action="c"), entry(1, actor="a", action="bc")
    assert hash_of(one, "", KEY) != hash_of(other, "", KEY)


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (lambda entries: entries.pop(2), "Entry 3 is missing."),
        (lambda entries: entries.__delitem__(slice(1, 3)), "Entries 2 to 3 are missing."),
        (lambda entries: entries.pop(0), "Entry 1 is missing."),
        (lambda entries: entries.pop(), "Entry 5 is missing at the end."),
        (lambda entries: entries.__delitem__(slice(2, 5)), "Entries 3 to 5 are missing at the end."),
        (lambda entries: entries.append(replace(entry(6), hash="0" * 64)), "Entry 6 does not fit"),
        (lambda entries: entries.insert(0, entry(0)), "Entry 0 was deleted when its time was over, and put back."),
    ],
    ids=["in the middle", "two", "the first", "the last", "the end", "one more", "one before"],
)
def test_what_is_missing_or_too_much_is_found(tamper: Callable[[list[Entry]], object], sentence: str) -> None:
    chain, entries = log_of(5)
    tamper(entries)
    assert found((chain, entries)).startswith(sentence)


def test_another_order_is_found() -> None:
    chain, entries = log_of(5)
    second, third = entries[1:3]
    entries[1:3] = [replace(third, number=2), replace(second, number=3)]
    assert found((chain, entries)).startswith("Entry 2 does not fit")


def test_a_chain_made_anew_without_the_key_is_found() -> None:
    for key in (NO_KEY, OTHER_KEY):
        assert found(log_of(3, key)).startswith("Entry 1 does not fit")


def test_an_end_cut_off_with_a_new_end_written_down_is_found_by_its_seal() -> None:
    chain, entries = log_of(5)
    shorter = replace(chain, number=4, hash=entries[3].hash)
    assert found((shorter, entries[:4])).startswith("The seal does not fit: entries after 4")


def test_a_beginning_cut_off_is_found_by_its_seal() -> None:
    chain, entries = log_of(5)
    later = replace(chain, cut_number=2, cut_hash=entries[1].hash)
    assert found((later, entries[2:])).startswith("The seal does not fit")


def test_a_beginning_that_was_deleted_by_its_time_is_fine() -> None:
    chain, entries = log_of(5)
    cut = replace(chain, cut_number=2, cut_hash=entries[1].hash)
    cut = replace(cut, seal=seal_of(cut, KEY))
    assert found((cut, entries[2:])) == ""
    assert found((replace(cut, number=6), entries[2:])) == "Entry 6 is missing at the end."
    everything = replace(cut, cut_number=5, cut_hash=chain.hash)
    assert found((replace(everything, seal=seal_of(everything, KEY)), [])) == ""


def test_an_older_log_put_back_whole_is_found_only_by_who_knows_a_newer_entry() -> None:
    older, newer = log_of(3), log_of(5)
    assert found(older) == ""
    known = Known(number=5, hash=newer[0].hash)
    assert found(older, known) == "The log ends with entry 3, but you know entry 5: the end was removed."
    assert found(newer, known) == ""


def test_another_log_of_the_same_length_is_not_the_one_that_is_known() -> None:
    chain, entries = log_of(5)
    assert found((chain, entries), Known(number=4, hash="0" * 64)) == "Entry 4 is not the one that you know."


def test_what_is_known_of_a_deleted_entry_says_nothing() -> None:
    chain, entries = log_of(5)
    cut = replace(chain, cut_number=2, cut_hash=entries[1].hash)
    cut = replace(cut, seal=seal_of(cut, KEY))
    assert found((cut, entries[2:]), Known(number=1, hash=entries[0].hash)) == ""


def test_every_key_that_the_school_has_had_counts() -> None:
    assert found(log_of(3), keys=(OTHER_KEY, KEY)) == ""
    assert found(log_of(3), keys=(OTHER_KEY,)) != ""
