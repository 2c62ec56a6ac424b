"""The files in an export that somebody handed in, or brought as a teacher: opened, and written beside the rest."""

from zipfile import ZipFile

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from school.config import ConfigError, Settings, read_keys
from school.database.task_files import File, files_about
from school.domain.people import PersonId
from tasks.keys import TaskKeys, WrongKeyError
from tasks.opening import NoSuchTaskError, key_of
from tasks.sealed_file import BrokenFileError, SealedReader
from tasks.store import FileStore

log = structlog.get_logger()


async def write_task_files(
    settings: Settings, engine: AsyncEngine, person_id: PersonId, archive: ZipFile
) -> tuple[int, int]:
    """Writes them into the folder `tasks`; returns how many there are, and how many are missing."""
    async with engine.connect() as connection:
        files = await files_about(connection, person_id)
    written = 0
    for file in files:
        try:
            reader = await _opened(settings, engine, file)
            name = f"tasks/{written + 1:04}-{file.name}"
            with reader, archive.open(name, "w", force_zip64=True) as out:
                for piece in reader.pieces():
                    out.write(piece)
        except (ConfigError, FileNotFoundError, NoSuchTaskError, WrongKeyError, BrokenFileError) as error:
            log.warning("task_file_missing", file=file.id, why=str(error))
        else:
            written += 1
    return written, len(files) - written


async def _opened(settings: Settings, engine: AsyncEngine, file: File) -> SealedReader:
    keys = TaskKeys(read_keys(settings.secrets.task_keys))
    async with engine.connect() as connection:
        key = await key_of(connection, keys, file.spot)
    return FileStore(settings.tasks.folder).reader(file.spot.task, file.blob, key, file.size)
