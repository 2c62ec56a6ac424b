import asyncio
import inspect
import logging
import shutil
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, create_autospec

import pytest
from builders import BEA, BEN, BOT, CARL, EVERYBODY, GABI, GERD, IDA, NOBODY, OTTO, user
from prometheus_client import REGISTRY
from sqlalchemy import create_engine, delete, insert, text, update
from sqlalchemy.pool import NullPool
from synapse.api.room_versions import RoomVersions
from synapse.events import EventBase, make_event_from_dict
from synapse.module_api import NOT_SPAM, ModuleApi, RoomAlias, UserProfile
from synapse.module_api.errors import Codes, ConfigError, SynapseError
from synapse.types import create_requester
from twisted.internet.defer import CancelledError

from school.database.migrate import upgrade
from school.database.tables import Part, groups, memberships, persons, rest_overrides
from school.domain.decisions import Reason
from school.domain.people import Person
from school.domain.rooms import MEGOLM, STAMP_KEY, RoomKind, power_levels, stamp_from
from school.sealing import HELD_KEY, Binding, Keyring, Purpose
from synapse_modules import School

CONFIG = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008", bot: bote}
files: {max_megabytes: 2, roles: {student: {max_megabytes: 1}}}
encryption: {roles: [teacher]}
"""
MEGABYTE = 1024 * 1024
ADMIN = user("root")
ROOM = "!room:school.test"


class Background:
    """What the module has started in the background: `run` does it."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Callable[..., Awaitable[Any]], tuple[Any, ...]]] = []
        self.done_at_once = False

    def start(self, desc: str, function: Callable[..., Awaitable[Any]], *args: Any) -> SimpleNamespace:
        self.started.append((desc, function, args))
        return SimpleNamespace(called=self.done_at_once)

    @property
    def names(self) -> list[str]:
        return [desc for desc, _, _ in self.started]

    async def run(self) -> None:
        for _, function, args in self.started:
            await function(*args)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school's files, with everybody in the database."""
    folder = tmp_path_factory.mktemp("school")
    (folder / "school.yaml").write_text(CONFIG)
    write_secrets(folder)
    engine = create_engine(f"sqlite:///{folder}/schulbote.db", poolclass=NullPool)
    upgrade(engine.url)
    with engine.begin() as connection:
        for group_id in sorted({group for person in EVERYBODY for group in person.groups}):
            values = {"id": group_id, "key": group_id, "name": group_id, "kind": "class", "origin": "register"}
            connection.execute(insert(groups).values(**values))
        for person in EVERYBODY:
            name = {"given_name": person.given_name, "family_name": person.family_name, "role": person.role}
            connection.execute(insert(persons).values(id=person.id, user_id=person.user_id, **name))
            for group in person.groups:
                connection.execute(insert(memberships).values(person_id=person.id, group_id=group))
    return folder


def write_secrets(folder: Path) -> None:
    (folder / "secrets").mkdir()
    key = b64encode(b"k" * 32).decode()
    for name, secret in (("message_keys", key), ("module_token", "module-token"), ("code_key", key)):
        path = folder / "secrets" / name
        path.write_text(secret)
        path.chmod(0o600)


@pytest.fixture
def background() -> Background:
    return Background()


@pytest.fixture(scope="module")
def public_api() -> MagicMock:
    """Synapse's public module API; anything that is not in it is an error. Slow to make, so it is made once."""
    api: MagicMock = create_autospec(ModuleApi, instance=True)
    return api


@pytest.fixture
def api(public_api: MagicMock, background: Background) -> MagicMock:
    """The API as if nobody had called it yet."""
    api = public_api
    api.reset_mock(return_value=True, side_effect=True)
    api.is_mine.side_effect = lambda user_id: user_id.endswith(":school.test")
    api.is_user_admin.side_effect = lambda user_id: user_id == ADMIN
    api.run_as_background_process.side_effect = background.start
    api.defer_to_thread.side_effect = lambda function: function()
    api.get_userinfo_by_id.side_effect = lambda _user_id: SimpleNamespace(is_deactivated=False)
    api.get_room_state.side_effect = lambda _room_id, _event_filter: EMPTY_CLASS_ROOM
    api.account_data_manager = SimpleNamespace(get_global=lambda user_id, data_type: asyncio.sleep(0))
    return api


@pytest.fixture
def school(folder: Path, api: MagicMock) -> School:
    return School(folder / "school.yaml", api)


@pytest.fixture
def in_doubt(tmp_path: Path, api: MagicMock) -> School:
    """A module that has no directory: its database was never made."""
    (tmp_path / "school.yaml").write_text(CONFIG)
    write_secrets(tmp_path)
    return School(tmp_path / "school.yaml", api)


def event(event_type: str, sender: str, content: dict[str, Any], **more: Any) -> EventBase:
    """A real event of Synapse's."""
    whole = {
        "type": event_type, "sender": sender, "room_id": ROOM, "content": content, "origin_server_ts": 1,
        "depth": 1, "auth_events": [], "prev_events": [], "hashes": {}, "signatures": {},
    }  # fmt: skip
    return make_event_from_dict(whole | more, RoomVersions.V12)


def message(sender: Person, body: str = "Hallo", **more: Any) -> EventBase:
    return event("m.room.message", sender.user_id, {"msgtype": "m.text", "body": body} | more)


def room(*members: Person, kind: RoomKind = RoomKind.DIRECT) -> dict[tuple[str, str], EventBase]:
    first = members[0].user_id
    state = [
        event("m.room.power_levels", first, power_levels(kind), state_key=""),
        *(event("m.room.member", p.user_id, {"membership": "join"}, state_key=p.user_id) for p in members),
    ]
    create = SimpleNamespace(
        content={STAMP_KEY: {"kind": kind.value}}, sender=first, event_id="$c"
    )  # v12's has no room id
    return {(e.type, e.state_key): e for e in state} | {("m.room.create", ""): create}  # type: ignore[dict-item]


STRANGERS = room(BEN, CARL)
EMPTY_CLASS_ROOM: Any = {
    ("m.room.create", ""): SimpleNamespace(
        content={STAMP_KEY: {"kind": "group", "group": "5a"}}, sender=BOT, event_id="$c"
    ),
    ("m.room.join_rules", ""): SimpleNamespace(content={"join_rule": "public"}, event_id="$j"),
}
CLASS_ROOM = room(IDA, BEN, kind=RoomKind.CHAT) | EMPTY_CLASS_ROOM


def profile_of(user_id: str) -> UserProfile:
    return UserProfile(user_id=user_id, display_name="x", avatar_url=None)


async def refused(work: Awaitable[Any]) -> SynapseError:
    with pytest.raises(SynapseError) as caught:
        await work
    return caught.value


def words(school: School, reason: Reason, who: Person) -> str:
    """What is said to somebody; the groups here have their ids for names."""
    return school.texts.refusal(reason, ask_in=min(who.groups, default=None))


def counted(action: str, reason: Reason) -> float:
    """How often this was refused so far."""
    return REGISTRY.get_sample_value("schulbote_refusals_total", {"action": action, "reason": reason.value}) or 0.0


# --- Loading ----------------------------------------------------------------------------------------------------


def test_the_config_is_the_path_of_school_yaml() -> None:
    assert School.parse_config({"school": "/etc/schulbote/school.yaml"}) == Path("/etc/schulbote/school.yaml")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"school": None}, id="null"),
        pytest.param({"school": ["x"]}, id="a list"),
        pytest.param({"school": "x", "other": 1}, id="a second setting"),
        pytest.param({"path": "x"}, id="another setting"),
    ],
)
def test_any_other_config_is_one_sentence(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"school: PATH of school\.yaml"):
        School.parse_config(config)


def test_a_wrong_school_yaml_stops_synapse_with_a_sentence(tmp_path: Path, api: MagicMock) -> None:
    with pytest.raises(ConfigError, match=r"Schulbote: .*school\.yaml"):
        School(tmp_path / "school.yaml", api)


def test_a_missing_secret_stops_synapse_with_a_sentence(tmp_path: Path, api: MagicMock) -> None:
    (tmp_path / "school.yaml").write_text(CONFIG)
    with pytest.raises(ConfigError, match="secret is missing"):
        School(tmp_path / "school.yaml", api)


