"""The folders of the shelves, and which message's file lies in which."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.shelf_tables import shelf_files, shelf_folders, shelf_places
from school.database.tables import HeldState, held_messages
from school.domain.groups import GroupId
from school.domain.shelf import Folder, FolderId, folded


async def folders_of(connection: AsyncConnection, group_id: GroupId) -> Sequence[Folder]:
    """The folders of a group, by their names."""
    rows = await connection.execute(select(shelf_folders).where(shelf_folders.c.group_id == group_id))
    folders = [Folder(id=FolderId(row.id), name=row.name) for row in rows]
    return sorted(folders, key=lambda folder: folded(folder.name))


async def add_folder(connection: AsyncConnection, group_id: GroupId, folder: Folder) -> bool:
    """Makes a folder; False if there is one of its name."""
    values = {"id": folder.id, "group_id": group_id, "name": folder.name, "key": folded(folder.name)}
    try:
        async with connection.begin_nested():
            await connection.execute(insert(shelf_folders).values(**values))
    except IntegrityError:
        return False
    return True


async def rename_folder(connection: AsyncConnection, group_id: GroupId, folder: Folder) -> bool:
    """Gives a folder another name; False if there is one of that name."""
    here = (shelf_folders.c.id == folder.id) & (shelf_folders.c.group_id == group_id)
    try:
        async with connection.begin_nested():
            await connection.execute(
                update(shelf_folders).where(here).values(name=folder.name, key=folded(folder.name))
            )
    except IntegrityError:
        return False
    return True


async def remove_folder(connection: AsyncConnection, group_id: GroupId, folder_id: FolderId) -> None:
    """Takes a folder away; its files stay on the shelf."""
    here = (shelf_folders.c.id == folder_id) & (shelf_folders.c.group_id == group_id)
    if (await connection.execute(delete(shelf_folders).where(here))).rowcount:
        await connection.execute(delete(shelf_places).where(shelf_places.c.folder_id == folder_id))


async def put_into(connection: AsyncConnection, event_id: str, folder_id: FolderId | None) -> None:
    """Puts the file of a message into a folder, or out of any."""
    await connection.execute(delete(shelf_places).where(shelf_places.c.event_id == event_id))
    if folder_id is not None:
        await connection.execute(insert(shelf_places).values(event_id=event_id, folder_id=folder_id))


async def was_delivered_as(connection: AsyncConnection, held_event_id: str, event_id: str) -> None:
    """What waited is another message now; it goes where the one that waited was meant to go."""
    folder_id = await connection.scalar(
        select(shelf_places.c.folder_id).where(shelf_places.c.event_id == held_event_id)
    )
    if folder_id is not None:
        await put_into(connection, held_event_id, None)
        await put_into(connection, event_id, FolderId(folder_id))


async def forget_empty_places(connection: AsyncConnection) -> None:
    """Forgets where files lay that are gone, with whoever shared them."""
    waiting = select(held_messages.c.event_id).where(held_messages.c.state == HeldState.WAITING.value)
    kept = (shelf_places.c.event_id.in_(select(shelf_files.c.event_id))) | (shelf_places.c.event_id.in_(waiting))
    await connection.execute(delete(shelf_places).where(~kept))
