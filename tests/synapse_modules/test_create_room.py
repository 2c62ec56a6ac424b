from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from builders import BEN, BOT, GERD, IDA
from hypothesis import given
from hypothesis import strategies as st

from school.domain.decisions import Reason
from school.domain.rooms import MEGOLM, STAMP_KEY, RoomKind, power_levels, stamp_from
from synapse_modules.create_room import UnreadableRequestError, read_request, rewrite

GOOD: dict[str, Any] = {
    "name": "Klassenfahrt",
    "topic": "Juni",
    "preset": "private_chat",
    "visibility": "private",
    "room_version": "12",
    "invite": [IDA.user_id, GERD.user_id],
    "is_direct": False,
    "creation_content": {"m.federate": False},
    "power_level_content_override": {"users_default": 0},
    "initial_state": [
        {"type": "m.room.avatar", "state_key": "", "content": {"url": "mxc://a/b"}},
        {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "can_join"}},
        {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
        {"type": "m.room.history_visibility", "content": {"history_visibility": "shared"}},
        {"type": "m.room.join_rules", "content": {"join_rule": "invite"}},
        {"type": "m.room.power_levels", "content": {"events_default": 100}},
    ],
}
Change = Callable[[dict[str, Any]], Any]


def with_value(key: str, value: Any) -> Change:
    return lambda config: config.__setitem__(key, value)


def with_state(**event: Any) -> Change:
    return lambda config: config["initial_state"].append(event)


def rewritten(config: dict[str, Any], *, encrypted: bool = False) -> dict[str, Any]:
    """What Synapse gets instead of `config`."""
    config = deepcopy(config)
    read = read_request(config, BOT)
    rewrite(config, read, read.request.kind, encrypted=encrypted)
    return config


def test_a_good_request_is_read() -> None:
    read = read_request(GOOD, BOT)
    assert (read.name, read.topic) == ("Klassenfahrt", "Juni")
    assert read.request.kind is RoomKind.CHAT
    assert read.request.invitees == (IDA.user_id, GERD.user_id)
    assert not read.request.is_plain_pair


