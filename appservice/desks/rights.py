"""What somebody may do and why, for the leadership. Only looks; what is changed is changed in school.yaml."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from appservice.school_view import SchoolView
from school.domain.decisions import Decision
from school.domain.people import Person, UserId
from school.domain.rights import Right, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RightHeld:
    """One right of somebody; the rule that decides, or None where nothing speaks of it."""

    right: Right
    rule: Rule | None

    @property
    def holds(self) -> bool:
        """Whether they may."""
        return self.rule is not None and self.rule.allow


class RightsDesk:
    """Says what the policy answers."""

    def __init__(self, *, view: SchoolView, is_admin: Callable[[UserId], Awaitable[bool]]) -> None:
        self._view = view
        self._is_admin = is_admin

    async def may(self, asking: Person) -> bool:
        """Whether somebody may look at the rights of others."""
        return asking.leadership or await self._is_admin(asking.user_id)

    def of(self, person: Person) -> Sequence[RightHeld]:
        """Every right, in the order of the table."""
        rulings = self._view.now.policy.rights.rulings(person)
        return [RightHeld(right=right, rule=rulings[right.place]) for right in Right]

    def between(self, person: Person, other: Person) -> Decision:
        """Whether one may write to the other."""
        return self._view.now.policy.may_message(person.user_id, other.user_id)
