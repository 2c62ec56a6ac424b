"""`schulbote why`: the question as people type it, and the answer of the policy with its rule in words."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import BEA, BEN, BOT, CARL, EVERYBODY, GABI, GROUPS, IDA, OTTO, policy, room
from known_rooms import KnownRooms, filled_school, listening, state_of, variant

from school.config import load_settings
from school.domain.directory import Directory
from school.domain.people import Person, PersonId
from school.domain.rights import Level, Right, Rule
from school.domain.rooms import Room, RoomKind
from schulbote.named import NotMeantError, find_group, find_person
from schulbote.question import ACTIONS, NotAskedError, Question, read_question
from schulbote.rule_words import FIXED_RULES
from schulbote.seen_rooms import seen
from schulbote.standing_now import read_standing
from schulbote.why import answer, place_of, place_seen

ROOT = Path(__file__).parents[2]
DIRECTORY = Directory(EVERYBODY, GROUPS)


def asked(words: str) -> Question:
    return read_question(words.split(), DIRECTORY, BOT)


# Who is meant.


@pytest.mark.parametrize(
    "words", ["p-ida", "P-IDA", "@ida:school.test", "@ida", "ida", "Ida Groß", "ida gross", "ida groß"]
)
def test_a_person_is_named_by_id_matrix_id_localpart_or_name(words: str) -> None:
    assert find_person(DIRECTORY, words) == IDA


def test_a_name_that_two_people_have_lists_both_with_ids() -> None:
    twin = Person(id="p-77", user_id="@ida2:school.test", given_name="Ida", family_name="Groß", role=OTTO.role)
    with pytest.raises(NotMeantError) as caught:
        find_person(Directory([IDA, twin]), "Ida Groß")
    for part in ("2 people", "p-ida", "p-77", "@ida:school.test", "@ida2:school.test"):
        assert part in str(caught.value)


def test_one_persons_id_that_is_anothers_localpart_is_no_answer_but_a_question() -> None:
    confusing = Person(id="ida", user_id="@b:school.test", given_name="B", family_name="B", role=OTTO.role)
    both = Directory([IDA, confusing])
    with pytest.raises(NotMeantError, match="2 people"):
        find_person(both, "ida")
    assert find_person(both, "@b:school.test") == confusing


def test_an_unknown_person_gets_a_near_name() -> None:
    with pytest.raises(NotMeantError, match='did you mean "Carl Groß"'):
        find_person(DIRECTORY, "Karl Groß")


@pytest.mark.parametrize("words", ["5a", "Klasse 5a", "klasse 5a"])
def test_a_group_is_named_by_name_or_id(words: str) -> None:
    assert find_group(DIRECTORY, words).id == "5a"


def test_an_unknown_group_gets_a_near_name() -> None:
    with pytest.raises(NotMeantError, match='did you mean "Klasse 5a"'):
        find_group(DIRECTORY, "Klase 5a")


# What is asked.


def test_names_of_several_words_need_no_quotation_marks() -> None:
    assert asked("Ben Groß may message Ida Groß") == asked("ben may message ida")
    assert asked("Ben Groß may invite Bea Groß Klasse 5a") == asked("ben may invite bea 5a")
    assert asked("Ben Groß may write Klasse 5a") == asked("ben may write 5a")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ben", "Ask like this"),
        ("may message ida", "Ask like this"),
        ("ben may", "Ask like this"),
        ("ben may mesage ida", 'did you mean "message"'),
        ("ben may create_romms", 'did you mean "create_rooms"'),
        ("ben may fly", "actions are message, see, create_room,"),
        ("ben may message", "stands PERSON"),
        ("ben may invite bea", "stands PERSON GROUP|ROOM"),
        ("ben may enter", "stands GROUP|ROOM"),
        ("ben may create_rooms 5a", 'leave out "5a"'),
        ("ben may message 5a", 'in a group or a room one may "write"'),
        ("ben may message !x:y", 'in a group or a room one may "write"'),
        ("ben may write ida", 'one may "message"'),
        ("bote may message ben", "The bot is not asked"),
    ],
)
def test_what_is_no_question_is_told_how_to_ask(words: str, said: str) -> None:
    with pytest.raises(NotAskedError, match=re.escape(said)):
        asked(words)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_is_in_the_docs_and_in_the_help(schulbote: Callable[..., Any], name: str) -> None:
    for page in ("operation.md", "de/betrieb.md"):
        assert f"`{name}" in (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert name in schulbote("why", "--help").out


# What is answered: the same as the policy says, whatever is asked.


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("settings") / "school.yaml"
    file.write_text(
        "school: {name: Schule am See}\nmatrix: {server_name: school.test, homeserver_url: 'http://127.0.0.1:1'}\n"
        "rights:\n  groups:\n    Klasse 5*:\n      message_own_groups: false\n"
        "  persons: {p-carl: {create_rooms: true}}\n"
    )
    return load_settings(file)


def rules(settings: Any) -> list[Rule]:
    no_line, yes_line = settings.rights.lines
    return [Rule(level=Level.GROUP, subject="5a", right=no_line.right, allow=False, id=no_line.id), yes_line]


def answered(words: str, settings: Any, at: Room | None = None) -> Any:
    question = asked(words)
    place = None
    if question.group is not None:
        place = place_of(question.group, DIRECTORY, BOT)
    if at is not None:
        place = place_seen(seen("!x", state_of(at)))
    return answer(question, place, policy(*rules(settings)), settings)


DIRECT = room(RoomKind.DIRECT, BEN, BEA)
CHAT = room(RoomKind.CHAT, IDA, BEN, CARL)
GROUP_ROOM = room(RoomKind.GROUP, BEN, BEA, group="5a")


@pytest.mark.parametrize(
    ("words", "at", "allowed", "reason", "rule"),
    [
        ("ben may message ida", None, True, None, "default:student:message_teachers"),
        ("ben may message bea", None, False, "no_common_group", "school.yaml:6 rights.groups.Klasse 5*"),
        ("carl may message ben", None, False, "no_common_group", "no rule"),
        ("ida may message carl", None, True, None, "default:teacher:message_everyone"),
        ("ben may message bote", None, True, None, "bot:reaches_everybody"),
        ("ben may see ida", None, True, None, "default:student:message_teachers"),
        ("ben may see carl", None, False, "no_common_group", "no rule"),
        ("ben may create_room", None, False, "no_rooms", "no rule"),
        ("ben may create_room ida", None, True, None, "default:student:message_teachers"),
        ("ben may create_room bote", None, True, None, "rooms:control"),
        ("ben may create_room ida otto", None, False, "no_rooms", "no rule"),
        ("carl may create_room", None, True, None, "school.yaml:7 rights.persons.p-carl.create_rooms"),
        ("carl may create_room ida ben", None, False, "no_common_group", "no rule"),
        ("ida may create_room ben carl", None, True, None, "default:teacher:create_rooms"),
        ("ida may invite carl 5a", None, False, "not_in_group", "no rule"),
        ("ida may invite otto 5a", None, True, None, "default:teacher:write_to_groups"),
        ("ben may enter 5a", None, True, None, "directory:membership"),
        ("carl may enter 5a", None, False, "not_in_group", "no rule"),
        ("otto may write 5a", None, True, None, "default:teacher:write_to_groups"),
        ("carl may write 5a", None, False, "not_in_group", "no rule"),
        ("ben may leave 5a", None, False, "group_is_kept", "directory:membership"),
        ("otto may leave 5a", None, True, None, "rooms:free_to_leave"),
        ("ben may write !x", DIRECT, False, "no_common_group", "school.yaml:6 rights.groups.Klasse 5*"),
        ("ben may leave !x", DIRECT, True, None, "rooms:free_to_leave"),
        ("ben may write !x", CHAT, True, None, "rooms:chat"),
        ("ben may invite carl !x", DIRECT, False, "direct_room_is_for_two", "rooms:direct"),
        ("gabi may enter !x", CHAT, False, "not_invited", "rooms:by_invitation"),
        ("gabi may write !x", CHAT, False, "not_invited", "rooms:by_invitation"),
        ("gabi may invite gerd !x", CHAT, False, "not_invited", "rooms:by_invitation"),
        ("otto may write !x", GROUP_ROOM, True, None, "default:teacher:write_to_groups"),
        ("ida may invite gabi !x", CHAT, True, None, "rooms:teachers_room"),
        ("ben may create_rooms", None, False, None, "no rule"),
        ("carl may create_rooms", None, True, None, "school.yaml:7 rights.persons.p-carl.create_rooms"),
        ("ida may reset_passwords", None, True, None, "default:teacher:reset_passwords"),
        ("bea may message_own_groups", None, False, None, "school.yaml:6 rights.groups.Klasse 5*"),
    ],
)
def test_the_answer_names_reason_and_rule(
    settings: Any, words: str, at: Room | None, allowed: bool, reason: str | None, rule: str
) -> None:
    said = answered(words, settings, at)
    assert (said.allowed, said.reason) == (allowed, reason)
    assert said.rule.startswith(rule)
    assert said.lines()[0].startswith("Yes: " if allowed else "No: ")
    assert (said.sentence is not None) == (reason is not None)


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda person: person.given_name)
def test_every_right_is_an_action(settings: Any, who: Person, right: Right) -> None:
    held = policy(*rules(settings)).rights.holds(who, right)
    assert answered(f"{who.id} may {right}", settings).allowed is held


def test_a_standing_invitation_opens_the_room(settings: Any) -> None:
    open_room = Room(
        stamp=CHAT.stamp,
        creator=IDA.user_id,
        members=CHAT.members | {GABI.user_id},
        invited=frozenset({GABI.user_id}),
    )
    said = answered("gabi may enter !x", settings, open_room)
    assert (said.allowed, said.rule) == (True, "rooms:teachers_room")


def test_somebody_who_is_not_in_the_room_is_told_so(settings: Any) -> None:
    assert "not in this room" in answered("otto may leave !x", settings, CHAT).notes[0]
    assert "is in this room" in answered("ben may enter !x", settings, CHAT).notes[0]
    assert answered("ben may write !x", settings, CHAT).notes == ()


def test_a_room_without_a_stamp_is_none_of_the_schools() -> None:
    state = [event | {"content": {}} for event in state_of(CHAT)]
    assert seen("!x", state) is None


def test_the_rule_is_told_in_words(settings: Any) -> None:
    def words(question: str) -> str:
        return str(answered(question, settings).rule_in_words)

    assert words("ben may message bea") == (
        'A line of school.yaml takes message_own_groups from everybody in a group named "Klasse 5*".'
    )
    assert words("carl may create_rooms") == "A line of school.yaml gives create_rooms to the person p-carl."
    assert words("ben may message ida") == "The default table gives message_teachers to the role student."
    assert words("ben may enter 5a") == FIXED_RULES["directory:membership"]
    assert words("ben may create_rooms").startswith("Nothing grants it")


# The command.


@pytest.fixture
def rooms() -> Iterator[KnownRooms]:
    with listening(KnownRooms()) as known:
        yield known


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_school(tmp_path_factory.mktemp("why") / "school")


def test_yes_is_0_and_no_is_1(schulbote: Callable[..., Any], config: Path) -> None:
    yes = schulbote("-c", config, "why", "S00001", "may", "message", "T00001")
    assert (yes.status, yes.err) == (0, "")
    assert yes.out.startswith("Yes: ")
    no = schulbote("-c", config, "why", "S00001", "may", "create_room")
    assert (no.status, no.err) == (1, "")
    assert no.out.splitlines()[1:] == [
        "Reason: no_rooms",
        no.out.splitlines()[2],
        "Rule: no rule",
        "  Nothing grants it: no line of school.yaml, and not the default table.",
    ]
    assert "Räume" in no.out, "the sentence is in the school's language"


def test_the_answer_for_programs(schulbote: Callable[..., Any], config: Path) -> None:
    answer = schulbote("-c", config, "why", "--json", "S00001", "may", "create_room")
    said = json.loads(answer.out)
    assert answer.status == 1
    assert (said["allowed"], said["reason"], said["rule"]["id"]) == (False, "no_rooms", "no rule")
    assert list(said) == ["allowed", "told", "reason", "sentence", "rule", "notes"]


@pytest.mark.parametrize("words", ["nobody may message T00001", "S00001 may dance", "S00001 may message", "S00001"])
def test_wrong_use_is_2_with_one_sentence(schulbote: Callable[..., Any], config: Path, words: str) -> None:
    answer = schulbote("-c", config, "why", *words.split())
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1


def test_without_a_directory_nothing_can_be_answered_and_no_database_is_made(
    schulbote: Callable[..., Any], school: Path
) -> None:
    answer = schulbote("-c", school / "school.yaml", "why", "S00001", "may", "create_rooms")
    assert (answer.status, answer.out) == (1, "")
    assert "Start `schulbote sync` first" in answer.err
    assert not (school / "schulbote.db").exists()


def test_a_room_that_cannot_be_looked_at_is_no_answer(schulbote: Callable[..., Any], config: Path) -> None:
    answer = schulbote("-c", config, "why", "S00001", "may", "write", "!x:schule-am-see.de")
    assert (answer.status, answer.out) == (1, "")
    assert "cannot be reached" in answer.err


def test_a_room_is_read_from_the_homeserver(schulbote: Callable[..., Any], config: Path, rooms: KnownRooms) -> None:
    directory = read_standing(load_settings(config)).policy.directory
    pupil, teacher, stranger = (
        directory.person_by_id(PersonId(person_id)) for person_id in ("S00001", "T00001", "S00150")
    )
    rooms.rooms["!one:x"] = state_of(room(RoomKind.DIRECT, pupil, teacher))
    rooms.rooms["!other:x"] = state_of(room(RoomKind.DIRECT, pupil, stranger))
    answering = variant(config, "answering.yaml", homeserver=rooms.url)
    assert schulbote("-c", answering, "why", "S00001", "may", "write", "!one:x").status == 0
    refused = schulbote("-c", answering, "why", "S00001", "may", "write", "!other:x")
    assert refused.status == 1
    assert "Reason: no_common_group" in refused.out


def test_a_room_that_is_not_there_is_wrong_use(schulbote: Callable[..., Any], config: Path, rooms: KnownRooms) -> None:
    answering = variant(config, "answering.yaml", homeserver=rooms.url)
    missing = schulbote("-c", answering, "why", "S00001", "may", "write", "!no:x")
    assert (missing.status, missing.out) == (2, "")
    assert "There is no room !no:x" in missing.err
    rooms.rooms["!old:x"] = [event | {"content": {}} for event in state_of(CHAT)]
    foreign = schulbote("-c", answering, "why", "S00001", "may", "write", "!old:x")
    assert foreign.status == 2
    assert "none of the school's rooms" in foreign.err


def test_a_bot_that_is_no_admin_is_a_failure_and_no_missing_room(
    schulbote: Callable[..., Any], config: Path, rooms: KnownRooms
) -> None:
    rooms.is_admin = False
    answering = variant(config, "answering.yaml", homeserver=rooms.url)
    answer = schulbote("-c", answering, "why", "S00001", "may", "write", "!no:x")
    assert (answer.status, answer.out) == (1, "")
    assert "You are not a server admin" in answer.err
