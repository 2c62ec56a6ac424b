"""First codes from outside: new ones, and what the school's database keeps of them."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from acceptance.client import Client, Json
from acceptance.running import Demo
from school.config import load_settings
from school.domain.people import Person, PersonId, Role, UserId
from schulbote.connections import open_database, open_first_codes


def new_codes(school_yaml: str | Path, accounts: Sequence[Json]) -> dict[str, str]:
    """Makes codes as a letter does; returns them by Matrix id."""

    async def make() -> dict[PersonId, str]:
        settings = load_settings(Path(school_yaml))
        people = [
            Person(
                id=PersonId(account["person"]),
                user_id=UserId(account["user_id"]),
                given_name="",
                family_name="",
                role=Role(account["role"]),
            )
            for account in accounts
        ]
        async with open_database(settings) as engine:
            return await open_first_codes(settings, engine).issue(people, actor="a test", by_right="a test")

    made = asyncio.run(make())
    return {account["user_id"]: made[PersonId(account["person"])] for account in accounts}


def proof(account: Json, password: str) -> Json:
    """What a client sends when the password is asked for again."""
    identifier = {"type": "m.id.user", "user": account["user_id"]}
    return {"auth": {"type": "m.login.password", "identifier": identifier, "password": password}}


def as_in_demo_json(demo: Demo, account: Json, password: str) -> None:
    """Somebody who signs in with `password` does so with what demo.json says again, for the next story."""
    client = Client(demo.homeserver)
    client.login(account["user_id"], password)
    wish = {"new_password": account["password"], "logout_devices": False}
    client.post("account/password", proof(account, password) | wish).ok()
    client.login(account["user_id"], account["password"])


class Books:
    """The school's database, read from outside."""

    def __init__(self, database: str) -> None:
        self.path = Path(database.removeprefix("sqlite:///"))

    def code_of(self, account: Json) -> Json:
        """What is kept of somebody's code."""
        with closing(self._open()) as connection:
            row = connection.execute("SELECT * FROM first_codes WHERE person_id = ?", (account["person"],)).fetchone()
            return dict(row)

    def let_expire(self, account: Json) -> None:
        """The code's days are over a second ago."""
        with closing(self._open()) as connection, connection:
            now = "CAST(strftime('%s', 'now') AS REAL)"
            change = f"UPDATE first_codes SET expires_at = {now} - 1 WHERE person_id = ?"
            assert connection.execute(change, (account["person"],)).rowcount == 1

    def audited(self, account: Json) -> list[str]:
        """What was done to somebody, in order."""
        with closing(self._open()) as connection:
            query = "SELECT action FROM audit_log WHERE target = ? ORDER BY id"
            return [row["action"] for row in connection.execute(query, (account["person"],))]

    def people(self) -> list[Json]:
        """Everybody in the directory, as demo.json has them."""
        with closing(self._open()) as connection:
            rows = connection.execute("SELECT id AS person, user_id, role FROM persons WHERE standing = 'active'")
            return [dict(row) for row in rows]

    def everybody(self) -> list[Json]:
        """The same with their names, whether they are of the leadership, and the names of their groups."""
        people = (
            "SELECT id AS person, user_id, role, leadership, given_name || ' ' || family_name AS name FROM persons "
            "WHERE standing = 'active' ORDER BY id"
        )
        groups = "SELECT person_id, name FROM memberships JOIN groups ON groups.id = group_id"
        with closing(self._open()) as connection:
            of: dict[str, list[str]] = {}
            for row in connection.execute(groups):
                of.setdefault(row["person_id"], []).append(row["name"])
            return [dict(row) | {"groups": of.get(row["person"], [])} for row in connection.execute(people)]

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=20)
        connection.row_factory = sqlite3.Row
        return connection
