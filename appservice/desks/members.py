"""Who is in a group.

Its teachers, and whoever may write to all groups, see also who has never signed in. Pupils and guardians of the group
see whom they may see. Others see nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.people_words import in_order
from appservice.desks.reach import reaches_all_groups, room_of
from appservice.school_view import SchoolView
from school.database.first_codes import accounts_in_use
from school.domain.decisions import Decision
from school.domain.groups import Group
from school.domain.people import TEACHER, Person, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The people of a group, teachers first, in the order of their names."""

    decision: Decision
    by_role: Mapping[Role, Sequence[Person]]
    never_signed_in: Sequence[Person] | None = None
    """None: that is not for everybody."""


class MembersDesk:
    """Says who is in a group."""

    def __init__(self, *, engine: AsyncEngine, view: SchoolView) -> None:
        self._engine = engine
        self._view = view

    async def look(self, asking: Person, group: Group) -> Members:
        """What one person may see of a group."""
        standing = self._view.now
        policy = standing.policy
        decision = policy.may_enter_group(asking.user_id, room_of(group, policy.bot))
        if not decision:
            return Members(decision=decision, by_role={})
        everybody = in_order(policy.directory.members(group.id))
        leads = asking.role == TEACHER and group.id in asking.groups
        if not (leads or reaches_all_groups(standing, asking)):
            seen = [one for one in everybody if one == asking or policy.may_see(asking.user_id, one.user_id)]
            return Members(decision=decision, by_role=_by_role(seen))
        async with self._engine.connect() as connection:
            in_use = await accounts_in_use(connection)
        return Members(
            decision=decision,
            by_role=_by_role(everybody),
            never_signed_in=[person for person in everybody if person.id not in in_use],
        )


def _by_role(people: Sequence[Person]) -> Mapping[Role, Sequence[Person]]:
    roles = sorted({person.role for person in people}, key=lambda role: (role != TEACHER, role))
    return {role: [person for person in people if person.role == role] for role in roles}
