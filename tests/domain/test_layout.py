import pytest

from school.domain.groups import Group, GroupId, GroupKind
from school.domain.layout import RoomLayout
from school.domain.rooms import RoomKind

CLASS = Group(id=GroupId("x"), name="Klasse 5a", kind=GroupKind.CLASS)


@pytest.mark.parametrize(
    ("layout", "rooms"),
    [
        (RoomLayout(), [(RoomKind.SPACE, "Klasse 5a"), (RoomKind.GROUP, "Klasse 5a")]),
        (RoomLayout(space=False), [(RoomKind.GROUP, "Klasse 5a")]),
        (
            RoomLayout(name="{group}: Gespräch", announcements="Neues aus {group}"),
            [
                (RoomKind.SPACE, "Klasse 5a"),
                (RoomKind.GROUP, "Klasse 5a: Gespräch"),
                (RoomKind.ANNOUNCEMENTS, "Neues aus Klasse 5a"),
            ],
        ),
    ],
)
def test_a_group_has_the_rooms_of_its_layout_the_space_first(
    layout: RoomLayout, rooms: list[tuple[RoomKind, str]]
) -> None:
    assert list(layout.rooms_of(CLASS).items()) == rooms


def test_a_name_with_brackets_is_only_a_name() -> None:
    odd = Group(id=GroupId("x"), name="{0.__class__} {group}", kind=GroupKind.CLUB)
    assert RoomLayout(space=False).rooms_of(odd) == {RoomKind.GROUP: "{0.__class__} {group}"}
