"""Who of a group has signed in, for `schulbote logins`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appservice.first_codes import FirstCodes
from appservice.letters import Recipient
from school.config import Settings
from school.domain.people import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The people asked about, who of them has never signed in, and who depends on a code (None without codes)."""

    asked: Sequence[Recipient]
    never: frozenset[PersonId]
    without_password: frozenset[PersonId] | None

    def lines(self) -> list[str]:
        """Those who have not signed in, one a line."""
        waiting = [recipient for recipient in self.asked if recipient.person.id in self.never]
        if not waiting:
            return [f"All {len(self.asked)} have signed in."]
        return [
            f"{len(waiting)} of {len(self.asked)} have never signed in:",
            *(f"{one.group.name}: {one.person.display_name} ({one.person.role})" for one in waiting),
        ]

    def as_json(self) -> list[dict[str, Any]]:
        """Everybody, for programs."""
        return [
            {
                "person": one.person.id,
                "user_id": one.person.user_id,
                "name": one.person.display_name,
                "role": one.person.role,
                "group": one.group.name,
                "signed_in": one.person.id not in self.never,
                "own_password": None if self.without_password is None else one.person.id not in self.without_password,
            }
            for one in self.asked
        ]


async def look_at_logins(settings: Settings, codes: FirstCodes, asked: Sequence[Recipient]) -> Logins:
    """How far these people are."""
    people = [recipient.person for recipient in asked]
    never = frozenset(person.id for person in await codes.waiting_for_first_login(people))
    if not settings.accounts.with_codes:
        return Logins(asked=asked, never=never, without_password=None)
    without = frozenset(person.id for person in await codes.without_own_password(people))
    return Logins(asked=asked, never=never, without_password=without)
