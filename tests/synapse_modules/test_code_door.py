"""First codes inside Synapse: who is let in, and what is told of it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from builders import BEA, BEN, EVERYBODY, IDA, NOBODY, policy
from prometheus_client import REGISTRY
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.pool import NullPool
from synapse.module_api.errors import ConfigError

from school.config import Settings, load_settings
from school.config.accounts import SignIn
from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.tables import first_codes, persons
from school.domain.first_code import SignedInWith, digest_of, make_code
from school.domain.people import Person, UserId
from school.domain.policy import Policy
from school.standing import CannotDecideError
from school.texts import Language, Texts
from synapse_modules.first_codes import PASSWORD, CodeDoor, open_code_door

KEY = b"k" * 32
NOW = datetime(2026, 8, 17, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIG = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008"}
"""


def code_of(person: Person) -> str:
    return make_code(sha256(person.id.encode()).digest())


class Api:
    """Of Synapse's module API what the door asks for."""

    def __init__(self) -> None:
        self.accounts = {person.user_id for person in EVERYBODY}
        self.slept = 0.0
        self.in_threads = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.checkers: dict[Any, Any] = {}
        self.refuses: Exception | None = None

    def get_qualified_user_id(self, username: str) -> str:
        return username if username.startswith("@") else f"@{username}:school.test"

    async def check_user_exists(self, user_id: str) -> str | None:
        return user_id if user_id in self.accounts else None

    async def defer_to_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        self.in_threads += 1
        await self.may_go_on.wait()
        return function(*args)

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)

    def register_password_auth_provider_callbacks(self, *, auth_checkers: dict[Any, Any]) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.checkers = auth_checkers


class Standing:
    """The directory, or that there is none."""

    def __init__(self) -> None:
        self.policy: Policy | None = policy()

    def __call__(self) -> Any:
        if self.policy is None:
            raise CannotDecideError("no directory")
        return self


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "schulbote.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    upgrade(engine.url)
    with engine.begin() as connection:
        for one in EVERYBODY:
            values = {"user_id": one.user_id, "given_name": one.given_name, "family_name": "Groß", "role": one.role}
            connection.execute(insert(persons).values(id=one.id, **values))
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "schulbote.db"
    path.write_bytes(template.read_bytes())
    return path


@pytest.fixture
def engine(database: Path) -> Engine:
    return open_reader(create_engine(f"sqlite:///{database}").url)


@pytest.fixture
def give(database: Path) -> Callable[..., None]:
    """Gives a person their code."""

    def give_code(person: Person, **changes: datetime) -> None:
        times = {"made_at": NOW - HOUR, "expires_at": NOW + 30 * DAY} | changes
        values = {name: at.timestamp() for name, at in times.items()}
        with create_engine(f"sqlite:///{database}", poolclass=NullPool).begin() as connection:
            digest = digest_of(code_of(person), person.id, KEY)
            connection.execute(insert(first_codes).values(person_id=person.id, digest=digest, **values))

    return give_code


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def standing() -> Standing:
    return Standing()


@pytest.fixture
def chosen() -> dict[UserId, datetime]:
    """Who signed in with a password of their own, while the appservice was away."""
    return {}


@pytest.fixture
def door(api: Api, engine: Engine, standing: Standing, chosen: dict[UserId, datetime]) -> CodeDoor:
    return CodeDoor(
        api,  # type: ignore[arg-type]
        engine,
        KEY,
        Texts(Language.ENGLISH),
        standing=standing,
        own_password_since=chosen.get,
        clock=lambda: NOW,
    )


async def asked(door: CodeDoor, username: str, password: object) -> object:
    """As Synapse asks: called in the context of the request, awaited in one of its own."""
    return await asyncio.ensure_future(door.check(username, PASSWORD, {"password": password}))


def counted(verdict: str) -> float:
    return REGISTRY.get_sample_value("schulbote_first_codes_total", {"verdict": verdict}) or 0.0


# --- Who is let in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["ben", "@ben:school.test", "Ben", "@BEN:School.test"])
@pytest.mark.parametrize("write", [str, str.upper, lambda code: code.replace("-", " ")])
async def test_a_code_is_the_password_of_its_person(
    door: CodeDoor, give: Callable[..., None], username: str, write: Callable[[str], str]
) -> None:
    give(BEN)
    for _ in range(2):
        assert await asked(door, username, write(code_of(BEN))) == (BEN.user_id, None)


