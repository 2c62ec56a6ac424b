"""How the usual directory servers of schools say what: the presets of `register.ldap`.

Every field is a key of school.yaml and can be written there in place of the preset's. Patterns are compared with the
whole value, `*` stands for anything, small and capital letters are the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Role

NOBODY: Final = "(!(objectClass=*))"
"""A filter that nothing fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapPeople:
    """Which entries are people, and which of their attributes say what."""

    base: str | None = None
    """Below which they are; none: below the base of all."""
    filter: str
    left_out: str = NOBODY
    """Those of them that have no place in the messenger: accounts that are off, copies for exams."""
    login: str
    """Names an entry in an error, and in a list of members that is not one of DNs."""
    id: tuple[str, ...]
    """The first that an entry has is the stable key."""
    given_name: str = "givenName"
    family_name: str = "sn"
    role: str
    roles: Mapping[Role, tuple[str, ...]]
    """Patterns of values of `role`; who fits several is what stands first."""
    leadership: tuple[str, ...]
    """Patterns of values of `role` that mark a teacher as leadership."""
    children: tuple[str, ...] = ()
    """At a guardian: the children, by DN or id."""
    guardians: tuple[str, ...] = ()
    """At a child: the guardians, by DN."""
    member_of: tuple[str, ...] = ()
    """The groups that somebody is in, by DN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapGroups:
    """Which entries are groups, and which of their attributes say what."""

    base: str | None = None
    filter: str
    id: tuple[str, ...]
    name: tuple[str, ...]
    """The first that an entry has is the name."""
    strip: re.Pattern[str] | None = None
    """What it fits at the beginning of a name is no part of it."""
    kind: str | None = None
    kinds: Mapping[GroupKind, tuple[str, ...]]
    """Patterns of values of `kind`; where none fits, the name tells."""
    members: tuple[str, ...]
    """The members, by DN or login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapMapping:
    """What a preset says."""

    people: LdapPeople
    groups: LdapGroups


# Guardians stand at the child (ucsschoolLegalGuardian) or, in some versions, the children at the guardian as well.
_UCSSCHOOL = LdapMapping(
    people=LdapPeople(
        filter="(|(objectClass=ucsschoolStudent)(objectClass=ucsschoolTeacher)(objectClass=ucsschoolLegalGuardian))",
        left_out="(|(objectClass=ucsschoolExam)(ucsschoolPurgeTimestamp=*)(shadowExpire=1))",
        login="uid",
        id=("ucsschoolRecordUID", "entryUUID"),
        role="ucsschoolRole",
        roles={TEACHER: ("teacher:school:*",), STUDENT: ("student:school:*",), GUARDIAN: ("legal_guardian:school:*",)},
        leadership=("school_admin:school:*",),
        children=("ucsschoolLegalWard",),
        guardians=("ucsschoolLegalGuardian",),
    ),
    groups=LdapGroups(
        filter="(objectClass=ucsschoolGroup)",
        id=("entryUUID",),
        name=("description", "cn"),
        kind="ucsschoolRole",
        kinds={GroupKind.CLASS: ("school_class:school:*",)},
        members=("uniqueMember",),
    ),
)

# Active Directory knows no roles: they are groups. 1.2.840.113556.1.4.803 is "has this bit", and 2 "is off".
_AD = LdapMapping(
    people=LdapPeople(
        filter="(&(objectCategory=person)(objectClass=user))",
        left_out="(userAccountControl:1.2.840.113556.1.4.803:=2)",
        login="sAMAccountName",
        id=("objectGUID",),
        role="memberOf",
        roles={
            TEACHER: ("cn=lehrer,*", "cn=lehrkräfte,*", "cn=teachers,*"),
            STUDENT: ("cn=schüler,*", "cn=schueler,*", "cn=students,*"),
            GUARDIAN: ("cn=sorgeberechtigte,*", "cn=eltern,*", "cn=guardians,*"),
        },
        leadership=("cn=schulleitung,*",),
    ),
    groups=LdapGroups(
        filter="(&(objectCategory=group)(!(isCriticalSystemObject=TRUE)))",
        id=("objectGUID",),
        name=("displayName", "cn"),
        kinds={},
        members=("member",),
    ),
)

PRESETS: Final[Mapping[str, LdapMapping]] = {"ucsschool": _UCSSCHOOL, "ad": _AD}