def test_reading_changes_nothing() -> None:
    config = deepcopy(GOOD)
    read_request(config, BOT)
    assert config == GOOD


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(with_value("name", 5), Reason.MALFORMED, id="a name that is a number"),
        pytest.param(with_value("topic", ["x"]), Reason.MALFORMED, id="a topic that is a list"),
        pytest.param(with_value("invite", IDA.user_id), Reason.MALFORMED, id="invitees that are a text"),
        pytest.param(with_value("invite", [5]), Reason.MALFORMED, id="an invitee that is a number"),
        pytest.param(with_value("invite", [[IDA.user_id]]), Reason.MALFORMED, id="an invitee that is a list"),
        pytest.param(with_value("is_direct", "yes"), Reason.MALFORMED, id="is_direct that is a text"),
        pytest.param(with_value("creation_content", "x"), Reason.MALFORMED, id="creation_content that is a text"),
        pytest.param(
            with_value("power_level_content_override", [1]), Reason.MALFORMED, id="power levels that are a list"
        ),
        pytest.param(with_value("room_version", 12), Reason.MALFORMED, id="a room version that is a number"),
        pytest.param(with_value("initial_state", {}), Reason.MALFORMED, id="initial_state that is no list"),
        pytest.param(with_value("initial_state", ["x"]), Reason.MALFORMED, id="state that is a text"),
        pytest.param(with_state(content={}), Reason.MALFORMED, id="state without a type"),
        pytest.param(with_state(type="m.room.name"), Reason.MALFORMED, id="state without content"),
        pytest.param(with_state(type="m.room.name", content={"name": 5}), Reason.MALFORMED, id="a name in the state"),
        pytest.param(
            with_state(type="m.room.name", content={"name": "x"}, state_key=5), Reason.MALFORMED,
            id="a state key that is a number",
        ),
        pytest.param(with_state(type="m.room.avatar", content={}), Reason.MALFORMED, id="a picture without address"),
        pytest.param(with_state(type=["m.room.encryption"], content={}), Reason.MALFORMED, id="a type that is a list"),
        pytest.param(
            with_state(type="m.room.encryption", content="yes"), Reason.MALFORMED, id="encryption that is a text"
        ),
        pytest.param(
            with_state(type="m.room.encryption", state_key=5, content={}), Reason.MALFORMED,
            id="encryption of a number",
        ),
        pytest.param(
            with_state(type="m.call.member", content={}), Reason.NOT_OFFERED, id="a call before there is a room"
        ),
        pytest.param(
            with_value("invite_3pid", [{"medium": "email"}]), Reason.UNKNOWN_RECIPIENT, id="an invitation by email"
        ),
        pytest.param(with_value("invite_3pid", "x"), Reason.MALFORMED, id="invitations by email that are a text"),
        pytest.param(with_value("room_alias_name", "klasse"), Reason.ROOM_STAYS_PRIVATE, id="an address"),
        pytest.param(with_value("room_alias_name", 5), Reason.ROOM_STAYS_PRIVATE, id="an address that is a number"),
        pytest.param(with_value("visibility", "public"), Reason.ROOM_STAYS_PRIVATE, id="a listed room"),
        pytest.param(with_value("visibility", ["private"]), Reason.ROOM_STAYS_PRIVATE, id="an odd visibility"),
        pytest.param(with_value("preset", "public_chat"), Reason.ROOM_STAYS_PRIVATE, id="a public preset"),
        pytest.param(with_value("preset", {}), Reason.ROOM_STAYS_PRIVATE, id="an odd preset"),
        pytest.param(with_value("creation_content", {"type": "m.space"}), Reason.NO_SPACES, id="a space"),
        pytest.param(
            with_state(type="m.room.join_rules", content={"join_rule": "public"}), Reason.ROOM_STAYS_PRIVATE,
            id="an open door",
        ),
        pytest.param(
            with_state(type="m.room.join_rules", content={}), Reason.ROOM_STAYS_PRIVATE, id="a door without a rule"
        ),
        pytest.param(
            with_state(type="m.room.history_visibility", content={"history_visibility": "world_readable"}),
            Reason.ROOM_STAYS_PRIVATE, id="open to the world",
        ),
        pytest.param(
            with_state(type="m.room.canonical_alias", content={}), Reason.NOT_OFFERED, id="an address in the state"
        ),
        pytest.param(with_state(type="im.vector.modular.widgets", content={}), Reason.NOT_OFFERED, id="a widget"),
        pytest.param(with_state(type="m.room.member", content={}), Reason.NOT_OFFERED, id="a member in the state"),
        pytest.param(with_state(type="m.space.parent", content={}), Reason.NOT_OFFERED, id="a space above"),
        pytest.param(
            with_state(type="m.room.topic", state_key="words", content={"topic": "x"}), Reason.NOT_OFFERED,
            id="words in a state key",
        ),
        pytest.param(with_value("is_direct", True), None, id="a direct room for three is a room"),
    ],
)  # fmt: skip
def test_one_thing_is_wrong(change: Change, reason: Reason | None) -> None:
    config = deepcopy(GOOD)
    change(config)
    if reason is None:
        assert read_request(config, BOT).request.kind is RoomKind.CHAT
        return
    with pytest.raises(UnreadableRequestError) as caught:
        read_request(config, BOT)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("config", "kind", "plain_pair"),
    [
        pytest.param({}, RoomKind.CHAT, False, id="nothing is asked for"),
        pytest.param({"invite": [BOT]}, RoomKind.CONTROL, False, id="the bot alone"),
        pytest.param({"invite": [BOT], "is_direct": True}, RoomKind.CONTROL, False, id="the bot as a direct chat"),
        pytest.param({"invite": [BOT, IDA.user_id]}, RoomKind.CHAT, False, id="the bot and somebody else"),
        pytest.param({"invite": [IDA.user_id], "is_direct": True}, RoomKind.DIRECT, False, id="one, directly"),
        pytest.param({"invite": [IDA.user_id]}, RoomKind.CHAT, True, id="one, without saying so"),
        pytest.param({"invite": [IDA.user_id], "name": "x"}, RoomKind.CHAT, False, id="one, in a room with a name"),
        pytest.param({"invite": [IDA.user_id], "name": ""}, RoomKind.CHAT, True, id="an empty name is none"),
        pytest.param({"invite": [IDA.user_id] * 2, "is_direct": True}, RoomKind.DIRECT, False, id="one, named twice"),
        pytest.param({"invite": [], "is_direct": True}, RoomKind.CHAT, False, id="nobody, directly"),
        pytest.param({"invite": None, "is_direct": None}, RoomKind.CHAT, False, id="nulls"),
        pytest.param(
            {"invite": [IDA.user_id], "preset": "trusted_private_chat", "is_direct": True}, RoomKind.DIRECT, False,
            id="as Element asks for it",
        ),
    ],
)  # fmt: skip
def test_what_kind_of_room_is_asked_for(config: dict[str, Any], kind: RoomKind, plain_pair: bool) -> None:
    request = read_request(config, BOT).request
    assert (request.kind, request.is_plain_pair) == (kind, plain_pair)


