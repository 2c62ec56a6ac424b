"""A week in the life of a school, in simulated time: fifty teachers, part-timers, absences, a holiday, a night in which
the clock changes. What the domain says of each message is compared with a clerk who looks at the clock every minute."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from builders import BERLIN, BOT, GABI, group
from school_week import (
    DAY,
    LOOKED_AT,
    MINIMUM,
    MINUTE,
    OF_GROUPS,
    SCHOOL,
    WEEKS,
    Clock,
    Hours,
    School,
    Teacher,
    clerk,
    first_there,
    midnight,
)

from school.domain.calendars import Calendars, HoursLine, OwnDays
from school.domain.directory import Directory
from school.domain.hold import hold_for
from school.domain.intervals import Span
from school.domain.people import PersonId
from school.domain.rest import Absence, Calendar, PersonalRest
from school.domain.rest_desk import RestDesk
from school.domain.week import Window

MESSAGES = 1500


def say_something(school: School) -> None:
    """What people say of their own time: absences, rests, pauses."""
    dice = school.dice
    for number, who in enumerate(school.teachers):
        if number % 6 == 2:
            first = school.start + dice.randrange(5) * DAY
            who.absences = [(midnight(first), midnight(first + dice.randrange(1, 6) * DAY))]
        for spans in (who.rests, who.pauses):
            for _ in range(dice.randrange(3)):
                start = school.midnight() + dice.randrange(7 * 1440) * MINUTE
                spans.append((start, start + dice.randrange(1, 700) * MINUTE))


def windows(hours: list[Hours]) -> tuple[Window, ...]:
    return tuple(Window(day, start, end) for weekdays, start, end in hours for day in weekdays)


def desk_of(school: School) -> RestDesk:
    own = [teacher for teacher in school.teachers if teacher.own]
    calendar = Calendar(
        zone=BERLIN, windows=windows(SCHOOL), free_days=frozenset(school.holidays), minimum=windows(MINIMUM)
    )
    return RestDesk(
        directory=directory_of(school),
        calendars=Calendars(
            school=calendar,
            group_lines={name: HoursLine(id=name, windows=windows(hours)) for name, hours in OF_GROUPS.items()},
            groups=map(group, OF_GROUPS),
            persons={
                teacher.person.id: OwnDays(
                    hours=HoursLine(id=teacher.person.id, windows=windows(teacher.hours)),
                    free_days=frozenset(teacher.free - school.holidays),
                )
                for teacher in own
            },
        ),
        personal={teacher.person.user_id: said_by(teacher) for teacher in school.teachers}.get,
    )


def directory_of(school: School) -> Directory:
    return Directory([GABI, *(teacher.person for teacher in school.teachers)])


def said_by(teacher: Teacher) -> PersonalRest:
    return PersonalRest(
        rests=tuple(Span(*span) for span in teacher.rests),
        pauses=tuple(Span(*span) for span in teacher.pauses),
        absences=tuple(Absence(Span(*span), PersonId("p-t0")) for span in teacher.absences),
    )


@pytest.mark.parametrize("week", WEEKS)
def test_each_message_waits_exactly_until_somebody_is_there(week: str) -> None:
    start, holidays = WEEKS[week]
    dice = Random(start.toordinal())
    school = School(start, holidays, dice)
    say_something(school)
    directory, desk = directory_of(school), desk_of(school)
    there = list(clerk(school, Clock(school.midnight(), LOOKED_AT)))
    became: Counter[str] = Counter()
    any_time = [dice.randrange(7 * 86400) for _ in range(MESSAGES)]
    in_the_last_night = [6 * 86400 + dice.randrange(6 * 3600) for _ in range(MESSAGES // 3)]
    for second in sorted(any_time + in_the_last_night):
        now = school.midnight() + timedelta(seconds=second)
        chosen = dice.sample(range(50), dice.choice([1, 1, 1, 2, 3]))
        members = [GABI.user_id, BOT, *(school.teachers[number].person.user_id for number in chosen)]
        hold = hold_for(
            GABI.user_id,
            members,
            directory=directory,
            rest_of=lambda user_id, now=now: desk.rest_of(user_id, now),
            has_rest=desk.has_rest,
            bot=BOT,
        )
        expected = first_there([there[number] for number in chosen], second // 60)
        assert expected is not None
        if expected == second // 60:
            assert hold is None
            became["delivered at once"] += 1
            continue
        assert hold is not None, f"{now} {members}"
        assert hold.until == school.midnight() + expected * MINUTE, f"{now} {members}"
        became["held"] += 1
    assert min(became["held"], became["delivered at once"]) > MESSAGES / 10
