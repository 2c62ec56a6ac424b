from typing import Any

import pytest
from builders import BEN, IDA

from appservice.homeserver import TryLaterError
from appservice.profiles import Profiles
from school.domain.people import UserId

FROM_THE_REGISTER = {"displayname": "Ben Groß"}


class FakeHomeserver:
    """Profiles, and which of their fields were deleted."""

    def __init__(self, profiles: dict[UserId, dict[str, Any]], error: Exception | None = None) -> None:
        self.profiles = profiles
        self.deleted: list[tuple[UserId, str]] = []
        self.error = error

    async def profile(self, user_id: UserId) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        return dict(self.profiles[user_id])

    async def delete_profile_field(self, user_id: UserId, field: str) -> None:
        self.deleted.append((user_id, field))
        del self.profiles[user_id][field]


@pytest.mark.parametrize(
    "added",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"m.tz": "Europe/Berlin"}, id="a field of the specification"),
        pytest.param({"avatar_url": "mxc://school.test/own"}, id="a picture"),
        pytest.param({"org.x": "ruf mich an", "org.y": {"deep": ["words"]}}, id="words"),
        pytest.param({"Displayname": "Direktor", "displayname ": "x", "": "x"}, id="what looks like the register's"),
    ],
)
async def test_a_profile_says_what_the_register_says_and_nothing_else(added: dict[str, Any]) -> None:
    homeserver: Any = FakeHomeserver({BEN.user_id: FROM_THE_REGISTER | added, IDA.user_id: {"m.tz": "x"}})
    await Profiles(homeserver).clean(BEN.user_id)
    assert homeserver.profiles == {BEN.user_id: {"displayname": "Ben Groß"}, IDA.user_id: {"m.tz": "x"}}
    assert sorted(homeserver.deleted) == sorted((BEN.user_id, field) for field in added)


async def test_whoever_asks_hears_that_it_did_not_work() -> None:
    homeserver: Any = FakeHomeserver({}, TryLaterError("HTTP 503"))
    with pytest.raises(TryLaterError):
        await Profiles(homeserver).clean(BEN.user_id)
