"""First codes beside passwords that Synapse keeps, on one homeserver in one run.

Both ways need an account and, to sign in, a session: that costs the same. What differs is the secret: making it, and
checking it whenever it is typed. Checked alone it is where a client asks for it again, here to delete no devices.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

from sqlalchemy import create_engine, insert

from bench.harness import REGISTER, BenchError, Client, Lab, Row, two_free_ports, until
from bench.module_cost import synapse
from school.config import Settings, load_settings, read_secret
from school.database.migrate import upgrade
from school.database.tables import persons
from school.domain.people import STUDENT, Person, PersonId, UserId
from schulbote.connections import open_database, open_first_codes
from schulbote.demo_files import SERVER_NAME, DemoHome

_WITH_CODES, _WITH_PASSWORDS = 2500, 48
_AT_ONCE: Final = 8
"""As many requests as a sync has under way."""
_ROUNDS: Final = 12
"""Synapse's own default for bcrypt; the homeserver of a demo does less."""
_AIM: Final = 30

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seconds:
    """What one person cost."""

    secret_made: float
    account_made: float
    signed_in: float
    checked: float

    @property
    def secret(self) -> float:
        """The secret alone, made and checked."""
        return self.secret_made + self.checked

    @property
    def whole(self) -> float:
        """The account, its secret, and a first login."""
        return self.secret_made + self.account_made + self.signed_in


def rows(lab: Lab) -> Iterator[Row]:
    """2,500 people with codes and 48 with passwords."""
    home = DemoHome(lab.folder / "codes")
    settings = home.prepare(register=REGISTER, port=two_free_ports())
    others, people = _people("password", _WITH_PASSWORDS), _people("code", _WITH_CODES)
    _fill_school(settings, [*others, *people])
    with synapse(home, with_module=True, bcrypt_rounds=_ROUNDS) as server:
        school = _School(load_settings(home.school_yaml), server.port)
        lab.tell(f"{_WITH_PASSWORDS} people with passwords …")
        passwords = school.with_passwords(others)
        lab.tell(f"{_WITH_CODES} people with first codes …")
        codes = school.with_codes(people)
    yield Row(
        figure=f"{_WITH_CODES} codes made",
        value=f"{1 / codes.secret_made:,.0f} per s",
        shows="drawn, their digests and the audit log written, in one transaction",
    )
    yield Row(
        figure="  checked",
        value=_rate(codes.checked),
        shows=f"over HTTP, right ones, {_AT_ONCE} at once; with all that Synapse does to ask for a password again",
    )
    yield Row(
        figure=f"{_WITH_PASSWORDS} passwords made",
        value=_rate(passwords.secret_made),
        shows=f"bcrypt with {_ROUNDS} rounds: an account with a password, less one without",
    )
    yield Row(figure="  checked", value=_rate(passwords.checked), shows="like the codes")
    times = passwords.secret / codes.secret
    yield Row(
        figure="made and checked: codes beside passwords",
        value=f"{times:.0f} times",
        shows=f"{_rate(codes.secret)} and {_rate(passwords.secret)}",
        prominent=f"codes of {_WITH_CODES:,} people made and checked: {_rate(codes.secret)}, {times:.0f} times as many "
        f"as passwords (aim {_AIM} times)",
    )
    yield Row(
        figure="account, secret and first login",
        value=f"{passwords.whole / codes.whole:.0f} times",
        shows=f"{_rate(codes.whole)} with codes ({_rate(codes.account_made)} accounts made, {_rate(codes.signed_in)} "
        f"logins), {_rate(passwords.whole)} with passwords",
    )


def _rate(each: float) -> str:
    return f"{1 / each:.1f} per s" if each > 0.1 else f"{1 / each:.0f} per s"


