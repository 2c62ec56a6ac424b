from typing import Any

import pytest
from builders import BEN, IDA, OTTO, user
from hypothesis import given
from hypothesis import strategies as st

from school.domain.groups import GroupId
from school.domain.rooms import (
    ENCRYPTION,
    HISTORY,
    MESSAGES,
    MODERATOR,
    READER,
    REMARKS,
    SCHOOL,
    STAMP_KEY,
    STATE_BY_PEOPLE,
    WIDGET_PLACES,
    RoomKind,
    RoomStamp,
    keeps_power_levels,
    power_levels,
    stamp_from,
)

OF_GROUPS = {RoomKind.GROUP, RoomKind.ANNOUNCEMENTS, RoomKind.SPACE}
ALL_KEYS = {
    "users", "users_default", "events_default", "state_default", "events",
    "invite", "kick", "ban", "redact", "notifications", "historical",
}  # fmt: skip
DANGEROUS = [
    "m.room.power_levels", "m.room.history_visibility", "m.room.join_rules", "m.room.guest_access",
    "m.room.encryption", "m.room.server_acl", "m.room.tombstone",
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


# --- The stamp --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RoomKind)
def test_a_stamp_is_read_as_it_was_written(kind: RoomKind) -> None:
    stamp = RoomStamp(kind=kind, group=GroupId("g1") if kind in OF_GROUPS else None)
    assert stamp_from({"m.federate": False, STAMP_KEY: stamp.to_content()}) == stamp


@pytest.mark.parametrize("kind", RoomKind)
def test_only_rooms_of_groups_name_a_group_and_they_must(kind: RoomKind) -> None:
    with pytest.raises(ValueError, match="group"):
        RoomStamp(kind=kind, group=None if kind in OF_GROUPS else GroupId("g1"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({}, id="no stamp"),
        pytest.param({STAMP_KEY: None}, id="null"),
        pytest.param({STAMP_KEY: "chat"}, id="a text"),
        pytest.param({STAMP_KEY: ["chat"]}, id="a list"),
        pytest.param({STAMP_KEY: {}}, id="no kind"),
        pytest.param({STAMP_KEY: {"kind": "Chat"}}, id="another spelling"),
        pytest.param({STAMP_KEY: {"kind": "office"}}, id="an unknown kind"),
        pytest.param({STAMP_KEY: {"kind": ["chat"]}}, id="a kind that is a list"),
        pytest.param({STAMP_KEY: {"kind": "chat", "group": "g1"}}, id="a chat with a group"),
        pytest.param({STAMP_KEY: {"kind": "group"}}, id="a group's room without a group"),
        pytest.param({STAMP_KEY: {"kind": "group", "group": None}}, id="a group that is null"),
        pytest.param({"org.schulbote.rooms": {"kind": "chat"}}, id="another key"),
    ],
)
def test_what_is_no_stamp_reads_as_none(content: dict[str, Any]) -> None:
    assert stamp_from(content) is None


@given(json_values)
def test_garbage_in_place_of_a_stamp_never_raises(garbage: Any) -> None:
    stamp = stamp_from({STAMP_KEY: garbage})
    assert stamp is None or isinstance(garbage, dict)


# --- Power levels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RoomKind)
def test_power_levels_are_always_whole(kind: RoomKind) -> None:
    assert set(power_levels(kind)) == ALL_KEYS


@pytest.mark.parametrize("kind", RoomKind)
@pytest.mark.parametrize("event_type", DANGEROUS)
def test_only_the_school_changes_what_keeps_a_room_safe(kind: RoomKind, event_type: str) -> None:
    assert power_levels(kind)["events"][event_type] == SCHOOL


@pytest.mark.parametrize("kind", RoomKind)
def test_state_that_nobody_thought_of_is_the_schools(kind: RoomKind) -> None:
    assert power_levels(kind)["state_default"] == SCHOOL


@pytest.mark.parametrize("kind", RoomKind)
def test_everybody_writes_but_in_spaces_and_announcements(kind: RoomKind) -> None:
    higher = {RoomKind.SPACE: SCHOOL, RoomKind.ANNOUNCEMENTS: MODERATOR}
    assert power_levels(kind)["events_default"] == higher.get(kind, READER)


@pytest.mark.parametrize("kind", RoomKind)
def test_no_moderator_has_the_schools_level(kind: RoomKind) -> None:
    levels = power_levels(kind, [IDA.user_id])
    assert levels["users"] == {IDA.user_id: MODERATOR}
    assert levels["users_default"] == READER < MODERATOR < SCHOOL


@pytest.mark.parametrize("kind", RoomKind)
def test_deleting_others_words_and_calling_everybody_need_a_moderator(kind: RoomKind) -> None:
    levels = power_levels(kind)
    assert levels["redact"] == MODERATOR
    assert levels["notifications"] == {"room": MODERATOR}


@pytest.mark.parametrize("kind", [RoomKind.DIRECT, RoomKind.SPACE, RoomKind.CONTROL])
def test_nobody_is_invited_or_sent_away_where_membership_is_fixed(kind: RoomKind) -> None:
    levels = power_levels(kind)
    assert (levels["invite"], levels["kick"], levels["ban"]) == (SCHOOL, SCHOOL, SCHOOL)


def test_moderators_are_written_in_one_order() -> None:
    one, other = ([IDA.user_id, OTTO.user_id], [OTTO.user_id, IDA.user_id])
    assert list(power_levels(RoomKind.GROUP, one)["users"]) == list(power_levels(RoomKind.GROUP, other)["users"])


@pytest.mark.parametrize("kind", RoomKind)
def test_what_people_may_write_as_state_is_within_reach_of_somebody_who_is_not_the_school(kind: RoomKind) -> None:
    events = power_levels(kind)["events"]
    of_the_maker_alone = {"m.room.power_levels", ENCRYPTION, *WIDGET_PLACES}
    for event_type in STATE_BY_PEOPLE[kind] - of_the_maker_alone:
        assert events[event_type] <= MODERATOR


def test_membership_and_creation_are_no_state_that_people_write() -> None:
    for types in STATE_BY_PEOPLE.values():
        assert types.isdisjoint({"m.room.member", "m.room.create", "m.room.join_rules"})


def test_messages_and_remarks_are_different_things() -> None:
    assert MESSAGES.isdisjoint(REMARKS)


def test_a_chat_shows_nothing_from_before_one_came() -> None:
    assert HISTORY[RoomKind.CHAT] == "joined"


def test_no_history_is_open_to_the_world() -> None:
    assert set(HISTORY) == set(RoomKind)
    assert "world_readable" not in HISTORY.values()


# --- Changing power levels --------------------------------------------------------------------------------------

BEFORE = power_levels(RoomKind.CHAT, [IDA.user_id])


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"users": {IDA.user_id: 50, BEN.user_id: 50}}, True, id="one more moderator"),
        pytest.param({"users": {}}, True, id="no moderator"),
        pytest.param({"users": {BEN.user_id: 0}}, True, id="an ordinary member by name"),
        pytest.param({"users": {BEN.user_id: 100}}, False, id="somebody with the school's level"),
        pytest.param({"users": {BEN.user_id: 49}}, False, id="a level in between"),
        pytest.param({"users": {BEN.user_id: -1}}, False, id="somebody silenced"),
        pytest.param({"users": {BEN.user_id: "50"}}, False, id="a level that is a text"),
        pytest.param({"users": [BEN.user_id]}, False, id="users as a list"),
        pytest.param({"users": None}, False, id="users as null"),
        pytest.param({"users_default": 50}, False, id="moderators all"),
        pytest.param({"invite": 0}, False, id="everybody invites"),
        pytest.param({"events": {}}, False, id="what is not named falls back to Matrix's own defaults"),
        pytest.param({"org.words": "call me"}, False, id="a new key"),
    ],
)
def test_which_changes_of_power_levels_people_make(change: dict[str, Any], kept: bool) -> None:
    assert keeps_power_levels(BEFORE, BEFORE | change) is kept


@pytest.mark.parametrize("missing", sorted(ALL_KEYS - {"users"}))
def test_no_key_may_be_left_out(missing: str) -> None:
    assert not keeps_power_levels(BEFORE, {key: value for key, value in BEFORE.items() if key != missing})


@given(st.dictionaries(st.sampled_from([*sorted(ALL_KEYS), "x"]), json_values))
def test_garbage_as_power_levels_never_raises_and_never_raises_anybody(change: dict[str, Any]) -> None:
    after = BEFORE | change
    if keeps_power_levels(BEFORE, after):
        assert all(level <= MODERATOR for level in after["users"].values())
        assert {k: v for k, v in after.items() if k != "users"} == {k: v for k, v in BEFORE.items() if k != "users"}


def test_a_level_for_an_unknown_person_gives_nobody_anything_else() -> None:
    assert keeps_power_levels(BEFORE, BEFORE | {"users": {user("ghost"): MODERATOR}})
