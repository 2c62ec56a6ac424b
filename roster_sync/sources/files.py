"""The files of a register: in a folder, or in a zip file that is read in place. Nothing of a zip is ever written.

A zip may hold the files themselves or one folder with them. What it unpacks to is bounded, so that a small file
cannot fill the memory.
"""

import gzip
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from lzma import LZMAError
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final, TypeAlias
from zipfile import BadZipFile, ZipFile, is_zipfile
from zipfile import Path as ZipPath

from school.domain.roster import RegisterError

Place: TypeAlias = Path | ZipPath
"""A folder or a file, on the disk or in a zip."""

LARGEST: Final = 200 * 1024 * 1024
_LARGEST_IN_WORDS: Final = f"{LARGEST // 1024 // 1024} MB"
_ENCRYPTED: Final = 0x1  # APPNOTE.TXT 4.4.4, bit 0


@contextmanager
def opened(path: Path, names: Collection[str]) -> Iterator[Place]:
    """The folder in which files with some of the names are: `path` itself, or in the zip that `path` is.

    Raises:
        RegisterError: there is no such folder or zip, or it cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if S_ISREG(mode):
            path.open("rb").close()
    except FileNotFoundError:
        raise RegisterError(f"The folder {path} does not exist; check the path of the register.") from None
    except OSError as error:
        raise RegisterError(f"{path} cannot be read ({error.strerror}).") from None
    if S_ISDIR(mode):
        yield path
        return
    if not S_ISREG(mode) or not is_zipfile(path):
        what = "is a damaged zip file; pack it again" if path.suffix.casefold() == ".zip" else "is no folder and no zip"
        raise RegisterError(f"{path} {what}, and give the folder or the zip with the register's files.")
    try:
        archive = ZipFile(path)
    except (BadZipFile, NotImplementedError, OSError):
        raise RegisterError(f"{path} is a damaged zip file; pack it again.") from None
    with archive:
        listed = archive.namelist()
        if len(set(listed)) < len(listed):
            raise RegisterError(f"{path} holds a file twice; pack it again, with one of each.")
        yield _folder_with(ZipPath(archive), names)


def names_in(folder: Place) -> set[str]:
    """The names of what lies in a folder.

    Raises:
        RegisterError: it cannot be read.
    """
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise RegisterError(f"The folder {folder} cannot be read ({error.strerror}).") from None


def read_whole(file: Place) -> bytes:
    """What is in a file.

    Raises:
        RegisterError: it is missing, too large, encrypted, or cannot be read.
    """
    if not file.exists():
        raise RegisterError(f"{file.name} is missing; put it into {_container(file)}.")
    if file.is_dir():
        raise RegisterError(f"{file.name} cannot be read (it is a folder).")
    try:
        if isinstance(file, ZipPath) and file.root.getinfo(file.at).flag_bits & _ENCRYPTED:
            raise RegisterError(f"{file.name} is encrypted in {_container(file)}; pack it without a password.")
        with file.open("rb") as stream:
            return _bounded(file.name, stream.read(LARGEST + 1))
    except NotImplementedError:
        raise RegisterError(f"{file.name} is packed in an unknown way; pack {_container(file)} as usual.") from None
    except (BadZipFile, EOFError, LZMAError, zlib.error):
        raise RegisterError(f"{file.name} is damaged in {_container(file)}; pack it again.") from None
    except OSError as error:
        raise RegisterError(f"{file.name} cannot be read ({error.strerror or 'it is damaged'}).") from None


def unzipped(name: str, data: bytes) -> bytes:
    """What gzip made smaller; data that gzip has not touched stays as it is.

    Raises:
        RegisterError: it is damaged or too large.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as stream:
            return _bounded(name, stream.read(LARGEST + 1))
    except (OSError, EOFError, zlib.error):
        raise RegisterError(f"{name} is a damaged gzip file, as if it were cut off; export it again.") from None


def _folder_with(root: ZipPath, names: Collection[str]) -> ZipPath:
    """The root of a zip, or the one folder in it that has such files."""
    if not names_in(root).isdisjoint(names):
        return root
    inside = [entry for entry in root.iterdir() if entry.is_dir() and not names_in(entry).isdisjoint(names)]
    if len(inside) > 1:
        raise RegisterError(f"{root.root.filename} has several folders with a register; leave only one in it.")
    return inside[0] if inside else root


def _container(file: Place) -> str:
    return f"{file.root.filename}" if isinstance(file, ZipPath) else f"the folder {file.parent}"


def _bounded(name: str, data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise RegisterError(f"{name} has more than {_LARGEST_IN_WORDS}; no register is so large, export it again.")
    return data
