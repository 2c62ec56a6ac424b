import asyncio

import pytest
from simulated_time import simulated

from appservice.homeserver import HomeserverError, RefusedError, TryLaterError
from appservice.patience import patiently
from school.standing import CannotDecideError

BUSY = TryLaterError("HTTP 503", status=503)


class Answers:
    """Raises each of the errors, and then answers; knows when it was asked."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked_at: list[float] = []

    async def ask(self) -> str:
        self.asked_at.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)
        return "here"


@simulated
async def test_who_answers_is_asked_once() -> None:
    answers = Answers()
    assert await patiently(answers.ask) == "here"
    assert answers.asked_at == [0]


@simulated
async def test_who_is_busy_is_asked_again_less_and_less_often() -> None:
    answers = Answers(BUSY, CannotDecideError("no directory"), BUSY)
    assert await patiently(answers.ask) == "here"
    assert answers.asked_at == [0, 0.5, 1.5, 3.5]


@simulated
async def test_after_ten_minutes_it_is_given_up() -> None:
    answers = Answers(*[BUSY] * 100)
    with pytest.raises(TryLaterError):
        await patiently(answers.ask)
    assert 590 < answers.asked_at[-1] < 610
    assert len(answers.asked_at) < 60


@pytest.mark.parametrize("error", [RefusedError("HTTP 403"), HomeserverError("?"), RuntimeError("a bug")])
def test_a_no_is_a_no(error: Exception) -> None:
    answers = Answers(error)
    with pytest.raises(type(error)):
        asyncio.run(patiently(answers.ask))
    assert len(answers.asked_at) == 1
