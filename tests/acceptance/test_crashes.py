"""No message is lost or comes twice, whatever process is killed when, and whatever backup is put back."""

import random
import secrets
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import TypeVar
from urllib.error import URLError
from urllib.parse import quote

import pytest

from acceptance.client import times, wait_until
from acceptance.people import People, Person
from acceptance.running import Demo, small_register
from acceptance.waiting import RELEASE, delivered, hold, words_of_their_own

T = TypeVar("T")
ROOMS, MESSAGES, KILLS = 40, 5, 20
BACK = 30
"""Seconds that killed processes may take until they are there again."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    """A small school of its own: whoever else has a story on it would be killed, too."""
    folder = tmp_path_factory.mktemp("crashes")
    demo = Demo(folder / "home", small_register(folder / "register"))
    with demo.running():
        yield demo


@pytest.fixture(scope="module")
def people(demo) -> People:
    return People(demo)


@pytest.fixture(scope="module")
def absent(people) -> Person:
    """The teacher to whom everybody writes while processes die."""
    return people.teacher()


@pytest.fixture(scope="module")
def talks(people, absent) -> list[tuple[Person, str]]:
    """Rooms with that teacher, and who writes in each."""
    guardians = [people.guardian() for _ in range(3)]
    return [(guardian, guardian.talk_to(absent)) for guardian in guardians]


class TestWhateverDies:
    """Several people write to a resting teacher, and a process is killed at the worst moment."""

    def write(self, talks, number: int) -> list[list[str]]:
        """Everybody writes so many messages in turn; returns the words, room by room."""
        all_words = [[words_of_their_own() for _ in range(number)] for _ in talks]
        for turn in zip(*all_words, strict=True):
            for (guardian, room), words in zip(talks, turn, strict=True):
                guardian.send(room, words)
        return all_words

    def seen(self, reader: Person, room: str, all_words: list[list[str]]) -> list[str]:
        written = {word for words in all_words for word in words}
        return [text for text in reader.texts(room) if text in written]

    def assert_delivered_once_in_order(self, absent, talks, all_words) -> None:
        for (_, room), words in zip(talks, all_words, strict=True):
            wait_until(lambda room=room, words=words: len(self.seen(absent, room, all_words)) >= len(words), RELEASE)
        absent.ask("!hilfe")  # what could come twice would have come by now
        for (guardian, room), words in zip(talks, all_words, strict=True):
            assert self.seen(absent, room, all_words) == words
            assert self.seen(guardian, room, all_words) == words

    def assert_nothing_came_yet(self, absent, talks, all_words) -> None:
        for _, room in talks:
            assert self.seen(absent, room, all_words) == []

    def until_the_first_is_delivered(self, absent, talks, all_words) -> None:
        deadline = time.monotonic() + 30
        while not any(self.seen(absent, room, all_words) for _, room in talks):
            assert time.monotonic() < deadline

    def test_the_appservice_dies_while_messages_wait_and_again_when_the_rest_ends(self, demo: Demo, absent, talks):
        absent.rest("12s")
        before = self.write(talks, 3)
        demo.kill_appservice()
        during = self.write(talks, 5)  # nobody but Synapse has seen these
        words = [early + late for early, late in zip(before, during, strict=True)]
        self.assert_nothing_came_yet(absent, talks, words)
        self.until_the_first_is_delivered(absent, talks, words)
        demo.kill_appservice()
        wait_until(demo.is_up, 15)
        demo.kill_appservice()
        self.assert_delivered_once_in_order(absent, talks, words)

    def test_synapse_dies_while_messages_wait_and_again_when_the_rest_ends(self, demo: Demo, absent, talks):
        absent.rest("1h")
        words = self.write(talks, 8)
        demo.kill_synapse()
        wait_until(demo.is_up, 30)
        self.assert_nothing_came_yet(absent, talks, words)
        absent.send(absent.control_room, "!ruhe aus")
        self.until_the_first_is_delivered(absent, talks, words)
        demo.kill_synapse()
        wait_until(demo.is_up, 30)
        self.assert_delivered_once_in_order(absent, talks, words)

    def test_both_die_while_messages_wait(self, demo: Demo, absent, talks):
        with absent.resting():
            words = self.write(talks, 2)
            demo.kill_synapse()
            demo.kill_appservice()
            wait_until(demo.is_up, 30)
            self.assert_nothing_came_yet(absent, talks, words)
        self.assert_delivered_once_in_order(absent, talks, words)

    def test_both_die_before_messages_were_handed_over(self, demo: Demo, absent, talks):
        with absent.resting():
            demo.freeze_appservice()
            words = self.write(talks, 2)
            demo.kill_synapse()
            demo.kill_appservice()
            wait_until(demo.is_up, 30)
        self.assert_delivered_once_in_order(absent, talks, words)


# Two hundred messages, and twenty kills.


def stubborn(attempt: Callable[[], T]) -> T:
    """What somebody gets who tries again as clients do, as long as the server is not there."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return attempt()
        except (AssertionError, OSError, URLError, ValueError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def write_stubbornly(sender: Person, room: str, words: str) -> str:
    """Sends under one transaction id, however often it takes; returns the event."""
    path = f"rooms/{quote(room)}/send/m.room.message/{secrets.token_hex(8)}"
    return stubborn(lambda: sender.put(path, {"msgtype": "m.text", "body": words}).ok()["event_id"])


def kill_in_turn(demo: Demo, number: int, dice: random.Random) -> None:
    """Kills the appservice and Synapse in turn, each as soon as it is there, or while it is getting ready."""
    for turn in range(number):
        wait_until(demo.is_up, BACK)
        time.sleep(dice.uniform(0, 1.5))
        (demo.kill_synapse if turn % 2 else demo.kill_appservice)()
    wait_until(demo.is_up, BACK)


def test_of_two_hundred_messages_none_is_lost_or_doubled_or_overtaken_by_twenty_kills(demo: Demo, people: People):
    dice = random.Random(7)
    teachers = [people.teacher() for _ in range(2)]
    writers = [people.guardian() for _ in range(ROOMS // 4)] + [people.pupil() for _ in range(ROOMS // 4)]
    talks = [(writer, teacher, writer.talk_to(teacher)) for writer in writers for teacher in teachers]
    assert len({room for _, _, room in talks}) == ROOMS
    written = {room: [words_of_their_own() for _ in range(MESSAGES)] for _, _, room in talks}
    for teacher in teachers:
        teacher.rest("2h")
    held: dict[str, str] = {}
    killed = Event()

    def write(talk: tuple[Person, Person, str]) -> None:
        writer, _, room = talk
        for words in written[room]:
            killed.wait(dice.uniform(0, 3))
            held[words] = write_stubbornly(writer, room, words)

    with ThreadPoolExecutor(ROOMS) as pool:
        writing = [pool.submit(write, talk) for talk in talks]
        kill_in_turn(demo, KILLS // 2, dice)
        killed.set()
        for one in writing:
            one.result()
    assert len(held) == ROOMS * MESSAGES
    for writer, teacher, room in talks:
        assert set(teacher.texts(room)).isdisjoint(written[room])
        for words in written[room]:
            assert "org.schulbote.held" in writer.event(room, held[words])["content"]
    for teacher in teachers:
        teacher.send(teacher.control_room, "!ruhe aus")
    kill_in_turn(demo, KILLS // 2, dice)
    for writer, teacher, room in talks:
        wait_until(lambda t=teacher, r=room: len(set(t.texts(r)) & set(written[r])) == MESSAGES, 60)
        assert [text for text in writer.texts(room) if text in written[room]] == written[room]
        assert [text for text in teacher.texts(room) if text in written[room]] == written[room]


# A backup is put back.


class TestOneTextToManyGroups:
    """A teacher writes to every group at once, and a process is killed in the middle."""

    @pytest.mark.parametrize("kill", [Demo.kill_appservice, Demo.kill_synapse], ids=["the appservice", "synapse"])
    def test_it_is_in_each_room_once_and_the_teacher_hears_of_it(self, demo: Demo, people, kill):
        teacher, words, rooms = people.teacher(), words_of_their_own(), demo.info["rooms"]
        asked = teacher.send(teacher.control_room, f"!an {', '.join(rooms)}: {words}")
        joined = {room for room in rooms.values() if room in teacher.joined_rooms()}
        wait_until(lambda: any(times(words, teacher.texts(room)) for room in joined), RELEASE)
        kill(demo)
        wait_until(demo.is_up, BACK)
        wait_until(lambda: "Gesendet an" in self._said_after(teacher, asked), RELEASE + BACK)
        for room in rooms.values():
            assert times(words, teacher.texts(room)) == 1

    def _said_after(self, teacher: Person, asked: str) -> str:
        events = teacher.events(teacher.control_room)
        after = events[[event["event_id"] for event in events].index(asked) :]
        return "\n".join(event["content"].get("body", "") for event in after)


class Backup:
    """The appservice's database as it was once."""

    def __init__(self, demo: Demo, path: Path) -> None:
        self._demo, self._path = demo, path
        self._database = demo.info["database"].removeprefix("sqlite:///")
        self._copy(self._database, self._path)

    def put_back(self) -> None:
        """As an administrator does it; what the service does between its end and that does not count."""
        self._demo.kill_appservice()
        self._copy(self._path, self._database)
        wait_until(self._demo.is_up, BACK)
        self._demo.kill_appservice()
        self._copy(self._path, self._database)
        wait_until(self._demo.is_up, BACK)

    @staticmethod
    def _copy(source: object, target: object) -> None:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target, timeout=30)) as other:
            one.backup(other)


def test_a_database_from_before_the_last_ten_deliveries_repeats_and_loses_nothing(demo, people, tmp_path):
    teacher, guardians = people.teacher(), [people.guardian() for _ in range(2)]
    talks = [(guardian, guardian.talk_to(teacher)) for guardian in guardians]
    with teacher.resting():
        words = {room: [words_of_their_own() for _ in range(5)] for _, room in talks}
        for guardian, room in talks:
            for one in words[room]:
                hold(guardian, room, one)
        backup = Backup(demo, tmp_path / "backup.db")
    for _, room in talks:
        wait_until(lambda room=room: delivered(teacher, room, words[room][-1]), RELEASE)
    backup.put_back()
    assert waiting(demo) == 10, "the rest is that of the backup, too"
    teacher.send(teacher.control_room, "!ruhe aus")
    wait_until(lambda: waiting(demo) == 0, RELEASE)
    for guardian, room in talks:
        for reader in (teacher, guardian):
            assert [text for text in reader.texts(room) if text in words[room]] == words[room]


def waiting(demo: Demo) -> int:
    """How many messages the database says to be waiting."""
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as school:
        return school.execute("SELECT count(*) FROM held_messages WHERE state = 'waiting'").fetchone()[0]


def test_a_database_from_before_messages_were_held_finds_them_again(demo, people, tmp_path):
    guardian, teacher = people.guardian(), people.teacher()
    room = guardian.talk_to(teacher)
    written = [words_of_their_own() for _ in range(6)]
    with teacher.resting():
        hold(guardian, room, written[0])
        backup = Backup(demo, tmp_path / "backup.db")
        for words in written[1:3]:
            hold(guardian, room, words)
    wait_until(lambda: delivered(teacher, room, written[2]), RELEASE)
    taken_back = words_of_their_own()
    with teacher.resting():
        for words in written[3:]:
            hold(guardian, room, words)
        guardian.redact(room, hold(guardian, room, taken_back))
        backup.put_back()
        assert times(written[3], teacher.texts(room)) == 0
    wait_until(lambda: delivered(teacher, room, written[-1]), RELEASE)
    wait_until(lambda: waiting(demo) == 0, RELEASE)
    for reader in (teacher, guardian):
        assert [text for text in reader.texts(room) if text in written] == written
        assert times(taken_back, reader.texts(room)) == 0


def test_keys_are_changed_while_messages_wait(demo, people):
    guardian, teacher = people.guardian(), people.teacher()
    room = guardian.talk_to(teacher)
    keys = Path(demo.info["config"]).parent / "secrets" / "message_keys"
    old, new = keys.read_text().strip(), b64encode(secrets.token_bytes(32)).decode()
    written = [words_of_their_own() for _ in range(3)]
    sealed_with = []
    with teacher.resting():
        for words, lines in zip(written, ([old], [old, new], [new, old]), strict=True):
            keys.write_text("\n".join(lines) + "\n")
            demo.kill_synapse()
            demo.kill_appservice()
            wait_until(demo.is_up, BACK)
            held = hold(guardian, room, words)
            sealed_with.append(guardian.event(room, held)["content"]["org.schulbote.held"]["key"])
    assert sealed_with[0] == sealed_with[1] != sealed_with[2]
    wait_until(lambda: delivered(teacher, room, written[-1]), RELEASE)
    assert [text for text in teacher.texts(room) if text in written] == written
