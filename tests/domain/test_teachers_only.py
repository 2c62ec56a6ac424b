from typing import Any

import pytest
from builders import BEN, CARL, GABI, IDA, OTTO, policy
from hypothesis import given
from hypothesis import strategies as st

from school.domain.rooms import MODERATOR, WRITER, RoomKind, keeps_power_levels, power_levels
from school.domain.teachers_only import (
    is_for_teachers_only,
    switches_writers,
    with_everybody,
    with_teachers_only,
    writers_of,
)

GROUP = power_levels(RoomKind.GROUP, [IDA.user_id])
CHAT = power_levels(RoomKind.CHAT)
HUSHED = with_teachers_only(CHAT, [OTTO.user_id])


def may(levels: dict[str, Any], user_id: str, event_type: str = "m.room.message") -> bool:
    """Whether somebody's level is enough, as Matrix counts it."""
    needed = levels["events"].get(event_type, levels["events_default"])
    return bool(levels["users"].get(user_id, levels["users_default"]) >= needed)


@pytest.mark.parametrize("levels", [GROUP, CHAT, power_levels(RoomKind.CHAT, [GABI.user_id])])
def test_only_who_leads_and_the_other_teachers_write(levels: dict[str, Any]) -> None:
    hushed = with_teachers_only(levels, [OTTO.user_id])
    assert may(hushed, OTTO.user_id)
    assert all(may(hushed, user_id) for user_id in levels["users"])
    assert not may(hushed, BEN.user_id)
    assert is_for_teachers_only(hushed)
    assert not is_for_teachers_only(levels)


@pytest.mark.parametrize("event_type", ["m.reaction", "m.room.redaction"])
def test_everybody_reacts_and_deletes_their_own(event_type: str) -> None:
    assert may(HUSHED, BEN.user_id, event_type)


def test_nobody_is_made_a_leader_or_loses_it() -> None:
    hushed = with_teachers_only(GROUP, [IDA.user_id, OTTO.user_id])
    assert hushed["users"] == {IDA.user_id: MODERATOR, OTTO.user_id: WRITER}
    assert writers_of(hushed) == {OTTO.user_id}


def test_who_has_gone_is_forgotten_when_it_is_said_again() -> None:
    assert writers_of(with_teachers_only(HUSHED, [CARL.user_id])) == {CARL.user_id}


@pytest.mark.parametrize("levels", [GROUP, CHAT])
def test_afterwards_everything_is_as_before(levels: dict[str, Any]) -> None:
    assert with_everybody(with_teachers_only(levels, [OTTO.user_id])) == levels


def test_only_the_keys_that_it_needs_change() -> None:
    changed = {key for key in GROUP if with_teachers_only(GROUP, [OTTO.user_id])[key] != GROUP[key]}
    assert changed == {"users", "events_default", "events"}


@pytest.mark.parametrize(
    ("before", "after", "switches"),
    [
        pytest.param(CHAT, HUSHED, True, id="only teachers"),
        pytest.param(CHAT, with_teachers_only(CHAT, []), True, id="only who leads"),
        pytest.param(HUSHED, CHAT, True, id="everybody again"),
        pytest.param(HUSHED, with_teachers_only(CHAT, [IDA.user_id]), True, id="other teachers"),
        pytest.param(CHAT, HUSHED | {"invite": 0}, False, id="and everybody invites"),
        pytest.param(CHAT, HUSHED | {"events_default": MODERATOR}, False, id="another level"),
        pytest.param(CHAT, HUSHED | {"users": {BEN.user_id: MODERATOR}}, False, id="and one more leader"),
        pytest.param(CHAT, CHAT | {"events_default": WRITER}, False, id="nobody reacts"),
        pytest.param(CHAT, CHAT | {"events_default": -1}, False, id="a level below all"),
        pytest.param(CHAT, {"events_default": WRITER}, False, id="everything else left out"),
        pytest.param(CHAT, HUSHED | {"users": [OTTO.user_id]}, False, id="users as a list"),
        pytest.param(CHAT, HUSHED | {"org.words": "call me"}, False, id="a new key"),
    ],
)
def test_which_change_is_a_switch(before: dict[str, Any], after: dict[str, Any], switches: bool) -> None:
    assert switches_writers(before, after) is switches


def test_while_only_teachers_write_moderators_are_made_as_ever() -> None:
    assert keeps_power_levels(HUSHED, HUSHED | {"users": HUSHED["users"] | {BEN.user_id: MODERATOR}})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*sorted(CHAT), "x"]), json_values | st.just(WRITER)))
def test_garbage_never_raises_and_gives_nobody_a_higher_level(change: dict[str, Any]) -> None:
    after = CHAT | change
    if switches_writers(CHAT, after):
        assert all(level <= WRITER for level in after["users"].values())


@pytest.mark.parametrize(
    ("who", "group", "rule"),
    [
        pytest.param(IDA, "5a", "rooms:teachers_lead", id="a teacher of the group"),
        pytest.param(OTTO, "5a", None, id="a visiting teacher"),
        pytest.param(BEN, "5a", None, id="a pupil of the group"),
        pytest.param(GABI, "parents-5a", None, id="a guardian of the group"),
        pytest.param(IDA, None, "default:teacher:message_everyone", id="a teacher in a chat"),
        pytest.param(BEN, None, None, id="a pupil in a chat"),
        pytest.param(GABI, None, None, id="a guardian in a chat"),
    ],
)
def test_who_says_that_only_teachers_write(who: Any, group: Any, rule: str | None) -> None:
    decision = policy().may_let_only_teachers_write(who.user_id, group)
    assert (decision.rule if decision else None) == rule
