"""`schulbote rights --diff NEW.yaml`: what another table of rights would open and close. Nothing is applied.

The directory is the one of now, and so is everything else that decisions depend on: only the rights are taken from the
other file.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from school.config import Settings
from school.domain.comparison import (
    EXAMPLES,
    ReachChange,
    RightChange,
    Writing,
    changed_reach,
    changed_rights,
    changed_writing,
)
from school.domain.directory import Directory
from school.domain.people import Person, UserId
from school.domain.policy import Policy
from school.domain.rights import rights_of_school
from school.domain.rooms import RoomKind
from schulbote.rights_table import counted, lines_for_nobody
from schulbote.seen_rooms import SeenRoom

_KINDS: Final = {RoomKind.DIRECT: ("direct room", "direct rooms"), RoomKind.CHAT: ("chat", "chats")}
_WRITING: Final = {
    Writing.READ_ONLY: ("becomes read-only", "become read-only"),
    Writing.WRITABLE: ("can be written in again", "can be written in again"),
    Writing.FEWER: ("can be written in by fewer of its people", "can be written in by fewer of their people"),
    Writing.MORE: ("can be written in by more of its people", "can be written in by more of their people"),
    Writing.OTHERS: ("can be written in by others of its people", "can be written in by others of their people"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChange:
    """Rooms of one kind in which it changes alike who can write. `examples` name their people."""

    kind: RoomKind
    writing: Writing
    rooms: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that would change. `rooms` is None where they could not be looked at, and `why_no_rooms` says why."""

    rights: tuple[RightChange, ...]
    reach: tuple[ReachChange, ...]
    rooms: tuple[RoomChange, ...] | None
    why_no_rooms: str | None
    fits_nobody: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody's rights change, and with them nothing else."""
        return not self.rights

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "changes": not self.is_empty,
            "rights": [
                {
                    "right": change.right,
                    "role": change.role,
                    "change": "gained" if change.gained else "lost",
                    "people": len(change.people),
                    "rule": change.rule,
                    "examples": [_person_as_json(person) for person in change.people[:EXAMPLES]],
                }
                for change in self.rights
            ],
            "messages": [
                {
                    "from": change.sender,
                    "to": change.recipient,
                    "change": "opened" if change.opened else "closed",
                    "pairs": change.pairs,
                    "examples": [[_person_as_json(person) for person in pair] for pair in change.examples],
                }
                for change in self.reach
            ],
            "rooms": None
            if self.rooms is None
            else [
                {
                    "kind": change.kind,
                    "change": change.writing,
                    "rooms": list(change.rooms),
                    "examples": list(change.examples),
                }
                for change in self.rooms
            ],
            "rooms_not_looked_at": self.why_no_rooms,
            "fits_nobody": list(self.fits_nobody),
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.is_empty:
            yield "Nothing would change: everybody keeps the rights that they have."
            return
        yield "Rights:"
        for right in self.rights:
            verb = ("gains it", "gain it") if right.gained else ("loses it", "lose it")
            who = counted(len(right.people), f"{right.role} {verb[0]}", f"of role {right.role} {verb[1]}")
            yield f"  {right.right}: {who} by {right.rule} ({_some(right.people)})"
        yield "Direct messages, from whom to whom:"
        for reach in self.reach:
            number = counted(reach.pairs, "pair", "pairs")
            pairs = "; ".join(f"{one.display_name} to {other.display_name}" for one, other in reach.examples)
            change = "opened" if reach.opened else "closed"
            yield f"  {reach.sender} to {reach.recipient}: {number} {change} (such as {pairs})"
        if not self.reach:
            yield "  Nothing changes."
        yield "Rooms that there are:"
        yield from (f"  {line}" for line in self._about_rooms())

    def _about_rooms(self) -> Iterator[str]:
        if self.rooms is None:
            yield f"They could not be looked at: {self.why_no_rooms}"
        elif not self.rooms:
            yield "Nothing changes."
        for change in self.rooms or ():
            one, many = (
                f"{kind} {does}" for kind, does in zip(_KINDS[change.kind], _WRITING[change.writing], strict=True)
            )
            yield f"{counted(len(change.rooms), one, many)} (such as {'; '.join(change.examples)})"


def with_rights_of(policy: Policy, settings: Settings) -> Policy:
    """The policy with the rights of another school.yaml, and all else as it is."""
    return replace(policy, rights=rights_of_school(settings.rights.lines, policy.directory.groups.values()))


def difference(before: Policy, settings: Settings, see_rooms: Callable[[], Iterable[SeenRoom] | str]) -> Difference:
    """What the rights in `settings` would change. `see_rooms` gets the rooms that people have made, or says why it
    cannot; where nobody's rights change it is not asked."""
    after = with_rights_of(before, settings)
    rights = changed_rights(before, after)
    rooms = see_rooms() if rights else ()
    return Difference(
        rights=rights,
        reach=changed_reach(before, after),
        rooms=None if isinstance(rooms, str) else _changed_rooms(before, after, rooms),
        why_no_rooms=rooms if isinstance(rooms, str) else None,
        fits_nobody=tuple(lines_for_nobody(settings, before.directory)),
    )


def _changed_rooms(before: Policy, after: Policy, rooms: Iterable[SeenRoom]) -> tuple[RoomChange, ...]:
    found: dict[tuple[RoomKind, Writing], list[SeenRoom]] = defaultdict(list)
    for seen in rooms:
        writing = changed_writing(before, after, seen.room)
        if writing is not None and seen.room.kind in _KINDS:
            found[seen.room.kind, writing].append(seen)
    return tuple(
        RoomChange(
            kind=kind,
            writing=writing,
            rooms=tuple(sorted(seen.id for seen in changed)),
            examples=tuple(_called(seen, before.directory) for seen in changed[:EXAMPLES]),
        )
        for (kind, writing), changed in sorted(found.items())
    )


def _called(seen: SeenRoom, directory: Directory) -> str:
    members = [person for user_id in sorted(seen.room.members) if (person := directory.person(UserId(user_id)))]
    people = _some(members)
    return f'"{seen.name}" with {people}' if seen.name else people


def _some(people: Sequence[Person]) -> str:
    names = ", ".join(person.display_name for person in people[:EXAMPLES])
    return f"{names}, …" if len(people) > EXAMPLES else names


def _person_as_json(person: Person) -> dict[str, str]:
    return {"id": person.id, "user_id": person.user_id, "name": person.display_name}
