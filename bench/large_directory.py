"""A directory of 100,000 people: `python -m bench.large_directory fill FILE` makes it, `… ask FILE` loads it as the
module in Synapse does, and asks it. Two processes, so that the memory is the reader's own."""

import gc
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy import URL, create_engine, insert, text

from school.config import load_settings
from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.tables import groups, memberships, persons, wards
from school.domain.directory import Directory
from school.domain.people import Person, UserId
from school.domain.policy import Policy
from school.domain.rooms import Room, RoomKind, RoomStamp
from school.standing import Standing, StandingKeeper

PEOPLE, GROUPS = 100_000, 5_000
_ASKED: Final = 100_000
_ROOMS: Final = 2_000
_NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_SCHOOL_YAML: Final = """\
school: {{name: Large}}
matrix: {{server_name: school.test, homeserver_url: "http://127.0.0.1:8008"}}
database: {{url: "sqlite:///{file}"}}
rest: {{reachable: {{mon-fri: ["7:30-17:00"]}}}}
"""

Figure: TypeAlias = tuple[str, str, str]
"""What it is, its value, what it shows."""


def fill(file: Path) -> int:
    """100,000 people: 6 % teachers in eight groups, 44 % pupils in three, guardians in one; returns the memberships."""
    dice = random.Random(1)
    url = URL.create("sqlite", database=str(file))
    upgrade(url)
    people, member, ward = [], [], []
    pupils: list[str] = []
    for number in range(PEOPLE):
        role = "teacher" if number % 50 < 3 else "student" if number % 50 < 25 else "guardian"
        person_id = f"p{number}"
        people.append(
            {
                "id": person_id,
                "user_id": f"@given.family{number}:school.test",
                "given_name": f"Given{number}",
                "family_name": f"Family{number}",
                "role": role,
            }
        )
        if role == "teacher":
            chosen = dice.sample(range(GROUPS), 8)
        else:
            first = dice.randrange(GROUPS - 3)  # a class, its year, its course: many have the same three
            first -= first % 10
            chosen = list(range(first, first + (3 if role == "student" else 1)))
        member += [{"person_id": person_id, "group_id": f"g{group}"} for group in chosen]
        if role == "student":
            pupils.append(person_id)
        elif role == "guardian" and pupils:
            ward.append({"guardian_id": person_id, "ward_id": dice.choice(pupils)})
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(persons), people)
        connection.execute(
            insert(groups),
            [
                {"id": f"g{n}", "key": f"g{n}", "name": f"Group {n}", "kind": "class", "origin": "register"}
                for n in range(GROUPS)
            ],
        )
        connection.execute(insert(memberships), member)
        connection.execute(insert(wards), ward)
    engine.dispose()
    return len(member)


class Ticking:
    """A thread like Synapse's reactor: it ticks every millisecond while something else works, and collects garbage by
    itself once a second (Synapse has Python do nothing of its own will). A pause is what lay between two ticks; of a
    busy machine's pauses only what this process has worked meanwhile is counted."""

    def __init__(self, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work)
        collected = started = last = time.perf_counter()
        worked_at_first = worked = time.process_time()
        self.longest = self.longest_on_the_wall = 0.0
        thread.start()
        while thread.is_alive():
            time.sleep(0.001)
            if last - collected > 1:
                gc.collect(0)
                collected = last
            now, worked_so_far = time.perf_counter(), time.process_time()
            self.longest = max(self.longest, min(now - last, worked_so_far - worked))
            self.longest_on_the_wall = max(self.longest_on_the_wall, now - last)
            last, worked = now, worked_so_far
        self.seconds = last - started
        self.cpu_seconds = worked - worked_at_first
        gc.collect()
        self.full_round = time.process_time() - worked

    @property
    def pause(self) -> str:
        return f"{max(self.longest, self.full_round) * 1000:.0f} ms"


