"""Those who try every door, and the few words that the attempts share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any
from urllib.parse import quote

from acceptance.client import Answer, Json, wait_until
from acceptance.people import People, Person
from acceptance.running import Demo

CLASS = "Klasse 10.2"
GUARDIANS = "Sorgeberechtigte 10.2"


@dataclass
class Cast:
    """One class with everybody around it. Nobody of them changes in an attempt."""

    pupil: Person
    classmate: Person
    stranger: Person
    """A pupil of another year."""
    guardian: Person
    neighbour: Person
    """Another guardian of the class."""
    outsider: Person
    """A guardian who has nothing to do with the class."""
    teacher: Person
    """Of the class."""
    visitor: Person
    """A teacher of other classes."""
    room: str
    """The room of the class."""
    space: str

    @classmethod
    def of(cls, demo: Demo, people: People) -> "Cast":
        pupil, guardian = people.pupil(CLASS), people.guardian(GUARDIANS)
        neighbour = people.guardian(GUARDIANS)
        return cls(
            pupil=pupil,
            classmate=people.pupil(CLASS),
            stranger=people.pupil(stranger_to=pupil),
            guardian=guardian,
            neighbour=neighbour,
            outsider=people.guardian("Sorgeberechtigte 8.2", stranger_to=guardian, not_of=GUARDIANS),
            teacher=people.teacher(CLASS),
            visitor=people.teacher(not_of=CLASS),
            room=demo.info["rooms"][CLASS],
            space=demo.info["spaces"][CLASS],
        )

    @property
    def everybody(self) -> list[Person]:
        values = (getattr(self, field.name) for field in fields(self))
        return [value for value in values if isinstance(value, Person)]

    @property
    def outside(self) -> tuple[Person, ...]:
        """Who has nothing to do with the class, and is no teacher."""
        return self.stranger, self.guardian, self.outsider

    # Rooms of theirs, each made once

    @cached_property
    def direct(self) -> str:
        """Of the guardian, who made it, and the teacher."""
        return direct_room(self.guardian, self.teacher)

    @cached_property
    def chat(self) -> str:
        """Made by the guardian, for the neighbour and the teacher."""
        return chat(self.guardian, self.neighbour, self.teacher)

    @cached_property
    def teachers_chat(self) -> str:
        """Made by the teacher, for a pupil and a guardian who would not meet otherwise."""
        return chat(self.teacher, self.pupil, self.guardian)

    @property
    def rooms(self) -> dict[str, tuple[str, Person, Person]]:
        """A room of each kind, somebody who has the most to say in it, and somebody else in it."""
        return {
            "direct": (self.direct, self.guardian, self.teacher),
            "chat": (self.chat, self.guardian, self.neighbour),
            "class": (self.room, self.teacher, self.pupil),
            "space": (self.space, self.teacher, self.pupil),
        }


def direct_room(maker: Person, other: Person) -> str:
    """A direct room that both of them find among their direct rooms."""
    room = maker.talk_to(other)
    wait_until(lambda: room in maker.direct_rooms().get(other.user_id, []), 10)
    wait_until(lambda: room in other.direct_rooms().get(maker.user_id, []), 10)
    return room


def chat(maker: Person, *others: Person, **request: object) -> str:
    """A chat in which all of them are."""
    room = maker.create_room(**{"name": "Runde", "invite": [other.user_id for other in others]} | request)
    for other in others:
        other.join(room).ok()
    return room


def assert_no(answer: Answer) -> None:
    """A decided no, by the school or by Synapse."""
    assert answer.status in (400, 401, 403, 404, 405), answer


def assert_spoken(answer: Answer) -> None:
    """A no of the school's: it says in words and by a key why."""
    assert answer.status == 403, answer
    assert answer.body["errcode"] == "M_FORBIDDEN", answer
    assert answer.body["org.schulbote.reason"], answer
    assert answer.body["error"][-1] in ".)", answer


def whole_state(reader: Person, room: str) -> dict[tuple[str, str], Json]:
    """Everything that is set in a room."""
    events = reader.get(f"rooms/{quote(room)}/state").ok()
    return {(event["type"], event["state_key"]): event["content"] for event in events}


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """Does all of it at the same time."""
    with ThreadPoolExecutor(len(calls)) as several:
        return [started.result() for started in [several.submit(call) for call in calls]]


def words_message(words: str, **more: Any) -> Json:
    return {"msgtype": "m.text", "body": words} | more
