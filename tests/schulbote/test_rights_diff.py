"""`schulbote rights`: the table in force, and what another one would open and close."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import BEA, BEN, BOT, CARL, EVERYBODY, GABI, GERD, GROUPS, HANNA, IDA, policy, room
from hypothesis import given
from hypothesis import strategies as st
from known_rooms import KnownRooms, filled_school, listening, state_of, variant

from school.config import load_settings
from school.domain.comparison import (
    EXAMPLES,
    Writing,
    changed_reach,
    changed_rights,
    changed_writing,
    fits_nobody,
    groups_of,
    people_of,
)
from school.domain.decisions import NO_RULE
from school.domain.directory import Directory
from school.domain.groups import GroupId
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person, PersonId, Role, UserId
from school.domain.policy import Policy
from school.domain.rights import Level, Right, Rights, Rule, default_rules
from school.domain.rooms import Room, RoomKind
from schulbote.rule_words import said_by
from schulbote.standing_now import read_standing


def line(level: Level, subject: str, right: Right, allow: bool) -> Rule:
    return Rule(level=level, subject=subject, right=right, allow=allow, id=f"{level.name} {subject} {right} {allow}")


NOT_IN_GROUPS = line(Level.ROLE, STUDENT, Right.MESSAGE_OWN_GROUPS, False)


# Who gains and loses what.


def test_who_loses_a_right_is_told_with_the_rule_that_takes_it() -> None:
    (change,) = changed_rights(policy(), policy(NOT_IN_GROUPS))
    assert (change.right, change.role, change.gained) == (Right.MESSAGE_OWN_GROUPS, STUDENT, False)
    assert set(change.people) == {BEN, BEA, CARL}
    assert change.rule == NOT_IN_GROUPS.id


def test_a_line_for_one_role_in_groups_reaches_these_people_only() -> None:
    pupils = Rule(
        level=Level.GROUP, subject="Klasse 5*", right=Right.CREATE_ROOMS, allow=True, id="pupils", role=STUDENT
    )
    directory = Directory(EVERYBODY, GROUPS)
    assert set(people_of(pupils, directory)) == {BEN, BEA}
    assert {group.name for group in groups_of(pupils, directory)} == {"Klasse 5a"}
    assert not fits_nobody(pupils, directory)
    assert said_by(pupils) == 'gives create_rooms to the role student in a group named "Klasse 5*"'


def test_a_right_that_no_rule_grants_any_more_is_lost_by_no_rule() -> None:
    extra = line(Level.PERSON, BEN.id, Right.CREATE_ROOMS, True)
    (change,) = changed_rights(policy(extra), policy())
    assert (change.people, change.gained, change.rule) == ((BEN,), False, NO_RULE)


def test_a_line_that_another_one_beats_changes_nothing() -> None:
    beaten = line(Level.GROUP, "5a", Right.CREATE_ROOMS, True)
    own = [line(Level.PERSON, person.id, Right.CREATE_ROOMS, False) for person in (BEN, BEA)]
    (change,) = changed_rights(policy(), policy(beaten, *own, line(Level.PERSON, IDA.id, Right.CREATE_ROOMS, False)))
    assert (change.people, change.gained) == ((IDA,), False)


def test_who_may_no_longer_write_to_whom_is_counted_by_roles() -> None:
    (change,) = changed_reach(policy(), policy(NOT_IN_GROUPS))
    assert (change.sender, change.recipient, change.opened, change.pairs) == (STUDENT, STUDENT, False, 2)
    assert {frozenset(pair) for pair in change.examples} == {frozenset({BEN, BEA})}


ROLES = (TEACHER, STUDENT, GUARDIAN, Role("staff"))
IDS = st.integers(0, 14)


def _people(sizes: list[tuple[int, frozenset[int]]]) -> list[Person]:
    return [
        Person(
            id=PersonId(f"p{number}"),
            user_id=UserId(f"@u{number}:school.test"),
            given_name="",
            family_name="",
            role=ROLES[role],
            groups=frozenset(GroupId(f"g{group}") for group in groups),
        )
        for number, (role, groups) in enumerate(sizes)
    ]


PEOPLE = st.lists(
    st.tuples(st.integers(0, 3), st.frozensets(st.integers(0, 4), max_size=3)), min_size=1, max_size=15
).map(_people)
SUBJECTS = st.one_of(
    st.tuples(st.just(Level.ROLE), st.sampled_from(ROLES)),
    st.tuples(st.just(Level.GROUP), st.integers(0, 4).map("g{}".format)),
    st.tuples(st.just(Level.PERSON), IDS.map("p{}".format)),
)
MESSAGING = st.sampled_from([Right.MESSAGE_EVERYONE, Right.MESSAGE_TEACHERS, Right.MESSAGE_OWN_GROUPS])
TABLE = st.lists(
    st.tuples(SUBJECTS, MESSAGING, st.booleans()).map(lambda drawn: line(*drawn[0], drawn[1], drawn[2])), max_size=6
)


@given(PEOPLE, TABLE, TABLE)
def test_counting_by_likeness_is_counting_every_pair(people: list[Person], old: list[Rule], new: list[Rule]) -> None:
    directory = Directory(people)
    before, after = (
        Policy(directory=directory, rights=Rights([*default_rules(), *lines]), bot=BOT) for lines in (old, new)
    )
    every_pair: Counter[tuple[str, str, bool]] = Counter()
    for one in people:
        for other in people:
            if one is not other:
                could, can = (bool(asked.may_message(one.user_id, other.user_id)) for asked in (before, after))
                if could != can:
                    every_pair[one.role, other.role, can] += 1
    found = changed_reach(before, after)
    assert {(change.sender, change.recipient, change.opened): change.pairs for change in found} == every_pair
    for change in found:
        assert 1 <= len(change.examples) <= EXAMPLES
        for one, other in change.examples:
            assert (one.role, other.role) == (change.sender, change.recipient)
            assert bool(after.may_message(one.user_id, other.user_id)) is change.opened
            assert bool(before.may_message(one.user_id, other.user_id)) is not change.opened


def test_a_school_of_two_thousand_is_compared_in_few_questions() -> None:
    asked = 0

    class Counting(Policy):
        def may_message(self, sender: UserId, recipient: UserId) -> Any:
            nonlocal asked
            asked += 1
            return super().may_message(sender, recipient)

    people = _people([(1 if n % 10 else 0, frozenset({n % 97, n % 31, n % 7})) for n in range(2_000)])
    before, after = (
        Counting(directory=Directory(people), rights=Rights([*default_rules(), *lines]), bot=BOT)
        for lines in ([], [NOT_IN_GROUPS])
    )
    (change,) = changed_reach(before, after)
    assert change.pairs > 100_000
    assert asked < 100


# Rooms.


PAIR, WITH_TEACHER = room(RoomKind.DIRECT, BEN, BEA), room(RoomKind.DIRECT, BEN, IDA)
PARENTS = room(RoomKind.CHAT, GABI, GERD)
MEETING = room(RoomKind.CHAT, IDA, GABI, HANNA)


@pytest.mark.parametrize(
    ("lines", "asked", "change"),
    [
        ([NOT_IN_GROUPS], PAIR, Writing.READ_ONLY),
        ([line(Level.PERSON, BEN.id, Right.MESSAGE_OWN_GROUPS, False)], PAIR, Writing.FEWER),
        ([NOT_IN_GROUPS], WITH_TEACHER, None),
        ([line(Level.ROLE, STUDENT, Right.MESSAGE_TEACHERS, False), NOT_IN_GROUPS], WITH_TEACHER, Writing.FEWER),
        ([line(Level.ROLE, GUARDIAN, Right.MESSAGE_OWN_GROUPS, False)], PARENTS, Writing.READ_ONLY),
        ([line(Level.PERSON, IDA.id, Right.MESSAGE_EVERYONE, False)], MEETING, Writing.READ_ONLY),
        ([line(Level.ROLE, STUDENT, Right.CREATE_ROOMS, True)], PAIR, None),
    ],
)
def test_a_room_that_loses_its_writers(lines: list[Rule], asked: Room, change: Writing | None) -> None:
    assert changed_writing(policy(), policy(*lines), asked) is change
    back = {Writing.READ_ONLY: Writing.WRITABLE, Writing.FEWER: Writing.MORE, None: None}
    assert changed_writing(policy(*lines), policy(), asked) is back[change]


# Lines that fit nobody.


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("Klasse 5*", {"Klasse 5a"}),
        ("*5a", {"Klasse 5a", "Eltern Klasse 5a"}),
        ("Klasse ?b", {"Klasse 6b"}),
        ("klasse 5a", set()),
        ("Klasse 7*", set()),
    ],
)
def test_a_line_of_a_group_fits_what_the_policy_fits_it_to(subject: str, names: set[str]) -> None:
    directory = Directory(EVERYBODY, GROUPS)
    asked = line(Level.GROUP, subject, Right.CREATE_ROOMS, True)
    assert {group.name for group in groups_of(asked, directory)} == names
    assert fits_nobody(asked, directory) == (not names)
    assert set(people_of(asked, directory)) == {
        person for group in GROUPS if group.name in names for person in directory.members(group.id)
    }


def test_a_person_who_is_not_in_the_directory_is_fitted_by_no_line() -> None:
    directory = Directory(EVERYBODY, GROUPS)
    assert fits_nobody(line(Level.PERSON, "p-ghost", Right.CREATE_ROOMS, True), directory)
    assert not fits_nobody(line(Level.PERSON, BEN.id, Right.CREATE_ROOMS, True), directory)
    assert not fits_nobody(line(Level.ROLE, "nobody_has_it", Right.CREATE_ROOMS, True), directory)


# The commands.

NEW = """
rights:
  added_roles: [staff]
  roles:
    student: {message_own_groups: false, create_rooms: true}
  groups:
    Klasse 9.1: {create_rooms: false}
    Klasse 99*: {create_rooms: false, set_tasks: true}
  persons:
    S00001: {create_rooms: false}
    S77777: {create_rooms: true}
