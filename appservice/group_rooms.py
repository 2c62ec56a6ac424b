"""The rooms of groups: a space and rooms in it, made whole or taken up where the last run ended."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver
from school.database.mirror import GroupRoomRow, RoomsOfGroup, save_group_room
from school.database.teachers_only import is_for_teachers_only
from school.domain.conference_widget import LAYOUT, WIDGET, WIDGET_ID, layout
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.layout import DEFAULT_LAYOUT, Layouts
from school.domain.people import UserId
from school.domain.rooms import (
    HISTORY,
    ROOM_VERSION,
    ROOMS_OF_GROUPS,
    STAMP_KEY,
    RoomKind,
    RoomStamp,
    power_levels,
    stamp_from,
)
from school.domain.teachers_only import with_teachers_only, writers_of

_WHOLE: Final = frozenset(
    {"m.room.power_levels", "m.room.join_rules", "m.room.history_visibility", "m.room.guest_access"}
)
"""What Synapse writes after the first event of a room; the name comes last, and is written again if it is missing."""


class GroupRooms:
    """Makes and changes the rooms of groups, and remembers each step."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        server_name: str,
        layouts: Layouts | None = None,
        widget: Mapping[str, Any] | None = None,
    ) -> None:
        """`widget` stands in the room of each group; None: none does."""
        self._engine = engine
        self._homeserver = homeserver
        self._server_name = server_name
        self._layouts = layouts or {}
        self._widget = widget

    async def take_up(self, known: Mapping[GroupId, RoomsOfGroup]) -> dict[GroupId, RoomsOfGroup]:
        """What is known, with the rooms that an earlier run made but did not live to remember; a room's stamp says
        whose it is. Worth asking only when something is missing. A room that the homeserver did not live to make whole
        is deleted: nobody is in it."""
        rows: dict[GroupId, RoomsOfGroup] = dict(known)
        remembered = {row.room_id for rooms in known.values() for row in rooms.values()}
        for room_id in sorted(await self._homeserver.rooms_made_by_bot() - remembered):
            state = {event["type"]: event["content"] for event in await self._homeserver.whole_state(room_id)}
            stamp = stamp_from(state.get("m.room.create", {}))
            if stamp is None or stamp.group is None:
                continue
            if not state.keys() >= _WHOLE:
                await self._homeserver.delete_room(room_id)
                continue
            if stamp.kind in rows.get(stamp.group, {}):
                continue
            # It has the name that the group had then: an unknown name is written again.
            hushed = await self._wants_teachers_only(stamp.kind, stamp.group)
            found = GroupRoomRow(group_id=stamp.group, kind=stamp.kind, room_id=room_id, name="")
            row = await self._save(replace(found, wants_teachers_only=hushed, widget=state.get(WIDGET) or None))
            rows[stamp.group] = {**rows.get(stamp.group, {}), stamp.kind: row}
        return rows

    def lacks_rooms(self, group: Group, known: RoomsOfGroup) -> bool:
        """Whether a room of the group has still to be made."""
        return not self._names(group).keys() <= known.keys()

    def are_right(self, group: Group, moderators: Iterable[UserId], known: RoomsOfGroup) -> bool:
        """Whether there is nothing to do for a group."""
        wanted = tuple(sorted(moderators))
        return all(
            kind in known
            and known[kind].name == name
            and (kind is RoomKind.SPACE or _has_levels(known[kind], wanted))
            and (known[kind].linked or not _belongs_into_space(kind, known))
            and known[kind].widget == self._widget_in(kind)
            for kind, name in self._names(group).items()
        )

    async def ensure(
        self,
        group: Group,
        moderators: Iterable[UserId],
        known: RoomsOfGroup,
        *,
        lets_in: tuple[str, ...] | None = (),
    ) -> None:
        """Makes what is missing and changes what differs. `lets_in` is for what stands in no space of the group. None
        where people wait for it, who come in with one event then, and without Synapse asking what else they are in;
        all that is made is to be closed afterwards."""
        wanted = tuple(sorted(moderators))
        rows = dict(known)
        for kind, name in self._names(group).items():
            space = rows.get(RoomKind.SPACE)
            doors = lets_in if space is None or lets_in is None else (space.room_id,)
            row = rows.get(kind) or await self._make(group, kind, name, wanted, space=space, lets_in=doors)
            rows[kind] = row
            if _belongs_into_space(kind, rows) and not row.linked:
                row = await self._link(rows[RoomKind.SPACE], row)
            if row.name != name:
                await self._homeserver.set_state(row.room_id, "m.room.name", "", {"name": name})
                row = await self._save(replace(row, name=name))
            if kind is not RoomKind.SPACE and not _has_levels(row, wanted):
                levels = power_levels(kind, wanted)
                if row.wants_teachers_only:
                    before = await self._homeserver.state(row.room_id, "m.room.power_levels")
                    levels = with_teachers_only(levels, writers_of(before))
                await self._homeserver.set_state(row.room_id, "m.room.power_levels", "", levels)
                row = await self._save(replace(row, moderators=wanted, teachers_only=row.wants_teachers_only))
            if row.widget != self._widget_in(kind):
                row = await self._place_widget(row)
            rows[kind] = row

    def ajar(
        self, groups: Mapping[GroupId, Group], known: Mapping[GroupId, RoomsOfGroup]
    ) -> list[tuple[GroupRoomRow, tuple[str, ...]]]:
        """Rooms that let in whom they should not, or not whom they should; and what they should."""
        staff = self.spaces_of_staff(groups, known)
        found = []
        for rooms in known.values():
            space = rooms.get(RoomKind.SPACE)
            for row in rooms.values():
                own = row.room_id if space is None else space.room_id
                inside = space is not None and row is not space
                wanted = (own,) if inside else () if own in staff else staff
                if row.lets_in != wanted:
                    found.append((row, wanted))
        return found

    @staticmethod
    def spaces_of_staff(groups: Mapping[GroupId, Group], known: Mapping[GroupId, RoomsOfGroup]) -> tuple[str, ...]:
        """Whose members come into the spaces of all groups by themselves."""
        return tuple(
            sorted(
                known[group.id][RoomKind.SPACE].room_id
                for group in groups.values()
                if group.kind is GroupKind.STAFF and RoomKind.SPACE in known.get(group.id, {})
            )
        )

    async def close(self, row: GroupRoomRow, lets_in: tuple[str, ...]) -> None:
        """From now on members of these rooms come in by themselves, everybody else by invitation. To be done when
        those who waited for it are in: anybody who knows its id can read the name of a room that needs neither."""
        await self._homeserver.set_state(row.room_id, "m.room.join_rules", "", _join_rules(lets_in))
        await self._save(replace(row, lets_in=lets_in))

    def _names(self, group: Group) -> dict[RoomKind, str]:
        return self._layouts.get(group.kind, DEFAULT_LAYOUT).rooms_of(group)

    def _widget_in(self, kind: RoomKind) -> Mapping[str, Any] | None:
        return self._widget if kind is RoomKind.GROUP else None

    async def _place_widget(self, row: GroupRoomRow) -> GroupRoomRow:
        """Places it above the messages, or takes it away."""
        widget = self._widget_in(row.kind)
        await self._homeserver.set_state(row.room_id, WIDGET, WIDGET_ID, widget or {})
        await self._homeserver.set_state(row.room_id, LAYOUT, "", {} if widget is None else layout())
        return await self._save(replace(row, widget=widget))

    async def _save(self, row: GroupRoomRow) -> GroupRoomRow:
        async with self._engine.begin() as connection:
            await save_group_room(connection, row)
        return row

    async def _wants_teachers_only(self, kind: RoomKind, group_id: GroupId) -> bool:
        async with self._engine.connect() as connection:
            return kind is RoomKind.GROUP and await is_for_teachers_only(connection, group_id)

    async def _link(self, space: GroupRoomRow, row: GroupRoomRow) -> GroupRoomRow:
        child = {"via": [self._server_name], "suggested": True}
        await self._homeserver.set_state(space.room_id, "m.space.child", row.room_id, child)
        return await self._save(replace(row, linked=True))

    async def _make(
        self,
        group: Group,
        kind: RoomKind,
        name: str,
        moderators: tuple[UserId, ...],
        *,
        space: GroupRoomRow | None,
        lets_in: tuple[str, ...] | None,
    ) -> GroupRoomRow:
        leading = () if kind is RoomKind.SPACE else moderators
        hushed = await self._wants_teachers_only(kind, group.id)  # also in a room that is made anew
        levels = power_levels(kind, leading)
        stamp = RoomStamp(kind=kind, group=group.id)
        request: dict[str, Any] = {
            "preset": "private_chat",
            "visibility": "private",
            "room_version": ROOM_VERSION,
            "creation_content": {"m.federate": False, STAMP_KEY: stamp.to_content()},
            "power_level_content_override": with_teachers_only(levels, ()) if hushed else levels,
            "initial_state": [
                {"type": "m.room.history_visibility", "content": {"history_visibility": HISTORY[kind]}},
                {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
                {"type": "m.room.join_rules", "content": _join_rules(lets_in)},
                {"type": "m.room.name", "content": {"name": name}},  # as a key of its own it would be written apart
            ],
        }
        if kind is RoomKind.SPACE:
            request["creation_content"]["type"] = "m.space"
        elif space is not None:
            parent = {"via": [self._server_name], "canonical": True}
            request["initial_state"].append({"type": "m.space.parent", "state_key": space.room_id, "content": parent})
        widget = self._widget_in(kind)
        if widget is not None:
            request["initial_state"] += [
                {"type": WIDGET, "state_key": WIDGET_ID, "content": dict(widget)},
                {"type": LAYOUT, "content": layout()},
            ]
        room_id = await self._homeserver.create_room(request)
        made = GroupRoomRow(
            group_id=group.id,
            kind=kind,
            room_id=room_id,
            name=name,
            moderators=leading,
            lets_in=lets_in,
            widget=widget,
        )
        return await self._save(replace(made, teachers_only=hushed, wants_teachers_only=hushed))


def _has_levels(row: GroupRoomRow, moderators: tuple[UserId, ...]) -> bool:
    return row.moderators == moderators and row.teachers_only == row.wants_teachers_only


def _belongs_into_space(kind: RoomKind, rooms: RoomsOfGroup) -> bool:
    return kind in ROOMS_OF_GROUPS and RoomKind.SPACE in rooms


def _join_rules(lets_in: tuple[str, ...] | None) -> dict[str, Any]:
    if lets_in is None:
        return {"join_rule": "public"}
    if not lets_in:
        return {"join_rule": "invite"}
    return {
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": room_id} for room_id in lets_in],
    }
