"""Who plays in the rights table, and the rooms that they have before a path is tried."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

from acceptance.client import Answer, Json, wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Admin, People, Person
from acceptance.running import Demo

T = TypeVar("T")

COMMITTEE = "Schulkonferenz"
"""The one group that joins pupils and guardians."""


@dataclass(frozen=True)
class Group:
    """A group's room and space, and somebody who belongs there."""

    name: str
    room: str
    space: str
    member: Person


class Stage:
    """The people of the table, each found once, and what they have. Nobody shares a room with a stranger."""

    def __init__(self, demo: Demo, people: People, admin: Admin) -> None:
        self.demo = demo
        self._people = people
        self.admin = admin
        self._cast: set[str] = set()
        self._kept: dict[object, object] = {}

        self.pupil = self.find("student", "Klasse 9.1", COMMITTEE)
        self.guardian = self.find("guardian", "Sorgeberechtigte 8.2", COMMITTEE)
        self.classmate = self.find("student", "Klasse 9.1")
        self.one_of_the_year = self.find("student", "Klasse 9.2")
        self.another_pupil = self.find("student", "Klasse 10.1")
        self.child = self._child_of(self.guardian)
        self.own_guardian = self._guardian_of(self.pupil)
        self.one_of_the_class = self.find("guardian", "Sorgeberechtigte 8.2")
        self.another_guardian = self.find("guardian", "Sorgeberechtigte 10.1", apart_from=[self.guardian])
        strangers = [self.pupil, self.guardian, self.one_of_the_year, self.another_pupil, self.own_guardian]
        self.teacher = self.find("teacher", "Klasse 8.2", apart_from=strangers)
        self.colleague = self.find("teacher", apart_from=[*strangers, self.child])
        self.host = self.find("teacher", apart_from=[*strangers, self.child])

    # Who they are

    def find(self, role: str, *groups: str, apart_from: Collection[Person] = ()) -> Person:
        """Somebody new who is in these groups and in none of those people's; in the committee only if that is said, and
        as a guardian in no further group."""
        foreign = {group for person in apart_from for group in person.groups} | ({COMMITTEE} - {*groups})
        return self._take(
            account
            for account in self.demo.info["accounts"]
            if account["role"] == role
            and foreign.isdisjoint(account["groups"])
            and {*groups} <= {*account["groups"]}
            and (role != "guardian" or len(groups) == len(account["groups"]))
        )

    def _child_of(self, guardian: Person) -> Person:
        children = {row["Kind-ID"] for row in self._rows_of_guardians() if is_row_of(guardian.account, row)}
        return self._take(account for account in self.demo.info["accounts"] if account["person"] in children)

    def _guardian_of(self, pupil: Person) -> Person:
        rows = [row for row in self._rows_of_guardians() if row["Kind-ID"] == pupil.account["person"]]
        accounts = [account for account in self.demo.info["accounts"] if account["role"] == "guardian"]
        return self._take(account for account in accounts if any(is_row_of(account, row) for row in rows))

    def _rows_of_guardians(self) -> list[dict[str, str]]:
        with (self.demo.register / "eltern.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def _take(self, accounts: Iterable[Json]) -> Person:
        """The first who has not been here before: whoever has may share a room with anybody."""
        candidates = [account for account in accounts if account["user_id"] not in self._cast]
        unseen = (account for account in candidates if not self.admin.rooms_of(account["user_id"]))
        chosen = candidates[0] if candidates[0]["role"] == "teacher" else next(unseen, candidates[0])
        self._cast.add(chosen["user_id"])
        return self._people.by_id(chosen["person"])

    # What they have

    def remember(self, key: object, made: object) -> None:
        """What was made on a path, for the next one."""
        self._kept.setdefault(key, made)

    def keep(self, key: object, make: Callable[[], T]) -> T:
        """What was made once under this key."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    def group(self, name: str, member: Person) -> Group:
        return Group(name, self.demo.info["rooms"][name], self.demo.info["spaces"][name], member)

    def message_in(self, group: Group) -> str:
        """A message in a group's room."""
        return self.keep(group, lambda: group.member.send(group.room, "Wandertag am Freitag"))

    def direct_room_of(self, person: Person) -> str:
        """Their direct room with a teacher who is not in the table."""
        return self.keep((person, "direct room"), lambda: person.talk_to(self.host))

    def direct_room_of_two(self, one: Person, other: Person) -> Answer:
        """What the one was answered who asked for a direct room with the other; who was let has one."""

        def ask() -> Answer:
            answer = one.try_create_room(is_direct=True, invite=[other.user_id])
            if answer.status == 200:
                wait_until(lambda: answer.body["room_id"] in other.joined_rooms(), PROMISED_JOIN + SLACK)
            return answer

        return self.keep((one, other), ask)

    def chat_of(self, person: Person) -> Answer:
        """What somebody was answered who asked for a chat; who was let is alone in it."""
        return self.keep((person, "chat"), lambda: person.try_create_room(preset="private_chat", name="Klassenfest"))

    def teachers_chat(self, person: Person) -> str:
        """A teacher's chat, in which they are a moderator and nobody else is."""

        def make() -> str:
            room = self.host.create_room(name="Projekt", invite=[person.user_id])
            person.join(room).ok()
            levels = self.host.state(room, "m.room.power_levels").ok()
            levels["users"][person.user_id] = 50
            self.host.set_state(room, "m.room.power_levels", levels).ok()
            return room

        return self.keep((person, "teacher's chat"), make)

    @contextmanager
    def together(self, one: Person, other: Person) -> Iterator[str]:
        """A teacher's chat into which the teacher has brought these two. In the end the other one leaves."""
        room = self.keep("chat", lambda: self.host.create_room(name="Elternsprechtag"))
        for person in (one, other):
            if room not in person.joined_rooms():
                self.host.invite(room, person.user_id).ok()
                person.join(room).ok()
        try:
            yield room
        finally:
            other.leave(room).ok()

    def bring_in(self, person: Person, group: Group) -> None:
        """They come into a group's space and room, as far as they are let."""
        joined = person.joined_rooms()
        if group.room not in joined and (group.space in joined or person.join(group.space).status == 200):
            person.join(group.room)

    def take_out(self, person: Person, group: Group) -> None:
        """They leave a group's room and space, if it is not their own."""
        if group.name not in person.groups:
            for place in {group.room, group.space} & person.joined_rooms():
                person.leave(place).ok()


def is_row_of(account: Json, row: dict[str, str]) -> bool:
    """Whether a row of an IServ file is about this person. Guardians have no id in it."""
    if "Import-ID" in row:
        return row["Import-ID"] == account["person"]
    same_name = account["name"] == f"{row['Vorname']} {row['Nachname']}"
    return same_name and sorted(account["groups"]) == sorted(row["Gruppen"].split(";"))