REGISTERED = {
    "register_third_party_rules_callbacks": {
        "on_create_room",
        "check_event_allowed",
        "check_can_deactivate_user",
        "check_can_shutdown_room",
        "on_profile_update",
    },
    "register_spam_checker_callbacks": {
        "user_may_join_room",
        "user_may_create_room_alias",
        "user_may_publish_room",
        "user_may_send_3pid_invite",
        "check_username_for_spam",
    },
    "register_media_repository_callbacks": {
        "get_media_config_for_user",
        "is_user_allowed_to_upload_media_of_size",
    },
    "register_account_validity_callbacks": {"on_user_login"},
    "register_password_auth_provider_callbacks": {"auth_checkers"},
}
PASSWORDS = {"auth_checkers"}
"""They have tests of their own (`test_code_door`)."""
TOLD = {"on_user_login", "on_profile_update"}
"""Synapse waits for no answer of these: they tell the appservice and decide nothing."""


def test_exactly_these_callbacks_are_registered(school: School, api: MagicMock) -> None:
    registered = {
        name: set(getattr(api, name).call_args.kwargs) for name in REGISTERED if getattr(api, name).call_count == 1
    }
    assert registered == REGISTERED
    others = [name for name, *_ in api.method_calls if name.startswith("register_") and name not in REGISTERED]
    assert others == []


def test_nothing_runs_for_every_event_after_it_was_accepted(school: School, api: MagicMock) -> None:
    assert "on_new_event" not in api.register_third_party_rules_callbacks.call_args.kwargs


@pytest.mark.parametrize("here", [True, False])
def test_only_the_process_for_background_work_makes_the_bot_an_admin(folder: Path, api: MagicMock, here: bool) -> None:
    api.should_run_background_tasks.return_value = here
    School(folder / "school.yaml", api)
    assert ("schulbote_bot" in begun(api)) is here


def begun(api: MagicMock) -> dict[str, Callable[[], Awaitable[None]]]:
    """What is done once after the start, by its name."""
    return {call.kwargs["desc"]: call.args[1] for call in api.delayed_background_call.call_args_list}


def repeated(api: MagicMock) -> dict[str, Any]:
    """What is done again and again, by its name."""
    return {call.kwargs["desc"]: call for call in api.looping_background_call.call_args_list}


async def test_every_process_tells_of_its_start_until_somebody_hears(school: School, api: MagicMock) -> None:
    answers = iter([ConnectionRefusedError(), ConnectionRefusedError(), None])

    async def post(*_: object) -> None:
        if error := next(answers):
            raise error

    api.http_client.post_json_get_json.side_effect = post
    await begun(api)["schulbote_start"]()
    assert list(answers) == []
    assert api.sleep.call_count == 2


def test_every_process_looks_at_the_directory_every_second(school: School, api: MagicMock) -> None:
    call = repeated(api)["schulbote_directory"]
    assert call.args[1] == 1000
    assert call.kwargs["run_on_all_instances"] is True


async def test_looking_at_the_directory_happens_in_a_thread(school: School, api: MagicMock) -> None:
    await repeated(api)["schulbote_directory"].args[0]()
    assert api.defer_to_thread.call_count == 1


async def test_the_bot_becomes_an_admin_when_it_has_an_account(school: School, api: MagicMock) -> None:
    answers = iter([None, None, BOT])
    api.check_user_exists.side_effect = lambda _user_id: asyncio.sleep(0, next(answers))
    await begun(api)["schulbote_bot"]()
    assert api.sleep.call_count == 2
    api.set_user_admin.assert_called_once_with(BOT, True)


# --- In doubt ---------------------------------------------------------------------------------------------------

Ask = Callable[[School, str], Awaitable[Any]]
QUESTIONS: dict[str, Ask] = {
    "on_create_room": lambda school, who: school.on_create_room(create_requester(who), {"invite": []}, False),
    "check_event_allowed": lambda school, who: school.check_event_allowed(event("m.room.message", who, {}), STRANGERS),
    "check_username_for_spam": lambda school, who: school.check_username_for_spam(profile_of(IDA.user_id), who),
    "user_may_create_room_alias": lambda school, who: school.user_may_create_room_alias(
        who, RoomAlias("x", "school.test")
    ),
    "user_may_publish_room": lambda school, who: school.user_may_publish_room(who, ROOM),
    "user_may_send_3pid_invite": lambda school, who: school.user_may_send_3pid_invite(who, "email", "a@b", ROOM),
    "user_may_join_room": lambda school, who: school.user_may_join_room(who, ROOM, False),
    "is_user_allowed_to_upload_media_of_size": lambda school, who: school.is_user_allowed_to_upload_media_of_size(
        who, 1
    ),
    "get_media_config_for_user": lambda school, who: school.get_media_config_for_user(who),
}
NEED_NO_DIRECTORY = {"user_may_create_room_alias", "user_may_publish_room", "user_may_send_3pid_invite"}


def test_every_callback_is_asked_here() -> None:
    answer_no_in_doubt = {"check_can_deactivate_user", "check_can_shutdown_room"}
    assert set(QUESTIONS) | answer_no_in_doubt | TOLD | PASSWORDS == set().union(*REGISTERED.values())


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - NEED_NO_DIRECTORY))
async def test_without_a_directory_every_answer_is_try_again(name: str, in_doubt: School) -> None:
    error = await refused(QUESTIONS[name](in_doubt, BEN.user_id))
    assert (error.code, error.errcode) == (503, Codes.UNKNOWN)
    assert error.msg == "Das hat gerade nicht geklappt. Bitte gleich noch einmal versuchen."


