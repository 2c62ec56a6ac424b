"""A file that is encrypted where it lies, piece by piece.

It begins with a random number of its own; pieces of 64 KiB follow, each with its nonce (XChaCha20-Poly1305), bound to
that number and to its place. So a file may grow, be read from anywhere, and be cut off in the middle of a piece, and no
piece counts in another place or another file. That none is missing at the end tells who knows its length.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes
from typing import IO, Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

PIECE_BYTES: Final = 64 * 1024
_NUMBER_BYTES: Final = 16
_NONCE_BYTES: Final = 24
_SEALED_BYTES: Final = _NONCE_BYTES + PIECE_BYTES + 16
_OVERHEAD: Final = _SEALED_BYTES - PIECE_BYTES


class BrokenFileError(ValueError):
    """A file that was changed, cut off, or that another key has sealed."""


class SealedWriter:
    """Writes at the end of a file, which is made if there is none. `length` is what has arrived so far.

    Raises:
        OSError: the disk is full, or cannot be written to.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._key = key
        self._file: IO[bytes] = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        self._number = self._file.read(_NUMBER_BYTES)
        if len(self._number) < _NUMBER_BYTES:
            self._number = token_bytes(_NUMBER_BYTES)
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._number)
            self._file.flush()
        self._whole, rest = divmod(os.fstat(self._file.fileno()).st_size - _NUMBER_BYTES, _SEALED_BYTES)
        self._last = b""
        self._file.seek(_place_of(self._whole))
        if rest > 0:
            self._take_back()

    def _take_back(self) -> None:
        """What has begun of the last piece; nothing if it was cut off in the middle."""
        try:
            self._last = _opened(self._file.read(), self._key, self._number, self._whole)
        except BrokenFileError:
            self._last = b""
        self._file.seek(_place_of(self._whole))

    @property
    def length(self) -> int:
        return self._whole * PIECE_BYTES + len(self._last)

    def write(self, data: bytes) -> None:
        """Adds bytes. The last piece is on the disk when the file is closed."""
        self._last += data
        while len(self._last) >= PIECE_BYTES:
            self._file.write(_sealed(self._last[:PIECE_BYTES], self._key, self._number, self._whole))
            self._whole, self._last = self._whole + 1, self._last[PIECE_BYTES:]

    def close(self) -> None:
        try:
            if self._last:
                self._file.write(_sealed(self._last, self._key, self._number, self._whole))
            self._file.truncate()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def __enter__(self) -> "SealedWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SealedReader(io.RawIOBase):
    """Reads a file, from anywhere in it; `size` is how long it has to be.

    Raises:
        BrokenFileError: it is not that long; reading raises it for a piece that was changed.
        FileNotFoundError: there is none.
    """

    _file: IO[bytes] | None = None

    def __init__(self, path: Path, key: bytes, size: int) -> None:
        super().__init__()
        self._key, self._size, self._at = key, size, 0
        self._file = self._sealed = path.open("rb")
        self._number = self._sealed.read(_NUMBER_BYTES)
        self._known: tuple[int, bytes] = (-1, b"")
        if os.fstat(self._sealed.fileno()).st_size != sealed_size(size):
            self._sealed.close()
            raise BrokenFileError("the file is not as long as it has to be")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # typeshed's ReadableBuffer is no name at runtime
        index, start = divmod(self._at, PIECE_BYTES)
        if self._at >= self._size:
            return 0
        found = self._piece(index)[start : start + len(view)]
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def pieces(self) -> Iterator[bytes]:
        """All of it, one piece after the other."""
        for index in range(-(-self._size // PIECE_BYTES)):
            yield self._piece(index)

    def _piece(self, index: int) -> bytes:
        if self._known[0] != index:
            self._sealed.seek(_place_of(index))
            self._known = (index, _opened(self._sealed.read(_SEALED_BYTES), self._key, self._number, index))
        return self._known[1]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


def sealed_size(size: int) -> int:
    """How many bytes a file of `size` bytes has on the disk."""
    pieces = -(-size // PIECE_BYTES)
    return _NUMBER_BYTES + size + pieces * _OVERHEAD


def _place_of(index: int) -> int:
    return _NUMBER_BYTES + index * _SEALED_BYTES


def _bound(number: bytes, index: int) -> bytes:
    return number + index.to_bytes(8, "big")


def _sealed(piece: bytes, key: bytes, number: bytes, index: int) -> bytes:
    nonce = token_bytes(_NONCE_BYTES)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(piece, _bound(number, index), nonce, key)


def _opened(sealed: bytes, key: bytes, number: bytes, index: int) -> bytes:
    nonce, closed = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(closed, _bound(number, index), nonce, key)
    except (CryptoError, ValueError) as error:
        raise BrokenFileError(f"piece {index} cannot be opened") from error
