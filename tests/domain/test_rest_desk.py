from datetime import UTC, datetime, timedelta

from builders import BEN, BERLIN, EVENING, EVERYBODY, GROUPS, IDA, NO_HOURS, NOBODY, NOON, OTTO, resting
from hypothesis import given
from hypothesis import strategies as st

from school.domain.calendars import Calendars, HoursLine
from school.domain.directory import Directory
from school.domain.intervals import Span
from school.domain.people import STUDENT, TEACHER, UserId
from school.domain.rest import Calendar, PersonalRest, Rest, RestCause, rest_at
from school.domain.rest_desk import RestDesk
from school.domain.week import Window

SCHOOL = Directory(EVERYBODY)
TONIGHT = Rest(until=EVENING, cause=RestCause.OWN)
MICROSECOND = timedelta(microseconds=1)


class Book:
    """What people said about their own time, counting how often it is asked for."""

    def __init__(self, rests: dict[UserId, PersonalRest]) -> None:
        self.rests = rests
        self.asked = 0

    def get(self, user_id: UserId) -> PersonalRest | None:
        self.asked += 1
        return self.rests.get(user_id)


WEEK = Calendar(zone=BERLIN, windows=tuple(Window(day, 450, 1080) for day in range(5)))


def desk(book: Book, calendar: Calendar = NO_HOURS, **more: object) -> RestDesk:
    return RestDesk(directory=SCHOOL, calendars=Calendars(school=calendar), personal=book.get, **more)  # type: ignore[arg-type]


def test_rest_time_is_for_teachers() -> None:
    everybody_rests = Book({person.user_id: resting() for person in EVERYBODY})
    asked = desk(everybody_rests)
    assert {p.role for p in EVERYBODY if asked.rest_of(p.user_id, NOON) is not None} == {TEACHER}
    assert {p.role for p in EVERYBODY if asked.has_rest(p.user_id)} == {TEACHER}


def test_the_school_may_give_rest_time_to_other_roles() -> None:
    asked = desk(Book({BEN.user_id: resting()}), roles=[TEACHER, STUDENT])
    assert asked.has_rest(BEN.user_id)
    assert asked.rest_of(BEN.user_id, NOON) == TONIGHT


def test_somebody_unknown_never_rests() -> None:
    asked = desk(Book({NOBODY: resting()}))
    assert not asked.has_rest(NOBODY)
    assert asked.rest_of(NOBODY, NOON) is None


def test_a_rest_begins_at_its_start_and_is_over_at_its_end() -> None:
    asked = desk(Book({IDA.user_id: resting()}))
    seen = {at: asked.rest_of(IDA.user_id, at) for at in (NOON - MICROSECOND, NOON, EVENING - MICROSECOND, EVENING)}
    assert seen == {NOON - MICROSECOND: None, NOON: TONIGHT, EVENING - MICROSECOND: TONIGHT, EVENING: None}


def test_an_answer_is_remembered_until_just_before_the_change() -> None:
    book = Book({IDA.user_id: resting()})
    asked = desk(book)
    for at in (NOON, NOON + timedelta(hours=1), EVENING - MICROSECOND):
        assert asked.rest_of(IDA.user_id, at) == TONIGHT
    assert book.asked == 1
    assert asked.rest_of(IDA.user_id, EVENING) is None
    assert book.asked == 2


def test_an_answer_is_not_used_for_the_time_before_it() -> None:
    asked = desk(Book({IDA.user_id: resting()}))
    assert asked.rest_of(IDA.user_id, NOON) == TONIGHT
    assert asked.rest_of(IDA.user_id, NOON - MICROSECOND) is None


def test_one_persons_answer_is_not_anothers() -> None:
    asked = desk(Book({IDA.user_id: resting()}))
    assert asked.rest_of(IDA.user_id, NOON) == TONIGHT
    assert asked.rest_of(OTTO.user_id, NOON) is None


