"""Sealing what is held, signing what is released.

A held message lies in its room as a notice with the sealed original inside. The seal binds the words to room, sender,
type and time, so that a copy of it somewhere else opens to nothing. What the school's own hand sends in a person's
name carries a signature over everything that could be changed, so that nobody can repeat or forge it.

Keys are 32 bytes each, newest first: the first one seals and signs, all of them open and verify.
"""

import hashlib
import hmac
import json
import zlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

HELD_KEY: Final = "org.schulbote.held"
SIGNED_KEY: Final = "org.schulbote.signed"
URGENT_KEY: Final = "org.schulbote.urgent"
"""What makes a message ring in a rest, if its content has it as true. People cannot write it."""
DELIVERY_RELATION: Final = "org.schulbote.delivery"

MAX_SEALED_BYTES: Final = 60_000
"""Canonical size of the largest original: delivered, it still fits the 65,536 bytes of an event with its signature
(Matrix spec, "Size limits"). Asked before compressing."""
_MAX_SEAL_CHARACTERS: Final = 56_000
"""What is left of an event for the seal, beside the notice. Words compress to far less; noise may not."""
_DEEPEST: Final = 100
"""How many levels of JSON are looked into: far more than any client nests, far fewer than Python can take."""
SIGNATURE_LIFETIME_MS: Final = 60_000
_CLOCK_SKEW_MS: Final = 5_000


class UnsealableError(ValueError):
    """Content that cannot be sealed: too large, too deep, or no canonical JSON. The text says which."""


class BrokenSealError(ValueError):
    """A seal that does not open: another key, changed bytes, or copied from another event."""


class MissingKeyError(BrokenSealError):
    """A seal of a key that is not here. It opens when the key is put back."""


class Purpose(StrEnum):
    """What a signed event is. A signature for one purpose is worth nothing for another."""

    DELIVERY = "delivery"
    RECEIPT = "receipt"
    NOTICE = "notice"
    URGENT = "urgent"
    """A message of the leadership that does not wait. It speaks of no held event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The event that a seal or a signature belongs to."""

    room_id: str
    sender: str
    event_type: str
    origin_server_ts: int
    """Milliseconds since the epoch."""


