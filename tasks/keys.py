"""Keys of tasks: each has one of its own for its files. It lies in the database, wrapped with a secret that is not
there. When the task's row goes, nobody opens what is left of its files.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

KEY_BYTES: Final = 32


class WrongKeyError(ValueError):
    """A task's key that none of the school's secrets opens."""


class TaskKey:
    """The key of one task's files."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "TaskKey()"

    @property
    def for_files(self) -> bytes:
        """With which their bytes are encrypted."""
        return self._derived(b"files")

    def address(self, sha256: bytes) -> str:
        """Under which name a file of this content lies. Only who has the key can tell whether it is a certain one."""
        return blake2b(sha256, key=self._derived(b"names"), digest_size=KEY_BYTES).hexdigest()

    def _derived(self, purpose: bytes) -> bytes:
        return blake2b(key=self._key, person=purpose, digest_size=KEY_BYTES).digest()


class TaskKeys:
    """Makes and opens them. `secrets` are 32 bytes each, the newest first: it wraps, all of them open.

    Raises:
        ValueError: no secret, or one that is not 32 bytes long.
    """

    __slots__ = ("_boxes",)

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or any(len(secret) != KEY_BYTES for secret in secrets):
            raise ValueError("the secrets of tasks are 32 bytes each, and there is at least one")
        self._boxes = [SecretBox(secret) for secret in secrets]

    def __repr__(self) -> str:
        return f"TaskKeys({len(self._boxes)} secrets)"

    def new(self, task_id: str) -> str:
        """A new key for a task, wrapped."""
        return b64encode(bytes(self._boxes[0].encrypt(token_bytes(KEY_BYTES) + task_id.encode()))).decode()

    def open(self, wrapped: str, task_id: str) -> TaskKey:
        """The key of a task.

        Raises:
            WrongKeyError: it is not this task's, or its secret is not here.
        """
        for box in self._boxes:
            try:
                opened = box.decrypt(b64decode(wrapped, validate=True))
            except (CryptoError, Base64Error, ValueError):
                continue
            if opened[KEY_BYTES:] == task_id.encode():
                return TaskKey(opened[:KEY_BYTES])
        raise WrongKeyError("this task's key cannot be opened with secrets/task_keys")