"""


@pytest.fixture
def rooms() -> Iterator[KnownRooms]:
    with listening(KnownRooms()) as known:
        yield known


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_school(tmp_path_factory.mktemp("rights") / "school")


@pytest.fixture(scope="module")
def new(config: Path) -> Path:
    return variant(config, "new.yaml", more=NEW)


@pytest.fixture(scope="module")
def directory(config: Path) -> Directory:
    return read_standing(load_settings(config)).policy.directory


def person(directory: Directory, person_id: str) -> Person:
    found = directory.person_by_id(PersonId(person_id))
    assert found is not None
    return found


def test_the_table_in_force(schulbote: Callable[..., Any], config: Path, new: Path, directory: Directory) -> None:
    default = schulbote("-c", config, "rights")
    assert (default.status, default.err) == (0, "")
    assert all(right in default.out for right in Right)
    assert "*" not in default.out
    told = schulbote("-c", new, "rights")
    assert told.status == 0
    assert "no *" in told.out
    assert "staff" in told.out
    everybody = sum(person.role == STUDENT for person in directory.people)
    assert f"rights.roles.student.message_own_groups takes message_own_groups from the role student: {everybody} " in (
        told.out
    )
    assert told.out.count("new.yaml:") == 7, "every line of the file"


def test_a_line_says_how_many_people_it_reaches_and_for_how_many_it_decides(
    schulbote: Callable[..., Any], new: Path, directory: Directory
) -> None:
    table = json.loads(schulbote("-c", new, "rights", "--json").out)
    lines = {(line["subject"], line["right"]): line for line in table["lines"]}
    pupils = {person.id for person in directory.people if person.role == STUDENT}
    group = next(group.id for group in directory.groups.values() if group.name == "Klasse 9.1")
    members = {person.id for person in directory.members(group)}
    of_role = lines["student", "create_rooms"]
    assert of_role["people"] == len(pupils)
    assert of_role["decides"] == len(pupils - members - {"S00001"})
    assert lines["Klasse 9.1", "create_rooms"]["people"] == len(members)
    assert lines["S77777", "create_rooms"]["people"] == 0
    student = table["roles"]["student"]
    assert student["create_rooms"]["allow"] is True
    assert student["create_rooms"]["rule"].endswith("rights.roles.student.create_rooms")
    assert student["set_tasks"] == {"allow": False, "rule": None}
    assert table["roles"]["staff"].keys() == set(Right)


def test_lines_that_fit_nobody_are_told_with_line_and_key(schulbote: Callable[..., Any], new: Path) -> None:
    number = {
        key: number for number, line in enumerate(new.read_text().splitlines(), 1) for key in [line.split(":")[0]]
    }
    expected = [
        f"new.yaml:{number['    Klasse 99*']} rights.groups.Klasse 99* fits no group",
        f"new.yaml:{number['    S77777']} rights.persons.S77777 fits nobody",
    ]
    for command in (["rights"], ["rights", "--diff", new], ["check"]):
        told = [line for line in schulbote("-c", new, *command).err.splitlines() if line.startswith("new.yaml")]
        assert len(told) == len(expected)
        assert all(line.startswith(begin) for line, begin in zip(told, expected, strict=True))


def test_check_says_nothing_of_lines_where_nobody_is_in_the_directory_yet(
    schulbote: Callable[..., Any], school: Path
) -> None:
    with (school / "school.yaml").open("a") as file:
        file.write(NEW)
    answer = schulbote("-c", school / "school.yaml", "check")
    assert "can be used" in answer.out
    assert "fits" not in answer.err


def test_a_difference_counts_people_and_pairs(
    schulbote: Callable[..., Any], config: Path, new: Path, directory: Directory
) -> None:
    told = json.loads(schulbote("-c", config, "rights", "--diff", new, "--json").out)
    pupils = [person for person in directory.people if person.role == STUDENT]
    (lost,) = [change for change in told["rights"] if change["right"] == "message_own_groups"]
    assert (lost["role"], lost["change"], lost["people"]) == ("student", "lost", len(pupils))
    assert lost["rule"].endswith("rights.roles.student.message_own_groups")
    assert len(lost["examples"]) == EXAMPLES
    classmates = sum(one is not other and one.shares_group_with(other) for one in pupils for other in pupils)
    (between,) = [change for change in told["messages"] if (change["from"], change["to"]) == ("student", "student")]
    assert (between["change"], between["pairs"]) == ("closed", classmates)
    assert told["changes"] is True
    assert told["rooms"] is None
    assert "cannot be reached" in told["rooms_not_looked_at"]


def test_rooms_that_would_become_read_only_are_named_by_their_people(
    schulbote: Callable[..., Any], config: Path, new: Path, directory: Directory, rooms: KnownRooms
) -> None:
    one, other, teacher = (person(directory, person_id) for person_id in ("S00001", "S00002", "T00001"))
    the_bot = UserId("@schulbote:schule-am-see.de")
    pair = room(RoomKind.DIRECT, one, other)
    rooms.rooms = {
        "!pair:x": state_of(pair),
        "!with_teacher:x": state_of(room(RoomKind.DIRECT, one, teacher)),
        "!chat:x": state_of(room(RoomKind.CHAT, one, other), name="Unter uns"),
        "!group:x": state_of(room(RoomKind.GROUP, one, other, group="g", creator=the_bot)),
        "!foreign:x": [event | {"content": {}} for event in state_of(pair)],
    }
    rooms.deleted = {"!deleted:x"}
    answering = variant(config, "answering.yaml", homeserver=rooms.url)
    told = json.loads(schulbote("-c", answering, "rights", "--diff", new, "--json").out)
    by_id = sorted((one, other), key=lambda person: person.user_id)
    names = ", ".join(person.display_name for person in by_id)
    assert told["rooms"] == [
        {"kind": "chat", "change": "read_only", "rooms": ["!chat:x"], "examples": [f'"Unter uns" with {names}']},
        {"kind": "direct", "change": "read_only", "rooms": ["!pair:x"], "examples": [names]},
    ]
    assert told["rooms_not_looked_at"] is None
    assert set(rooms.looked_at) == {"!pair:x", "!with_teacher:x", "!chat:x", "!foreign:x", "!deleted:x"}
    in_words = schulbote("-c", answering, "rights", "--diff", new).out
    assert f"1 direct room becomes read-only (such as {names})" in in_words
    back = variant(config, "answering_new.yaml", homeserver=rooms.url, more=NEW)
    told_back = json.loads(schulbote("-c", back, "rights", "--diff", config, "--json").out)
    assert [room["change"] for room in told_back["rooms"]] == ["writable", "writable"]


def test_rooms_that_cannot_be_looked_at_are_told(schulbote: Callable[..., Any], config: Path, new: Path) -> None:
    answer = schulbote("-c", config, "rights", "--diff", new)
    assert answer.status == 0
    assert "They could not be looked at: the homeserver cannot be reached" in answer.out
    assert "216 of role student lose it" in answer.out


def test_a_change_that_changes_nothing_says_so_and_looks_at_no_room(
    schulbote: Callable[..., Any], config: Path, rooms: KnownRooms
) -> None:
    answering = variant(config, "answering.yaml", homeserver=rooms.url)
    same = variant(config, "same.yaml", more="rights: {roles: {student: {create_rooms: false}}}\n")
    for other in (config, same):
        answer = schulbote("-c", answering, "rights", "--diff", other)
        assert (answer.status, answer.out) == (0, "Nothing would change: everybody keeps the rights that they have.\n")
    assert rooms.looked_at == []


def test_nothing_is_applied(schulbote: Callable[..., Any], config: Path, new: Path) -> None:
    database = config.with_name("schulbote.db")
    before = config.read_bytes(), new.read_bytes(), database.read_bytes()
    assert schulbote("-c", config, "rights", "--diff", new).status == 0
    assert (config.read_bytes(), new.read_bytes(), database.read_bytes()) == before
    assert schulbote("-c", config, "why", "S00002", "may", "create_rooms").status == 1


def test_mistakes_in_the_new_file_are_told_with_line_and_key(schulbote: Callable[..., Any], config: Path) -> None:
    wrong = variant(config, "wrong.yaml", more="rights: {roles: {student: {create_romms: true}}}\n")
    answer = schulbote("-c", config, "rights", "--diff", wrong)
    assert (answer.status, answer.out) == (2, "")
    assert f"wrong.yaml, line {len(wrong.read_text().splitlines())}: rights.roles.student.create_romms" in answer.err
    missing = schulbote("-c", config, "rights", "--diff", config.with_name("nowhere.yaml"))
    assert missing.status == 2
    assert "there is no such file" in missing.err
