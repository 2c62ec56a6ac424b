import pytest
from builders import BEN, GABI, GROUPS, IDA, STAFF, ZOE, person
from hypothesis import given
from hypothesis import strategies as st

from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person, Role
from school.domain.rights import Level, Right, Rights, Rule, default_rules, rights_of_school

YES, NO = True, False

# The table of the school, as docs and DESIGN have it. One line is one right.
TABLE = {
    #                          teacher  student  guardian
    Right.MESSAGE_EVERYONE:    (YES,     NO,      NO),
    Right.MESSAGE_TEACHERS:    (YES,     YES,     YES),
    Right.MESSAGE_OWN_GROUPS:  (YES,     YES,     YES),
    Right.CREATE_ROOMS:        (YES,     NO,      YES),
    Right.CREATE_GROUPS:       (YES,     NO,      NO),
    Right.INVITE_GROUPS:       (YES,     NO,      NO),
    Right.WRITE_TO_GROUPS:     (YES,     NO,      NO),
    Right.SET_TASKS:           (YES,     NO,      NO),
    Right.SUBMIT_TASKS:        (NO,      YES,     YES),
    Right.START_CONFERENCES:   (YES,     NO,      NO),
    Right.JOIN_CONFERENCES:    (YES,     YES,     YES),
    Right.RESET_PASSWORDS:     (YES,     NO,      NO),
}  # fmt: skip
CELLS = [
    pytest.param(person("somebody", role), right, granted, id=f"{role} {'has' if granted else 'does not have'} {right}")
    for right, cells in TABLE.items()
    for role, granted in zip((TEACHER, STUDENT, GUARDIAN), cells, strict=True)
]


def rule(level: Level, subject: str, right: Right, *, allow: bool, line: str = "line") -> Rule:
    return Rule(level=level, subject=subject, right=right, allow=allow, id=line)


def with_rules(*rules: Rule) -> Rights:
    return Rights([*default_rules(), *rules])


@pytest.mark.parametrize(("somebody", "right", "granted"), CELLS)
def test_the_default_table(somebody: Person, right: Right, granted: bool) -> None:
    assert Rights().holds(somebody, right) is granted


def test_the_table_has_a_line_for_every_right() -> None:
    assert set(TABLE) == set(Right)


def test_a_rule_for_a_person_beats_one_for_a_group() -> None:
    rights = with_rules(
        rule(Level.PERSON, BEN.id, Right.CREATE_ROOMS, allow=True),
        rule(Level.GROUP, "5a", Right.CREATE_ROOMS, allow=False),
    )
    assert rights.holds(BEN, Right.CREATE_ROOMS)


def test_a_rule_against_a_person_beats_one_for_a_group() -> None:
    rights = with_rules(
        rule(Level.PERSON, BEN.id, Right.CREATE_ROOMS, allow=False),
        rule(Level.GROUP, "5a", Right.CREATE_ROOMS, allow=True),
    )
    assert not rights.holds(BEN, Right.CREATE_ROOMS)


def test_a_rule_for_a_group_beats_one_for_a_role() -> None:
    rights = with_rules(
        rule(Level.GROUP, "5a", Right.CREATE_ROOMS, allow=True),
        rule(Level.ROLE, STUDENT, Right.CREATE_ROOMS, allow=False),
    )
    assert rights.holds(BEN, Right.CREATE_ROOMS)


def test_a_rule_for_a_role_beats_the_schools_default() -> None:
    assert not with_rules(rule(Level.ROLE, TEACHER, Right.CREATE_ROOMS, allow=False)).holds(IDA, Right.CREATE_ROOMS)


@pytest.mark.parametrize("no_comes", ["first", "last"])
def test_no_beats_yes_at_one_level(no_comes: str) -> None:
    somebody = person("somebody", STUDENT, "choir", "5a")
    rules = [
        rule(Level.GROUP, "choir", Right.CREATE_ROOMS, allow=False, line="no"),
        rule(Level.GROUP, "5a", Right.CREATE_ROOMS, allow=True, line="yes"),
    ]
    rights = with_rules(*(rules if no_comes == "first" else reversed(rules)))
    ruling = rights.ruling(somebody, Right.CREATE_ROOMS)
    assert ruling is not None
    assert ruling.id == "no"


