"""Reads the files that school.yaml points to for secrets: one token, or keys one a line.

A file that others than its owner may read is refused. No sentence here contains what stands in a file.
"""

import binascii
import stat
from base64 import b64decode
from pathlib import Path
from typing import Final

from school.config.errors import ConfigError

_KEY_BYTES: Final = 32
_GROUP_AND_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path) -> str:
    """The one line in the file at `path`.

    Raises:
        ConfigError: the file is missing, empty, open to others or not one line.
    """
    (_, secret), *more = _read_lines(path)
    if more:
        raise ConfigError.at(path, None, "this secret must be a single line.")
    return secret


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The keys of 32 bytes in the file at `path`, one a line in base64, the newest first.

    Raises:
        ConfigError: the file is missing, empty, open to others, or a line is no such key.
    """
    return tuple(_key(path, number, line) for number, line in _read_lines(path))


def _key(path: Path, number: int, line: str) -> bytes:
    try:
        key = b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError.at(path, number, "this is no key; a key is 32 bytes in base64 (`openssl rand -base64 32`).")
    return key


def _read_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers; at least one."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError.at(path, None, "this must be a file with a secret in it, and is something else.")
        if status.st_mode & _GROUP_AND_OTHERS:
            raise ConfigError.at(path, None, f"others may read this secret; run `chmod 600 {path}`.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError.at(path, None, "this secret is missing; make the file, with mode 0600.") from None
    except PermissionError:
        raise ConfigError.at(path, None, "this user may not read the secret; give the file to this user.") from None
    except UnicodeDecodeError:
        raise ConfigError.at(path, None, "this secret is not text; write it anew.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise ConfigError.at(path, None, f"this secret cannot be read ({reason}).") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise ConfigError.at(path, None, "this secret is empty; write it into the file.")
    return lines
