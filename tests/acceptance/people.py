"""The people of a demo, and who of them plays in which story."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import quote

from acceptance.client import Answer, Client, Json, is_edit, wait_until
from acceptance.running import REGISTERS, Demo
from school.texts.de import SENTENCES

PROMISED_JOIN = 2.0
PROMISED_FIRST_LOGIN = 3.0
PROMISED_GREETING = 10.0
SLACK = 5.0
"""What a busy machine may add to a promised time."""

OFFICE = "Fachkonferenz Deutsch"
"""The group that the school's stories name as the office: teachers only."""
_NEWCOMERS = 12
_LEFT_ALONE = {"S00002", "S00216", "T00003", "T00024", "T00016", "T00023"}
"""Those whom the register's second day changes, a teacher who stays a newcomer, and a teacher who leaves in a story.
They are asked for by name."""
_LEADERSHIP = {"T00001", "T00002"}
"""They may do more than other teachers; in a school of few teachers they play as well."""
_FEW = 10


class Person(Client):
    """Somebody of the school with a client of their own."""

    def __init__(self, demo: Demo, account: Json) -> None:
        super().__init__(demo.homeserver, account["user_id"])
        self._demo = demo
        self.account = account
        self.name: str = account["name"]
        self.groups: list[str] = account["groups"]

    def enter(self) -> "Person":
        self.login(self.account["user_id"], self.account["password"])
        return self

    def another_client(self) -> "Person":
        """A second device, signed in anew."""
        return Person(self._demo, self.account).enter()

    # With somebody

    def talk_to(self, other: "Person") -> str:
        """A direct room in which the other one is, too."""
        room = self.open_direct_room(other.user_id)
        wait_until(lambda: room in other.joined_rooms(), PROMISED_JOIN + SLACK)
        for one, another in ((self, other), (other, self)):  # what follows by itself must not hit the next story
            wait_until(lambda: room in one.direct_rooms().get(another.user_id, []), PROMISED_JOIN + SLACK)  # noqa: B023
        return room

    # With the bot

    @cached_property
    def control_room(self) -> str:
        room = self.open_direct_room(self._demo.info["bot"])
        wait_until(lambda: self._demo.info["bot"] in self.members(room), PROMISED_JOIN + SLACK)
        return room

    def ask(self, words: str) -> str:
        """Writes to the bot and returns its answer."""
        return self.ask_for(words)["body"]

    def ask_for(self, words: str) -> Json:
        """Writes to the bot and returns all of its answer."""
        asked = self.send(self.control_room, words)
        return wait_until(lambda: self._answer_to(asked), 15)

    def newest_answer(self, asked: str) -> str:
        """What the bot says now in answer to a message: some answers change until all is done."""
        return (self.answers_since(asked) or [""])[-1]

    def answers_since(self, asked: str) -> list[str]:
        """All that the bot has said since a message."""
        return [content.get("body", "") for content in self._said_since(asked)]

    def _answer_to(self, asked: str) -> Json | None:
        return next((content for content in self._said_since(asked) if _is_answer(content)), None)

    def _said_since(self, asked: str) -> list[Json]:
        events = self.events(self.control_room)
        after = events[[event["event_id"] for event in events].index(asked) :]
        return [event["content"] for event in after if event["sender"] == self._demo.info["bot"]]

    @property
    def greeting(self) -> tuple[str, str]:
        """The room in which the bot greets somebody who has come for the first time, and what it says."""
        return wait_until(self._greeting, PROMISED_GREETING + SLACK)

    def _greeting(self) -> tuple[str, str] | None:
        for room in self.direct_rooms().get(self._demo.info["bot"], []):
            for event in self.events(room):
                if event["content"].get("org.schulbote.word") == "greeting":
                    return room, event["content"]["body"]
        return None

    def rest(self, how_long: str) -> float:
        """Begins a rest; returns when it was asked for."""
        asked_at = time.time()
        asked = self.send(self.control_room, f"!ruhe {how_long}")
        # What was asked while the homeserver was killed may be answered first.
        wait_until(lambda: any("Ruhezeit bis" in body for body in self.answers_since(asked)), 15)
        return asked_at

    def end_rest(self) -> None:
        answer = self.ask("!ruhe aus")
        assert "beendet" in answer, answer

    @contextmanager
    def resting(self, how_long: str = "1h") -> Iterator[None]:
        """In a rest, which is over soon afterwards in any case."""
        self.rest(how_long)
        try:
            yield
        finally:
            with suppress(AssertionError):  # nobody answers where the appservice was ended
                self.ask("!ruhe aus")

    # What became of a held message

    def receipt_of(self, room: str, held: str) -> str | None:
        """The newest text of the notice in a held message's place."""
        edits = [
            event["content"]["m.new_content"]["body"]
            for event in self.events(room)
            if is_edit(event["content"]) and event["content"]["m.relates_to"]["event_id"] == held
        ]
        return edits[-1] if edits else None


