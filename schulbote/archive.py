"""A zip file that is made whole or not at all, is its owner's only, and takes no other file's place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from school.errors import WrongUseError


class NoPlaceError(WrongUseError):
    """There can be no new file of that name. The text says why."""


def require_place(out: Path) -> None:
    """Asked before anything is done.

    Raises:
        NoPlaceError: there can be no new file.
    """
    if out.is_dir():
        raise NoPlaceError(f"{out} is a folder. Name a file in it with --out.")
    if out.exists() or out.is_symlink():
        raise NoPlaceError(f"{out} is there already and is not overwritten. Choose another name.")
    if not out.absolute().parent.is_dir():
        raise NoPlaceError(f"There is no folder {out.absolute().parent}. Make it first, or choose another one.")


@contextmanager
def new_archive(out: Path) -> Iterator[ZipFile]:
    """An archive that has its name when the block is over; if the block raises there is nothing.

    Raises:
        NoPlaceError: there can be no new file.
    """
    require_place(out)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        try:
            out.hardlink_to(beside)  # unlike a renaming it replaces nothing
        except FileExistsError:
            require_place(out)
            raise
    finally:
        beside.unlink(missing_ok=True)
