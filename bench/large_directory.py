"""A directory of 100,000 people: `python -m bench.large_directory fill FILE` makes it, `… ask FILE` loads it as the
module in Synapse does, and asks it. Two processes, so that the memory is the reader's own."""

import json
import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import URL, create_engine, insert

from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.snapshot import Snapshot, read_snapshot
from school.database.tables import groups, memberships, persons, wards
from school.domain.hold import RestDesk
from school.domain.people import Person, UserId
from school.domain.policy import Policy
from school.domain.rest import Calendar, Window
from school.domain.rights import rights_of_school
from school.domain.rooms import Room, RoomKind, RoomStamp

PEOPLE, GROUPS = 100_000, 5_000
_ASKED = 100_000
_BOT = UserId("@schulbote:school.example")
_NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


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
                "user_id": f"@given.family{number}:school.example",
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


def load(file: Path) -> Snapshot:
    """As the module does it, in a thread."""
    reader = open_reader(URL.create("sqlite", database=str(file)))
    with reader.connect() as connection, connection.begin():
        snapshot = read_snapshot(connection)
    reader.dispose()
    return snapshot


def ticking(work: Callable[[], None]) -> tuple[float, float, float]:
    """Runs `work` in a thread beside this one, which ticks like a reactor. Seconds that it took, the longest pause
    between two ticks of 1 ms, and the share of them that were longer than 10 ms."""
    thread = threading.Thread(target=work)
    started = last = time.perf_counter()
    longest, ticks, late = 0.0, 0, 0
    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, ticks, late = max(longest, now - last), ticks + 1, late + (now - last > 0.01)
        last = now
    return time.perf_counter() - started, longest, late / max(ticks, 1)


def peak_mib() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def microseconds(ask: Callable[[int], object], times: int = _ASKED) -> str:
    """What one question costs."""
    started = time.perf_counter()
    for number in range(times):
        ask(number)
    return f"{(time.perf_counter() - started) / times * 1e6:.1f} µs"


def rows(file: Path) -> Iterator[tuple[str, str, str]]:
    """All figures."""
    loaded: list[Snapshot] = []
    before = peak_mib()
    took, longest, late = ticking(lambda: loaded.append(load(file)))
    after = peak_mib()
    _, idle, _ = ticking(lambda: time.sleep(took))
    yield "directory loaded", f"{took:.1f} s", f"{PEOPLE:,} people, {GROUPS:,} groups, SQLite, in a thread"
    yield "  memory at the peak", f"{after - before:.0f} MiB", f"on top of {before:.0f} MiB before"
    yield (
        "  longest pause of another thread",
        f"{longest * 1000:.0f} ms",
        f"{late:.1%} of its ticks of 1 ms came more than 10 ms late; {idle * 1000:.0f} ms while nothing is loaded",
    )
    snapshot = loaded[0]
    directory = snapshot.directory
    policy = Policy(directory=directory, rights=rights_of_school((), directory.groups.values()), bot=_BOT)
    dice = random.Random(2)
    everybody = list(directory.people)
    pairs = [(dice.choice(everybody).user_id, dice.choice(everybody).user_id) for _ in range(_ASKED)]
    yield "Policy.may_message", microseconds(lambda n: policy.may_message(*pairs[n])), "random pairs of all people"

    def rooms(kind: RoomKind, members: Callable[[Person], list[Person]]) -> list[tuple[UserId, Room]]:
        result = []
        for person in dice.choices(everybody, k=2000):
            group = next(iter(person.groups))
            those = frozenset({person.user_id, *(other.user_id for other in members(person))})
            stamp = RoomStamp(kind=kind, group=group if kind is RoomKind.GROUP else None)
            result.append((person.user_id, Room(stamp=stamp, creator=person.user_id, members=those)))
        return result

    started = time.perf_counter()
    directory.members(next(iter(directory.groups)))
    yield (
        "Directory.members, first time",
        f"{(time.perf_counter() - started) * 1000:.0f} ms",
        "counts through everybody",
    )
    for title, made in (
        ("a direct room", rooms(RoomKind.DIRECT, lambda _: [dice.choice(everybody)])),
        (
            "a group's room",
            rooms(RoomKind.GROUP, lambda person: list(directory.members(next(iter(person.groups)))[:30])),
        ),
        (
            "a chat of ten",
            rooms(RoomKind.CHAT, lambda person: list(directory.members(next(iter(person.groups)))[:9])),
        ),
    ):
        yield (
            f"Policy.may_send into {title}",
            microseconds(lambda n, made=made: policy.may_send(*made[n % 2000], "m.room.message"), 20_000),
            "random rooms of such members" + (", in which everybody may write to everybody" if "chat" in title else ""),
        )

    hours = tuple(Window(weekday, 450, 1020) for weekday in range(5))
    calendar = Calendar(zone=ZoneInfo("Europe/Berlin"), windows=hours)
    desk = RestDesk(directory=directory, calendar=calendar, personal=snapshot.rest.personal.get)
    teachers = [person.user_id for person in everybody if person.role == "teacher"]
    number = len(teachers)
    yield (
        "RestDesk.rest_of, first time",
        microseconds(lambda n: desk.rest_of(teachers[n], _NOW), number),
        "each teacher once",
    )
    later = _NOW + timedelta(minutes=1)
    yield (
        "RestDesk.rest_of, remembered",
        microseconds(lambda n: desk.rest_of(teachers[n % number], later)),
        "until the rest begins or ends",
    )


if __name__ == "__main__":
    what, large = sys.argv[1], Path(sys.argv[2])
    if what == "fill":
        fill(large)
    else:
        print(json.dumps(list(rows(large))))