@pytest.mark.parametrize("extra", [{"name": "x"}, {"topic": "x"}, {"initial_state": [GOOD["initial_state"][0]]}])
@pytest.mark.parametrize("invitee", [IDA.user_id, BOT])
def test_a_room_for_two_has_no_name_topic_or_picture(extra: dict[str, Any], invitee: str) -> None:
    with pytest.raises(UnreadableRequestError) as caught:
        read_request({"invite": [invitee], "is_direct": True} | extra, BOT)
    assert caught.value.reason is Reason.DIRECT_ROOM_IS_FOR_TWO


def test_a_good_request_is_written_anew() -> None:
    assert rewritten(GOOD) == {
        "name": "Klassenfahrt",
        "topic": "Juni",
        "preset": "private_chat",
        "visibility": "private",
        "room_version": "12",
        "invite": [IDA.user_id, GERD.user_id],
        "is_direct": False,
        "creation_content": {"m.federate": False, STAMP_KEY: {"kind": "chat"}},
        "power_level_content_override": power_levels(RoomKind.CHAT),
        "initial_state": [
            {"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            {"type": "m.room.avatar", "state_key": "", "content": {"url": "mxc://a/b"}},
        ],
    }


ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        pytest.param(None, False, id="nothing"),
        pytest.param([], False, id="an empty list"),
        pytest.param([{"type": "m.room.guest_access", "content": {}}], False, id="other state"),
        pytest.param([ENCRYPTION], True, id="as clients ask for it"),
        pytest.param([{"type": "m.room.encryption", "content": {}}], True, id="without saying how"),
        pytest.param([{"type": "m.room.encryption", "content": {"algorithm": [5]}}], True, id="in an odd way"),
        pytest.param([ENCRYPTION, ENCRYPTION], True, id="twice"),
    ],
)
@pytest.mark.parametrize(
    ("invitee", "kind"),
    [
        pytest.param(IDA.user_id, RoomKind.DIRECT, id="a direct room"),
        pytest.param(BOT, RoomKind.CONTROL, id="a control room"),
    ],
)
def test_asking_for_encryption_is_noticed_and_changes_no_kind(
    state: Any, wanted: bool, invitee: str, kind: RoomKind
) -> None:
    read = read_request({"invite": [invitee], "is_direct": True, "initial_state": state}, BOT)
    assert (read.wants_encryption, read.request.kind) == (wanted, kind)
    assert read.state == ()