def canonical(value: object) -> bytes:
    """Canonical JSON (Matrix spec, appendix "Canonical JSON").

    Raises:
        UnsealableError: floats, integers outside ±(2**53 - 1), half characters, more than `_DEEPEST` levels.
    """
    _require_canonical(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UnsealableError("a text holds half a character") from error


def _require_canonical(value: object, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise UnsealableError("it is nested too deeply")
    match value:
        case bool() | None | str():
            return
        case int():
            if abs(value) >= 2**53:
                raise UnsealableError("a number is too large for a Matrix event")
        case Mapping():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise UnsealableError("a key is no text")
                _require_canonical(inner, depth + 1)
        case list() | tuple():
            for inner in value:
                _require_canonical(inner, depth + 1)
        case _:
            raise UnsealableError("a value has a type that Matrix events cannot carry")


class Keyring:
    """The school's message keys.

    Raises:
        ValueError: no key, or a key that is not 32 bytes long.
    """

    __slots__ = ("_boxes", "_signers")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != SecretBox.KEY_SIZE for key in keys):
            raise ValueError("message keys are 32 bytes each, and there is at least one")
        self._boxes = {_key_id(key): SecretBox(_derive(key, b"seal")) for key in keys}
        self._signers = {_key_id(key): _derive(key, b"sign") for key in keys}

    def __repr__(self) -> str:
        return f"Keyring({len(self._boxes)} keys)"

    def seal(self, content: Mapping[str, Any], binding: Binding) -> dict[str, str]:
        """The value of `HELD_KEY`: `{"key": id, "seal": base64}`.

        Raises:
            UnsealableError: see `MAX_SEALED_BYTES` and `canonical`.
        """
        plain = canonical(dict(content))
        if len(plain) > MAX_SEALED_BYTES:
            raise UnsealableError(f"{len(plain)} bytes, at most {MAX_SEALED_BYTES} can be kept")
        packed = zlib.compress(canonical([_bound(binding), dict(content)]), level=6)
        key_id, box = next(iter(self._boxes.items()))
        seal = b64encode(bytes(box.encrypt(packed))).decode()
        if len(seal) > _MAX_SEAL_CHARACTERS:
            raise UnsealableError("it cannot be made small enough to be kept")
        return {"key": key_id, "seal": seal}

    def open(self, sealed: object, binding: Binding) -> dict[str, Any]:
        """The original content.

        Raises:
            BrokenSealError: it is no seal of ours, or was made for another event than `binding`.
            MissingKeyError: it was made with a key that is not here.
        """
        if not isinstance(sealed, Mapping):
            raise BrokenSealError("there is no seal")
        box = self._boxes.get(str(sealed.get("key")))
        if box is None:
            raise MissingKeyError(
                "message_keys lacks the key of a seal; put the old key back as a further line and restart"
            )
        try:
            packed = box.decrypt(b64decode(str(sealed.get("seal")), validate=True))
            bound, content = json.loads(zlib.decompress(packed))
        except (CryptoError, Base64Error, zlib.error, ValueError, TypeError) as error:
            raise BrokenSealError("the seal does not open") from error
        if bound != _bound(binding) or not isinstance(content, dict):
            raise BrokenSealError("the seal belongs to another event")
        return content

    def sign(self, content: Mapping[str, Any], binding: Binding, *, purpose: Purpose, held: str) -> dict[str, Any]:
        """`content` with its signature under `SIGNED_KEY`. `held` is the id of the held event it speaks of."""
        bare = {key: value for key, value in content.items() if key != SIGNED_KEY}
        key_id, secret = next(iter(self._signers.items()))
        signature = _signature(secret, bare, binding, purpose, held)
        return bare | {SIGNED_KEY: {"purpose": purpose.value, "held": held, "key": key_id, "signature": signature}}

    def verify(self, content: Mapping[str, Any], binding: Binding, *, now_ms: int) -> Purpose | None:
        """The purpose that `content` is validly and freshly signed for; None otherwise. Never raises."""
        if not now_ms - SIGNATURE_LIFETIME_MS <= binding.origin_server_ts <= now_ms + _CLOCK_SKEW_MS:
            return None
        mark = content.get(SIGNED_KEY)
        if not isinstance(mark, Mapping):
            return None
        secret = self._signers.get(str(mark.get("key")))
        if secret is None:
            return None
        bare = {key: value for key, value in content.items() if key != SIGNED_KEY}
        try:
            purpose = Purpose(str(mark.get("purpose")))
            expected = _signature(secret, bare, binding, purpose, str(mark.get("held")))
        except ValueError:
            return None
        given = str(mark.get("signature")).encode(errors="replace")  # compare_digest takes no texts beyond ASCII
        return purpose if hmac.compare_digest(expected.encode(), given) else None


def keyed_hash(key: bytes, *parts: str) -> str:
    """A short stable name for `parts` that nobody without the key can go back from (40 hexadecimal digits)."""
    return hmac.new(key, canonical(list(parts)), hashlib.sha256).hexdigest()[:40]


def audit_key(identity_key: bytes) -> bytes:
    """The key of the audit log's chain. Synapse has no part in it, and it must last as long as the log."""
    return _derive(identity_key, b"audit log")


def _bound(binding: Binding) -> list[Any]:
    return [binding.room_id, binding.sender, binding.event_type, binding.origin_server_ts]


def _signature(secret: bytes, bare: Mapping[str, Any], binding: Binding, purpose: Purpose, held: str) -> str:
    message = canonical([purpose.value, held, *_bound(binding), dict(bare)])
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(purpose, key=key, digest_size=32, person=b"schulbote").digest()


def _key_id(key: bytes) -> str:
    return hashlib.blake2b(b"key id", key=key, digest_size=4, person=b"schulbote").hexdigest()
