from builders import BEN, GABI, user

from appservice.bot.shown_numbers import ShownNumbers

ONE, OTHER = BEN.user_id, GABI.user_id


def test_numbers_are_given_in_order() -> None:
    numbers = ShownNumbers()
    assert numbers.give(ONE, ["$a", "$b"]) == [1, 2]
    assert [numbers.meant(ONE, number) for number in (1, 2, 3)] == ["$a", "$b", None]


def test_they_are_each_persons_own() -> None:
    numbers = ShownNumbers()
    numbers.give(ONE, ["$a"])
    assert numbers.give(OTHER, ["$b"]) == [1]
    assert (numbers.meant(ONE, 1), numbers.meant(OTHER, 1)) == ("$a", "$b")


def test_a_number_stays_and_is_not_given_away() -> None:
    numbers = ShownNumbers()
    numbers.give(ONE, ["$a", "$b", "$c"])
    assert numbers.give(ONE, ["$b", "$d"]) == [2, 4]
    assert numbers.meant(ONE, 1) == "$a"
    assert numbers.give(ONE, ["$e", "$d"]) == [5, 4], "the order of the list does not matter"


def test_they_begin_anew_when_nothing_of_what_was_shown_is_there() -> None:
    numbers = ShownNumbers()
    numbers.give(ONE, ["$a", "$b"])
    assert numbers.give(ONE, ["$c"]) == [1]
    assert numbers.meant(ONE, 2) is None
    assert numbers.give(ONE, []) == []
    assert numbers.meant(ONE, 1) is None


def test_only_so_much_is_remembered() -> None:
    numbers = ShownNumbers()
    for number in range(1001):
        numbers.give(user(f"u{number}"), ["$a"])
    assert numbers.meant(user("u0"), 1) is None
    assert numbers.meant(user("u1"), 1) == "$a"
    for number in range(600):
        numbers.give(ONE, ["$kept", f"${number}"])
    assert [numbers.meant(ONE, number) for number in (1, 2, 601)] == ["$kept", None, "$599"]
