"""Profiles say what the register says: pictures and fields that somebody adds to their own are deleted.

Synapse asks nobody before it stores a field (MSC4133), and forbids only to *change* a picture, so the first one is
free. Everybody in a common room can read both. Where a reverse proxy stands before Synapse, it refuses them before they
are stored (docs/operation.md).
"""

from typing import Final

from appservice.homeserver import Homeserver
from school.domain.people import UserId

_FROM_THE_REGISTER: Final = frozenset({"displayname"})


class Profiles:
    """Looks after people's profiles."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver

    async def clean(self, user_id: UserId) -> None:
        """Deletes what somebody has written into their profile themselves."""
        for field in (await self._homeserver.profile(user_id)).keys() - _FROM_THE_REGISTER:
            await self._homeserver.delete_profile_field(user_id, field)
