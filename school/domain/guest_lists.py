"""A chat that follows a group: who is to be invited, who is to go.

1. Who comes into the group is invited, once: who declines or leaves the chat is left alone.
2. Who leaves the group is taken out of the chat if they were brought in this way, unless another group that the chat
   follows has them.
3. Who keeps the list, and whoever leads the chat, stays.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from school.domain.people import PersonId

_NOBODY: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is to be done. `forget` need no doing but are no guests any more."""

    invite: frozenset[PersonId] = _NOBODY
    remove: frozenset[PersonId] = _NOBODY
    forget: frozenset[PersonId] = _NOBODY

    def __bool__(self) -> bool:
        return bool(self.invite or self.remove or self.forget)


def steps(
    *,
    members: AbstractSet[PersonId],
    guests: AbstractSet[PersonId],
    elsewhere: AbstractSet[PersonId],
    host: PersonId,
) -> Steps:
    """From who is in the group now, who stands on the list, and who is in another group that the chat follows."""
    gone = guests - members
    return Steps(
        invite=frozenset(members - guests - {host}),
        remove=frozenset(gone - elsewhere - {host}),
        forget=frozenset(gone & (elsewhere | {host})),
    )
