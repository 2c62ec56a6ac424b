from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.domain.first_code import (
    ALPHABET,
    RANDOM_BYTES,
    CodeState,
    CodeVerdict,
    FirstCode,
    digest_of,
    judge_code,
    make_code,
    read_code,
)
from school.domain.people import PersonId

NOW = datetime(2026, 8, 17, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
BEN, BEA = PersonId("p-ben"), PersonId("p-bea")
CODE = make_code(sha256(b"ben").digest())
OTHER = make_code(sha256(b"bea").digest())


def kept(**changes: datetime | None) -> FirstCode:
    values = {"made_at": NOW - DAY, "expires_at": NOW + DAY} | changes
    return FirstCode(digest=digest_of(CODE, BEN, KEY), **values)  # type: ignore[arg-type]


def judge(code: FirstCode | None, *, typed: str = CODE, person: PersonId = BEN, key: bytes = KEY) -> CodeVerdict:
    return judge_code(typed, person, code, key=key, now=NOW)


# --- What a code is ---------------------------------------------------------------------------------------------


def test_a_code_has_at_least_64_random_bits() -> None:
    signs = CODE.replace("-", "")
    assert len(signs) * log2(len(ALPHABET)) > 64


def test_a_code_has_no_sign_that_looks_like_another_and_no_vowel() -> None:
    assert not set("0O1lI" + "aeiou" + "AEIOU") & set(ALPHABET)
    assert ALPHABET.lower() == ALPHABET
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_a_code_is_three_groups() -> None:
    assert [len(group) for group in CODE.split("-")] == [4, 5, 5]
    assert set(CODE) <= {*ALPHABET, "-"}


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_every_code_can_be_read_as_itself(random: bytes) -> None:
    assert read_code(make_code(random)) == make_code(random)


def test_too_little_randomness_makes_no_code() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        make_code(b"x" * 15)


def test_every_sign_comes_as_often_as_the_others() -> None:
    signs = "".join(make_code(sha256(f"{n}".encode()).digest()).replace("-", "") for n in range(4000))
    expected = len(signs) / len(ALPHABET)
    assert all(0.85 < signs.count(sign) / expected < 1.15 for sign in ALPHABET)


# --- What people type -------------------------------------------------------------------------------------------

WRITTEN = "k7wq-m3fxn-9dtrb"


@pytest.mark.parametrize(
    "typed",
    [
        "k7wq-m3fxn-9dtrb",
        "K7WQ-M3FXN-9DTRB",
        "k7wqm3fxn9dtrb",
        " k7wq m3fxn 9dtrb\n",
        "k7wq\N{EN DASH}m3fxn\N{NON-BREAKING HYPHEN}9dtrb",
        "k 7 w q - m 3 f x n - 9 d t r b",
        "k7wq_m3fxn.9dtrb",
        "\N{LEFT-TO-RIGHT MARK}k7wq-m3fxn-9dtrb\N{ZERO WIDTH SPACE}",
        "ｋ７ｗｑ－ｍ３ｆｘｎ－９ｄｔｒｂ",
        "\N{CYRILLIC SMALL LETTER KA}7wq-\N{CYRILLIC CAPITAL LETTER EM}3f\N{CYRILLIC SMALL LETTER HA}n-9d"
        "\N{CYRILLIC CAPITAL LETTER TE}rb",
        "k\N{ARABIC-INDIC DIGIT SEVEN}wq-m\N{ARABIC-INDIC DIGIT THREE}fxn-\N{EXTENDED ARABIC-INDIC DIGIT NINE}dtrb",
    ],
)
def test_the_same_code_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == WRITTEN


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "k7wq-m3fxn-9dtr",
        "k7wq-m3fxn-9dtrbb",
        "k7wq-m3fxn-9dtra",
        "k7wq-m3fxn-9dtr0",
        "k7wq-m3fxn-9dtr!",
        "k7wq-m3fxn-9dtr+",
        "Sonnenschein2026",
        "k7wq-m3fxn-9dtrb" + " " * 100,
        "\N{SQUARE DM}" * 50,
    ],
)
def test_what_is_no_code(typed: str) -> None:
    assert read_code(typed) is None


@given(st.text(max_size=200))
def test_whatever_is_typed_can_be_judged(typed: str) -> None:
    code = read_code(typed)
    assert code is None or read_code(code) == code


# --- What is kept -----------------------------------------------------------------------------------------------


def test_the_digest_is_another_one_for_each_code_person_and_key() -> None:
    digests = {digest_of(code, who, key) for code in (CODE, OTHER) for who in (BEN, BEA) for key in (KEY, OTHER_KEY)}
    assert len(digests) == 8


def test_what_is_kept_does_not_show_the_code() -> None:
    assert CODE not in repr(kept())
    assert CODE.replace("-", "") not in repr(kept())


# --- Who may sign in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "state", "verdict"),
    [
        (kept(), CodeState.UNUSED, CodeVerdict.ACCEPTED),
        (kept(used_at=NOW - DAY), CodeState.IN_USE, CodeVerdict.ACCEPTED),
        (kept(expires_at=NOW + timedelta(microseconds=1)), CodeState.UNUSED, CodeVerdict.ACCEPTED),
        (kept(expires_at=NOW), CodeState.EXPIRED, CodeVerdict.EXPIRED),
        (kept(used_at=NOW - DAY, expires_at=NOW - DAY), CodeState.EXPIRED, CodeVerdict.EXPIRED),
        (kept(ended_at=NOW - DAY), CodeState.ENDED, CodeVerdict.ENDED),
        (kept(ended_at=NOW - DAY, expires_at=NOW - DAY), CodeState.ENDED, CodeVerdict.ENDED),
    ],
    ids=[
        "a new code",
        "a code that was used already",
        "a code in its last moment",
        "a code whose days are over",
        "a code that was used, and whose days are over",
        "a code that was ended",
        "a code that was ended, and whose days are over",
    ],
)
def test_a_code_is_good_until_it_ends(code: FirstCode, state: CodeState, verdict: CodeVerdict) -> None:
    assert code.state(NOW) is state
    assert judge(code) is verdict


@pytest.mark.parametrize("code", [kept(), kept(expires_at=NOW), kept(ended_at=NOW)])
def test_only_whoever_knows_a_code_learns_what_became_of_it(code: FirstCode) -> None:
    assert judge(code, typed=OTHER) is CodeVerdict.WRONG


def test_the_code_of_one_person_is_none_of_another() -> None:
    assert judge(kept(), person=BEA) is CodeVerdict.WRONG


def test_with_another_key_no_code_is_good() -> None:
    assert judge(kept(), key=OTHER_KEY) is CodeVerdict.WRONG


def test_who_has_no_code_cannot_use_one() -> None:
    assert judge(None) is CodeVerdict.NO_CODE