def test_a_rule_for_one_role_in_a_group_leaves_the_others_in_it_alone() -> None:
    """ "The pupils of 5a may not", and their teacher may."""
    line = Rule(level=Level.GROUP, subject="5a", right=Right.MESSAGE_OWN_GROUPS, allow=False, id="l", role=STUDENT)
    rights = with_rules(line)
    assert rights.ruling(BEN, Right.MESSAGE_OWN_GROUPS) == line
    assert rights.holds(IDA, Right.MESSAGE_OWN_GROUPS)


@pytest.mark.parametrize("no_is_for_the_role", [True, False])
def test_no_beats_yes_also_between_a_group_and_a_role_in_it(no_is_for_the_role: bool) -> None:
    rights = with_rules(
        Rule(
            level=Level.GROUP, subject="5a", right=Right.CREATE_ROOMS, allow=no_is_for_the_role, id="all of the group"
        ),
        Rule(
            level=Level.GROUP,
            subject="5a",
            right=Right.CREATE_ROOMS,
            allow=not no_is_for_the_role,
            id="its pupils",
            role=STUDENT,
        ),
    )
    assert not rights.holds(BEN, Right.CREATE_ROOMS)
    assert rights.holds(IDA, Right.CREATE_ROOMS) is no_is_for_the_role


def test_people_in_the_same_groups_are_alike_unless_a_rule_names_them() -> None:
    rights = with_rules(rule(Level.PERSON, BEN.id, Right.CREATE_ROOMS, allow=True))
    bea, other = person("bea", STUDENT, "5a"), person("other", STUDENT, "5a")
    assert rights.likeness(bea) == rights.likeness(other)
    assert rights.likeness(BEN) != rights.likeness(bea)
    assert rights.likeness(IDA) != rights.likeness(bea)
    assert rights.likeness(person("elsewhere", STUDENT, "6b")) != rights.likeness(bea)


def test_what_nothing_grants_is_refused() -> None:
    assert not Rights([]).holds(IDA, Right.MESSAGE_TEACHERS)
    assert Rights([]).ruling(IDA, Right.MESSAGE_TEACHERS) is None


@pytest.mark.parametrize("right", Right)
def test_an_added_role_has_no_right_by_default(right: Right) -> None:
    assert Rights().ruling(ZOE, right) is None


def test_an_added_role_has_what_the_school_gives_it() -> None:
    rights = with_rules(rule(Level.ROLE, STAFF, Right.MESSAGE_TEACHERS, allow=True))
    assert rights.holds(ZOE, Right.MESSAGE_TEACHERS)
    assert not rights.holds(ZOE, Right.MESSAGE_EVERYONE)


def test_a_rule_speaks_of_one_right_only() -> None:
    rights = with_rules(rule(Level.ROLE, GUARDIAN, Right.CREATE_ROOMS, allow=False))
    assert rights.holds(GABI, Right.MESSAGE_TEACHERS)


def test_a_rule_does_not_reach_other_people() -> None:
    rights = with_rules(rule(Level.PERSON, BEN.id, Right.CREATE_ROOMS, allow=True))
    assert not rights.holds(person("bea", STUDENT, "5a"), Right.CREATE_ROOMS)


def test_a_later_rule_replaces_an_earlier_one_of_the_same_subject_and_right() -> None:
    rights = with_rules(
        rule(Level.ROLE, STUDENT, Right.CREATE_ROOMS, allow=False),
        rule(Level.ROLE, STUDENT, Right.CREATE_ROOMS, allow=True),
    )
    assert rights.holds(BEN, Right.CREATE_ROOMS)


@pytest.mark.parametrize("patterns", [("Klasse*", "Klasse 5*"), ("Klasse 5*", "Klasse*")])
def test_no_beats_yes_for_two_patterns_that_fit_one_group(patterns: tuple[str, str]) -> None:
    lines = [
        rule(Level.GROUP, pattern, Right.CREATE_ROOMS, allow=pattern == "Klasse 5*", line=pattern)
        for pattern in patterns
    ]
    ruling = rights_of_school(lines, GROUPS).ruling(BEN, Right.CREATE_ROOMS)
    assert ruling is not None
    assert ruling.id == "Klasse*"


def test_a_ruling_names_the_line_that_said_so() -> None:
    line = "school.yaml:14 rights.roles.teacher.set_tasks"
    ruling = with_rules(rule(Level.ROLE, TEACHER, Right.SET_TASKS, allow=False, line=line)).ruling(IDA, Right.SET_TASKS)
    assert ruling is not None
    assert ruling.id == line


