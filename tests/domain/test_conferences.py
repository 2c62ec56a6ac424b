from datetime import UTC, datetime, timedelta

import pytest
from builders import BEN, BERLIN, CARL, GABI, IDA, OTTO, ZOE, policy

from school.domain.conferences import (
    Circle,
    Entitled,
    Part,
    Times,
    guest_name,
    may_lead,
    may_start_here,
    may_take_part,
    must_wait,
)
from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.people import STUDENT, TEACHER, Person
from school.domain.rights import Level, Right, Rights, Rule, default_rules

CLASS = Circle(groups=frozenset({GroupId("5a")}))
CLASS_ROOM = Circle(groups=frozenset({GroupId("5a")}), in_room=True)
BOTH = Circle(groups=frozenset({GroupId("5a"), GroupId("6b")}))
CHAT = Circle(in_room=True)
OTHER_CHAT = Circle()
RIGHTS = policy().rights


def changed(subject: str, right: Right, *, allow: bool, level: Level = Level.ROLE) -> Rights:
    return Rights([*default_rules(), Rule(level=level, subject=subject, right=right, allow=allow, id="line 1")])


@pytest.mark.parametrize(
    ("who", "circle", "part"),
    [
        pytest.param(IDA, CLASS, Part.MODERATOR, id="a teacher of the group leads"),
        pytest.param(IDA, BOTH, Part.MODERATOR, id="a teacher of one of the groups leads"),
        pytest.param(IDA, CHAT, Part.MODERATOR, id="a teacher in the room leads"),
        pytest.param(OTTO, CLASS_ROOM, Part.MODERATOR, id="a teacher who visits the group's room leads"),
        pytest.param(OTTO, CLASS, Reason.NOT_IN_CONFERENCE, id="a teacher of another group does not come in"),
        pytest.param(IDA, OTHER_CHAT, Reason.NOT_IN_CONFERENCE, id="a teacher who is not in the room does not"),
        pytest.param(BEN, CLASS, Part.VIEWER, id="a pupil of the group takes part"),
        pytest.param(CARL, CLASS, Reason.NOT_IN_CONFERENCE, id="a pupil of another group does not"),
        pytest.param(CARL, CLASS_ROOM, Reason.NOT_IN_CONFERENCE, id="nor one whom the room still has"),
        pytest.param(CARL, BOTH, Part.VIEWER, id="a pupil of one of the groups takes part"),
        pytest.param(BEN, CHAT, Part.VIEWER, id="a pupil in the chat takes part"),
        pytest.param(GABI, CHAT, Part.VIEWER, id="a guardian in the chat takes part"),
        pytest.param(GABI, CLASS, Reason.NOT_IN_CONFERENCE, id="a guardian is not in the class of the child"),
        pytest.param(ZOE, CHAT, Reason.NO_CONFERENCES, id="a role without the rights does not"),
        pytest.param(None, CHAT, Reason.UNKNOWN_PERSON, id="nobody does"),
    ],
)
def test_who_comes_in_and_as_what(who: Person | None, circle: Circle, part: Part | Reason) -> None:
    entitled = may_take_part(who, circle, RIGHTS)
    assert part in (entitled.part, entitled.decision.reason)
    assert (entitled.part is None) == (entitled.decision.reason is not None)


def test_the_starter_leads_it_for_as_long_as_they_may_start() -> None:
    circle = Circle(groups=frozenset({GroupId("6b")}), starter=IDA.id)
    assert may_take_part(IDA, circle, RIGHTS).part is Part.MODERATOR
    without = changed(TEACHER, Right.START_CONFERENCES, allow=False)
    assert may_take_part(IDA, circle, without).decision.reason is Reason.NOT_IN_CONFERENCE
    assert may_take_part(IDA, CLASS, without).part is Part.VIEWER


def test_whose_right_to_join_was_taken_does_not_come_in() -> None:
    without = changed(BEN.id, Right.JOIN_CONFERENCES, allow=False, level=Level.PERSON)
    refused = may_take_part(BEN, CLASS, without).decision
    assert (refused.reason, refused.rule) == (Reason.NO_CONFERENCES, "line 1")


