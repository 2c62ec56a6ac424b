"""Resetting passwords: who helps whom to get in again.

1. It needs the right `reset_passwords`.
2. Only students' and guardians' passwords: whoever could reset a colleague's could become them.
3. Where the school says so, only those of students in groups of one's own, and of their guardians. Groups that
   teachers have made do not count: anybody could be taken into one.
4. So many in an hour, and no more: whoever finds a teacher's phone does not get the whole school.
"""

from datetime import timedelta
from typing import Final

from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.directory import Directory
from school.domain.groups import GroupId, GroupOrigin
from school.domain.people import GUARDIAN, STUDENT, Person
from school.domain.rights import Right, Rights

MOST: Final = 10
WITHIN: Final = timedelta(hours=1)

TOO_MANY: Final = refuse(Reason.TOO_MANY, "accounts:ten_an_hour")

_RESETTABLE: Final = frozenset({STUDENT, GUARDIAN})


def may_reset_somebody(resetter: Person, *, rights: Rights) -> Decision:
    """Whether somebody resets passwords at all."""
    ruling = rights.ruling(resetter, Right.RESET_PASSWORDS)
    if ruling is None or not ruling.allow:
        return refuse(Reason.NO_RESETS, NO_RULE if ruling is None else ruling.id)
    return allow(ruling.id)


def may_reset(
    resetter: Person, target: Person, *, rights: Rights, directory: Directory, own_groups_only: bool
) -> Decision:
    """Whether somebody resets the password of `target`."""
    decision = may_reset_somebody(resetter, rights=rights)
    if not decision:
        return decision
    if target.role not in _RESETTABLE or target.leadership:
        return refuse(Reason.NOT_OF_STAFF, "accounts:never_of_staff")
    if own_groups_only and not _teaches(resetter, target, directory):
        return refuse(Reason.NOT_OWN_PUPIL, "accounts.resets")
    return decision


def _teaches(resetter: Person, target: Person, directory: Directory) -> bool:
    wards = (directory.person_by_id(ward) for ward in target.wards)
    of_the_register = {own for own in resetter.groups if _is_the_registers(own, directory)}
    return any(person is not None and not of_the_register.isdisjoint(person.groups) for person in (target, *wards))


def _is_the_registers(group_id: GroupId, directory: Directory) -> bool:
    group = directory.group(group_id)
    return group is not None and group.origin is GroupOrigin.REGISTER
