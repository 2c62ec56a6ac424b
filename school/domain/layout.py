"""Which rooms a group has, by its kind: a space or none, a room, and announcements if the school wants them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from school.domain.groups import Group, GroupKind
from school.domain.rooms import RoomKind

NAME: Final = "{group}"
"""Stands for the group's name in the name of a room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLayout:
    """The rooms of one kind of groups. Names may hold `{group}`."""

    space: bool = True
    name: str = NAME
    announcements: str | None = None
    """The name of the room in which only teachers write; None: there is none."""

    def rooms_of(self, group: Group) -> dict[RoomKind, str]:
        """The names of the rooms of a group, the space first."""
        names = {RoomKind.SPACE: NAME if self.space else None, RoomKind.GROUP: self.name}
        names[RoomKind.ANNOUNCEMENTS] = self.announcements
        return {kind: name.replace(NAME, group.name) for kind, name in names.items() if name is not None}


Layouts = Mapping[GroupKind, RoomLayout]
"""The layout of each kind; a kind that is not named has the layout that `RoomLayout()` is."""
DEFAULT_LAYOUT: Final = RoomLayout()
