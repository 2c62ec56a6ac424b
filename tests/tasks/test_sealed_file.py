"""Files as they lie on the disk: nothing of them to be read, cut off anywhere, changed nowhere."""

import io
import os
from pathlib import Path

import pytest

from tasks.sealed_file import PIECE_BYTES, BrokenFileError, SealedReader, SealedWriter, sealed_size

KEY = b"k" * 32
SIZES = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 17)


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def write(path: Path, *parts: bytes) -> None:
    for part in parts:
        with SealedWriter(path, KEY) as writer:
            writer.write(part)


def read(path: Path, size: int) -> bytes:
    with SealedReader(path, KEY, size) as reader:
        return b"".join(reader.pieces())


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read(tmp_path: Path, size: int) -> None:
    write(tmp_path / "f", content(size))
    assert read(tmp_path / "f", size) == content(size)
    assert (tmp_path / "f").stat().st_size == sealed_size(size)


@pytest.mark.parametrize("size", SIZES)
def test_it_is_written_on_from_wherever_it_ended(tmp_path: Path, size: int) -> None:
    whole = content(size + PIECE_BYTES + 5)
    write(tmp_path / "f", whole[:size], whole[size : size + 3], b"", whole[size + 3 :])
    assert read(tmp_path / "f", len(whole)) == whole


def test_only_the_owner_may_read_it_and_nothing_of_it_can_be_read(tmp_path: Path) -> None:
    words = b"Sehr geheim. " * 10_000
    write(tmp_path / "f", words)
    on_disk = (tmp_path / "f").read_bytes()
    assert b"geheim" not in on_disk
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    write(tmp_path / "g", words)
    assert on_disk[-100:] != (tmp_path / "g").read_bytes()[-100:], "the same content looks different"


@pytest.mark.parametrize("cut", [1, 5, 16, 17, 40, 57, PIECE_BYTES, PIECE_BYTES + 41, 2 * PIECE_BYTES])
def test_what_was_cut_off_while_it_was_written_goes_on_from_the_last_whole_piece(tmp_path: Path, cut: int) -> None:
    whole = content(3 * PIECE_BYTES + 17)
    write(tmp_path / "f", whole)
    os.truncate(tmp_path / "f", sealed_size(len(whole)) - cut)
    with SealedWriter(tmp_path / "f", KEY) as writer:
        has = writer.length
        writer.write(whole[has:])
    assert has % PIECE_BYTES == 0
    assert has <= len(whole) - (cut - 40 * (cut // PIECE_BYTES + 1))
    assert read(tmp_path / "f", len(whole)) == whole


def test_a_file_of_which_only_the_beginning_was_written_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    write(tmp_path / "f", content(100))
    assert read(tmp_path / "f", 100) == content(100)


@pytest.mark.parametrize("place", [0, 16, 40, 5000, PIECE_BYTES + 100, -1])
def test_a_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    size = 2 * PIECE_BYTES
    write(tmp_path / "f", content(size))
    changed = bytearray((tmp_path / "f").read_bytes())
    changed[place] ^= 1
    (tmp_path / "f").write_bytes(changed)
    with pytest.raises(BrokenFileError):
        read(tmp_path / "f", size)


def test_pieces_do_not_count_in_another_place_or_another_file(tmp_path: Path) -> None:
    size, sealed = 2 * PIECE_BYTES, PIECE_BYTES + 40
    write(tmp_path / "f", content(size))
    write(tmp_path / "g", content(size))
    one, other = ((tmp_path / name).read_bytes() for name in "fg")
    first, second = one[16 : 16 + sealed], one[16 + sealed :]
    for forged in (one[:16] + second + first, other[:16] + first + other[16 + sealed :]):
        (tmp_path / "f").write_bytes(forged)
        with pytest.raises(BrokenFileError):
            read(tmp_path / "f", size)


def test_a_missing_end_is_found(tmp_path: Path) -> None:
    write(tmp_path / "f", content(2 * PIECE_BYTES))
    os.truncate(tmp_path / "f", sealed_size(PIECE_BYTES))
    with pytest.raises(BrokenFileError, match="not as long"):
        read(tmp_path / "f", 2 * PIECE_BYTES)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    write(tmp_path / "f", content(10))
    with SealedReader(tmp_path / "f", b"x" * 32, 10) as reader, pytest.raises(BrokenFileError):
        reader.read()


def test_it_is_read_from_anywhere(tmp_path: Path) -> None:
    whole = content(3 * PIECE_BYTES + 17)
    write(tmp_path / "f", whole)
    with io.BufferedReader(SealedReader(tmp_path / "f", KEY, len(whole))) as file:
        for start, number in [(0, 10), (PIECE_BYTES - 3, 10), (2 * PIECE_BYTES, PIECE_BYTES + 5), (len(whole) - 4, 99)]:
            file.seek(start)
            assert file.read(number) == whole[start : start + number]
        file.seek(-5, io.SEEK_END)
        assert file.read() == whole[-5:]
        assert file.read() == b""


def test_what_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SealedReader(tmp_path / "f", KEY, 0)
