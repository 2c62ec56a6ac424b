"""Rooms in which, for a time, only teachers write.

It is said by power levels, so that clients take away the field to write in. Who leads the room and the other teachers
write; everybody reads, reacts, and deletes what they wrote. Nothing else of the levels changes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from school.domain.people import UserId
from school.domain.rooms import READER, WRITER


def with_teachers_only(levels: Mapping[str, Any], writers: Iterable[UserId]) -> dict[str, Any]:
    """The power levels of a room in which only those write who lead it, and `writers`."""
    levels = with_everybody(levels)
    users = levels["users"]
    new = {user_id: WRITER for user_id in sorted(writers) if users.get(user_id, READER) < WRITER}
    return levels | {
        "users": users | new,
        "events_default": WRITER,
        "events": {**levels["events"], "m.reaction": READER, "m.room.redaction": READER},
    }


def with_everybody(levels: Mapping[str, Any]) -> dict[str, Any]:
    """The same power levels, but everybody writes."""
    users, events = levels.get("users") or {}, levels.get("events") or {}
    return {
        **levels,
        "users": {user_id: level for user_id, level in users.items() if level != WRITER},
        "events_default": READER,
        "events": {event_type: level for event_type, level in events.items() if event_type != "m.reaction"},
    }


def is_for_teachers_only(levels: Mapping[str, Any]) -> bool:
    """Whether only teachers write in a room."""
    return levels.get("events_default") == WRITER


def writers_of(levels: Mapping[str, Any]) -> frozenset[UserId]:
    """The teachers who write in a room that they do not lead."""
    users = levels.get("users")
    known = users.items() if isinstance(users, Mapping) else ()
    return frozenset(UserId(user_id) for user_id, level in known if level == WRITER)


def switches_writers(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change of power levels lets only teachers write, or everybody again, and does nothing else."""
    switched = with_teachers_only(before, writers_of(after)) if is_for_teachers_only(after) else with_everybody(before)
    return switched == dict(after)
