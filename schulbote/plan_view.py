"""A plan for the eyes of the person who decides on it: how much of everything, and who and what."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from roster_sync.plan import Membership, Plan
from school.domain.people import display_name
from school.domain.roster import RosterPerson

_MOST = 40
"""So many of a kind are named; of the rest only the number."""
_MOST_OF_A_GROUP = 5


def show_plan(plan: Plan, console: Console) -> None:
    """Prints a plan."""
    if plan.is_empty:
        console.print("Nothing to change.")
    else:
        console.print(_counts(plan))
        for title, lines in _details(plan):
            console.print(Text(title, style="bold"))
            for line in lines:
                console.print(Text(f"  {line}"))
    if plan.blocked:
        console.print(Text(plan.blocked, style="bold red"))


def _counts(plan: Plan) -> Table:
    changed = {person.id for person in (*plan.people_renamed, *plan.people_changed)}
    table = Table("", "new", "changed", "gone")
    table.add_row("people", str(len(plan.people_added)), str(len(changed)), str(len(plan.people_left)))
    table.add_row("groups", str(len(plan.groups_added)), str(len(plan.groups_changed)), str(len(plan.groups_ended)))
    table.add_row("memberships", str(len(plan.memberships_added)), "", str(len(plan.memberships_removed)))
    return table


def _details(plan: Plan) -> Iterator[tuple[str, Iterable[str]]]:
    gone = {person.id for person in plan.people_left}
    ended = {group.key for group in plan.groups_ended}
    moved = [(person, key) for person, key in plan.memberships_removed if person not in gone and key not in ended]
    parts: list[tuple[str, Iterable[str]]] = [
        ("New people", map(_person, plan.people_added)),
        ("People who leave", map(_person, plan.people_left)),
        ("People with another name", map(_person, plan.people_renamed)),
        ("People whose role or children change", map(_person, plan.people_changed)),
        ("People recognised by a new id", plan.people_recognised.values()),
        ("New groups", (group.name for group in plan.groups_added)),
        (
            "Groups that change",
            (
                f"{change.before.name} → {change.after.name}"
                if change.before.name != change.after.name
                else f"{change.after.name} is now a {change.after.kind.value}"
                for change in plan.groups_changed
            ),
        ),
        ("Groups that end", (group.name for group in plan.groups_ended)),
        ("Into groups", _by_group(plan, plan.memberships_added)),
        ("Out of groups", _by_group(plan, moved)),
    ]
    for title, lines in parts:
        several = sorted(lines)
        if several:
            more = [f"and {len(several) - _MOST} more"] if len(several) > _MOST else []
            yield f"{title} ({len(several)})", [*several[:_MOST], *more]


def _person(person: RosterPerson) -> str:
    return f"{display_name(person.given_name, person.family_name)}, {person.role} ({person.id})"


def _by_group(plan: Plan, memberships: Iterable[Membership]) -> Iterable[str]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for ident, key in memberships:
        members[plan.group_names[key]].append(plan.person_names[ident])
    for name, those in members.items():
        listed = ", ".join(sorted(those)[:_MOST_OF_A_GROUP])
        more = len(those) - _MOST_OF_A_GROUP
        yield f"{name}: {listed}" + (f" and {more} more" if more > 0 else "")