def peak_mib() -> float:
    """The most memory that this process has had (getrusage(2) would count what its parent had before)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def median(ask: Callable[[int], object], times: int = _ASKED) -> tuple[str, str]:
    """What one question costs: half of them cost less, one in a hundred more."""
    taken = []
    for number in range(times):
        started = time.perf_counter_ns()
        ask(number)
        taken.append(time.perf_counter_ns() - started)
    taken.sort()
    return f"{taken[times // 2] / 1000:.1f} µs", f"1 in 100 more than {taken[times * 99 // 100] / 1000:.0f} µs"


def keeper_of(file: Path) -> StandingKeeper:
    """As the module has it, for a school with hours."""
    path = file.with_name("school.yaml")
    path.write_text(_SCHOOL_YAML.format(file=file))
    settings = load_settings(path)
    return StandingKeeper(settings, open_reader(settings.database.sqlalchemy_url("sync")), time.monotonic)


def loading(file: Path, keeper: StandingKeeper) -> Iterator[Figure]:
    """The first time, again when one person is new in it, and again when everybody is."""
    before = peak_mib()
    size = f"{PEOPLE:,} people, {GROUPS:,} groups, SQLite, in a thread"
    engine = create_engine(URL.create("sqlite", database=str(file)))
    for title, change, shows in (
        ("directory loaded", "SELECT 1", f"{size} (aim at most 2 s and 120 MB)"),
        ("one person changed: loaded again", "UPDATE persons SET family_name = 'New' WHERE id = 'p17'", size),
        ("everybody changed: loaded again", "UPDATE persons SET family_name = family_name || '-New'", "two whole ones"),
    ):
        with engine.begin() as connection:
            connection.execute(text(change))
            connection.execute(
                text("INSERT INTO versions VALUES ('people', 1) ON CONFLICT (part) DO UPDATE SET number = number + 1")
            )
        work = Ticking(keeper.refresh)
        yield title, f"{work.seconds:.1f} s", f"{work.cpu_seconds:.1f} s of CPU; {shows}"
        yield (
            "  longest pause of the reactor",
            work.pause,
            f"aim at most 50 ms; {work.longest_on_the_wall * 1000:.0f} ms by the clock, a full round of the garbage "
            f"collector afterwards {work.full_round * 1000:.0f} ms",
        )
        yield "  memory at the peak", f"{peak_mib() - before:.0f} MiB", f"on top of {before:.0f} MiB before"
    engine.dispose()
    idle = Ticking(lambda: time.sleep(2))
    yield "longest pause while nothing is loaded", idle.pause, f"{idle.longest_on_the_wall * 1000:.0f} ms by the clock"


def some_rooms(
    dice: random.Random, directory: Directory, kind: RoomKind, others: Callable[[Person], Iterable[Person]]
) -> list[tuple[UserId, Room]]:
    """Rooms of `kind` with somebody who asks; each is there several times, as each message brings its own."""
    made = []
    for person in dice.choices(list(directory.people), k=_ROOMS):
        group = next(iter(person.groups))
        members = [person.user_id, *(other.user_id for other in others(person) if other != person)]
        stamp = RoomStamp(kind=kind, group=group if kind is RoomKind.GROUP else None)
        made.append((person.user_id, stamp, members))
    return [
        (user_id, Room(stamp=stamp, creator=user_id, members=frozenset(members)))
        for user_id, stamp, members in made * 5
    ]


def deciding(policy: Policy) -> Iterator[Figure]:
    """What is asked for every message, and for every hit of a search."""
    directory, dice = policy.directory, random.Random(2)
    everybody = list(directory.people)
    started = time.perf_counter()
    directory.members(next(iter(directory.groups)))
    took = (time.perf_counter() - started) * 1000
    yield "Directory.members, first time", f"{took:.0f} ms", "counts through everybody; no decision asks for it"
    pairs = [(dice.choice(everybody).user_id, dice.choice(everybody).user_id) for _ in range(_ASKED)]
    shows = "aim at most 5 µs; random pairs of all people"
    cost, rare = median(lambda n: policy.may_message(*pairs[n]))
    yield "Policy.may_message", cost, f"{shows}; {rare}"
    cost, rare = median(lambda n: policy.may_see(*pairs[n]))
    yield "Policy.may_see", cost, f"{shows}; {rare}"

    def of_first_group(number: int) -> Callable[[Person], Iterable[Person]]:
        return lambda person: directory.members(next(iter(person.groups)))[:number]

    for title, kind, others in (
        ("a direct room", RoomKind.DIRECT, lambda _: [dice.choice(everybody)]),
        ("a group's room", RoomKind.GROUP, of_first_group(30)),
        ("a chat of ten", RoomKind.CHAT, of_first_group(9)),
    ):
        yield (f"Policy.may_send into {title}", *_sending(policy, some_rooms(dice, directory, kind, others)))


def _sending(policy: Policy, rooms: list[tuple[UserId, Room]]) -> tuple[str, str]:
    first, _ = median(lambda n: policy.may_send(*rooms[n], "m.room.message"), _ROOMS)
    again, rare = median(lambda n: policy.may_send(*rooms[n + _ROOMS], "m.room.message"), len(rooms) - _ROOMS)
    return again, f"aim at most 5 µs; {first} the first time in each of {_ROOMS:,} rooms; {rare}"


def resting(standing: Standing) -> Iterator[Figure]:
    """What is asked of teachers for every message to them."""
    teachers = [person.user_id for person in standing.policy.directory.people if person.role == "teacher"]
    number, later = len(teachers), _NOW + timedelta(minutes=1)
    cost, rare = median(lambda n: standing.desk.rest_of(teachers[n], _NOW), number)
    yield "RestDesk.rest_of, first time", cost, f"each teacher once; {rare}"
    cost, rare = median(lambda n: standing.desk.rest_of(teachers[n % number], later))
    yield "RestDesk.rest_of, remembered", cost, f"until the rest begins or ends; {rare}"


def rows(file: Path) -> Iterator[Figure]:
    """All figures."""
    gc.disable()
    keeper = keeper_of(file)
    yield from loading(file, keeper)
    yield from deciding(keeper.current().policy)
    yield from resting(keeper.current())


if __name__ == "__main__":
    what, large = sys.argv[1], Path(sys.argv[2])
    if what == "fill":
        fill(large)
    else:
        print(json.dumps(list(rows(large))))
