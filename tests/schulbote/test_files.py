"""Files are written whole, and secrets are their owner's from the first byte on."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
import yaml

from schulbote.files import (
    ensure_secret,
    new_key,
    new_signing_key,
    write_json,
    write_whole,
    write_yaml,
    written_beside,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "one")
    write_whole(tmp_path / "file", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "two"


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    texts = ["a" * 200_000, "b" * 300_000]
    write_whole(file, texts[0])
    seen, stop = set(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(file.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(30):
        write_whole(file, texts[number % 2])
    stop.set()
    reader.join()
    assert seen <= set(texts)


def test_what_an_interrupted_write_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".file.{os.getpid()}").write_text("half")
    write_whole(tmp_path / "file", "whole")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def test_the_mode_is_that_asked_for_whatever_stood_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("open")
    file.chmod(0o644)
    write_whole(file, "secret", mode=0o600)
    assert mode(file) == 0o600


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_secret_is_its_owners_under_any_umask(tmp_path: Path, umask: int) -> None:
    os.umask(umask)
    ensure_secret(tmp_path / "secret")
    assert mode(tmp_path / "secret") == 0o600


def test_an_existing_secret_is_kept(tmp_path: Path) -> None:
    ensure_secret(tmp_path / "secret", "first")
    ensure_secret(tmp_path / "secret", "second")
    assert (tmp_path / "secret").read_text() == "first\n"


def test_secrets_are_random(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ensure_secret(tmp_path / name)
    assert (tmp_path / "one").read_text() != (tmp_path / "two").read_text()
    assert new_key() != new_key()
    assert new_signing_key() != new_signing_key()


def test_a_signing_key_has_the_format_of_synapse() -> None:
    signedjson = pytest.importorskip("signedjson.key")
    [key] = signedjson.read_signing_keys([new_signing_key()])
    assert key.alg == "ed25519"


def test_json_is_for_the_owner_and_yaml_keeps_its_order(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"ä": [1]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"ä": [1]}
    assert mode(tmp_path / "a.json") == 0o600
    write_yaml(tmp_path / "a.yaml", {"z": "ä", "a": [1]})
    assert list(yaml.safe_load((tmp_path / "a.yaml").read_text())) == ["z", "a"]
    assert "ä" in (tmp_path / "a.yaml").read_text()
    assert mode(tmp_path / "a.yaml") == 0o644


# What is put in its place later, or never.


def test_a_file_written_beside_gets_its_name_when_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with written_beside(file, b"new", mode=0o600) as put_in_place:
        assert not file.exists()
        [beside] = tmp_path.iterdir()
        assert (beside.read_bytes(), mode(beside)) == (b"new", 0o600)
        put_in_place()
        assert (file.read_bytes(), mode(file)) == (b"new", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("before", [None, b"old"], ids=["no file", "an older file"])
@pytest.mark.parametrize("in_place", [False, True])
def test_if_what_follows_fails_everything_is_as_before(tmp_path: Path, before: bytes | None, in_place: bool) -> None:
    file = tmp_path / "file"
    if before is not None:
        file.write_bytes(before)

    def fails() -> None:
        with written_beside(file, b"new", mode=0o600) as put_in_place:
            if in_place:
                put_in_place()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == ({"file": before} if before else {})


def test_if_nobody_puts_it_in_place_nothing_is_left(tmp_path: Path) -> None:
    with written_beside(tmp_path / "file", b"new", mode=0o600):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("schulbote.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"), written_beside(tmp_path / "file", b"new", mode=0o600):
        pytest.fail("it was not written")
    assert list(tmp_path.iterdir()) == []
