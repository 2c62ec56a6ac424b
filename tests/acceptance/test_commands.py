"""What people ask the bot for, in a real school: each command by somebody who may and somebody who may not."""

import pytest

from acceptance.people import Person, says_why

CLASS = "Klasse 9.2"


@pytest.fixture(scope="module")
def visitor(people) -> Person:
    """A teacher who is not of the class."""
    return people.teacher(not_of=CLASS)


@pytest.fixture(scope="module")
def pupil(people) -> Person:
    return people.pupil(CLASS)


@pytest.fixture(scope="module")
def stranger(people) -> Person:
    return people.pupil(not_of=CLASS)


def test_a_teacher_enters_any_group_and_leaves_again(demo, visitor, pupil):
    rooms = {demo.info["rooms"][CLASS], demo.info["spaces"][CLASS]}
    visitor.leave(demo.info["rooms"][CLASS])
    assert CLASS in visitor.ask("!betreten 9.2")
    assert rooms <= visitor.joined_rooms()
    words = "Guten Morgen, ich vertrete heute."
    visitor.send(demo.info["rooms"][CLASS], words)
    assert words in pupil.texts(demo.info["rooms"][CLASS])
    assert "schon in" in visitor.ask(f"!betreten {CLASS}")
    assert "verlassen" in visitor.ask("!verlassen klasse 9.2")
    assert rooms.isdisjoint(visitor.joined_rooms())


def test_a_pupil_enters_no_group_of_others(demo, stranger, pupil):
    assert says_why(stranger.ask(f"!betreten {CLASS}"), "not_in_group")
    assert demo.info["rooms"][CLASS] not in stranger.joined_rooms() | stranger.invitations()
    assert says_why(pupil.ask(f"!verlassen {CLASS}"), "group_is_kept")


def test_who_is_in_a_group_is_told_to_who_may_know(demo, visitor, pupil, stranger):
    of_class = [account for account in demo.info["accounts"] if CLASS in account["groups"]]
    told, told_to_pupil = visitor.ask("!wer 9.2"), pupil.ask(f"!wer {CLASS}")
    for account in of_class:
        assert account["name"] in told
        assert account["name"] in told_to_pupil
    assert "Noch nie angemeldet" in told
    assert "angemeldet" not in told_to_pupil
    assert pupil.name not in told.partition("Noch nie angemeldet")[2]
    assert "finde ich nicht" in stranger.ask(f"!wer {CLASS}")


def test_a_contact_is_found_by_a_name_with_a_slip_and_can_be_written_to(people, pupil):
    teacher = people.teacher()
    given, family = teacher.name.rsplit(" ", 1)
    found = pupil.ask_for(f"!kontakte {given} {family[:-1]}")
    assert teacher.user_id in found["body"]
    assert f'<a href="https://matrix.to/#/{teacher.user_id}">' in found["formatted_body"]
    pupil.talk_to(teacher)


def test_whom_one_may_not_write_to_is_not_found(pupil, stranger):
    assert stranger.user_id not in pupil.ask(f"!kontakte {stranger.name}")
    assert "Lehrkräfte deiner Gruppen:" in pupil.ask("!kontakte")


def test_a_mistyped_command_is_answered_with_the_nearest(visitor, pupil):
    assert "Meinst du !betreten?" in visitor.ask("!betretten 9.2")
    assert "!betreten" not in pupil.ask("!betretten 9.2")
    assert "!betreten" in visitor.ask("!hilfe")
    assert "!betreten" not in pupil.ask("!hilfe")
