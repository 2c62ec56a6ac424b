"""Groups that teachers make: who may do what, names, and the end of the school year."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders import BEN, CARL, GABI, GERD, GROUPS, HANNA, IDA, NO_HOURS, OTTO, STAFF, ZOE, group, person, policy

from school.domain.calendars import Calendars, HoursLine
from school.domain.decisions import Reason
from school.domain.groups import Group, GroupKind, GroupOrigin
from school.domain.people import GUARDIAN, TEACHER, Person
from school.domain.rest import Window
from school.domain.rights import Level, Right, Rule, rights_of_school
from school.domain.school_groups import (
    Due,
    NameFault,
    SchoolYear,
    fault_of,
    may_invite_groups,
    may_make,
    may_manage,
    may_name_owners,
    may_own,
    tidy_name,
)

THEATRE = replace(group("theatre", "Theater-AG", GroupKind.CLUB), origin=GroupOrigin.SCHOOL)
CLASS = GROUPS[0]
LENA = replace(person("lena", TEACHER), leadership=True)
LONE = replace(person("lone", GUARDIAN), leadership=True)


def takes(right: Right, subject: str) -> Rule:
    return Rule(level=Level.PERSON, subject=subject, right=right, allow=False, id="a line")


def gives(right: Right, subject: str) -> Rule:
    return Rule(level=Level.PERSON, subject=subject, right=right, allow=True, id="a line")


@pytest.mark.parametrize(
    ("who", "rules", "reason"),
    [
        pytest.param(IDA, (), None, id="a teacher makes a group"),
        pytest.param(BEN, (), Reason.NO_GROUPS, id="a pupil does not"),
        pytest.param(GABI, (), Reason.NO_GROUPS, id="a guardian does not"),
        pytest.param(ZOE, (), Reason.NO_GROUPS, id="an added role does not by itself"),
        pytest.param(ZOE, (gives(Right.CREATE_GROUPS, ZOE.id),), None, id="whoever is given the right does"),
        pytest.param(IDA, (takes(Right.CREATE_GROUPS, IDA.id),), Reason.NO_GROUPS, id="not whom it is taken from"),
        pytest.param(LONE, (), Reason.NO_GROUPS, id="the mark of the leadership gives no right"),
    ],
)
def test_who_makes_groups(who: Person, rules: Sequence[Rule], reason: Reason | None) -> None:
    assert may_make(policy(*rules), who).reason is reason


@pytest.mark.parametrize(
    ("who", "of", "owners", "rules", "reason"),
    [
        pytest.param(IDA, THEATRE, [IDA], (), None, id="an owner changes the group"),
        pytest.param(OTTO, THEATRE, [IDA, OTTO], (), None, id="so does another owner"),
        pytest.param(OTTO, THEATRE, [IDA], (), Reason.NOT_AN_OWNER, id="another teacher does not"),
        pytest.param(LENA, THEATRE, [IDA], (), None, id="the leadership changes every such group"),
        pytest.param(LENA, THEATRE, [], (), None, id="also one that nobody owns"),
        pytest.param(LONE, THEATRE, [], (), None, id="whatever their role is"),
        pytest.param(BEN, THEATRE, [IDA], (), Reason.NO_GROUPS, id="a member does not"),
        pytest.param(GABI, THEATRE, [GABI], (), Reason.NO_GROUPS, id="nor an owner who may make none"),
        pytest.param(
            IDA, THEATRE, [IDA], (takes(Right.CREATE_GROUPS, IDA.id),), Reason.NO_GROUPS, id="or none any more"
        ),
        pytest.param(IDA, CLASS, [IDA], (), Reason.GROUP_FROM_REGISTER, id="nobody changes a group of the register"),
        pytest.param(LENA, CLASS, [], (), Reason.GROUP_FROM_REGISTER, id="the leadership neither"),
    ],
)
def test_who_changes_a_group(
    who: Person, of: Group, owners: Sequence[Person], rules: Sequence[Rule], reason: Reason | None
) -> None:
    assert may_manage(policy(*rules), who, of, [owner.id for owner in owners]).reason is reason


@pytest.mark.parametrize(
    ("who", "of", "reason"),
    [
        pytest.param(LENA, THEATRE, None, id="the leadership says who owns a group"),
        pytest.param(IDA, THEATRE, Reason.LEADERSHIP_ONLY, id="a teacher does not"),
        pytest.param(BEN, THEATRE, Reason.LEADERSHIP_ONLY, id="a pupil does not"),
        pytest.param(LENA, CLASS, Reason.GROUP_FROM_REGISTER, id="nobody owns a group of the register"),
    ],
)
def test_who_names_owners(who: Person, of: Group, reason: Reason | None) -> None:
    assert may_name_owners(who, of).reason is reason


@pytest.mark.parametrize(("who", "may"), [(IDA, True), (LENA, True), (BEN, False), (GABI, False), (LONE, False)])
def test_teachers_can_be_owners_and_invite_whole_groups(who: Person, may: bool) -> None:
    assert may_own(policy(), who).reason is (None if may else Reason.MAY_NOT_OWN)
    assert may_invite_groups(policy(), who).reason is (None if may else Reason.NO_GROUP_INVITATIONS)


CREATES = gives(Right.CREATE_GROUPS, GABI.id)


@pytest.mark.parametrize(
    ("who", "people", "reason"),
    [
        pytest.param(IDA, (BEN, CARL, GABI, HANNA, OTTO), None, id="a teacher brings anybody together"),
        pytest.param(GABI, (GERD, IDA, OTTO), None, id="a guardian those of their group, and teachers"),
        pytest.param(GABI, (BEN,), Reason.NO_COMMON_GROUP, id="but no pupil of a class that is not theirs"),
        pytest.param(GABI, (GERD, HANNA), Reason.NO_COMMON_GROUP, id="and nobody whom they may not write to"),
    ],
)
def test_a_group_is_no_bridge(who: Person, people: Sequence[Person], reason: Reason | None) -> None:
    assert policy(CREATES).may_gather(who.user_id, [one.user_id for one in people]).reason is reason


def test_people_whom_one_may_write_to_may_still_not_write_to_each_other() -> None:
    both = person("both", GUARDIAN, "parents-5a", "parents-6b")
    school = policy(people=(IDA, BEN, GABI, HANNA, both))
    decision = school.may_gather(both.user_id, [GABI.user_id, HANNA.user_id])
    assert decision.reason is Reason.WOULD_BRIDGE_GROUPS


# --- Names of groups in school.yaml -----------------------------------------------------------------------------

OF_A_TEACHER = Group(id=THEATRE.id, name="Klasse 5a Theater", kind=GroupKind.CLUB, origin=GroupOrigin.SCHOOL)


@pytest.mark.parametrize("allow", [True, False])
def test_a_name_that_a_teacher_gives_to_a_group_gives_and_takes_no_right(allow: bool) -> None:
    line = Rule(level=Level.GROUP, subject="Klasse 5a*", right=Right.MESSAGE_EVERYONE, allow=allow, id="a line")
    rights = rights_of_school([line], [CLASS, OF_A_TEACHER])
    of_the_register = replace(person("x", STAFF), groups=frozenset({CLASS.id}))
    of_the_teacher = replace(person("y", STAFF), groups=frozenset({OF_A_TEACHER.id}))
    assert rights.ruling(of_the_register, Right.MESSAGE_EVERYONE) is not None
    assert rights.ruling(of_the_teacher, Right.MESSAGE_EVERYONE) is None


def test_it_gives_no_hours_either() -> None:
    line = HoursLine(id="a line", windows=(Window(0, 480, 960),))
    calendars = Calendars(school=NO_HOURS, group_lines={"Klasse 5a*": line}, groups=[CLASS, OF_A_TEACHER])
    assert calendars.rules_of(replace(IDA, groups=frozenset({CLASS.id}))) == ("a line",)
    assert calendars.rules_of(replace(IDA, groups=frozenset({OF_A_TEACHER.id}))) == ()


# --- Names of groups --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Theater-AG", None),
        ("Projekt Bienen 2026/27", None),
        ("Łódź-Austausch", None),
        ("Робототехника", None),
        ("ورشة المسرح", None),
        ("Deutsch & Mehr", None),
        ("Sport - drinnen", NameFault.UNREADABLE),
        ("Sport + Spiel", NameFault.UNREADABLE),
        ("Sport – drinnen", NameFault.UNREADABLE),
        ("Sport, Spiel", NameFault.UNREADABLE),
        ("Sport; Spiel", NameFault.UNREADABLE),
        ("Sport\u202eleipS", NameFault.UNREADABLE),
        ("Sport\u200bSpiel", NameFault.UNREADABLE),
        ("", NameFault.MISSING),
        ("!?", NameFault.MISSING),
        ("🐝", NameFault.MISSING),
        ("A" * 60, None),
        ("A" * 61, NameFault.TOO_LONG),
        ("klasse 8.1", NameFault.TAKEN),
        ("Klasse 8-1", NameFault.TAKEN),
        ("Schach AG", NameFault.TAKEN),
        ("SCHACHAG", NameFault.TAKEN),
        ("Ｓｃｈａｃｈ-AG", NameFault.TAKEN),
        ("Schach-AG 2", None),
    ],
)
def test_what_a_group_may_be_called(name: str, fault: NameFault | None) -> None:
    assert fault_of(name, ["Klasse 8.1", "Schach-AG"]) is fault


def test_blanks_and_line_breaks_in_a_name_become_one_blank() -> None:
    assert tidy_name("  Projekt \n\t Bienen ") == "Projekt Bienen"


# --- The end of the school year ---------------------------------------------------------------------------------

YEAR = SchoolYear(month=7, day=31, notice=timedelta(days=56))
THIS, NEXT = date(2026, 7, 31), date(2027, 7, 31)
FIRST_DAY_OF_NOTICE = date(2026, 6, 5)


@pytest.mark.parametrize(
    ("made_on", "ends_on"),
    [
        pytest.param(date(2025, 9, 1), THIS, id="in autumn: at the end of the school year"),
        pytest.param(FIRST_DAY_OF_NOTICE, THIS, id="as long as its owners can be told in time"),
        pytest.param(date(2026, 6, 6), NEXT, id="a day later it belongs to the next year"),
        pytest.param(THIS, NEXT, id="so it does on the last day"),
        pytest.param(date(2026, 8, 1), NEXT, id="and on the first"),
    ],
)
def test_when_a_group_ends(made_on: date, ends_on: date) -> None:
    assert YEAR.end_for(made_on) == ends_on


@pytest.mark.parametrize(
    ("ends_on", "today", "kept_until"),
    [
        pytest.param(THIS, date(2026, 2, 1), NEXT, id="a group that is kept lives for another year"),
        pytest.param(THIS, THIS, NEXT, id="also on its last day"),
        pytest.param(NEXT, date(2026, 2, 1), NEXT, id="keeping it twice is keeping it once"),
        pytest.param(NEXT, date(2026, 6, 20), NEXT, id="one of the next year is kept anyway"),
        pytest.param(NEXT, date(2026, 8, 1), date(2028, 7, 31), id="in the new year it can be kept again"),
        pytest.param(THIS, date(2026, 9, 1), NEXT, id="one whose time is over lives until the next end"),
    ],
)
def test_until_when_a_group_is_kept(ends_on: date, today: date, kept_until: date) -> None:
    assert YEAR.kept_until(ends_on, today) == kept_until


@pytest.mark.parametrize(
    ("told_on", "today", "due"),
    [
        pytest.param(None, date(2026, 6, 4), Due.NOTHING, id="for most of the year there is nothing to do"),
        pytest.param(None, FIRST_DAY_OF_NOTICE, Due.TELL, id="eight weeks before its owners are told"),
        pytest.param(FIRST_DAY_OF_NOTICE, date(2026, 6, 6), Due.NOTHING, id="once"),
        pytest.param(FIRST_DAY_OF_NOTICE, THIS, Due.NOTHING, id="on its last day it still is"),
        pytest.param(FIRST_DAY_OF_NOTICE, date(2026, 8, 1), Due.END, id="then it ends"),
        pytest.param(None, date(2026, 9, 1), Due.TELL, id="where nobody was there to tell them, they are told later"),
        pytest.param(date(2026, 9, 1), date(2026, 10, 27), Due.NOTHING, id="and have as much time"),
        pytest.param(date(2026, 9, 1), date(2026, 10, 28), Due.END, id="before it ends"),
    ],
)
def test_owners_are_told_long_before_a_group_ends(told_on: date | None, today: date, due: Due) -> None:
    assert YEAR.due(THIS, told_on, today) is due


def test_a_year_can_end_in_the_middle_of_the_year() -> None:
    year = SchoolYear(month=1, day=31, notice=timedelta(days=30))
    assert year.end_for(date(2026, 12, 31)) == date(2027, 1, 31)
    assert year.end_for(date(2027, 1, 2)) == date(2028, 1, 31)
