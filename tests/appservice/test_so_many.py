from datetime import timedelta

from builders import NOON

from appservice.desks.so_many import SoMany

HOUR = timedelta(hours=1)


def test_so_many_and_no_more_within_the_time() -> None:
    so_many = SoMany(number=2, within=HOUR)
    assert [so_many.once_more("a", NOON + minutes * HOUR / 60) for minutes in (0, 10, 20, 59)] == [
        True,
        True,
        False,
        False,
    ]
    assert so_many.once_more("a", NOON + HOUR), "the first is over"
    assert not so_many.once_more("a", NOON + HOUR), "what was refused does not count, but the second still does"
    assert so_many.once_more("a", NOON + HOUR + HOUR / 6)


def test_each_person_counts_alone() -> None:
    so_many = SoMany(number=1, within=HOUR)
    assert [so_many.once_more(person, NOON) for person in ("a", "b", "a")] == [True, True, False]


def test_only_so_many_people_are_remembered() -> None:
    so_many = SoMany(number=1, within=HOUR)
    for number in range(10_001):
        so_many.once_more(str(number), NOON)
    assert so_many.once_more("0", NOON)
    assert not so_many.once_more("10000", NOON)
