"""`schulbote erase-person`: only who has left, only with a person's word, and again after whatever happened."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import TryLaterError
from roster_sync.runner import no_sync
from school.config import load_settings
from school.database import held
from school.database.audit_reading import read_entries
from school.database.held import HeldMessage
from school.database.leases import LeaseTakenError
from school.database.tables import accounts, held_messages, left_rooms, persons
from school.domain.people import UserId
from schulbote.cli import main
from schulbote.connections import open_database
from schulbote.named import NotMeantError
from schulbote.person_erasure import StillThereError, erase_person, find_erasable

SERVER = "schule-am-see.de"
IDA, LEO = UserId(f"@ida.gross:{SERVER}"), UserId(f"@leo.koch:{SERVER}")


@dataclass
class FakeHomeserver:
    calls: list[tuple[str, ...]] = field(default_factory=list)
    fails_at: str = ""

    def _ask(self, *call: str) -> None:
        if call[0] == self.fails_at:
            raise TryLaterError("HTTP 503")
        self.calls.append(call)

    async def joined_rooms(self, user_id: UserId) -> list[str]:
        return ["!chat"]

    async def leave(self, room_id: str, *, as_user: UserId) -> None:
        self._ask("leave", room_id, as_user)

    async def put_account(self, user_id: UserId, **values: Any) -> None:
        self._ask("put_account", user_id, *sorted(values))

    async def end_sessions(self, user_id: UserId) -> None:
        self._ask("end_sessions", user_id)

    async def redact_sent_at(self, user_id: UserId, room_id: str, *, at_ms: int) -> None:
        self._ask("redact_sent_at", user_id, room_id, str(at_ms))

    async def erase(self, user_id: UserId) -> None:
        self._ask("erase", user_id)


@pytest.fixture
async def engine(school: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncEngine]:
    """Ida is at the school, Leo has left, and a message of his waits."""
    monkeypatch.setattr("schulbote.person_erasure.KNOWN_EVERYWHERE_SECONDS", 0.0)
    async with open_database(load_settings(school / "school.yaml")) as engine:
        async with engine.begin() as connection:
            for row in (
                {"id": "T1", "user_id": IDA, "given_name": "Ida", "family_name": "Groß", "role": "teacher"},
                {"id": "S2", "user_id": LEO, "given_name": "Leo", "family_name": "Koch", "role": "student"},
            ):
                standing = "left" if row["id"] == "S2" else "active"
                await connection.execute(insert(persons).values(**row, standing=standing))
                known = {"display_name": row["given_name"], "locked": standing == "left"}
                await connection.execute(insert(accounts).values(person_id=row["id"], **known))
            await connection.execute(insert(left_rooms).values(person_id="S2", room_id="!chat"))
            message = HeldMessage(
                event_id="$1", room_id="!chat", sender=LEO, event_type="m.room.message", origin_server_ts_ms=17
            )
            await held.add(connection, message)
        yield engine


async def erase(engine: AsyncEngine, homeserver: FakeHomeserver, words: str = "Leo Koch") -> int | None:
    known = await find_erasable(engine, words)
    return None if known is None else await erase_person(engine, homeserver, known)  # type: ignore[arg-type]


async def standing_of(engine: AsyncEngine, user_id: UserId) -> str:
    async with engine.connect() as connection:
        return str(await connection.scalar(select(persons.c.standing).where(persons.c.user_id == user_id)))


async def test_who_has_left_is_erased_at_once_and_what_waits_of_theirs_before(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver()
    assert await erase(engine, homeserver) == 1
    assert homeserver.calls == [("redact_sent_at", LEO, "!chat", "17"), ("erase", LEO)]
    async with engine.connect() as connection:
        [person] = await connection.execute(select(persons).where(persons.c.user_id == LEO))
        assert (await connection.execute(select(held_messages))).all() == []
        [entry] = await connection.run_sync(lambda sync: list(read_entries(sync)))
    assert (person.given_name, person.family_name, person.standing) == ("", "", "erased")
    assert (entry.actor, entry.action, entry.target) == ("schulbote erase-person", "person_erased", person.id)


async def test_who_is_in_the_register_is_not_erased(engine: AsyncEngine) -> None:
    with pytest.raises(StillThereError, match=r"Ida Groß \(T1\) is in the register .* Take them out"):
        await find_erasable(engine, "T1")


async def test_nobody_is_erased_by_a_name_that_is_nobodys(engine: AsyncEngine) -> None:
    with pytest.raises(NotMeantError, match='did you mean "Leo Koch"'):
        await find_erasable(engine, "Leo Kok")


async def test_who_came_back_meanwhile_is_not_erased(engine: AsyncEngine) -> None:
    known = await find_erasable(engine, "Leo Koch")
    assert known is not None
    async with engine.begin() as connection:
        await connection.execute(update(persons).where(persons.c.id == "S2").values(standing="active"))
    homeserver = FakeHomeserver()
    with pytest.raises(StillThereError):
        await erase_person(engine, homeserver, known)  # type: ignore[arg-type]
    assert homeserver.calls == []


async def test_an_account_that_no_sync_has_closed_yet_is_closed_first(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(accounts).values(locked=False))
    homeserver = FakeHomeserver()
    await erase(engine, homeserver)
    assert [call[0] for call in homeserver.calls] == ["leave", "put_account", "end_sessions", "redact_sent_at", "erase"]


@pytest.mark.parametrize("fails_at", ["leave", "put_account", "end_sessions", "redact_sent_at", "erase"])
async def test_what_was_not_brought_to_its_end_is_done_by_the_next_run(engine: AsyncEngine, fails_at: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(accounts).values(locked=False))
    with pytest.raises(TryLaterError):
        await erase(engine, FakeHomeserver(fails_at=fails_at))
    assert await standing_of(engine, LEO) == "left"
    homeserver = FakeHomeserver()
    assert await erase(engine, homeserver) == (0 if fails_at == "erase" else 1)
    assert homeserver.calls[-1] == ("erase", LEO)
    assert await standing_of(engine, LEO) == "erased"


async def test_who_is_erased_is_erased(engine: AsyncEngine) -> None:
    await erase(engine, FakeHomeserver())
    homeserver = FakeHomeserver()
    assert await erase(engine, homeserver, "leo.koch") is None
    assert homeserver.calls == []


async def test_no_sync_runs_meanwhile(engine: AsyncEngine) -> None:
    async with no_sync(engine, actor="a sync"):
        with pytest.raises(LeaseTakenError, match="is already being done"):
            await erase(engine, FakeHomeserver())
    assert await erase(engine, FakeHomeserver()) == 1


# The command.


def test_the_command_asks_for_the_user_name(engine: AsyncEngine, school: Path) -> None:
    command = ["-c", str(school / "school.yaml"), "erase-person", "Leo", "Koch"]
    for typed in ("", "yes\n", "ida.gross\n"):
        answer = CliRunner().invoke(main, command, input=typed)
        assert answer.exit_code == 1
        assert "Leo Koch (S2, student, @leo.koch:schule-am-see.de) will be erased for ever" in answer.stdout
        assert answer.stderr == "Nobody was erased: that was not the user name.\n"
    answer = CliRunner().invoke(main, command, input="leo.koch\n")
    assert answer.exit_code == 1, "Synapse is away"
    assert "the homeserver cannot be reached" in answer.stderr
    assert asyncio.run(standing_of(engine, LEO)) == "left"


def test_the_command_refuses_who_is_still_there(
    engine: AsyncEngine, schulbote: Callable[..., Any], school: Path
) -> None:
    answer = schulbote("-c", school / "school.yaml", "erase-person", "T1", "--yes")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("Ida Groß (T1) is in the register and would come back with the next sync.")
