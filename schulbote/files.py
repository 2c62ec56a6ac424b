"""Writing files whole: nobody ever reads half of one, and secrets are nobody else's from their first byte on."""

import json
import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Writes beside `path` and renames."""
    beside = _beside(path)
    _write(beside, text.encode(), mode)
    beside.replace(path)


@contextmanager
def written_beside(path: Path, content: bytes, *, mode: int) -> Iterator[Callable[[], None]]:
    """Writes beside `path`, to the disk. What is yielded puts it in its place; if the block fails, `path` is again what
    it was."""
    beside, before = _beside(path), _beside(path, ".before")
    in_place = False

    def put_in_place() -> None:
        nonlocal in_place
        if path.exists():
            path.rename(before)
        in_place = True
        beside.rename(path)

    try:
        _write(beside, content, mode)
        yield put_in_place
    except BaseException:
        if in_place:
            path.unlink(missing_ok=True)
        if before.exists():
            before.rename(path)
        raise
    finally:
        beside.unlink(missing_ok=True)
        before.unlink(missing_ok=True)


def _beside(path: Path, ending: str = "") -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{ending}")


def _write(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_yaml(path: Path, value: object, *, mode: int = 0o644) -> None:
    """A YAML file, keys in the order given."""
    write_whole(path, yaml.safe_dump(value, sort_keys=False, allow_unicode=True), mode=mode)


def write_json(path: Path, value: Any, *, mode: int = 0o600) -> None:
    """A JSON file."""
    write_whole(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n", mode=mode)


def ensure_secret(path: Path, text: str | None = None) -> None:
    """Makes a secret file if it is missing: `text`, or 256 random bits."""
    if not path.exists():
        write_whole(path, f"{text or secrets.token_urlsafe(32)}\n", mode=0o600)


def new_key() -> str:
    """32 random bytes in base64, as the key files hold them."""
    return b64encode(secrets.token_bytes(32)).decode()


def new_signing_key() -> str:
    """A signing key of a homeserver, in the format of Synapse's signing.key: `ed25519 NAME SEED`."""
    seed = b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"ed25519 a_{secrets.token_hex(3)} {seed}"