def test_a_pupil_with_the_right_to_start_leads_where_they_belong() -> None:
    pupils = changed(STUDENT, Right.START_CONFERENCES, allow=True)
    assert may_take_part(BEN, CLASS, pupils).part is Part.MODERATOR
    assert may_take_part(CARL, CLASS, pupils).decision.reason is Reason.NOT_IN_CONFERENCE
    assert may_start_here(BEN, CLASS, pupils)
    assert may_start_here(BEN, BOTH, pupils).reason is Reason.NOT_IN_CONFERENCE, "not for groups of others"


@pytest.mark.parametrize(
    ("who", "circle", "reason"),
    [
        pytest.param(IDA, CLASS, None, id="for the own group"),
        pytest.param(IDA, BOTH, None, id="for other groups, by the right to write to them"),
        pytest.param(IDA, CHAT, None, id="in the own room"),
        pytest.param(IDA, OTHER_CHAT, Reason.NOT_IN_CONFERENCE, id="not in a room of others"),
        pytest.param(BEN, CLASS, Reason.NO_CONFERENCES, id="not a pupil"),
        pytest.param(GABI, CHAT, Reason.NO_CONFERENCES, id="not a guardian"),
        pytest.param(None, CHAT, Reason.UNKNOWN_PERSON, id="not nobody"),
    ],
)
def test_who_starts_one(who: Person | None, circle: Circle, reason: Reason | None) -> None:
    assert may_start_here(who, circle, RIGHTS).reason is reason


def test_only_a_moderator_leads() -> None:
    def lead(who: Person | None, entitled: Entitled) -> Reason | None:
        return may_lead(entitled, who, RIGHTS).reason

    assert lead(IDA, may_take_part(IDA, CLASS, RIGHTS)) is None
    assert lead(BEN, may_take_part(BEN, CLASS, RIGHTS)) is Reason.NO_CONFERENCES
    assert lead(CARL, may_take_part(CARL, CLASS, RIGHTS)) is Reason.NOT_IN_CONFERENCE
    assert lead(None, may_take_part(None, CLASS, RIGHTS)) is Reason.UNKNOWN_PERSON


@pytest.mark.parametrize(
    ("part", "waits_for_moderator", "moderator_is_there", "waits"),
    [
        (Part.MODERATOR, True, False, False),
        (Part.MODERATOR, False, False, False),
        (Part.VIEWER, True, False, True),
        (Part.VIEWER, True, True, False),
        (Part.VIEWER, False, False, False),
        (Part.GUEST, True, False, True),
        (Part.GUEST, False, False, True),
        (Part.GUEST, False, True, False),
    ],
)
def test_who_waits(part: Part, waits_for_moderator: bool, moderator_is_there: bool, waits: bool) -> None:
    assert waits == must_wait(part, waits_for_moderator=waits_for_moderator, moderator_is_there=moderator_is_there)


def test_a_guest_is_seen_to_be_one() -> None:
    assert guest_name("Petra Lehmann") == "Petra Lehmann (Gast)"


FIRST = datetime(2026, 10, 16, 12, 0, tzinfo=UTC)  # a Friday, 14:00 in Berlin


def test_a_weekly_conference_keeps_its_hour_when_the_clocks_change() -> None:
    times = Times(first=FIRST, weekly=True)
    assert times.next_after(FIRST - timedelta(days=1), BERLIN) == FIRST
    assert times.next_after(FIRST, BERLIN) == FIRST + timedelta(weeks=1)
    after = times.next_after(FIRST + timedelta(weeks=1), BERLIN)
    assert after == FIRST + timedelta(weeks=2, hours=1), "14:00 in winter"
    assert times.next_after(FIRST + timedelta(weeks=40), BERLIN) == FIRST + timedelta(weeks=41), "and in summer again"


def test_what_is_not_repeated_has_no_next_time() -> None:
    assert Times(first=FIRST).next_after(FIRST - timedelta(seconds=1), BERLIN) == FIRST
    assert Times(first=FIRST).next_after(FIRST, BERLIN) is None