async def test_the_code_of_somebody_else_is_none(door: CodeDoor, give: Callable[..., None]) -> None:
    give(BEN)
    give(BEA)
    assert await asked(door, "ben", code_of(BEA)) is None


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"expires_at": NOW}, "expired"),
        ({"ended_at": NOW - HOUR}, "ended"),
        ({"used_at": NOW - HOUR, "ended_at": NOW}, "ended"),
    ],
)
async def test_a_code_that_is_over_is_none(
    door: CodeDoor, give: Callable[..., None], changes: dict[str, datetime], verdict: str
) -> None:
    give(BEN, **changes)
    before = counted(verdict)
    assert await asked(door, "ben", code_of(BEN)) is None
    assert counted(verdict) == before + 1


@pytest.mark.parametrize("password", ["", "Sonnenschein", "x" * 600, 17, None, ["k7wq-m3fxn-9dtrb"], {}])
async def test_what_is_no_code_is_not_even_looked_up(door: CodeDoor, api: Api, password: object) -> None:
    assert await asked(door, "ben", password) is None
    assert api.in_threads == 0


async def test_who_is_not_in_the_directory_has_no_code(
    door: CodeDoor, give: Callable[..., None], standing: Standing
) -> None:
    give(BEN)
    standing.policy = policy(people=[IDA])
    for username in ("ben", NOBODY, "bote", "@bote:school.test", ""):
        assert await asked(door, username, code_of(BEN)) is None


@pytest.mark.parametrize("username", [" ben", "ben ", "ben:school.test", "@ben", "@ben:school.test ", "b\u200ben"])
async def test_a_name_that_is_written_otherwise_is_nobody(
    door: CodeDoor, give: Callable[..., None], username: str
) -> None:
    """Else everybody would have as many tries as there are ways to write a name."""
    give(BEN)
    assert await asked(door, username, code_of(BEN)) is None


async def test_who_has_no_account_yet_is_not_let_in(door: CodeDoor, give: Callable[..., None], api: Api) -> None:
    give(BEN)
    api.accounts.clear()
    assert await asked(door, "ben", code_of(BEN)) is None


async def test_a_password_of_ones_own_ends_the_code_before_the_appservice_knows_it(
    door: CodeDoor, give: Callable[..., None], chosen: dict[UserId, datetime]
) -> None:
    give(BEN, made_at=NOW - HOUR)
    give(BEA, made_at=NOW - HOUR)
    chosen |= {BEN.user_id: NOW - HOUR, BEA.user_id: NOW - 2 * HOUR}
    assert await asked(door, "ben", code_of(BEN)) is None
    assert await asked(door, "bea", code_of(BEA)) == (BEA.user_id, None)  # hers was made after that


# --- What cannot be decided -------------------------------------------------------------------------------------