def newcomers(demo: Demo) -> list[Json]:
    """Guardians who sign in for the first time in the story that asks for them, and in none for everybody."""
    guardians = [account for account in demo.info["accounts"] if account["role"] == "guardian"]
    return [account for account in guardians if "Schulkonferenz" not in account["groups"]][-_NEWCOMERS:]


def _is_answer(content: Json) -> bool:
    """Not what the bot says by itself after a rest, which may come in between."""
    is_summary = str(content.get("body")).startswith("🌙 Während deiner Ruhezeit")
    return content.get("msgtype") == "m.notice" and not is_summary


class People:
    """Hands out people, those first whose last turn is longest ago: who is asked for next is somebody else. A story
    that changes somebody asks for one of its own."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._turns = count(1)
        self._last_turn: dict[str, int] = {}
        self._present: dict[str, Person] = {}
        changes = json.loads((REGISTERS / "oberschule-day2" / "expected.json").read_text())["changes"]
        teachers = sum(account["role"] == "teacher" for account in demo.info["accounts"])
        leadership = _LEADERSHIP if teachers > _FEW else set()
        left_alone = _LEFT_ALONE | leadership | {changes["moved"][0], changes["renamed"][0], *changes["left"]}
        committee = {"Schulkonferenz"}  # the one group that joins people of several classes
        self._newcomers = newcomers(demo)
        self._cast = [
            account
            for account in demo.info["accounts"]
            if account["person"] not in left_alone
            and account not in self._newcomers
            and (account["role"] == "teacher" or committee.isdisjoint(account["groups"]))
        ]

    def account(
        self, role: str, *, of: str | None = None, not_of: str | None = None, stranger_to: Person | None = None
    ) -> Json:
        """Somebody of a role, in the group `of`, not in the group `not_of`, in no group with `stranger_to`."""
        foreign = set(stranger_to.groups) if stranger_to else set()
        candidates = [
            account
            for account in self._cast
            if account["role"] == role
            and (of is None or of in account["groups"])
            and not_of not in account["groups"]
            and foreign.isdisjoint(account["groups"])
        ]
        chosen = min(candidates, key=lambda account: self._last_turn.get(account["user_id"], 0))
        self._last_turn[chosen["user_id"]] = next(self._turns)
        return chosen

    def newcomer(self) -> Json:
        """A guardian who was never here; another one each time."""
        return self._newcomers.pop()

    def back(self, account: Json) -> None:
        """Somebody whose sessions a story has ended signs in again, if they are there in others."""
        if account["user_id"] in self._present:
            self._present[account["user_id"]].enter()

    def by_id(self, person_id: str) -> Person:
        return self._enter(next(a for a in self._demo.info["accounts"] if a["person"] == person_id))

    def pupil(self, of: str | None = None, **more: Any) -> Person:
        return self._enter(self.account("student", of=of, **more))

    def teacher(self, of: str | None = None, **more: Any) -> Person:
        return self._enter(self.account("teacher", of=of, **more))

    def guardian(self, of: str | None = None, **more: Any) -> Person:
        return self._enter(self.account("guardian", of=of, **more))

    def _enter(self, account: Json) -> Person:
        user_id = account["user_id"]
        if user_id not in self._present:
            person = Person(self._demo, account).enter()
            info = self._demo.info
            own = {info[kind][group] for kind in ("rooms", "spaces") for group in person.groups}
            wait_until(lambda: own <= person.joined_rooms(), 20)  # the promised time has a story of its own
            self._present[user_id] = person
        return self._present[user_id]


class Admin(Client):
    """Synapse's administrator."""

    def rooms(self) -> set[str]:
        """Every room that there is."""
        found = self.get("/_synapse/admin/v1/rooms", limit=5000).ok()
        assert found["total_rooms"] == len(found["rooms"])
        return {room["room_id"] for room in found["rooms"]}

    def rooms_of(self, user_id: str) -> set[str]:
        return set(self.get(f"/_synapse/admin/v1/users/{quote(user_id)}/joined_rooms").ok()["joined_rooms"])

    def lock(self, user_id: str, *, locked: bool) -> None:
        self.put(f"/_synapse/admin/v2/users/{quote(user_id)}", {"locked": locked}).ok()


def says_why(words: str, reason: str) -> bool:
    """Whether these are the words of a reason: as they are, or with a group to ask in."""
    with_a_group = SENTENCES.get(f"refused.{reason}.ask_in", "{group}").split("{group}")
    return words == SENTENCES[f"refused.{reason}"] or (
        words.startswith(with_a_group[0]) and words.endswith(with_a_group[1]) and any(with_a_group)
    )


def assert_refused(answer: Answer, reason: str, *, status: int = 403) -> None:
    """Refused with the reason as a word for programs and as a German sentence for people."""
    assert answer.status == status, answer
    assert answer.body["org.schulbote.reason"] == reason, answer
    assert says_why(answer.body["error"], reason), answer
    assert answer.body["errcode"] == ("M_BAD_JSON" if status == 400 else "M_FORBIDDEN")