def test_the_next_rest_is_the_next_change_of_somebody_who_is_there() -> None:
    asked = desk(Book({IDA.user_id: resting()}))
    assert asked.next_rest(IDA.user_id, NOON - timedelta(hours=1)) == NOON
    assert asked.next_rest(OTTO.user_id, NOON) is None


def test_a_school_may_have_pauses_not_count() -> None:
    at_night = datetime(2026, 5, 5, 20, tzinfo=UTC)
    paused = {IDA.user_id: PersonalRest(pauses=(Span(at_night, at_night + timedelta(hours=1)),))}
    assert desk(Book(paused), WEEK).rest_of(IDA.user_id, at_night) is None
    keeps_its_rest = desk(Book(paused), WEEK, may_shorten=False)
    assert keeps_its_rest.rest_of(IDA.user_id, at_night) is not None
    assert keeps_its_rest.look(IDA.user_id, at_night) is not None
    assert keeps_its_rest.next_rest(IDA.user_id, NOON) == datetime(2026, 5, 5, 16, tzinfo=UTC)


def test_a_look_tells_the_cause_of_its_moment() -> None:
    asked = desk(Book({IDA.user_id: resting(EVENING - timedelta(hours=4))}), WEEK)
    later = EVENING + timedelta(hours=1)
    for at, cause in ((EVENING - timedelta(minutes=1), RestCause.OWN), (later, RestCause.OUTSIDE_HOURS)):
        asked.rest_of(IDA.user_id, EVENING - timedelta(minutes=1))
        looked = asked.look(IDA.user_id, at)
        assert looked is not None
        assert looked.cause is cause


def test_each_person_has_the_hours_that_hold_for_them() -> None:
    evenings = HoursLine(id="line", windows=tuple(Window(day, 960, 1320) for day in range(5)))
    asked = RestDesk(
        directory=SCHOOL,
        calendars=Calendars(school=WEEK, group_lines={"Klasse 5a": evenings}, groups=GROUPS),
        personal=Book({}).get,
    )
    at_eight = datetime(2026, 5, 5, 18, tzinfo=UTC)
    assert asked.rest_of(IDA.user_id, at_eight) is None
    assert asked.rest_of(OTTO.user_id, at_eight) is not None


def test_jumping_from_change_to_change_the_desk_says_what_the_calendar_says() -> None:
    personal = PersonalRest(
        rests=(Span(NOON, NOON + timedelta(minutes=20)),),
        pauses=(Span(EVENING, EVENING + timedelta(hours=1)),),
    )
    asked = desk(Book({IDA.user_id: personal}), WEEK)
    at = datetime(2026, 5, 4, 0, tzinfo=UTC)
    for _ in range(20):
        for look in (at, at + MICROSECOND):
            assert asked.rest_of(IDA.user_id, look) == rest_at(WEEK, personal, look)
        rest = asked.rest_of(IDA.user_id, at)
        change = rest.until if rest else asked.next_rest(IDA.user_id, at)
        assert change is not None
        just_before = asked.rest_of(IDA.user_id, change - MICROSECOND)
        assert (just_before is None) == (rest is None)
        assert (asked.rest_of(IDA.user_id, change) is None) != (rest is None)
        at = change


moments = st.integers(0, 14 * 24 * 60).map(
    lambda minutes: datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=minutes)
)  # the clock goes back in between


@given(st.lists(moments, min_size=1, max_size=12), st.lists(st.tuples(moments, st.integers(1, 3000)), max_size=3))
def test_in_whatever_order_the_desk_is_asked_it_forgets_nothing_and_keeps_nothing_too_long(
    looks: list[datetime], own: list[tuple[datetime, int]]
) -> None:
    personal = PersonalRest(rests=tuple(Span(start, start + timedelta(minutes=length)) for start, length in own))
    asked = desk(Book({IDA.user_id: personal}), WEEK)
    for look in looks:
        fresh = rest_at(WEEK, personal, look)
        remembered = asked.rest_of(IDA.user_id, look)
        assert (None if remembered is None else remembered.until) == (None if fresh is None else fresh.until)
