"""Reads a register of 25,000 people, plans and applies it, and prints what that took: a process of its own."""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from bench.registers import write_iserv
from roster_sync.apply import apply_plan
from roster_sync.plan import Guard, make_plan
from roster_sync.sources import RegisterOptions, read_register
from school.database.migrate import upgrade
from school.database.register import read_known
from school.database.writer import open_writer

_PUPILS, _TEACHERS, _GUARDIANS, _CLASSES = 10_000, 1_000, 14_000, 400


def main() -> None:
    """Twice: everything is new, then nothing is."""
    folder = Path(sys.argv[1])
    classes = [f"Klasse {n}" for n in range(_CLASSES)]
    register = write_iserv(
        folder,
        pupils={f"S{n}": [classes[n % _CLASSES], f"Jahrgang {n % 10}"] for n in range(_PUPILS)},
        teachers={f"T{n}": ["Lehrer", classes[n % _CLASSES], classes[(n + 7) % _CLASSES]] for n in range(_TEACHERS)},
        guardians={f"Elternteil{n}": [f"S{n % _PUPILS}"] for n in range(_GUARDIANS)},
    )
    started = time.perf_counter()
    people = asyncio.run(_follow(register, folder / "school.db"))
    answer = {
        "people": people,
        "seconds": time.perf_counter() - started,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(answer))


async def _follow(register: Path, database: Path) -> int:
    upgrade(make_url(f"sqlite:///{database}"))
    engine = open_writer(make_url(f"sqlite+aiosqlite:///{database}"))
    people = 0
    for _ in range(2):
        roster = read_register(register, RegisterOptions(identity_key=b"of a bench"))
        people = len(roster.persons)
        async with engine.begin() as connection:
            known = await read_known(connection)
            plan = make_plan(roster, known.roster, Guard(), known.aliases)
            await apply_plan(
                connection,
                plan,
                known,
                server_name="schule.localhost",
                reserved=(),
                at=datetime.now(UTC),
                actor="bench",
            )
    await engine.dispose()
    return people


if __name__ == "__main__":
    main()