def test_a_plain_pair_that_asks_for_encryption_is_a_plain_pair() -> None:
    read = read_request({"invite": [IDA.user_id], "initial_state": [ENCRYPTION]}, BOT)
    assert read.wants_encryption
    assert read.request.is_plain_pair


def test_an_encrypted_room_is_encrypted_in_the_one_way_there_is_and_else_the_same() -> None:
    config = deepcopy(GOOD)
    config["initial_state"][2]["content"] = {"algorithm": "org.own", "rotation_period_ms": 1, "org.x": "words"}
    result = rewritten(config, encrypted=True)
    assert [event for event in result["initial_state"] if event["type"] == "m.room.encryption"] == [ENCRYPTION]
    result["initial_state"].remove(ENCRYPTION)
    assert result == rewritten(GOOD)


@pytest.mark.parametrize(
    ("change", "absent"),
    [
        pytest.param(with_value("preset", "trusted_private_chat"), "trusted", id="co-creators by preset"),
        pytest.param(
            with_value("creation_content", {"additional_creators": ["@x:y"]}), "additional_creators",
            id="co-creators by name",
        ),
        pytest.param(
            with_value("creation_content", {STAMP_KEY: {"kind": "group", "group": "5a"}}), "5a", id="a forged stamp"
        ),
        pytest.param(with_value("room_version", "9"), "'9'", id="an old room version"),
        pytest.param(with_value("org.words", "ruf mich an"), "ruf mich", id="a key that nobody knows"),
        pytest.param(
            with_state(type="m.room.topic", content={"topic": "x", "org.words": "ruf mich an"}), "ruf mich",
            id="a key beside the topic",
        ),
        pytest.param(with_value("creation_content", {"predecessor": {"room_id": "!x"}}), "predecessor", id="a past"),
    ],
)  # fmt: skip
def test_what_clients_slip_in_is_not_there(change: Change, absent: str) -> None:
    config = deepcopy(GOOD)
    change(config)
    assert absent in str(config)
    result = rewritten(config)
    assert absent not in str(result)
    assert "megolm" not in str(result)
    assert "can_join" not in str(result)


@pytest.mark.parametrize("kind", [RoomKind.DIRECT, RoomKind.CONTROL, RoomKind.CHAT])
def test_every_room_has_its_stamp_and_whole_power_levels(kind: RoomKind) -> None:
    config: dict[str, Any] = {"invite": [BEN.user_id]}
    rewrite(config, read_request(config, BOT), kind)
    stamp = stamp_from(config["creation_content"])
    assert stamp is not None
    assert stamp.kind is kind
    assert config["power_level_content_override"] == power_levels(kind)
    assert config["is_direct"] is (kind is not RoomKind.CHAT)
    assert "name" not in config


any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [
            "private",
            "m.room.name",
            "m.room.topic",
            "m.room.join_rules",
            "m.room.encryption",
            "invite",
            BOT,
            IDA.user_id,
            "",
        ]
    )
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "state_key", "content", "name", "topic", "url", "join_rule"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
random_configs = st.dictionaries(
    st.sampled_from([*GOOD, "room_alias_name", "invite_3pid"]) | st.text(max_size=4), any_json, max_size=6
)


@given(random_configs, st.booleans())
def test_whatever_is_asked_for_is_read_or_refused(config: dict[str, Any], encrypted: bool) -> None:
    try:
        result = rewritten(config, encrypted=encrypted)
    except UnreadableRequestError as error:
        assert isinstance(error.reason, Reason)  # noqa: PT017 - being refused is one of two good ends
        return
    assert stamp_from(result["creation_content"]) is not None
    assert result["visibility"] == "private"
    assert all(isinstance(user_id, str) for user_id in result["invite"])
    types = [event["type"] for event in result["initial_state"]]
    assert types.count("m.room.encryption") == encrypted
    assert set(types) - {"m.room.encryption"} <= {
        "m.room.history_visibility", "m.room.guest_access", "m.room.name", "m.room.topic", "m.room.avatar"
    }  # fmt: skip