async def test_without_a_directory_nobody_is_let_in(
    door: CodeDoor, give: Callable[..., None], standing: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    give(BEN)
    standing.policy = None
    before = counted("undecided")
    assert await asked(door, "ben", code_of(BEN)) is None
    assert counted("undecided") == before + 1
    assert "cannot decide: no directory" in caplog.text


@pytest.fixture
def _no_database(give: Callable[..., None], database: Path) -> None:
    """It is gone after Ben got his code."""
    give(BEN)
    database.rename(database.with_name("away"))


@pytest.mark.usefixtures("_no_database")
async def test_without_the_database_nobody_is_let_in(door: CodeDoor, caplog: pytest.LogCaptureFixture) -> None:
    before = counted("undecided")
    assert await asked(door, "ben", code_of(BEN)) is None
    assert counted("undecided") == before + 1
    assert "the first codes cannot be read" in caplog.text


async def test_a_database_that_hangs_keeps_four_threads_at_most(
    door: CodeDoor, give: Callable[..., None], api: Api
) -> None:
    give(BEN)
    api.may_go_on.clear()
    waiting = [asyncio.ensure_future(door.check("ben", PASSWORD, {"password": code_of(BEN)})) for _ in range(4)]
    assert await asked(door, "ben", code_of(BEN)) is None
    assert 2 < api.slept < 4
    assert api.in_threads == 4
    api.may_go_on.set()
    assert [await one for one in waiting] == [(BEN.user_id, None)] * 4
    assert await asked(door, "ben", code_of(BEN)) == (BEN.user_id, None)


# --- What somebody signed in with -------------------------------------------------------------------------------


async def test_a_login_that_the_code_served(door: CodeDoor, give: Callable[..., None]) -> None:
    give(BEN)
    await asked(door, "ben", code_of(BEN))
    assert door.signed_in_with(BEN.user_id, PASSWORD) is SignedInWith.FIRST_CODE


@pytest.mark.parametrize("password", ["Sonnenschein", code_of(BEA)])
async def test_a_login_that_went_well_though_no_code_served_it(
    door: CodeDoor, give: Callable[..., None], password: str
) -> None:
    give(BEN)
    await asked(door, "ben", password)
    assert door.signed_in_with(BEN.user_id, PASSWORD) is SignedInWith.OWN_PASSWORD


async def test_a_login_that_asked_for_no_password_says_nothing_of_it(door: CodeDoor) -> None:
    assert door.signed_in_with(BEN.user_id, PASSWORD) is SignedInWith.OTHER
    await asked(door, "ben", "Sonnenschein")
    for login_type in ("m.login.token", None):
        assert door.signed_in_with(BEN.user_id, login_type) is SignedInWith.OTHER


async def test_logins_at_the_same_time_are_told_apart(door: CodeDoor, give: Callable[..., None]) -> None:
    give(BEN)

    async def signs_in(password: str) -> SignedInWith:
        await asked(door, "ben", password)
        await asyncio.sleep(0)
        return door.signed_in_with(BEN.user_id, PASSWORD)

    passwords = ["Sonnenschein", code_of(BEN)] * 3
    done = await asyncio.gather(*map(signs_in, passwords))
    assert done == [SignedInWith.OWN_PASSWORD, SignedInWith.FIRST_CODE] * 3


async def test_a_code_that_confirms_something_is_no_login(door: CodeDoor, give: Callable[..., None]) -> None:
    """Deleting a device, or choosing a password in a client: Synapse asks for the password, and nobody signs in."""
    give(BEN)

    async def confirms() -> None:
        assert await asked(door, "ben", code_of(BEN)) == (BEN.user_id, None)

    await asyncio.ensure_future(confirms())
    await asked(door, "ben", "Sonnenschein")
    assert door.signed_in_with(BEN.user_id, PASSWORD) is SignedInWith.OWN_PASSWORD


async def test_no_code_and_no_password_is_logged(
    door: CodeDoor, give: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    give(BEN)
    for password in (code_of(BEN), code_of(BEA), "Sonnenschein"):
        await asked(door, "ben", password)
        assert password not in caplog.text
    assert f"{BEN.user_id} was not accepted: wrong" in caplog.text


# --- Opening the door -------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return write_settings(tmp_path, CONFIG)


def write_settings(folder: Path, text: str, key: str = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=") -> Settings:
    (folder / "school.yaml").write_text(text)
    (folder / "secrets").mkdir()
    (folder / "secrets" / "code_key").write_text(key)
    (folder / "secrets" / "code_key").chmod(0o600)
    return load_settings(folder / "school.yaml")


def opened(settings: Settings, api: Api, engine: Engine, standing: Standing) -> CodeDoor | None:
    return open_code_door(
        settings,
        api,  # type: ignore[arg-type]
        engine,
        Texts(Language.ENGLISH),
        standing=standing,
        own_password_since=lambda _: None,
        clock=lambda: NOW,
    )


async def test_codes_are_passwords_with_the_fields_that_all_modules_for_passwords_have(
    settings: Settings, api: Api, engine: Engine, standing: Standing, give: Callable[..., None]
) -> None:
    assert opened(settings, api, engine, standing) is not None
    [(what, check)] = api.checkers.items()
    assert what == ("m.login.password", ("password",))
    give(BEN)
    assert await check("ben", PASSWORD, {"password": code_of(BEN)}) == (BEN.user_id, None)


@pytest.mark.parametrize("sign_in", [SignIn.LDAP, SignIn.OIDC])
def test_where_people_sign_in_otherwise_synapse_is_not_asked_for_passwords(
    settings: Settings, api: Api, engine: Engine, standing: Standing, sign_in: SignIn
) -> None:
    accounts = settings.accounts.model_copy(update={"sign_in": sign_in})
    assert opened(settings.model_copy(update={"accounts": accounts}), api, engine, standing) is None
    assert api.checkers == {}


def test_with_the_matrix_authentication_service_no_code_is_accepted_and_synapse_starts(
    settings: Settings, api: Api, engine: Engine, standing: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    api.refuses = ConfigError("Cannot use password auth provider callbacks when OAuth delegation is enabled")
    assert opened(settings, api, engine, standing) is None
    assert "No first code is accepted" in caplog.text


@pytest.mark.parametrize("key", ["", "no key"])
def test_without_the_key_no_code_is_accepted_and_synapse_starts(
    tmp_path: Path, api: Api, engine: Engine, standing: Standing, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    assert opened(write_settings(tmp_path, CONFIG, key), api, engine, standing) is None
    assert api.checkers == {}
    assert "No first code is accepted" in caplog.text
    assert "code_key" in caplog.text
