"""Where the bytes of files lie: a folder for each task, in it every content once, under a name that only the task's key
tells. Nothing here asks who may read; and no web server may be pointed at this folder.
"""

import os
import shutil
from collections.abc import Collection
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final

from school.domain.tasks import TaskId
from tasks.keys import TaskKey
from tasks.sealed_file import SealedReader, SealedWriter

_ARRIVING: Final = "arriving"


class FileStore:
    """The folder with all of them. What it does takes the disk's time: ask it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # On its way

    def writer(self, upload_id: str, key: TaskKey) -> SealedWriter:
        """For a file that arrives."""
        path = self._arriving(upload_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SealedWriter(path, key.for_files)

    def is_arriving(self, upload_id: str) -> bool:
        """Whether anything of a file has arrived."""
        return self._arriving(upload_id).exists()

    def arrived(self, upload_id: str, key: TaskKey, size: int) -> SealedReader:
        """What has arrived, to be looked at."""
        return SealedReader(self._arriving(upload_id), key.for_files, size)

    def keep(self, upload_id: str, task_id: TaskId, blob: str) -> None:
        """From now on it lies with its task. Harmless to ask again."""
        path = self._path(task_id, blob)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        arriving = self._arriving(upload_id)
        if arriving.exists() or not path.exists():
            arriving.replace(path)  # the same content as what may lie there

    def give_up(self, upload_id: str) -> None:
        """What has arrived of a file goes."""
        self._arriving(upload_id).unlink(missing_ok=True)

    # There

    def reader(self, task_id: TaskId, blob: str, key: TaskKey, size: int) -> SealedReader:
        """Reads a file.

        Raises:
            FileNotFoundError: it is gone.
            BrokenFileError: it is not what was put there.
        """
        return SealedReader(self._path(task_id, blob), key.for_files, size)

    # Sweeping

    def blobs(self, task_id: TaskId) -> frozenset[str]:
        """What lies there of a task."""
        folder = self._of_task(task_id)
        return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()

    def forget(self, task_id: TaskId, blobs: Collection[str]) -> None:
        """Takes some of it away."""
        for blob in blobs:
            self._path(task_id, blob).unlink(missing_ok=True)

    def folders(self) -> frozenset[str]:
        """The folders of tasks that there are."""
        if not self._folder.is_dir():
            return frozenset()
        return frozenset(path.name for path in self._folder.iterdir() if path.is_dir()) - {_ARRIVING}

    def forget_folders(self, folders: Collection[str], *, but: Collection[TaskId]) -> int:
        """Takes away those of these folders that are of no task; returns how many that were."""
        gone = set(folders) - {self._of_task(task_id).name for task_id in but}
        for name in gone:
            shutil.rmtree(self._folder / name)
        return len(gone)

    def ensure_can_be_used(self) -> None:
        """
        Raises:
            OSError: the folder is not there and cannot be made, or nothing can be written to it.
        """
        (self._folder / _ARRIVING).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._folder / _ARRIVING, os.W_OK):
            raise PermissionError(f"nothing can be written to {self._folder}")

    def _arriving(self, upload_id: str) -> Path:
        return self._folder / _ARRIVING / _as_name(upload_id)

    def _of_task(self, task_id: TaskId) -> Path:
        return self._folder / _as_name(task_id)

    def _path(self, task_id: TaskId, blob: str) -> Path:
        return self._of_task(task_id) / _as_name(blob, is_name=True)


def sha256_of(reader: SealedReader) -> bytes:
    """The hash of a file's content: what its receipt says."""
    found = sha256()
    for piece in reader.pieces():
        found.update(piece)
    return found.digest()


def _as_name(text: str, *, is_name: bool = False) -> str:
    """Ids come from the database and from addresses: what is in them never becomes a path."""
    if is_name and len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return text
    return blake2b(text.encode(), digest_size=20).hexdigest()
