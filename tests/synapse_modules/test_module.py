import asyncio
import inspect
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, create_autospec

import pytest
from builders import BEN, BOT, CARL, EVERYBODY, GABI, IDA, NOBODY, user
from sqlalchemy import create_engine, insert
from sqlalchemy.pool import NullPool
from synapse.api.room_versions import RoomVersions
from synapse.events import EventBase, make_event_from_dict
from synapse.module_api import NOT_SPAM, ModuleApi, RoomAlias, UserProfile
from synapse.module_api.errors import Codes, ConfigError, SynapseError
from synapse.types import create_requester
from twisted.internet.defer import CancelledError

from school.database.migrate import upgrade
from school.database.tables import groups, memberships, persons
from school.domain.decisions import Reason
from school.domain.people import Person
from school.domain.rooms import STAMP_KEY, RoomKind, power_levels, stamp_from
from school.sealing import HELD_KEY
from synapse_modules import School

CONFIG = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008", bot: bote}
"""
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
    for name, secret in (("message_keys", key), ("module_token", "module-token")):
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
    create = SimpleNamespace(content={STAMP_KEY: {"kind": kind.value}}, sender=first)  # v12's has no room id
    return {(e.type, e.state_key): e for e in state} | {("m.room.create", ""): create}  # type: ignore[dict-item]


STRANGERS = room(BEN, CARL)


def profile_of(user_id: str) -> UserProfile:
    return UserProfile(user_id=user_id, display_name="x", avatar_url=None)


async def refused(work: Awaitable[Any]) -> SynapseError:
    with pytest.raises(SynapseError) as caught:
        await work
    return caught.value


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
    "register_third_party_rules_callbacks": {"on_create_room", "check_event_allowed", "check_can_deactivate_user"},
    "register_spam_checker_callbacks": {
        "user_may_create_room_alias",
        "user_may_publish_room",
        "user_may_send_3pid_invite",
        "check_username_for_spam",
    },
    "register_account_validity_callbacks": {"on_user_login"},
}


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
    assert api.delayed_background_call.called is here


def test_every_process_looks_at_the_directory_every_second(school: School, api: MagicMock) -> None:
    call = api.looping_background_call.call_args
    assert call.args[1] == 1000
    assert call.kwargs["run_on_all_instances"] is True


async def test_looking_at_the_directory_happens_in_a_thread(school: School, api: MagicMock) -> None:
    await api.looping_background_call.call_args.args[0]()
    assert api.defer_to_thread.call_count == 1


async def test_the_bot_becomes_an_admin_when_it_has_an_account(school: School, api: MagicMock) -> None:
    answers = iter([None, None, BOT])
    api.check_user_exists.side_effect = lambda _user_id: asyncio.sleep(0, next(answers))
    await api.delayed_background_call.call_args.args[1]()
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
}
NEED_NO_DIRECTORY = {"user_may_create_room_alias", "user_may_publish_room", "user_may_send_3pid_invite"}


def test_every_callback_is_asked_here() -> None:
    others = {"check_can_deactivate_user", "on_user_login"}
    assert set(QUESTIONS) | others == set().union(*REGISTERED.values())


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - NEED_NO_DIRECTORY))
async def test_without_a_directory_every_answer_is_try_again(name: str, in_doubt: School) -> None:
    error = await refused(QUESTIONS[name](in_doubt, BEN.user_id))
    assert (error.code, error.errcode) == (503, Codes.UNKNOWN)
    assert error.msg == "Das hat gerade nicht geklappt. Bitte gleich noch einmal versuchen."


@pytest.mark.parametrize("name", sorted(NEED_NO_DIRECTORY))
async def test_what_only_the_school_does_is_refused_also_without_a_directory(name: str, in_doubt: School) -> None:
    code, extra = await QUESTIONS[name](in_doubt, BEN.user_id)
    assert code == Codes.FORBIDDEN
    assert extra["error"]


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


async def test_in_doubt_nobody_is_deactivated(in_doubt: School) -> None:
    assert await in_doubt.check_can_deactivate_user(NOBODY, True) is False


@pytest.mark.parametrize("name", QUESTIONS)
async def test_being_cancelled_is_no_doubt(name: str, school: School, api: MagicMock) -> None:
    api.is_mine.side_effect = CancelledError
    with pytest.raises(CancelledError):
        await QUESTIONS[name](school, NOBODY)


async def test_a_login_goes_on_without_a_directory(in_doubt: School) -> None:
    await in_doubt.on_user_login(BEN.user_id, None, None)


def test_every_callback_but_the_login_is_guarded(school: School) -> None:
    """`wraps` leaves the callback itself in `__wrapped__`."""
    for name in set().union(*REGISTERED.values()) - {"on_user_login"}:
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


@pytest.mark.parametrize("sender", [BOT, ADMIN])
async def test_the_bot_and_admins_pass_also_without_a_directory(sender: str, in_doubt: School) -> None:
    assert await in_doubt.check_event_allowed(event("m.room.message", sender, {}), {}) == (True, None)


async def test_a_teacher_who_is_an_admin_is_a_teacher_first(school: School, api: MagicMock) -> None:
    api.is_user_admin.return_value = True
    api.is_user_admin.side_effect = None
    error = await refused(school.check_event_allowed(event("m.call.invite", IDA.user_id, {}), room(IDA, BEN)))
    assert error.code == 403


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
        pytest.param(BEN, {"name": "Party"}, 403, Reason.NO_ROOMS, id="a pupil's room"),
        pytest.param(GABI, {"invite": [BEN.user_id, IDA.user_id]}, 403, Reason.NO_COMMON_GROUP, id="a bridge"),
        pytest.param(IDA, {"name": 5}, 400, Reason.MALFORMED, id="a request that cannot be read"),
        pytest.param(IDA, {"visibility": "public"}, 403, Reason.ROOM_STAYS_PRIVATE, id="a public room"),
    ],
)
async def test_a_refused_room_is_refused_whole_with_words_and_reason(
    creator: Person, config: dict[str, Any], status: int, reason: Reason, school: School, background: Background
) -> None:
    before = dict(config)
    error = await refused(school.on_create_room(create_requester(creator.user_id), config, False))
    assert error.code == status
    assert error.msg == school.texts.refusal(reason)
    assert error.error_dict(None)["org.schulbote.reason"] == reason.value
    assert config == before
    assert background.names == ["schulbote_refusal"]


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
    assert error.msg == school.texts.refusal(Reason.NOT_OFFERED)
    assert background.names == []


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


@pytest.mark.parametrize(
    ("author", "deletes"),
    [
        pytest.param(BEN.user_id, True, id="one's own words"),
        pytest.param(IDA.user_id, False, id="the other's words"),
        pytest.param(None, False, id="what nobody knows"),
    ],
)
async def test_who_made_a_room_for_two_deletes_only_their_own_words(
    author: str | None, deletes: bool, school: School, api: MagicMock
) -> None:
    api.run_db_interaction.side_effect = lambda *_: asyncio.sleep(0, author)
    asked = school.check_event_allowed(event("m.room.redaction", BEN.user_id, {"redacts": "$a"}), room(BEN, IDA))
    if deletes:
        assert await asked == (True, None)
    else:
        assert (await refused(asked)).code == 403


@pytest.mark.parametrize(
    ("sender", "state"),
    [
        pytest.param(IDA, room(BEN, IDA), id="who did not make the room"),
        pytest.param(IDA, room(IDA, BEN, kind=RoomKind.CHAT), id="in a chat, which has moderators"),
    ],
)
async def test_elsewhere_nothing_is_looked_up_for_a_deletion(
    sender: Person, state: dict[tuple[str, str], EventBase], school: School, api: MagicMock
) -> None:
    deletion = event("m.room.redaction", sender.user_id, {"redacts": "$a"})
    assert await school.check_event_allowed(deletion, state) == (True, None)
    assert not api.run_db_interaction.called


# --- The other callbacks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "may"),
    [
        pytest.param(BEN.user_id, False, id="nobody in the register is deactivated"),
        pytest.param(NOBODY, True, id="who has left is"),
    ],
)
@pytest.mark.parametrize("by_admin", [True, False])
async def test_who_is_deactivated(account: str, may: bool, by_admin: bool, school: School) -> None:
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


# --- Logging in -------------------------------------------------------------------------------------------------


async def test_a_login_is_told_to_the_appservice(school: School, api: MagicMock, background: Background) -> None:
    await school.on_user_login(BEN.user_id, None, None)
    await background.run()
    url, body, _headers = api.http_client.post_json_get_json.call_args.args
    assert (url, body) == ("http://127.0.0.1:8009/_schulbote/module/login", {"user_id": BEN.user_id})


async def test_a_login_waits_a_second_at_most(school: School, api: MagicMock) -> None:
    await school.on_user_login(BEN.user_id, None, None)
    assert sum(call.args[0] for call in api.sleep.call_args_list) < 1.01


async def test_a_login_does_not_wait_when_everything_is_done(
    school: School, api: MagicMock, background: Background
) -> None:
    background.done_at_once = True
    await school.on_user_login(BEN.user_id, None, None)
    assert not api.sleep.called


async def test_the_appservice_is_not_told_of_its_own_logins(school: School, background: Background) -> None:
    await school.on_user_login(BEN.user_id, "m.login.application_service", None)
    assert background.names == []


async def test_an_appservice_that_does_not_answer_costs_nothing(
    school: School, api: MagicMock, background: Background
) -> None:
    api.http_client.post_json_get_json.side_effect = ConnectionRefusedError
    await school.on_user_login(BEN.user_id, None, None)
    await background.run()
