import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from builders import BEN
from twisted.internet.defer import CancelledError

from school.domain.decisions import Reason
from school.domain.first_code import SignedInWith
from synapse_modules.courier import Courier

LOGIN = (BEN.user_id, SignedInWith.FIRST_CODE, datetime(2026, 8, 17, 8, 0, 0, 500_000, tzinfo=UTC))


class Appservice:
    """The other end of the loopback POST."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.posts: list[tuple[str, dict[str, Any], dict[bytes, list[bytes]]]] = []

    async def post(self, url: str, body: dict[str, Any], headers: dict[bytes, list[bytes]]) -> None:
        self.posts.append((url, body, headers))
        if self.error is not None:
            raise self.error


def courier(appservice: Appservice, base_url: str = "http://127.0.0.1:8009") -> Courier:
    return Courier(base_url=base_url, token="secret", post_json=appservice.post)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8009", "http://127.0.0.1:8009/"])
async def test_a_start_a_login_a_refusal_and_a_profile_are_told_with_the_shared_secret(base_url: str) -> None:
    appservice = Appservice()
    assert await courier(appservice, base_url).tell_start()
    await courier(appservice, base_url).tell_login(BEN.user_id)
    assert await courier(appservice, base_url).tell_signed_in(*LOGIN)
    await courier(appservice, base_url).tell_refusal(BEN.user_id, Reason.NO_ROOMS)
    await courier(appservice, base_url).tell_profile(BEN.user_id)
    headers = {b"Authorization": [b"Bearer secret"]}
    assert appservice.posts == [
        ("http://127.0.0.1:8009/_schulbote/module/start", {}, headers),
        ("http://127.0.0.1:8009/_schulbote/module/login", {"user_id": BEN.user_id}, headers),
        (
            "http://127.0.0.1:8009/_schulbote/module/signed_in",
            {"user_id": BEN.user_id, "with": "first_code", "at": 1786953600.5},
            headers,
        ),
        (
            "http://127.0.0.1:8009/_schulbote/module/refusal",
            {"user_id": BEN.user_id, "reason": "no_rooms"},
            headers,
        ),
        ("http://127.0.0.1:8009/_schulbote/module/profile", {"user_id": BEN.user_id}, headers),
    ]


async def test_an_appservice_that_is_away_is_logged_without_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await courier(Appservice(ConnectionRefusedError("nobody there"))).tell_login(BEN.user_id)
    assert not await courier(Appservice(ConnectionRefusedError("nobody there"))).tell_signed_in(*LOGIN)
    assert not await courier(Appservice(ConnectionRefusedError("nobody there"))).tell_start()
    assert "nobody there" in caplog.text
    assert "secret" not in caplog.text


async def test_being_cancelled_goes_on() -> None:
    with pytest.raises(CancelledError):
        await courier(Appservice(CancelledError())).tell_login(BEN.user_id)
