"""Rooms as the command line sees them: read from the homeserver, with the rights of an administrator."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from school.config import ConfigError, Settings
from school.domain.people import UserId
from school.domain.rooms import ENCRYPTION, Room, stamp_from
from school.errors import WrongUseError
from schulbote.connections import open_homeserver

_AT_ONCE: Final = 8


class NoSuchRoomError(WrongUseError):
    """There is no such room, or it is none of the school's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRoom:
    """A room of the school's, and what of it the policy is told on its own."""

    id: str
    name: str
    room: Room
    invited_by: Mapping[UserId, UserId]
    """Who sent the standing invitation of those who are not in yet."""

    def holds(self, user_id: UserId) -> bool:
        """Whether somebody is in it, not only invited."""
        return user_id in self.room.members - self.room.invited


async def see_room(settings: Settings, room_id: str) -> SeenRoom:
    """One room.

    Raises:
        NoSuchRoomError: there is none, or none of the school's.
        HomeserverError: it cannot be read.
    """
    async with open_homeserver(settings) as homeserver:
        try:
            room = seen(room_id, await homeserver.whole_state(room_id))
        except (NotThereError, RefusedError) as error:
            if error.status == 403:  # the bot is no administrator
                raise
            raise NoSuchRoomError(f"There is no room {room_id} on {settings.matrix.homeserver_url}.") from error
    if room is None:
        raise NoSuchRoomError(
            f"{room_id} is none of the school's rooms: it has no stamp, and people may do nothing in it but leave."
        )
    return room


async def try_to_see_rooms(settings: Settings) -> list[SeenRoom] | str:
    """Every room that a person has made; or a sentence that says why they cannot be looked at."""
    try:
        async with open_homeserver(settings) as homeserver:
            return await see_rooms_of_people(homeserver)
    except (HomeserverError, ConfigError) as error:
        return str(error)


async def see_rooms_of_people(homeserver: Homeserver) -> list[SeenRoom]:
    """Every room that a person has made.

    Raises:
        HomeserverError: they cannot be read.
    """
    ids = [room["room_id"] async for room in homeserver.list_rooms() if room["creator"] != homeserver.bot]
    few = asyncio.Semaphore(_AT_ONCE)

    async def see(room_id: str) -> SeenRoom | None:
        async with few:
            try:
                return seen(room_id, await homeserver.whole_state(room_id))
            except NotThereError:  # deleted since it was listed
                return None

    rooms = await asyncio.gather(*map(see, ids))
    return [room for room in rooms if room is not None]


def seen(room_id: str, state: Iterable[Mapping[str, Any]]) -> SeenRoom | None:
    """What the state of a room says; None if it has no stamp."""
    events = {(event["type"], event["state_key"]): event for event in state}
    create = events.get(("m.room.create", ""))
    stamp = stamp_from(create["content"]) if create else None
    if create is None or stamp is None:
        return None
    membership = {
        UserId(state_key): event["content"].get("membership")
        for (event_type, state_key), event in events.items()
        if event_type == "m.room.member"
    }
    invited = frozenset(user_id for user_id, is_in in membership.items() if is_in == "invite")
    joined = frozenset(user_id for user_id, is_in in membership.items() if is_in == "join")
    name = events.get(("m.room.name", ""), {}).get("content", {}).get("name")
    return SeenRoom(
        id=room_id,
        name=name if isinstance(name, str) else "",
        room=Room(
            stamp=stamp,
            creator=UserId(create["sender"]),
            members=joined | invited,
            invited=invited,
            encrypted=(ENCRYPTION, "") in events,
        ),
        invited_by={user_id: UserId(events["m.room.member", user_id]["sender"]) for user_id in invited},
    )
