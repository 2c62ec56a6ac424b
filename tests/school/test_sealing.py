import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from school.sealing import (
    MAX_SEALED_BYTES,
    SIGNATURE_LIFETIME_MS,
    SIGNED_KEY,
    Binding,
    BrokenSealError,
    Keyring,
    MissingKeyError,
    Purpose,
    UnsealableError,
    canonical,
    keyed_hash,
)

OLD, NEW, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))
KEYRING = Keyring([NEW, OLD])
NOW = 1_778_000_000_000
HERE = Binding(room_id="!room", sender="@gabi:school.test", event_type="m.room.message", origin_server_ts=NOW)
ELSEWHERE = {
    "another room": replace(HERE, room_id="!other"),
    "another sender": replace(HERE, sender="@gerd:school.test"),
    "another type": replace(HERE, event_type="m.sticker"),
    "another time": replace(HERE, origin_server_ts=NOW + 1),
}
WORDS = {"msgtype": "m.text", "body": "Mein Kind ist krank"}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
event_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
contents = st.dictionaries(texts, event_values, max_size=6)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def nested(depth: int) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for _ in range(depth):
        content = {"a": content}
    return content


def noise(length: int) -> str:
    return Random(1).randbytes(length).hex()


# --- Sealing ----------------------------------------------------------------------------------------------------


@given(contents)
def test_what_is_sealed_and_sent_opens_to_what_it_was(content: dict[str, Any]) -> None:
    sent = json.loads(json.dumps(KEYRING.seal(content, HERE)))
    assert KEYRING.open(sent, HERE) == content


@pytest.mark.parametrize("binding", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_copy_of_a_seal_opens_to_nothing(binding: Binding) -> None:
    with pytest.raises(BrokenSealError, match="another event"):
        KEYRING.open(KEYRING.seal(WORDS, HERE), binding)


def test_none_of_the_words_is_in_what_others_see() -> None:
    sealed = json.dumps(KEYRING.seal(WORDS, HERE))
    visible = sealed + b64decode(json.loads(sealed)["seal"]).decode("latin-1")
    for word in ("Mein", "Kind", "krank", "m.text", "gabi", "!room"):
        assert word not in visible


def test_the_same_words_never_look_the_same() -> None:
    assert KEYRING.seal(WORDS, HERE) != KEYRING.seal(WORDS, HERE)


def test_the_newest_key_seals_and_the_old_one_still_opens() -> None:
    before = Keyring([OLD]).seal(WORDS, HERE)
    assert KEYRING.open(before, HERE) == WORDS
    assert KEYRING.seal(WORDS, HERE)["key"] != before["key"]
    with pytest.raises(MissingKeyError, match="put the old key back"):
        Keyring([OLD]).open(KEYRING.seal(WORDS, HERE), HERE)


def test_another_schools_key_opens_nothing() -> None:
    with pytest.raises(BrokenSealError):
        Keyring([OTHER]).open(KEYRING.seal(WORDS, HERE), HERE)


@pytest.mark.parametrize("place", [0, 30, -1])
def test_a_changed_seal_does_not_open(place: int) -> None:
    sealed = KEYRING.seal(WORDS, HERE)
    raw = bytearray(b64decode(sealed["seal"]))
    raw[place] ^= 1
    with pytest.raises(BrokenSealError):
        KEYRING.open(sealed | {"seal": b64encode(raw).decode()}, HERE)


@settings(max_examples=50)
@given(any_json)
def test_garbage_is_a_broken_seal_and_nothing_else(garbage: Any) -> None:
    key = KEYRING.seal(WORDS, HERE)["key"]
    for sealed in (garbage, {"key": key, "seal": garbage}, {"key": garbage, "seal": ""}):
        with pytest.raises(BrokenSealError):
            KEYRING.open(sealed, HERE)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"body": "x", "n": 1.5}, id="a float"),
        pytest.param({"body": "x", "n": float("nan")}, id="not a number"),
        pytest.param({"body": "x", "n": 2**53}, id="a number that is too large"),
        pytest.param({"body": "x", "n": -(2**53)}, id="a number that is too small"),
        pytest.param({"m.relates_to": {"list": [{"n": 0.1}]}}, id="a float further inside"),
        pytest.param({"body": {1: "x"}}, id="a key that is no text"),
        pytest.param({"body": b"x"}, id="bytes"),
        pytest.param({"body": "\ud800"}, id="half a character"),
        pytest.param({"\udfff": "x"}, id="half a character in a key"),
        pytest.param(nested(500), id="nested without end"),
    ],
)
def test_what_an_event_cannot_carry_cannot_be_sealed(content: dict[str, Any]) -> None:
    with pytest.raises(UnsealableError):
        KEYRING.seal(content, HERE)


