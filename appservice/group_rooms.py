"""The rooms of groups: one space with one room for each group, made whole or taken up where the last run ended."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver
from school.database.mirror import GroupRoomRow, save_group_room
from school.domain.groups import Group, GroupId
from school.domain.people import UserId
from school.domain.rooms import HISTORY, ROOM_VERSION, STAMP_KEY, RoomKind, RoomStamp, power_levels, stamp_from


class GroupRooms:
    """Makes and changes the rooms of groups, and remembers each step."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, server_name: str) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._server_name = server_name

    async def take_up(self, known: dict[GroupId, GroupRoomRow]) -> dict[GroupId, GroupRoomRow]:
        """What is known, with the rooms that an earlier run made but did not live to remember; a room's stamp says
        whose it is. Worth asking only when something is missing."""
        remembered = {room_id for row in known.values() for room_id in (row.space_id, row.room_id)}
        found: dict[RoomKind, dict[GroupId, str]] = {RoomKind.SPACE: {}, RoomKind.GROUP: {}}
        for room_id in sorted(await self._homeserver.rooms_made_by_bot() - remembered):
            stamp = stamp_from(await self._homeserver.state(room_id, "m.room.create"))
            if stamp is not None and stamp.group is not None:
                found[stamp.kind][stamp.group] = room_id
        rows = dict(known)
        for group_id, space_id in found[RoomKind.SPACE].items():
            if group_id not in rows:
                # It has the name that the group had then: an unknown name is written again.
                row = GroupRoomRow(
                    group_id=group_id,
                    space_id=space_id,
                    room_id=None,
                    linked=False,
                    is_open=True,
                    name="",
                    moderators=(),
                )
                rows[group_id] = await self._save(row)
        for group_id, room_id in found[RoomKind.GROUP].items():
            if group_id in rows and rows[group_id].room_id is None:
                rows[group_id] = await self._save(replace(rows[group_id], room_id=room_id, name="", moderators=()))
        return rows

    @staticmethod
    def are_right(group: Group, moderators: Iterable[UserId], known: GroupRoomRow | None) -> bool:
        """Whether there is nothing to do for a group."""
        if known is None or known.room_id is None or not known.linked:
            return False
        return known.name == group.name and known.moderators == tuple(sorted(moderators))

    async def ensure(self, group: Group, moderators: Iterable[UserId], known: GroupRoomRow | None) -> None:
        """Makes what is missing and changes what differs."""
        wanted = tuple(sorted(moderators))
        row = known or await self._make_space(group, wanted)
        if row.room_id is None:
            row = await self._make_room(group, row, wanted)
        if not row.linked:
            await self._homeserver.set_state(
                row.space_id, "m.space.child", row.room_id or "", {"via": [self._server_name], "suggested": True}
            )
            row = await self._save(replace(row, linked=True))
        if row.name != group.name:
            await self._rename(row, group.name)
            row = await self._save(replace(row, name=group.name))
        if row.moderators != wanted:
            await self._set_moderators(row, wanted)
            await self._save(replace(row, moderators=wanted))

    async def close(self, row: GroupRoomRow) -> None:
        """From now on the space needs an invitation: anybody who knows its id could read the name of one that needs
        none. To be done when those who waited for it are in."""
        await self._homeserver.set_state(row.space_id, "m.room.join_rules", "", {"join_rule": "invite"})
        await self._save(replace(row, is_open=False))

    async def _save(self, row: GroupRoomRow) -> GroupRoomRow:
        async with self._engine.begin() as connection:
            await save_group_room(connection, row)
        return row

    def _request(self, group: Group, kind: RoomKind, moderators: Iterable[UserId]) -> dict[str, Any]:
        stamp = RoomStamp(kind=kind, group=group.id)
        return {
            "name": group.name,
            "preset": "private_chat",
            "visibility": "private",
            "room_version": ROOM_VERSION,
            "creation_content": {"m.federate": False, STAMP_KEY: stamp.to_content()},
            "power_level_content_override": power_levels(kind, moderators),
            "initial_state": [
                {"type": "m.room.history_visibility", "content": {"history_visibility": HISTORY[kind]}},
                {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            ],
        }

    async def _make_space(self, group: Group, moderators: tuple[UserId, ...]) -> GroupRoomRow:
        request = self._request(group, RoomKind.SPACE, ())
        request["creation_content"]["type"] = "m.space"
        # Whoever waits for it (the module asks the directory at each join) comes in with one event, not two.
        request["initial_state"].append({"type": "m.room.join_rules", "content": {"join_rule": "public"}})
        space_id = await self._homeserver.create_room(request)
        row = GroupRoomRow(
            group_id=group.id,
            space_id=space_id,
            room_id=None,
            linked=False,
            is_open=True,
            name=group.name,
            moderators=moderators,
        )
        return await self._save(row)

    async def _make_room(self, group: Group, row: GroupRoomRow, moderators: tuple[UserId, ...]) -> GroupRoomRow:
        request = self._request(group, RoomKind.GROUP, moderators)
        request["initial_state"] += [
            {
                "type": "m.room.join_rules",
                "content": {
                    "join_rule": "restricted",
                    "allow": [{"type": "m.room_membership", "room_id": row.space_id}],
                },
            },
            {
                "type": "m.space.parent",
                "state_key": row.space_id,
                "content": {"via": [self._server_name], "canonical": True},
            },
        ]
        room_id = await self._homeserver.create_room(request)
        return await self._save(replace(row, room_id=room_id, moderators=moderators))

    async def _rename(self, row: GroupRoomRow, name: str) -> None:
        for room_id in filter(None, (row.space_id, row.room_id)):
            await self._homeserver.set_state(room_id, "m.room.name", "", {"name": name})

    async def _set_moderators(self, row: GroupRoomRow, moderators: tuple[UserId, ...]) -> None:
        if row.room_id is not None:
            content = power_levels(RoomKind.GROUP, moderators)
            await self._homeserver.set_state(row.room_id, "m.room.power_levels", "", content)
