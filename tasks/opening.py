"""With which key a file is opened: that of its task."""

from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.task_files import Spot
from school.database.tasks import wrapped_key_of
from tasks.keys import TaskKey, TaskKeys


class NoSuchTaskError(Exception):
    """The task is no more."""


async def key_of(connection: AsyncConnection, keys: TaskKeys, spot: Spot) -> TaskKey:
    """The key of the task that a file belongs to.

    Raises:
        NoSuchTaskError: there is no such task.
        WrongKeyError: its secret is not here.
    """
    wrapped = await wrapped_key_of(connection, spot.task)
    if wrapped is None:
        raise NoSuchTaskError
    return keys.open(wrapped, spot.task)
