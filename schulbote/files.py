"""Writing files whole: nobody ever reads half of one, and secrets are nobody else's from their first byte on."""

import json
import os
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any

import yaml


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Writes beside `path` and renames."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


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