def test_the_largest_and_the_smallest_number_can_be_sealed() -> None:
    content = {"most": 2**53 - 1, "least": -(2**53) + 1, "yes": True}
    assert KEYRING.open(KEYRING.seal(content, HERE), HERE) == content


def body_of(total: int) -> dict[str, Any]:
    """A content of `total` canonical bytes."""
    return {"body": "x" * (total - len(canonical({"body": ""})))}


def test_the_largest_message_that_can_be_kept_is_kept() -> None:
    largest = body_of(MAX_SEALED_BYTES)
    assert KEYRING.open(KEYRING.seal(largest, HERE), HERE) == largest


def test_one_byte_more_cannot_be_kept_however_well_it_compresses() -> None:
    with pytest.raises(UnsealableError, match=str(MAX_SEALED_BYTES)):
        KEYRING.seal(body_of(MAX_SEALED_BYTES + 1), HERE)


def test_what_does_not_compress_enough_cannot_be_kept() -> None:
    with pytest.raises(UnsealableError, match="small enough"):
        KEYRING.seal({"body": b64encode(Random(1).randbytes(44_000)).decode()}, HERE)
    assert KEYRING.seal({"body": noise(15_000)}, HERE)


@pytest.mark.parametrize("size", [1_000, 20_000, 30_000])
def test_a_seal_always_leaves_room_in_an_event(size: int) -> None:
    try:
        sealed = KEYRING.seal({"body": noise(size // 2)}, HERE)
    except UnsealableError:
        return
    assert len(json.dumps(sealed)) < 60_000


# --- Signing ----------------------------------------------------------------------------------------------------


def signed(purpose: Purpose = Purpose.DELIVERY, content: dict[str, Any] = WORDS) -> dict[str, Any]:
    return KEYRING.sign(content, HERE, purpose=purpose, held="$held")


@given(contents, st.sampled_from(Purpose))
def test_what_is_signed_verifies_with_its_purpose(content: dict[str, Any], purpose: Purpose) -> None:
    assert KEYRING.verify(signed(purpose, content), HERE, now_ms=NOW) is purpose


def test_signing_changes_nothing_but_adds_the_signature() -> None:
    assert {key: value for key, value in signed().items() if key != SIGNED_KEY} == WORDS


def test_an_earlier_signature_is_not_signed_over() -> None:
    again = KEYRING.sign(signed(Purpose.NOTICE), HERE, purpose=Purpose.DELIVERY, held="$held")
    assert again == signed(Purpose.DELIVERY)


@pytest.mark.parametrize("binding", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_copy_of_a_signed_event_is_worth_nothing(binding: Binding) -> None:
    assert KEYRING.verify(signed(), binding, now_ms=NOW) is None


def mark(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda content: content | {SIGNED_KEY: content[SIGNED_KEY] | changes}


FORGERIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "other words": lambda content: content | {"body": "x"},
    "one more key": lambda content: content | {"m.mentions": {}},
    "one key less": lambda content: {key: value for key, value in content.items() if key != "msgtype"},
    "no signature": lambda content: {key: value for key, value in content.items() if key != SIGNED_KEY},
    "another purpose": mark(purpose="receipt"),
    "a purpose that does not exist": mark(purpose="joke"),
    "another held event": mark(held="$other"),
    "another key": mark(key="00000000"),
    "the other key of the school": mark(key=Keyring([OLD]).seal(WORDS, HERE)["key"]),
    "another signature": mark(signature="0" * 64),
    "an empty signature": mark(signature=""),
    "a signature that is no text": mark(signature=None),
    "a signature with an umlaut": mark(signature="ü"),
    "a signature with half a character": mark(signature="\ud800"),
    "a mark that is a text": lambda content: content | {SIGNED_KEY: "delivery"},
    "a mark that is a list": lambda content: content | {SIGNED_KEY: [content[SIGNED_KEY]]},
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_whatever_is_changed_the_signature_is_void(forge: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert KEYRING.verify(forge(signed()), HERE, now_ms=NOW) is None


def test_what_an_older_key_signed_still_verifies() -> None:
    before = Keyring([OLD]).sign(WORDS, HERE, purpose=Purpose.DELIVERY, held="$held")
    assert KEYRING.verify(before, HERE, now_ms=NOW) is Purpose.DELIVERY
    assert Keyring([OTHER]).verify(before, HERE, now_ms=NOW) is None


@pytest.mark.parametrize(
    ("now", "valid"),
    [
        pytest.param(NOW, True, id="at the same moment"),
        pytest.param(NOW + SIGNATURE_LIFETIME_MS, True, id="a minute later"),
        pytest.param(NOW + SIGNATURE_LIFETIME_MS + 1, False, id="later than a minute"),
        pytest.param(NOW - 5_000, True, id="clocks that differ by five seconds"),
        pytest.param(NOW - 5_001, False, id="signed in the future"),
        pytest.param(0, False, id="a clock that is not set"),
    ],
)
def test_a_signature_is_worth_something_for_a_minute(now: int, valid: bool) -> None:
    assert (KEYRING.verify(signed(), HERE, now_ms=now) is not None) is valid


@settings(max_examples=50)
@given(any_json, st.sampled_from([None, "purpose", "held", "key", "signature"]))
def test_garbage_verifies_as_nothing_and_raises_nothing(garbage: Any, place: str | None) -> None:
    content = signed()
    content[SIGNED_KEY] = garbage if place is None else content[SIGNED_KEY] | {place: garbage}
    unchanged = content == signed()
    assert (KEYRING.verify(content, HERE, now_ms=NOW) is not None) is unchanged


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=5), any_json, max_size=3))
def test_garbage_beside_a_signature_raises_nothing(garbage: dict[str, Any]) -> None:
    content = garbage | {SIGNED_KEY: signed()[SIGNED_KEY]}
    assert KEYRING.verify(content, HERE, now_ms=NOW) is None


def test_garbage_without_end_raises_nothing() -> None:
    assert KEYRING.verify(nested(900) | {SIGNED_KEY: signed()[SIGNED_KEY]}, HERE, now_ms=NOW) is None


# --- Keys and names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b""], [NEW + b"!"]])
def test_keys_are_32_bytes_and_there_is_one(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(keys)


def test_a_keyring_never_shows_its_keys() -> None:
    shown = repr(Keyring([b"K" * 32]))
    assert "K" * 4 not in shown
    assert shown == "Keyring(1 keys)"


def test_the_order_of_keys_makes_no_difference_to_what_is_canonical() -> None:
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'.encode()


def test_a_keyed_hash_is_stable() -> None:
    """It is in the database as the id of people: it must never change."""
    assert keyed_hash(b"key", "guardian", "Ida", "Groß") == "087a68f6a02d3f78fac09ac942d01451d053a3d9"


@given(st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_different_parts_have_different_hashes(one: list[str], other: list[str]) -> None:
    hashes = keyed_hash(b"key", *one), keyed_hash(b"key", *other)
    assert (hashes[0] == hashes[1]) == (one == other)
    assert all(re.fullmatch("[0-9a-f]{40}", each) for each in hashes)


def test_another_key_gives_other_hashes() -> None:
    assert keyed_hash(b"key", "a") != keyed_hash(b"other", "a")


def test_where_one_part_ends_makes_a_difference() -> None:
    assert keyed_hash(b"key", "ab", "c") != keyed_hash(b"key", "a", "bc")
