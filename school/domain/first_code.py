"""First codes: with what somebody signs in before they have a password of their own.

1. A code has 67 random bits. It is small letters and digits in three groups: no signs that look alike (0 O, 1 l I),
   and no vowels, so that no words come out.
2. It is the password everywhere and as often as wanted, until the person has a password of their own, or its days are
   over.
3. A new code ends the one before.
4. Typed with capitals, with blanks, without hyphens, in letters and digits of another keyboard that look the same, it
   is the same code.
5. Nobody keeps a code: only a digest that cannot be made without the school's key, and is that of one person.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final
from unicodedata import category, decimal, normalize

from school.domain.people import PersonId

ALPHABET: Final = "23456789bcdfghjkmnpqrstvwxyz"
RANDOM_BYTES: Final = 16
"""So many are asked for; what is made of them is as good as even."""

_GROUPS: Final = (4, 5, 5)
_LENGTH: Final = sum(_GROUPS)
_LONGEST_TYPED: Final = 100
_PURPOSE: Final = b"schulbote code"
_LOOKALIKES: Final = str.maketrans("всԁнјкмрѕтухзбч" + "βκντρχγ", "bcdhjkmpstyx364" + "bkvtpxy")
"""Small Cyrillic and Greek letters that are, or have capitals that are, the picture of a Latin one or of a digit."""


class CodeState(StrEnum):
    """How it is with a code."""

    UNUSED = "unused"
    IN_USE = "in_use"
    """Somebody has signed in with it, and may again."""
    EXPIRED = "expired"
    ENDED = "ended"
    """The person has a password of their own, or somebody took the code back."""


class CodeVerdict(StrEnum):
    """What a typed code gets for an answer."""

    ACCEPTED = "accepted"
    NO_CODE = "no_code"
    WRONG = "wrong"
    EXPIRED = "expired"
    ENDED = "ended"


class SignedInWith(StrEnum):
    """What somebody has signed in with. The values are what the module tells the appservice."""

    FIRST_CODE = "first_code"
    OWN_PASSWORD = "own_password"  # noqa: S105 - the name of a way, no password
    OTHER = "other"
    """The school's single sign-on, or what else there is; it says nothing of a first code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCode:
    """All that is kept of a code. It is not the code."""

    digest: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    """When somebody signed in with it for the first time."""
    ended_at: datetime | None = None

    def state(self, now: datetime) -> CodeState:
        """How it is with the code at a moment. Of a code that is past its days and was ended, the end counts."""
        if self.ended_at is not None:
            return CodeState.ENDED
        if now >= self.expires_at:
            return CodeState.EXPIRED
        return CodeState.UNUSED if self.used_at is None else CodeState.IN_USE


def make_code(random: bytes) -> str:
    """The code that these random bytes are, ready to be read by a person."""
    if len(random) < RANDOM_BYTES:
        raise ValueError(f"{RANDOM_BYTES} random bytes are needed, there are {len(random)}")
    number = int.from_bytes(random[:RANDOM_BYTES])
    signs = ""
    for _ in range(_LENGTH):
        number, sign = divmod(number, len(ALPHABET))
        signs += ALPHABET[sign]
    return _grouped(signs)


def read_code(typed: str) -> str | None:
    """The code that somebody means by what they type; None if it is none."""
    if len(typed) > _LONGEST_TYPED:
        return None
    meant = normalize("NFKC", typed).casefold().translate(_LOOKALIKES)
    signs = "".join(_plain(sign) for sign in meant if category(sign)[0] not in "ZPC")
    if len(signs) != _LENGTH or not set(signs) <= set(ALPHABET):
        return None
    return _grouped(signs)


def digest_of(code: str, person_id: PersonId, key: bytes) -> str:
    """What is kept of a code. The digest of one person is no good for another."""
    return blake2b(f"{person_id}\0{code}".encode(), digest_size=32, key=key, person=_PURPOSE).hexdigest()


def judge_code(code: str, person_id: PersonId, kept: FirstCode | None, *, key: bytes, now: datetime) -> CodeVerdict:
    """Whether somebody may sign in with a code. Whether it is the right one takes as long to say as that it is not."""
    digest = digest_of(code, person_id, key)
    if kept is None:
        return CodeVerdict.NO_CODE
    if not hmac.compare_digest(digest, kept.digest):
        return CodeVerdict.WRONG
    state = kept.state(now)
    if state is CodeState.ENDED:
        return CodeVerdict.ENDED
    if state is CodeState.EXPIRED:
        return CodeVerdict.EXPIRED
    return CodeVerdict.ACCEPTED


def _plain(sign: str) -> str:
    """A digit of any script as ours."""
    return str(decimal(sign, sign))


def _grouped(signs: str) -> str:
    first, second = _GROUPS[0], _GROUPS[0] + _GROUPS[1]
    return f"{signs[:first]}-{signs[first:second]}-{signs[second:]}"