@pytest.mark.parametrize("name", sorted(NEED_NO_DIRECTORY))
async def test_what_only_the_school_does_is_refused_also_without_a_directory(name: str, in_doubt: School) -> None:
    code, extra = await QUESTIONS[name](in_doubt, BEN.user_id)
    assert code == Codes.FORBIDDEN
    assert extra["error"] == in_doubt.texts.refusal(Reason(extra["org.schulbote.reason"]))


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_surprise_lets_nothing_through_and_is_logged_with_its_stack(
    name: str, school: School, api: MagicMock, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes where Synapse is asked whether somebody unknown is an admin, which every callback does first."""
    api.is_mine.side_effect = RuntimeError("surprise")
    error = await refused(QUESTIONS[name](school, NOBODY))
    assert error.code == 503
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert name in record.getMessage()


async def test_in_doubt_nobody_ends_an_account_but_an_admin(in_doubt: School) -> None:
    for account in (BEN.user_id, NOBODY):
        assert await in_doubt.check_can_deactivate_user(account, False) is False
        assert await in_doubt.check_can_deactivate_user(account, True) is True


@pytest.mark.parametrize("name", QUESTIONS)
async def test_being_cancelled_is_no_doubt(name: str, school: School, api: MagicMock) -> None:
    api.is_mine.side_effect = CancelledError
    with pytest.raises(CancelledError):
        await QUESTIONS[name](school, NOBODY)


async def test_a_login_goes_on_without_a_directory(in_doubt: School) -> None:
    await in_doubt.on_user_login(BEN.user_id, None, None)


def test_every_callback_that_is_asked_is_guarded(school: School) -> None:
    """`wraps` leaves the callback itself in `__wrapped__`."""
    for name in set().union(*REGISTERED.values()) - TOLD - PASSWORDS:
        assert hasattr(getattr(school, name), "__wrapped__"), name
        assert inspect.iscoroutinefunction(getattr(school, name))


# --- Who is not asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [BOT, ADMIN])
async def test_the_bot_and_admins_pass(sender: str, school: School) -> None:
    anything = event("m.room.encryption", sender, {"org.schulbote.x": 1}, state_key="")
    assert await school.check_event_allowed(anything, room(BEN, IDA)) == (True, None)
    assert await school.user_may_publish_room(sender, ROOM) == NOT_SPAM
    assert await school.user_may_create_room_alias(sender, RoomAlias("x", "school.test")) == NOT_SPAM
    assert await school.check_username_for_spam(profile_of(BEN.user_id), sender) is False
    assert await school.is_user_allowed_to_upload_media_of_size(sender, 10**12) is True
    assert await school.get_media_config_for_user(sender) is None
    assert await school.user_may_join_room(sender, ROOM, False) == NOT_SPAM


@pytest.mark.parametrize("sender", [BOT, ADMIN])
async def test_the_bot_and_admins_pass_also_without_a_directory(sender: str, in_doubt: School) -> None:
    assert await in_doubt.check_event_allowed(event("m.room.message", sender, {}), {}) == (True, None)
    assert await in_doubt.is_user_allowed_to_upload_media_of_size(sender, 10**12) is True
    assert await in_doubt.user_may_join_room(sender, ROOM, False) == NOT_SPAM


@pytest.mark.parametrize("sender", [BOT, ADMIN])
async def test_the_bot_and_admins_hear_of_the_limit_also_without_a_directory(sender: str, in_doubt: School) -> None:
    assert await in_doubt.get_media_config_for_user(sender) is None


async def test_a_teacher_who_is_an_admin_is_a_teacher_first(school: School, api: MagicMock) -> None:
    api.is_user_admin.return_value = True
    api.is_user_admin.side_effect = None
    error = await refused(school.check_event_allowed(event("m.poll.start", IDA.user_id, {}), room(IDA, BEN)))
    assert error.code == 403
    error = await refused(school.is_user_allowed_to_upload_media_of_size(IDA.user_id, 2 * MEGABYTE + 1))
    assert error.code == 413


async def test_nobody_from_another_server_is_asked_about(school: School, api: MagicMock) -> None:
    await school.user_may_publish_room("@root:elsewhere", ROOM)
    assert not api.is_user_admin.called


async def test_the_bots_rooms_are_left_as_they_are(school: School) -> None:
    config = {"creation_content": {STAMP_KEY: {"kind": "group", "group": "5a"}}, "preset": "public_chat"}
    before = dict(config)
    await school.on_create_room(create_requester(BOT), config, True)
    assert config == before


async def test_an_admins_room_is_no_room_of_the_schools(school: School) -> None:
    config: dict[str, Any] = {"creation_content": {STAMP_KEY: {"kind": "chat"}, "m.federate": False}, "name": "x"}
    await school.on_create_room(create_requester(ADMIN), config, True)
    assert config == {"creation_content": {"m.federate": False}, "name": "x"}


# --- Rooms ------------------------------------------------------------------------------------------------------


async def test_an_allowed_room_is_written_anew(school: School) -> None:
    config: dict[str, Any] = {"invite": [IDA.user_id], "is_direct": True, "preset": "trusted_private_chat"}
    await school.on_create_room(create_requester(BEN.user_id), config, False)
    stamp = stamp_from(config["creation_content"])
    assert stamp is not None
    assert (stamp.kind, config["preset"]) == (RoomKind.DIRECT, "private_chat")


async def test_a_plain_pair_of_a_pupil_becomes_a_direct_room(school: School) -> None:
    config: dict[str, Any] = {"invite": [IDA.user_id]}
    await school.on_create_room(create_requester(BEN.user_id), config, False)
    assert config["creation_content"][STAMP_KEY] == {"kind": "direct"}
    assert config["is_direct"] is True


@pytest.mark.parametrize(
    ("creator", "config", "status", "reason"),
    [
        pytest.param(BEN, {"invite": [CARL.user_id], "is_direct": True}, 403, Reason.NO_COMMON_GROUP, id="a stranger"),
        pytest.param(IDA, {"invite": [NOBODY], "name": "x"}, 403, Reason.UNKNOWN_RECIPIENT, id="somebody unknown"),
        pytest.param(BEN, {"name": "Party"}, 403, Reason.NO_ROOMS, id="a pupil's room"),
        pytest.param(GABI, {"invite": [BEN.user_id, IDA.user_id]}, 403, Reason.NO_COMMON_GROUP, id="a bridge"),
        pytest.param(IDA, {"name": 5}, 400, Reason.MALFORMED, id="a request that cannot be read"),
        pytest.param(IDA, {"visibility": "public"}, 403, Reason.ROOM_STAYS_PRIVATE, id="a public room"),
    ],
)
async def test_a_refused_room_is_refused_whole_with_words_and_reason(
    creator: Person, config: dict[str, Any], status: int, reason: Reason, school: School, background: Background
) -> None:
    before, count = dict(config), counted("createRoom", reason)
    error = await refused(school.on_create_room(create_requester(creator.user_id), config, False))
    assert error.code == status
    assert error.msg == words(school, reason, creator)
    assert error.error_dict(None)["org.schulbote.reason"] == reason.value
    assert config == before
    assert counted("createRoom", reason) == count + 1
    assert background.names == ["schulbote_refusal"]


@pytest.mark.parametrize(
    ("invitees", "encrypted"),
    [
        pytest.param([OTTO], True, id="a colleague"),
        pytest.param([BEN], False, id="a pupil"),
        pytest.param([OTTO, BEN], False, id="a colleague and a pupil"),
        pytest.param([], True, id="nobody yet"),
    ],
)
@pytest.mark.parametrize("is_direct", [True, False])
async def test_encryption_is_kept_only_where_it_is_offered_to_everybody(
    invitees: list[Person], encrypted: bool, is_direct: bool, school: School
) -> None:
    asked = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
    for state in ([asked], []):
        config = {"invite": [p.user_id for p in invitees], "is_direct": is_direct, "initial_state": list(state)}
        await school.on_create_room(create_requester(IDA.user_id), config, False)
        assert (asked in config["initial_state"]) is (encrypted and bool(state))
        assert ("megolm" in str(config)) is (encrypted and bool(state))


@pytest.mark.parametrize(
    ("content", "blocked"),
    [(None, False), ({}, False), ({"default_action": "allow"}, False), ({"default_action": "block"}, True)],
)
async def test_whoever_blocks_invitations_is_known_before_the_room_exists(
    content: dict[str, str] | None, blocked: bool, school: School, api: MagicMock
) -> None:
    api.account_data_manager.get_global = lambda user_id, data_type: asyncio.sleep(0, content)
    asked = school.on_create_room(create_requester(IDA.user_id), {"invite": [BEN.user_id]}, False)
    if blocked:
        assert (await refused(asked)).error_dict(None)["org.schulbote.reason"] == "invitations_blocked"
    else:
        await asked


# --- Events -----------------------------------------------------------------------------------------------------


async def test_an_allowed_message_is_not_touched(school: School) -> None:
    assert await school.check_event_allowed(message(BEN), room(BEN, IDA)) == (True, None)


async def test_a_message_with_keys_of_the_school_goes_out_without_them(school: School) -> None:
    forged = message(BEN, **{HELD_KEY: {"key": "x"}})
    allowed, replacement = await school.check_event_allowed(forged, room(BEN, IDA))
    assert allowed
    assert replacement is not None
    assert replacement["content"] == {"msgtype": "m.text", "body": "Hallo"}
    assert (replacement["type"], replacement["sender"]) == ("m.room.message", BEN.user_id)


async def test_a_refused_message_leaves_a_notice_without_its_words(school: School, background: Background) -> None:
    allowed, replacement = await school.check_event_allowed(message(BEN, "geheim"), STRANGERS)
    assert allowed
    assert replacement is not None
    assert replacement["content"]["msgtype"] == "m.notice"
    assert replacement["content"]["body"].startswith("⛔ Nicht zugestellt: ")
    assert replacement["content"]["org.schulbote.reason"] == "no_common_group"
    assert replacement["content"]["body"].endswith(words(school, Reason.NO_COMMON_GROUP, BEN))
    assert "in 5a" in replacement["content"]["body"]
    assert "geheim" not in str(replacement)
    assert background.names == []


async def test_after_three_notices_it_is_too_many(school: School) -> None:
    for _ in range(3):
        allowed, _replacement = await school.check_event_allowed(message(BEN), STRANGERS)
        assert allowed
    error = await refused(school.check_event_allowed(message(BEN), STRANGERS))
    assert (error.code, error.errcode) == (429, Codes.LIMIT_EXCEEDED)
    assert (await school.check_event_allowed(message(CARL), STRANGERS))[0]
    assert await school.check_event_allowed(message(BEN), room(BEN, IDA)) == (True, None)


async def test_other_refused_events_are_refused_with_words(school: School, background: Background) -> None:
    error = await refused(school.check_event_allowed(event("m.call.invite", BEN.user_id, {}), room(BEN, IDA)))
    assert (error.code, error.errcode) == (403, Codes.FORBIDDEN)
    assert error.msg == school.texts.refusal(Reason.NO_CONFERENCES)
    assert error.error_dict(None)["org.schulbote.reason"] == "no_conferences"
    assert background.names == ["schulbote_refusal"]


async def test_a_refused_invitation_is_explained_by_the_bot(
    school: School, api: MagicMock, background: Background
) -> None:
    invitation = event("m.room.member", BEN.user_id, {"membership": "invite"}, state_key=CARL.user_id)
    await refused(school.check_event_allowed(invitation, room(BEN, IDA)))
    assert background.names == ["schulbote_refusal"]
    await background.run()
    url, body, headers = api.http_client.post_json_get_json.call_args.args
    assert url == "http://127.0.0.1:8009/_schulbote/module/refusal"
    assert body == {"user_id": BEN.user_id, "reason": "direct_room_is_for_two"}
    assert headers == {b"Authorization": [b"Bearer module-token"]}


GUARDIANS_CHAT = room(GABI, GERD, IDA, kind=RoomKind.CHAT)
TEACHERS_CHAT = room(IDA, BEN, kind=RoomKind.CHAT)


@pytest.mark.parametrize(
    ("sender", "author", "state", "reason"),
    [
        pytest.param(BEN, BEN, room(BEN, IDA), None, id="one's own words"),
        pytest.param(BEN, IDA, room(BEN, IDA), Reason.OTHERS_WORDS, id="the maker of a room for two, the other's"),
        pytest.param(IDA, BEN, room(BEN, IDA), Reason.OTHERS_WORDS, id="who did not make it, the maker's"),
        pytest.param(BEN, None, room(BEN, IDA), Reason.OTHERS_WORDS, id="what nobody knows"),
        pytest.param(IDA, BEN, TEACHERS_CHAT, None, id="a teacher, a pupil's words in a chat"),
        pytest.param(BEN, IDA, TEACHERS_CHAT, Reason.OTHERS_WORDS, id="a pupil, a teacher's"),
        pytest.param(GABI, GERD, GUARDIANS_CHAT, Reason.OTHERS_WORDS, id="a guardian in their own chat, another's"),
        pytest.param(GABI, GABI, GUARDIANS_CHAT, None, id="a guardian, their own"),
    ],
)  # fmt: skip
async def test_who_deletes_whose_words(
    sender: Person, author: Person | None, state: Any, reason: Reason | None, school: School, api: MagicMock
) -> None:
    api.run_db_interaction.side_effect = lambda *_: asyncio.sleep(0, author and author.user_id)
    asked = school.check_event_allowed(event("m.room.redaction", sender.user_id, {"redacts": "$a"}), state)
    if reason is None:
        assert await asked == (True, None)
    else:
        error = await refused(asked)
        assert (error.code, error.error_dict(None)["org.schulbote.reason"]) == (403, reason.value)


async def test_somebody_unknown_takes_back_only_their_own_words(school: School, api: MagicMock) -> None:
    """Synapse writes the redactions of somebody who was removed in their name."""
    for author, may in ((NOBODY, True), (BEN.user_id, False)):
        api.run_db_interaction.side_effect = lambda *_, author=author: asyncio.sleep(0, author)
        asked = school.check_event_allowed(event("m.room.redaction", NOBODY, {"redacts": "$a"}), room(BEN, IDA))
        if may:
            assert await asked == (True, None)
        else:
            assert (await refused(asked)).error_dict(None)["org.schulbote.reason"] == "unknown_person"


async def test_in_a_class_power_levels_say_who_deletes_and_nothing_is_looked_up(school: School, api: MagicMock) -> None:
    deletion = event("m.room.redaction", IDA.user_id, {"redacts": "$a"})
    assert await school.check_event_allowed(deletion, CLASS_ROOM) == (True, None)
    assert await school.check_event_allowed(message(BEN), room(BEN, IDA)) == (True, None)
    assert not api.run_db_interaction.called


# --- Refusals -----------------------------------------------------------------------------------------------------

SECRET = "ruf mich an 0151"


def hostile(event_type: str, sender: Person, content: dict[str, Any], **more: Any) -> EventBase:
    """An event with words in every corner of its content."""
    return event(event_type, sender.user_id, dict.fromkeys(("body", "reason", SECRET), SECRET) | content, **more)


REFUSED: dict[str, tuple[EventBase, dict[tuple[str, str], EventBase], Reason]] = {
    "a message": (message(BEN, SECRET), STRANGERS, Reason.NO_COMMON_GROUP),
    "a sticker": (hostile("m.sticker", BEN, {}), STRANGERS, Reason.NO_COMMON_GROUP),
    "a call": (hostile("m.call.invite", BEN, {}), room(BEN, IDA), Reason.NO_CONFERENCES),
    "an invitation": (
        hostile("m.room.member", BEN, {"membership": "invite", "displayname": SECRET}, state_key=CARL.user_id),
        room(BEN, IDA), Reason.DIRECT_ROOM_IS_FOR_TWO,
    ),
    "an invitation that is no state": (
        hostile("m.room.member", BEN, {"membership": "invite"}), room(BEN, IDA), Reason.NOT_OFFERED,
    ),
    "a membership there is not": (
        hostile("m.room.member", BEN, {"membership": SECRET}, state_key=BEN.user_id), room(BEN, IDA), Reason.MALFORMED,
    ),
    "a reaction": (
        hostile("m.reaction", BEN, {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$a", "key": SECRET}}),
        room(BEN, IDA), Reason.NOT_OFFERED,
    ),
    "a setting": (hostile("m.room.topic", BEN, {"topic": SECRET}, state_key=SECRET), room(BEN, IDA),
                  Reason.RULES_ARE_FIXED),
    "encryption": (hostile("m.room.encryption", IDA, {"algorithm": SECRET}, state_key=""), room(IDA, OTTO),
                   Reason.MALFORMED),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "state", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_is_counted_and_logged_once_without_a_word_of_the_content(
    sent: EventBase,
    state: dict[tuple[str, str], EventBase],
    reason: Reason,
    school: School,
    background: Background,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    count = counted(sent.type, reason)
    if sent.type == "m.room.message":
        _, replacement = await school.check_event_allowed(sent, state)
        said = str(replacement)
    else:
        error = await refused(school.check_event_allowed(sent, state))
        assert error.code == (400 if reason is Reason.MALFORMED else 403)
        said = str(error.error_dict(None))
    assert counted(sent.type, reason) == count + 1
    [record] = [record for record in caplog.records if record.name == "synapse_modules.refusals"]
    assert record.levelno == logging.INFO
    for part in (sent.type, sent.sender, ROOM, reason.value):
        assert part in record.getMessage()
    assert SECRET not in caplog.text
    assert SECRET not in said
    assert background.names == ([] if sent.type == "m.room.message" else ["schulbote_refusal"])
    assert [args[1:] for _, _, args in background.started] == [(reason,) for _ in background.started]


async def test_a_refused_room_is_logged_without_its_name(school: School, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    config = {"name": SECRET, "topic": SECRET, "invite": [f"@{SECRET}:school.test"], SECRET: SECRET}
    await refused(school.on_create_room(create_requester(BEN.user_id), config, False))
    assert f"Refused createRoom by {BEN.user_id}: no_rooms (no rule)" in caplog.messages
    assert SECRET not in caplog.text


async def test_what_is_refused_beside_events_is_counted_and_logged_without_words(
    school: School, caplog: pytest.LogCaptureFixture, background: Background
) -> None:
    caplog.set_level(logging.DEBUG)
    before = {action: counted(action, reason) for action, reason in BESIDE.items()}
    await school.user_may_create_room_alias(BEN.user_id, RoomAlias(SECRET, "school.test"))
    await school.user_may_publish_room(BEN.user_id, ROOM)
    await school.user_may_send_3pid_invite(BEN.user_id, "email", SECRET, ROOM)
    assert {action: counted(action, reason) for action, reason in BESIDE.items()} == {
        action: count + 1 for action, count in before.items()
    }
    assert len([record for record in caplog.records if record.name == "synapse_modules.refusals"]) == len(BESIDE)
    assert SECRET not in caplog.text
    assert background.names == ["schulbote_refusal"] * len(BESIDE)


BESIDE = {
    "alias": Reason.ROOM_STAYS_PRIVATE,
    "publish": Reason.ROOM_STAYS_PRIVATE,
    "invite_3pid": Reason.UNKNOWN_RECIPIENT,
}


async def test_a_type_that_somebody_invents_is_not_counted_on_its_own(school: School) -> None:
    """Else every new word that somebody sends is one more line of the metrics, kept for ever."""
    for number in range(3):
        await refused(school.check_event_allowed(event(f"x.{number}", BEN.user_id, {}), room(BEN, IDA)))
    assert not any(counted(f"x.{number}", Reason.NOT_OFFERED) for number in range(3))


@pytest.mark.parametrize("word", [SECRET, "x\nRefused m.room.message by @ida:school.test: forged"])
async def test_words_in_a_type_do_not_reach_the_log(
    word: str, school: School, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await refused(school.check_event_allowed(event(word, BEN.user_id, {}), room(BEN, IDA)))
    assert word not in caplog.text


async def test_a_fourth_refusal_is_counted_too_and_explained_by_nobody(school: School, background: Background) -> None:
    count = counted("m.room.message", Reason.NO_COMMON_GROUP)
    for _ in range(3):
        await school.check_event_allowed(message(BEN), STRANGERS)
    await refused(school.check_event_allowed(message(BEN), STRANGERS))
    assert counted("m.room.message", Reason.NO_COMMON_GROUP) == count + 4
    assert background.names == []


async def test_a_delivery_that_is_refused_is_explained_in_its_place_and_not_by_the_bot(
    school: School, background: Background
) -> None:
    now = int(time.time() * 1000)
    binding = Binding(room_id=ROOM, sender=BEN.user_id, event_type="m.room.message", origin_server_ts=now)
    content = Keyring([b"k" * 32]).sign(
        {"msgtype": "m.text", "body": "x"}, binding, purpose=Purpose.DELIVERY, held="$held"
    )
    delivery = event("m.room.message", BEN.user_id, content, origin_server_ts=now)
    error = await refused(school.check_event_allowed(delivery, STRANGERS))
    assert (error.code, error.error_dict(None)["org.schulbote.reason"]) == (403, "no_common_group")
    assert background.names == []


# --- A school that changes meanwhile ------------------------------------------------------------------------------


@dataclass
class Changing:
    """A school of its own whose database and clock change between two questions."""

    school: School
    api: MagicMock
    database: Path
    clock: SimpleNamespace

    async def change(self, part: Part, *statements: Any) -> None:
        """Writes into the database as the other programs do, and lets the module look at it."""
        engine = create_engine(f"sqlite:///{self.database}", poolclass=NullPool)
        bump = "INSERT INTO versions VALUES (:part, 1) ON CONFLICT (part) DO UPDATE SET number = number + 1"
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute(text(bump), {"part": part})
        await repeated(self.api)["schulbote_directory"].args[0]()

    async def moves(self, person: Person) -> None:
        """Somebody is in no group any more."""
        await self.change(Part.PEOPLE, delete(memberships).where(memberships.c.person_id == person.id))

    async def joins(self, person: Person, group: str) -> None:
        """Somebody is in one group more."""
        await self.change(Part.PEOPLE, insert(memberships).values(person_id=person.id, group_id=group))

    async def leaves(self, person: Person) -> None:
        """Somebody is no longer in the register."""
        await self.change(Part.PEOPLE, update(persons).where(persons.c.id == person.id).values(standing="left"))

    async def rests(self, person: Person) -> None:
        """Somebody is off from now on."""
        now = time.time()
        values = {"person_id": person.id, "kind": "rest", "starts_at": now - 1, "ends_at": now + 3600}
        await self.change(Part.REST, insert(rest_overrides).values(**values))

    async def is_back(self, person: Person) -> None:
        """Their rest is over."""
        await self.change(Part.REST, delete(rest_overrides).where(rest_overrides.c.person_id == person.id))

    async def holds(self, sender: Person, room_id: str = ROOM) -> bool:
        """Whether what somebody writes to Ida is held."""
        words = event("m.room.message", sender.user_id, {"msgtype": "m.text", "body": "Hallo"}, room_id=room_id)
        _, instead = await self.school.check_event_allowed(words, room(GABI, IDA))
        return instead is not None and HELD_KEY in instead["content"]

    async def begin(self, creator: Person, *invitees: Person) -> dict[tuple[str, str], EventBase]:
        """A createRoom request and the events that Synapse makes of it before it invites; the state they make."""
        config: dict[str, Any] = {"invite": [p.user_id for p in invitees], "is_direct": len(invitees) == 1}
        await self.school.on_create_room(create_requester(creator.user_id), config, False)
        create = self.begins(creator, config["creation_content"])
        assert await self.school.check_event_allowed(create, {}) == (True, None)
        return self.state_of(creator, create)

    @staticmethod
    def begins(creator: Person, content: dict[str, Any]) -> EventBase:
        whole = {
            "type": "m.room.create", "sender": creator.user_id, "content": content, "state_key": "", "depth": 1,
            "origin_server_ts": 1, "auth_events": [], "prev_events": [], "hashes": {}, "signatures": {},
        }  # fmt: skip
        return make_event_from_dict(whole, RoomVersions.V12)

    @staticmethod
    def state_of(creator: Person, create: EventBase) -> dict[tuple[str, str], EventBase]:
        levels = power_levels(RoomKind.DIRECT)
        events = [
            create,
            joins(creator, create.room_id),
            event("m.room.power_levels", creator.user_id, levels, state_key="", room_id=create.room_id),
        ]
        return {(each.type, str(each.get_state_key())): each for each in events}


@pytest.fixture
def changing(folder: Path, tmp_path: Path, api: MagicMock) -> Changing:
    shutil.copytree(folder, tmp_path / "own")
    clock = SimpleNamespace(seconds=1000.0)
    school = School(tmp_path / "own" / "school.yaml", api, monotonic=lambda: clock.seconds)
    return Changing(school=school, api=api, database=tmp_path / "own" / "schulbote.db", clock=clock)


def invites(inviter: Person, invitee: Person, room_id: str) -> EventBase:
    content = {"membership": "invite", "is_direct": True}
    return event("m.room.member", inviter.user_id, content, state_key=invitee.user_id, room_id=room_id)


def joins(who: Person, room_id: str) -> EventBase:
    return event("m.room.member", who.user_id, {"membership": "join"}, state_key=who.user_id, room_id=room_id)


def id_of(state: dict[tuple[str, str], EventBase]) -> str:
    return state["m.room.create", ""].room_id


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda school: school.moves(BEA), id="the other one changes class"),
        pytest.param(lambda school: school.leaves(BEA), id="the other one leaves the school"),
        pytest.param(lambda school: school.leaves(BEN), id="the maker leaves the school"),
    ],
)
async def test_a_directory_that_changes_while_a_room_is_made_leaves_nothing_half(
    happens: Callable[[Changing], Awaitable[None]], changing: Changing
) -> None:
    state = await changing.begin(BEN, BEA)
    await happens(changing)
    assert await changing.school.check_event_allowed(invites(BEN, BEA, id_of(state)), state) == (True, None)
    other = room(BEN)
    assert (await refused(changing.school.check_event_allowed(invites(BEN, BEA, ROOM), other))).code == 403


async def test_a_directory_that_is_too_old_meanwhile_leaves_nothing_half_either(changing: Changing) -> None:
    state = await changing.begin(BEN, BEA)
    changing.database.unlink()
    changing.clock.seconds += 59
    await repeated(changing.api)["schulbote_directory"].args[0]()
    assert await changing.school.check_event_allowed(invites(BEN, BEA, id_of(state)), state) == (True, None)


WORDS = {"name": "Anna ist krank", "topic": "Bitte anrufen"}


async def test_the_name_of_a_new_room_does_not_reach_who_rests(changing: Changing) -> None:
    picture = {"type": "m.room.avatar", "state_key": "", "content": {"url": "mxc://a/b"}}
    config: dict[str, Any] = {"invite": [IDA.user_id, GERD.user_id], "initial_state": [picture], **WORDS}
    await changing.school.on_create_room(create_requester(GABI.user_id), config, False)
    assert {key: config[key] for key in WORDS} == WORDS
    await changing.rests(IDA)
    config = {"invite": [IDA.user_id, GERD.user_id], "initial_state": [picture], **WORDS}
    await changing.school.on_create_room(create_requester(GABI.user_id), config, False)
    assert config["invite"] == [IDA.user_id, GERD.user_id]
    assert not config.keys() & WORDS.keys()
    assert "mxc://a/b" not in str(config)


async def test_the_name_stays_where_a_teacher_is_there_who_does_not_rest(changing: Changing) -> None:
    await changing.rests(IDA)
    config: dict[str, Any] = {"invite": [IDA.user_id, OTTO.user_id], **WORDS}
    await changing.school.on_create_room(create_requester(GABI.user_id), config, False)
    assert {key: config[key] for key in WORDS} == WORDS


async def test_what_follows_a_held_message_is_held_until_all_know_of_that(changing: Changing) -> None:
    """The rest ends before the appservice has heard of the message."""
    await changing.rests(IDA)
    assert await changing.holds(GABI)
    await changing.is_back(IDA)
    changing.clock.seconds += 1.9
    assert await changing.holds(GABI)
    assert await changing.holds(IDA)
    assert not await changing.holds(GABI, "!other:school.test")
    changing.clock.seconds += 2
    assert not await changing.holds(GABI)


async def test_people_who_go_on_talking_talk_at_once_again(changing: Changing) -> None:
    await changing.rests(IDA)
    assert await changing.holds(GABI)
    await changing.is_back(IDA)
    held = []
    for _ in range(20):
        changing.clock.seconds += 0.5
        held.append(await changing.holds(GABI))
    assert held == sorted(held, reverse=True), "never held again once it went out"
    assert 3 < held.count(True) < 18


async def test_a_rest_that_begins_while_a_room_is_made_leaves_no_half_of_it(changing: Changing) -> None:
    state = await changing.begin(GABI, IDA, GERD)
    name = event("m.room.name", GABI.user_id, {"name": "Anna ist krank"}, state_key="")
    with_name = state | {("m.room.name", ""): name}
    await changing.rests(IDA)
    invitation = invites(GABI, IDA, id_of(state))
    assert await changing.school.check_event_allowed(invitation, with_name) == (True, None)
    changing.clock.seconds += 60
    assert (await refused(changing.school.check_event_allowed(invitation, with_name))).code == 403


async def test_a_room_is_being_made_for_a_minute_only(changing: Changing) -> None:
    state = await changing.begin(BEN, BEA)
    await changing.moves(BEA)
    changing.clock.seconds += 59
    assert await changing.school.check_event_allowed(invites(BEN, BEA, id_of(state)), state) == (True, None)
    changing.clock.seconds += 1
    error = await refused(changing.school.check_event_allowed(invites(BEN, BEA, id_of(state)), state))
    assert error.error_dict(None)["org.schulbote.reason"] == "no_common_group"


@pytest.mark.parametrize(
    ("inviter", "invitee", "reason"),
    [
        pytest.param(IDA, BEA, "unknown_recipient", id="by somebody else"),
        pytest.param(BEN, CARL, "no_common_group", id="somebody who was not asked for"),
    ],
)
async def test_only_the_invitations_of_the_request_are_judged_by_its_standing(
    inviter: Person, invitee: Person, reason: str, changing: Changing
) -> None:
    await changing.joins(BEN, "6b")
    state = await changing.begin(BEN, BEA)
    await changing.moves(BEN)
    await changing.leaves(BEA)
    made_by = {("m.room.member", inviter.user_id): joins(inviter, id_of(state))}
    alone = {key: value for key, value in state.items() if key != ("m.room.member", BEN.user_id)} | made_by
    invitation = invites(inviter, invitee, id_of(state))
    error = await refused(changing.school.check_event_allowed(invitation, alone))
    assert error.error_dict(None)["org.schulbote.reason"] == reason


async def test_a_refused_request_begins_no_room(changing: Changing) -> None:
    config: dict[str, Any] = {"invite": [CARL.user_id], "is_direct": True}
    await refused(changing.school.on_create_room(create_requester(BEN.user_id), config, False))
    create = changing.begins(BEN, {STAMP_KEY: {"kind": "direct"}})
    await changing.school.check_event_allowed(create, {})
    await changing.moves(BEA)
    state = changing.state_of(BEN, create)
    assert (await refused(changing.school.check_event_allowed(invites(BEN, BEA, id_of(state)), state))).code == 403


def with_both(state: dict[tuple[str, str], EventBase], other: Person) -> dict[tuple[str, str], EventBase]:
    """The room after the other one has come."""
    return state | {("m.room.member", other.user_id): joins(other, id_of(state))}


def says(who: Person, room_id: str) -> EventBase:
    return event("m.room.message", who.user_id, {"msgtype": "m.text", "body": "Hallo"}, room_id=room_id)


async def test_a_rest_that_begins_after_a_room_was_made_holds_what_its_maker_writes(changing: Changing) -> None:
    state = with_both(await changing.begin(BEN, IDA), IDA)
    await changing.rests(IDA)
    _, replacement = await changing.school.check_event_allowed(says(BEN, id_of(state)), state)
    assert replacement is not None
    assert HELD_KEY in replacement["content"]


async def test_whoever_may_not_write_any_more_does_not_write_in_a_new_room_either(changing: Changing) -> None:
    state = with_both(await changing.begin(BEN, BEA), BEA)
    await changing.moves(BEA)
    _, replacement = await changing.school.check_event_allowed(says(BEN, id_of(state)), state)
    assert replacement is not None
    assert replacement["content"]["org.schulbote.reason"] == "no_common_group"


# --- What admins do in people's names -----------------------------------------------------------------------------


def leave(whose: Person, *, sender: Person | None = None, room_id: str = ROOM) -> EventBase:
    by = (sender or whose).user_id
    return event("m.room.member", by, {"membership": "leave"}, state_key=whose.user_id, room_id=room_id)


@pytest.fixture
def ended(api: MagicMock) -> set[str]:
    """The accounts that an admin has ended."""
    accounts: set[str] = set()
    api.get_userinfo_by_id.side_effect = lambda user_id: SimpleNamespace(is_deactivated=user_id in accounts)
    return accounts


async def test_nobody_leaves_the_room_of_their_class(school: School, background: Background) -> None:
    error = await refused(school.check_event_allowed(leave(BEN), CLASS_ROOM))
    assert (error.code, error.error_dict(None)["org.schulbote.reason"]) == (403, "group_is_kept")
    assert background.names == ["schulbote_refusal"]


async def test_an_account_that_was_ended_leaves_it_and_that_is_no_refusal(
    school: School, ended: set[str], background: Background
) -> None:
    count = counted("m.room.member", Reason.GROUP_IS_KEPT)
    ended.add(BEN.user_id)
    assert await school.check_event_allowed(leave(BEN), CLASS_ROOM) == (True, None)
    assert counted("m.room.member", Reason.GROUP_IS_KEPT) == count
    assert background.names == []


async def test_an_account_that_does_not_exist_does_not_leave(school: School, api: MagicMock) -> None:
    api.get_userinfo_by_id.side_effect = lambda _user_id: None
    assert (await refused(school.check_event_allowed(leave(BEN), CLASS_ROOM))).code == 403


async def test_an_ended_account_takes_nobody_with_it(school: School, ended: set[str]) -> None:
    ended.update((IDA.user_id, BEN.user_id))
    assert (await refused(school.check_event_allowed(leave(BEN, sender=IDA), CLASS_ROOM))).code == 403
    ban = event("m.room.member", IDA.user_id, {"membership": "ban"}, state_key=BEN.user_id)
    assert (await refused(school.check_event_allowed(ban, CLASS_ROOM))).code == 403


async def test_a_room_that_an_admin_closes_is_left_by_all_and_no_other_room(changing: Changing) -> None:
    school = changing.school
    assert await school.check_can_shutdown_room(ADMIN, ROOM) is True
    for person in (BEN, IDA):
        assert await school.check_event_allowed(leave(person), CLASS_ROOM) == (True, None)
    assert (await refused(school.check_event_allowed(leave(BEN, room_id="!other:school.test"), CLASS_ROOM))).code == 403
    assert (await refused(school.check_event_allowed(leave(BEN, sender=IDA), CLASS_ROOM))).code == 403


async def test_a_room_is_being_closed_for_an_hour(changing: Changing) -> None:
    await changing.school.check_can_shutdown_room(ADMIN, ROOM)
    changing.clock.seconds += 3599
    await repeated(changing.api)["schulbote_directory"].args[0]()
    assert await changing.school.check_event_allowed(leave(BEN), CLASS_ROOM) == (True, None)
    changing.clock.seconds += 1
    assert (await refused(changing.school.check_event_allowed(leave(BEN), CLASS_ROOM))).code == 403


async def test_a_room_is_closed_also_without_a_directory(in_doubt: School) -> None:
    assert await in_doubt.check_can_shutdown_room(ADMIN, ROOM) is True


async def test_nothing_is_looked_up_where_nobody_leaves(school: School, api: MagicMock) -> None:
    await refused(school.check_event_allowed(event("m.call.invite", BEN.user_id, {}), room(BEN, IDA)))
    assert not api.get_userinfo_by_id.called


# --- The other callbacks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "by_admin", "may"),
    [
        pytest.param(BEN.user_id, False, False, id="nobody in the register ends their own account"),
        pytest.param(BEN.user_id, True, True, id="an admin does, as in a bare Synapse"),
        pytest.param(NOBODY, False, True, id="who has left the school does"),
        pytest.param(NOBODY, True, True, id="so does an admin then"),
    ],
)
async def test_who_ends_an_account(account: str, by_admin: bool, may: bool, school: School) -> None:
    assert await school.check_can_deactivate_user(account, by_admin) is may


@pytest.mark.parametrize(
    ("searcher", "found", "hidden"),
    [
        pytest.param(BEN.user_id, IDA.user_id, False, id="a pupil finds a teacher"),
        pytest.param(BEN.user_id, CARL.user_id, True, id="a pupil finds no stranger"),
        pytest.param(BEN.user_id, NOBODY, True, id="nobody finds somebody unknown"),
        pytest.param(NOBODY, IDA.user_id, True, id="somebody unknown finds nobody"),
        pytest.param(BEN.user_id, BOT, False, id="everybody finds the bot"),
    ],
)
async def test_who_finds_whom(searcher: str, found: str, hidden: bool, school: School) -> None:
    assert await school.check_username_for_spam(profile_of(found), searcher) is hidden


@pytest.mark.parametrize("name", sorted(NEED_NO_DIRECTORY))
async def test_people_give_no_addresses_list_no_rooms_and_invite_nobody_by_email(name: str, school: School) -> None:
    code, extra = await QUESTIONS[name](school, BEN.user_id)
    assert code == Codes.FORBIDDEN
    assert extra["org.schulbote.reason"] in {Reason.ROOM_STAYS_PRIVATE, Reason.UNKNOWN_RECIPIENT}
    assert extra["error"] == school.texts.refusal(Reason(extra["org.schulbote.reason"]))


# --- Coming uninvited -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "state", "reason"),
    [
        pytest.param(BEA.user_id, CLASS_ROOM, None, id="a pupil into the own class"),
        pytest.param(OTTO.user_id, CLASS_ROOM, None, id="a teacher into any class"),
        pytest.param(CARL.user_id, CLASS_ROOM, Reason.NOT_IN_GROUP, id="a pupil into another class"),
        pytest.param(NOBODY, CLASS_ROOM, Reason.UNKNOWN_PERSON, id="somebody unknown"),
        pytest.param(BEA.user_id, STRANGERS, Reason.NOT_INVITED, id="a third into a room for two"),
        pytest.param(BEA.user_id, room(IDA, kind=RoomKind.CHAT), Reason.NOT_INVITED, id="a pupil into a chat"),
        pytest.param(IDA.user_id, {k: v for k, v in room(IDA).items() if k[0] == "m.room.create"}, None,
                     id="who made the room and left it"),
        pytest.param(CARL.user_id, room(CARL) | CLASS_ROOM, None, id="who is in it already"),
        pytest.param(BEA.user_id, {}, None, id="a room that nobody knows, which Synapse refuses"),
        pytest.param(
            BEA.user_id, {("m.room.create", ""): SimpleNamespace(content={}, sender=IDA.user_id)}, None,
            id="a room without a stamp, into which no event goes",
        ),
    ],
)  # fmt: skip
async def test_who_comes_uninvited_is_refused_with_words(
    who: str, state: Any, reason: Reason | None, school: School, api: MagicMock, background: Background
) -> None:
    api.get_room_state.side_effect = lambda _room_id, _event_filter: state
    count = counted("join", reason) if reason else 0
    answer = await school.user_may_join_room(who, ROOM, False)
    if reason is None:
        assert answer == NOT_SPAM
        assert background.names == []
        return
    assert answer == (Codes.FORBIDDEN, {"error": school.texts.refusal(reason), "org.schulbote.reason": reason.value})
    assert counted("join", reason) == count + 1
    assert background.names == ["schulbote_refusal"]


async def test_nothing_is_looked_up_for_those_who_are_invited(school: School, api: MagicMock) -> None:
    """What becomes of the invitation is decided as an event."""
    assert await school.user_may_join_room(CARL.user_id, ROOM, True) == NOT_SPAM
    assert not api.get_room_state.called


# --- Into a group's room through its space ---------------------------------------------------------------------------

SPACE = "!space:school.test"
RESTRICTED: Any = EMPTY_CLASS_ROOM | {
    ("m.room.join_rules", ""): SimpleNamespace(
        content={"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": SPACE}]}
    )
}


def created(kind: str, group: str) -> Any:
    content = {STAMP_KEY: {"kind": kind, "group": group}}
    return {("m.room.create", ""): SimpleNamespace(content=content, sender=BOT)}


def in_space(api: MagicMock, membership: str | None) -> None:
    """A class room behind its space, in which Otto has this membership."""
    otto = {("m.room.member", OTTO.user_id): SimpleNamespace(content={"membership": membership})}
    space = created("space", "5a") | ({} if membership is None else otto)
    api.get_room_state.side_effect = lambda room_id, _event_filter: space if room_id == SPACE else RESTRICTED


@pytest.mark.parametrize(
    ("membership", "written"),
    [
        pytest.param(None, ["invite", "join"], id="who never was there"),
        pytest.param("leave", ["invite", "join"], id="who has left it"),
        pytest.param("invite", ["join"], id="who is invited"),
        pytest.param("join", [], id="not who is there"),
    ],
)
async def test_who_may_enter_a_groups_room_is_brought_into_its_space(
    membership: str | None, written: list[str], school: School, api: MagicMock
) -> None:
    in_space(api, membership)
    assert await school.user_may_join_room(OTTO.user_id, ROOM, False) == NOT_SPAM
    calls = [call.args for call in api.update_room_membership.call_args_list]
    by = {"invite": BOT, "join": OTTO.user_id}
    assert calls == [(by[membership], OTTO.user_id, SPACE, membership) for membership in written]


FROM_STAFF = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": "!staff"}]}


@pytest.mark.parametrize("join_rules", [{"join_rule": "invite"}, FROM_STAFF])
async def test_who_joins_a_space_uninvited_is_invited_and_tries_again(
    join_rules: Any, school: School, api: MagicMock, background: Background
) -> None:
    rules = SimpleNamespace(content=join_rules)
    space = created("space", "5a") | {("m.room.join_rules", ""): rules}
    staff = created("space", "staff")
    api.get_room_state.side_effect = lambda room_id, _event_filter: staff if room_id == "!staff" else space
    error = await refused(school.user_may_join_room(BEN.user_id, SPACE, False))
    assert (error.code, error.errcode) == (429, Codes.LIMIT_EXCEEDED)
    assert error.error_dict(None)["retry_after_ms"] == 500
    assert background.names == ["schulbote_invitation"]
    code, _ = await school.user_may_join_room(CARL.user_id, SPACE, False)
    assert code == Codes.FORBIDDEN
    assert background.names == ["schulbote_invitation", "schulbote_refusal"]
    assert not api.update_room_membership.called  # the other one's room lets in whom it lets in


async def test_a_class_that_comes_at_once_is_looked_up_once(school: School, api: MagicMock) -> None:
    in_space(api, "join")
    assert await school.user_may_join_room(OTTO.user_id, ROOM, False) == NOT_SPAM
    looked = api.get_room_state.call_count
    for one in (IDA, BEN):  # who has come into the space is let into the room
        join = event("m.room.member", one.user_id, {"membership": "join"}, state_key=one.user_id, room_id=SPACE)
        await school.check_event_allowed(join, CLASS_ROOM)
        assert await school.user_may_join_room(one.user_id, ROOM, False) == NOT_SPAM
    assert api.get_room_state.call_count == looked
    code, _ = await school.user_may_join_room(CARL.user_id, ROOM, False)
    assert code == Codes.FORBIDDEN
    rules = event("m.room.join_rules", BOT, {"join_rule": "invite"}, state_key="")
    await school.check_event_allowed(rules, CLASS_ROOM)
    before = api.get_room_state.call_count
    await school.user_may_join_room(BEN.user_id, ROOM, False)
    assert api.get_room_state.call_count > before


async def test_who_is_in_the_space_of_the_staff_enters_other_spaces_by_themselves(
    school: School, api: MagicMock, background: Background
) -> None:
    space = created("space", "5a") | {("m.room.join_rules", ""): SimpleNamespace(content=FROM_STAFF)}
    otto = {("m.room.member", OTTO.user_id): SimpleNamespace(content={"membership": "join"})}
    staff = created("space", "staff") | otto
    api.get_room_state.side_effect = lambda room_id, _event_filter: staff if room_id == "!staff" else space
    assert await school.user_may_join_room(OTTO.user_id, SPACE, False) == NOT_SPAM
    assert background.names == []


@pytest.mark.parametrize(
    ("creator", "made_after", "is_closing", "passes"),
    [
        pytest.param(ADMIN, 1, True, True, id="into an admin's room that is made then"),
        pytest.param(ADMIN, -60, True, False, id="not into one that was there before"),
        pytest.param(ADMIN, 60, True, False, id="not into one that is made later"),
        pytest.param(ADMIN, 1, False, False, id="not at other times"),
        pytest.param(BEN.user_id, 1, True, False, id="not into somebody else's"),
    ],
)
async def test_people_come_into_the_room_that_takes_a_closed_ones_place(
    creator: str, made_after: float, is_closing: bool, passes: bool, school: School
) -> None:
    state = {
        ("m.room.create", ""): SimpleNamespace(
            content={}, sender=creator, origin_server_ts=(time.time() + made_after) * 1000
        ),
        ("m.room.power_levels", ""): event("m.room.power_levels", creator, {}, state_key=""),
    }
    joins = event("m.room.member", IDA.user_id, {"membership": "join"}, state_key=IDA.user_id)
    if is_closing:
        await school.check_can_shutdown_room(ADMIN, "!another:school.test")
    if passes:
        assert await school.check_event_allowed(joins, state) == (True, None)  # type: ignore[arg-type]
    else:
        assert (await refused(school.check_event_allowed(joins, state))).code == 403  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sender", "an_admin_wants_it", "passes"),
    [
        pytest.param(BEN, True, True, id="when an admin redacts all that somebody sent"),
        pytest.param(BEN, False, False, id="not when the person wants it"),
        pytest.param(IDA, True, False, id="not somebody else's"),
    ],
)
async def test_that_somebody_came_is_deleted(
    sender: Person, an_admin_wants_it: bool, passes: bool, school: School, api: MagicMock
) -> None:
    state = CLASS_ROOM | {("m.room.redaction", ""): event("x", BEN.user_id, {})}
    came = state["m.room.member", BEN.user_id].event_id
    api.run_db_interaction.side_effect = lambda *_: asyncio.sleep(0, an_admin_wants_it)
    deletion = event("m.room.redaction", sender.user_id, {"redacts": came})
    if passes:
        assert await school.check_event_allowed(deletion, state) == (True, None)
    else:
        error = await refused(school.check_event_allowed(deletion, state))
        assert error.error_dict(None)["org.schulbote.reason"] == "rules_are_fixed"


async def test_nobody_else_is_brought_anywhere(school: School, api: MagicMock) -> None:
    in_space(api, None)
    for stranger in (CARL.user_id, NOBODY):
        code, _ = await school.user_may_join_room(stranger, ROOM, False)
        assert code == Codes.FORBIDDEN
    await school.user_may_join_room(OTTO.user_id, ROOM, True)
    assert not api.update_room_membership.called


async def test_a_space_that_lets_nobody_in_keeps_the_room_closed(school: School, api: MagicMock) -> None:
    in_space(api, None)
    api.update_room_membership.side_effect = SynapseError(403, "no", Codes.FORBIDDEN)
    assert (await refused(school.user_may_join_room(OTTO.user_id, ROOM, False))).code == 403


# --- Files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "most"), [(BEN, MEGABYTE), (IDA, 2 * MEGABYTE), (GABI, 2 * MEGABYTE)])
async def test_files_are_limited_by_role_and_clients_are_told(who: Person, most: int, school: School) -> None:
    count = counted("upload", Reason.FILE_TOO_LARGE)
    assert await school.get_media_config_for_user(who.user_id) == {"m.upload.size": most}
    assert await school.is_user_allowed_to_upload_media_of_size(who.user_id, most) is True
    error = await refused(school.is_user_allowed_to_upload_media_of_size(who.user_id, most + 1))
    assert (error.code, error.errcode) == (413, Codes.TOO_LARGE)
    assert error.msg == school.texts.refusal(Reason.FILE_TOO_LARGE)
    assert error.error_dict(None)["org.schulbote.reason"] == "file_too_large"
    assert counted("upload", Reason.FILE_TOO_LARGE) == count + 1


async def test_somebody_unknown_uploads_nothing(school: School, background: Background) -> None:
    error = await refused(school.is_user_allowed_to_upload_media_of_size(NOBODY, 1))
    assert (error.code, error.msg) == (403, school.texts.refusal(Reason.UNKNOWN_PERSON))
    assert background.names == ["schulbote_refusal"]
    assert await school.get_media_config_for_user(NOBODY) is None


# --- Profiles -----------------------------------------------------------------------------------------------------


async def test_a_changed_profile_is_told_to_the_appservice(
    school: School, api: MagicMock, background: Background
) -> None:
    await school.on_profile_update(BEN.user_id, None, False, False)
    assert background.names == ["schulbote_profile"]
    await background.run()
    url, body, headers = api.http_client.post_json_get_json.call_args.args
    assert (url, body) == ("http://127.0.0.1:8009/_schulbote/module/profile", {"user_id": BEN.user_id})
    assert headers == {b"Authorization": [b"Bearer module-token"]}


@pytest.mark.parametrize(
    ("whose", "by_admin", "deactivation"),
    [
        pytest.param(BEN.user_id, True, False, id="by an admin, as the school names people"),
        pytest.param(BEN.user_id, False, True, id="when an account ends"),
        pytest.param(BOT, False, False, id="the bot's own"),
    ],
)
async def test_of_other_changes_nobody_is_told(
    whose: str, by_admin: bool, deactivation: bool, school: School, background: Background
) -> None:
    await school.on_profile_update(whose, None, by_admin, deactivation)
    assert background.names == []


async def test_a_profile_is_told_also_without_a_directory(in_doubt: School, background: Background) -> None:
    await in_doubt.on_profile_update(BEN.user_id, None, False, False)
    assert background.names == ["schulbote_profile"]


# --- Logging in -------------------------------------------------------------------------------------------------


async def test_a_login_is_told_to_the_appservice(school: School, api: MagicMock, background: Background) -> None:
    await school.on_user_login(BEN.user_id, None, None)
    await background.run()
    url, body, _headers = api.http_client.post_json_get_json.call_args.args
    assert (url, body) == ("http://127.0.0.1:8009/_schulbote/module/login", {"user_id": BEN.user_id})


async def test_every_process_tells_again_of_logins_that_were_not_heard(
    school: School, api: MagicMock, background: Background
) -> None:
    [check] = api.register_password_auth_provider_callbacks.call_args.kwargs["auth_checkers"].values()
    assert await check(BEN.user_id, "m.login.password", {"password": "a password of his own"}) is None
    api.http_client.post_json_get_json.side_effect = ConnectionRefusedError
    await school.on_user_login(BEN.user_id, "m.login.password", None)
    await background.run()
    api.http_client.post_json_get_json.side_effect = None
    again = repeated(api)["schulbote_logins"]
    assert again.kwargs["run_on_all_instances"] is True
    await again.args[0]()
    body = api.http_client.post_json_get_json.call_args.args[1]
    assert (body["user_id"], body["with"]) == (BEN.user_id, "own_password")


async def test_the_appservice_is_not_told_of_its_own_logins(school: School, background: Background) -> None:
    await school.on_user_login(BEN.user_id, "m.login.application_service", None)
    assert background.names == []


async def test_an_appservice_that_does_not_answer_costs_nothing(
    school: School, api: MagicMock, background: Background
) -> None:
    api.http_client.post_json_get_json.side_effect = ConnectionRefusedError
    await school.on_user_login(BEN.user_id, None, None)
    await background.run()