def test_a_default_ruling_names_role_and_right() -> None:
    ruling = Rights().ruling(IDA, Right.SET_TASKS)
    assert ruling is not None
    assert ruling.id == "default:teacher:set_tasks"


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        pytest.param("Klasse 5a", True, id="the name itself fits"),
        pytest.param("Klasse 5*", True, id="a star stands for the rest"),
        pytest.param("Klasse ?a", True, id="a question mark stands for one letter"),
        pytest.param("*5a", True, id="a star may come first"),
        pytest.param("Klasse [56]a", True, id="one of several letters"),
        pytest.param("klasse 5a", False, id="capital letters count"),
        pytest.param("Klasse 5", False, id="a beginning is not enough"),
        pytest.param("5a", False, id="ids are no names"),
        pytest.param("Klasse 6*", False, id="another year"),
    ],
)
def test_a_group_line_is_a_pattern_of_names(pattern: str, fits: bool) -> None:
    line = rule(Level.GROUP, pattern, Right.CREATE_ROOMS, allow=True)
    assert rights_of_school([line], GROUPS).holds(BEN, Right.CREATE_ROOMS) is fits


def test_a_pattern_with_a_dot_means_a_dot() -> None:
    """`Klasse 5.*` fits "Klasse 5.1" (a school that names its classes so), not "Klasse 5a": it is no regular
    expression."""
    line = rule(Level.GROUP, "Klasse 5.*", Right.CREATE_ROOMS, allow=True)
    of_5_1 = [type(GROUPS[0])(id=GROUPS[0].id, name="Klasse 5.1", kind=GROUPS[0].kind)]
    assert rights_of_school([line], of_5_1).holds(BEN, Right.CREATE_ROOMS)
    assert not rights_of_school([line], GROUPS).holds(BEN, Right.CREATE_ROOMS)


def test_a_pattern_gives_its_rule_the_id_of_the_line() -> None:
    line = rule(Level.GROUP, "Klasse *", Right.CREATE_ROOMS, allow=True, line="school.yaml:9")
    ruling = rights_of_school([line], GROUPS).ruling(BEN, Right.CREATE_ROOMS)
    assert ruling is not None
    assert ruling.id == "school.yaml:9"


def test_lines_for_roles_and_persons_stay_as_they_are() -> None:
    lines = [
        rule(Level.ROLE, STUDENT, Right.CREATE_ROOMS, allow=True),
        rule(Level.PERSON, BEN.id, Right.CREATE_ROOMS, allow=False),
    ]
    rights = rights_of_school(lines, GROUPS)
    assert rights.holds(person("bea", STUDENT), Right.CREATE_ROOMS)
    assert not rights.holds(BEN, Right.CREATE_ROOMS)


def test_without_lines_a_school_has_the_default_table() -> None:
    ours, default = rights_of_school([], GROUPS), Rights()
    assert all(ours.ruling(each, right) == default.ruling(each, right) for each in (IDA, BEN, GABI) for right in Right)


SUBJECTS = {
    Level.ROLE: [TEACHER, STUDENT, GUARDIAN, STAFF],
    Level.GROUP: ["5a", "choir"],
    Level.PERSON: [BEN.id, IDA.id],
}
rules_of_all_kinds = st.sampled_from(Level).flatmap(
    lambda level: st.builds(
        Rule,
        level=st.just(level),
        subject=st.sampled_from(SUBJECTS[level]),
        right=st.sampled_from(Right),
        allow=st.booleans(),
        id=st.sampled_from("abc"),
    )
)


@given(st.lists(rules_of_all_kinds, max_size=12), st.sampled_from(Right), st.sets(st.sampled_from(["5a", "choir"])))
def test_the_most_specific_rule_decides(rules: list[Rule], right: Right, groups: set[str]) -> None:
    somebody = person("ben", STUDENT, *groups)
    last = {(r.level, r.subject): r.allow for r in [*default_rules(), *rules] if r.right is right}
    of_groups = [r.allow for r in rules if r.right is right and r.level is Level.GROUP and r.subject in groups]
    if (Level.PERSON, somebody.id) in last:
        expected = last[Level.PERSON, somebody.id]
    elif of_groups:
        expected = all(of_groups)
    else:
        expected = last.get((Level.ROLE, Role("student")), False)
    assert with_rules(*rules).holds(somebody, right) is expected
