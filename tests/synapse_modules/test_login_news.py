"""What the appservice is told of logins, until it has heard."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from builders import BEA, BEN

from school.domain.first_code import SignedInWith
from school.domain.people import UserId
from synapse_modules.logins import Logins

MORNING = datetime(2026, 8, 17, 8, 0, tzinfo=UTC)
CODE, OWN, OTHER = SignedInWith.FIRST_CODE, SignedInWith.OWN_PASSWORD, SignedInWith.OTHER
Login = tuple[UserId, SignedInWith, datetime]


class Synapse:
    """Its background processes, which a test runs when it likes; and the appservice."""

    def __init__(self) -> None:
        self.started: list[tuple[Callable[..., Awaitable[None]], tuple[Any, ...]]] = []
        self.at_once = False
        self.slept = 0.0
        self.now = MORNING
        self.hears = True
        self.heard: list[Login] = []
        self.logins: list[UserId] = []

    def run_as_background_process(self, _desc: str, function: Any, *args: Any) -> SimpleNamespace:
        self.started.append((function, args))
        return SimpleNamespace(called=self.at_once)

    async def run(self) -> None:
        for function, args in self.started:
            await function(*args)
        self.started.clear()

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds

    async def tell_login(self, user_id: UserId) -> None:
        self.logins.append(user_id)

    async def tell_signed_in(self, *login: Any) -> bool:
        if self.hears:
            self.heard.append(login)  # type: ignore[arg-type]
        return self.hears


@pytest.fixture
def synapse() -> Synapse:
    return Synapse()


@pytest.fixture
def logins(synapse: Synapse) -> Logins:
    return Logins(synapse, synapse, lambda: synapse.now)  # type: ignore[arg-type]


@pytest.mark.parametrize("with_what", SignedInWith)
async def test_a_login_is_told_once(synapse: Synapse, logins: Logins, with_what: SignedInWith) -> None:
    await logins.on_login(BEN.user_id, with_what)
    await synapse.run()
    await logins.tell_again()
    assert synapse.logins == [BEN.user_id]
    assert synapse.heard == ([] if with_what is OTHER else [(BEN.user_id, with_what, MORNING)])


async def test_a_login_waits_a_second_at_most(synapse: Synapse, logins: Logins) -> None:
    await logins.on_login(BEN.user_id, CODE)
    assert 0.9 < synapse.slept < 1
    synapse.at_once, synapse.slept = True, 0.0
    await logins.on_login(BEN.user_id, CODE)
    assert synapse.slept == 0


async def test_what_was_not_heard_is_told_until_it_is(synapse: Synapse, logins: Logins) -> None:
    synapse.hears = False
    for who, with_what in ((BEN, CODE), (BEN, OWN), (BEA, CODE), (BEA, OTHER)):
        await logins.on_login(who.user_id, with_what)
    await synapse.run()
    await logins.tell_again()
    synapse.hears = True
    synapse.now += timedelta(hours=1)
    await logins.tell_again()
    await logins.tell_again()
    told = {(BEN.user_id, CODE, MORNING), (BEN.user_id, OWN, MORNING), (BEA.user_id, CODE, MORNING)}
    assert set(synapse.heard) == told
    assert len(synapse.heard) == 3


async def test_of_several_logins_that_were_not_heard_the_last_is_told(synapse: Synapse, logins: Logins) -> None:
    synapse.hears = False
    await logins.on_login(BEN.user_id, OWN)
    synapse.now += timedelta(hours=1)
    await logins.on_login(BEN.user_id, OWN)
    await synapse.run()
    synapse.hears = True
    await logins.tell_again()
    assert synapse.heard == [(BEN.user_id, OWN, synapse.now)]


async def test_a_password_of_ones_own_is_known_here_until_the_appservice_knows_it(
    synapse: Synapse, logins: Logins
) -> None:
    synapse.hears = False
    await logins.on_login(BEN.user_id, OWN)
    await logins.on_login(BEA.user_id, CODE)
    await synapse.run()
    assert logins.own_password_since(BEN.user_id) == MORNING
    assert logins.own_password_since(BEA.user_id) is None
    synapse.hears = True
    await logins.tell_again()
    assert logins.own_password_since(BEN.user_id) is None