class _School:
    """What a school does to let its people in, timed."""

    def __init__(self, settings: Settings, port: int) -> None:
        self._settings = settings
        self._port = port
        bot = self._bot()
        body = {"type": "m.login.application_service", "username": settings.matrix.bot, "inhibit_login": True}
        bot("POST", "/_matrix/client/v3/register", body)

        def may_administer() -> bool:
            try:
                return bool(bot("GET", "/_synapse/admin/v1/background_updates/status"))
            except BenchError:
                return False

        until(may_administer, what="the bot is an administrator")

    def with_codes(self, people: Sequence[Person]) -> _Seconds:
        """Everybody begins with a code."""
        started = time.perf_counter()
        codes = asyncio.run(self._issue(people))
        made = (time.perf_counter() - started) / len(people)
        accounts = _timed(self._account_maker, [(user_id, None) for user_id in codes])
        return self._used(codes, secret_made=made, account_made=accounts)

    def with_passwords(self, people: Sequence[Person]) -> _Seconds:
        """Everybody begins with a password that Synapse is told."""
        passwords = {person.user_id: f"a password of {person.id}" for person in people}
        without = [(UserId(user_id.replace("@", "@without.")), None) for user_id in passwords]
        account = _timed(self._account_maker, without)
        with_password = _timed(self._account_maker, list(passwords.items()))
        return self._used(passwords, secret_made=with_password - account, account_made=account)

    def _used(self, secrets: Mapping[UserId, str], *, secret_made: float, account_made: float) -> _Seconds:
        tokens: dict[UserId, str] = {}

        def sign_in(account: tuple[UserId, str]) -> None:
            client = Client(self._port, *account)
            client.log_in()
            tokens[account[0]] = client.token

        def confirm(account: tuple[UserId, str]) -> None:
            user_id, secret = account
            identifier = {"type": "m.id.user", "user": user_id}
            auth = {"type": "m.login.password", "identifier": identifier, "password": secret}
            client = Client(self._port, user_id, token=tokens[user_id])
            client("POST", "/_matrix/client/v3/delete_devices", {"devices": [], "auth": auth})

        accounts = list(secrets.items())
        signed_in = _timed(lambda: sign_in, accounts)
        checked = _timed(lambda: confirm, accounts)
        return _Seconds(secret_made=secret_made, account_made=account_made, signed_in=signed_in, checked=checked)

    def _bot(self) -> Client:
        token = read_secret(self._settings.secrets.appservice_token)
        return Client(self._port, self._settings.matrix.bot_user_id, token=token)

    def _account_maker(self) -> Callable[[tuple[UserId, str | None]], None]:
        bot = self._bot()

        def make(account: tuple[UserId, str | None]) -> None:
            user_id, password = account
            values = {"displayname": "P"} | ({} if password is None else {"password": password})
            bot("PUT", f"/_synapse/admin/v2/users/{quote(user_id)}", values)

        return make

    async def _issue(self, people: Sequence[Person]) -> dict[UserId, str]:
        async with open_database(self._settings) as engine:
            codes = open_first_codes(self._settings, engine)
            made = await codes.issue(people, actor="a bench", by_right="a bench")
        return {person.user_id: made[person.id] for person in people}


def _timed(worker: Callable[[], Callable[[T], None]], items: Sequence[T]) -> float:
    """Seconds for one of the items, several at once, each worker with one of its own."""

    def work(share: Sequence[T]) -> None:
        do = worker()
        for item in share:
            do(item)

    started = time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as several:
        list(several.map(work, [items[first::_AT_ONCE] for first in range(_AT_ONCE)]))
    return (time.perf_counter() - started) / len(items)


def _people(kind: str, number: int) -> list[Person]:
    return [
        Person(
            id=PersonId(f"{kind}-{n}"),
            user_id=UserId(f"@{kind}.{n}:{SERVER_NAME}"),
            given_name="Given",
            family_name=f"Family{n}",
            role=STUDENT,
        )
        for n in range(number)
    ]


def _fill_school(settings: Settings, people: Sequence[Person]) -> None:
    url = settings.database.sqlalchemy_url("sync")
    upgrade(url)
    engine = create_engine(url)
    columns = ("id", "user_id", "given_name", "family_name", "role")
    with engine.begin() as connection:
        connection.execute(insert(persons), [{name: getattr(person, name) for name in columns} for person in people])
    engine.dispose()
