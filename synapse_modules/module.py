"""The entry that Synapse loads: reads the settings, registers the callbacks, turns verdicts into Synapse's answers.

What holds for every callback: the bot and admins pass; whoever cannot decide answers 503 ("try again", so that clients
repeat by themselves and nothing is lost); a decided no is final and says why in words; a surprise is logged with its
stack and lets nothing through.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from synapse.events import EventBase
from synapse.module_api import (
    LoggingTransaction,
    ModuleApi,
    Requester,
    RoomAlias,
    StateMap,
    UserProfile,
)
from synapse.module_api.errors import Codes, ConfigError, SynapseError

from school.clock import Clock, utc_now
from school.config import ConfigError as SchoolConfigError
from school.config import Settings, load_settings, read_keys, read_secret
from school.database.reader import open_reader
from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.first_code import SignedInWith
from school.domain.groups import Group
from school.domain.people import UserId
from school.domain.rooms import STAMP_KEY, Room, stamp_from
from school.school_widget import school_widget
from school.sealing import HELD_KEY, Keyring
from school.standing import CannotDecideError, Standing, StandingKeeper
from school.texts import Language, Texts
from synapse_modules.admins import AdminsWork
from synapse_modules.courier import Courier
from synapse_modules.create_room import UnreadableRequestError, read_request, rewrite, without_words
from synapse_modules.entering import Entrance
from synapse_modules.events import Pass, Refuse, Verdict
from synapse_modules.fail_closed import fail_closed
from synapse_modules.first_codes import open_code_door
from synapse_modules.gate import Gate
from synapse_modules.logins import Logins
from synapse_modules.notices import Patience
from synapse_modules.passing import HeldLately, Request, RoomsInTheMaking
from synapse_modules.refusals import ALLOWED, Answer, Refusals

_POLL_MS: Final = 1000
_BOT_STEP_SECONDS: Final = 0.5
_START_TRIES: Final = 20
_TELL_AGAIN_MS: Final = 10_000
_BLOCKS_INVITATIONS: Final = "m.invite_permission_config"
"""Account data by which somebody refuses invitations (Matrix spec, client-server API, "Invite permission")."""


class School:
    """Schulbote's module. `config: {school: PATH of school.yaml}`. Synapse gives it no clock; a test does."""

    def __init__(
        self,
        config: Path,
        api: ModuleApi,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        settings, keyring, token = _read_settings(config)
        self._api = api
        self._bot = settings.matrix.bot_user_id
        self.texts = Texts(Language(settings.school.language))
        self._monotonic = monotonic
        engine = open_reader(settings.database.sqlalchemy_url("sync"))
        self._keeper = StandingKeeper(settings, engine, monotonic)
        self._patience = Patience()
        self._held_lately = HeldLately(monotonic)
        self._gate = Gate(
            bot=self._bot,
            zone=settings.zone,
            texts=self.texts,
            keyring=keyring,
            clock=clock,
            colleagues_pass=settings.rest.colleagues_pass,
            held_lately=self._held_lately.__contains__,
            widget=school_widget(settings),
        )
        self._courier = Courier(
            base_url=f"http://{settings.web.listen_host}:{settings.web.listen_port}",
            token=token,
            post_json=api.http_client.post_json_get_json,
        )
        self._refusals = Refusals(self.texts, where_to_ask=self._where_to_ask, explain_later=self._explain_later)
        self._in_the_making = RoomsInTheMaking(monotonic)
        self._admins_work = AdminsWork(api, monotonic, is_admin=self._is_exempt, clock=clock)
        self._entrance = Entrance(api, self._bot, self.texts, monotonic)
        self._logins = Logins(api, self._courier, clock)
        self._code_door = open_code_door(
            settings,
            api,
            engine,
            self.texts,
            standing=self._keeper.current,
            own_password_since=self._logins.own_password_since,
            clock=clock,
        )
        self._keeper.refresh()
        api.looping_background_call(self._refresh, _POLL_MS, desc="schulbote_directory", run_on_all_instances=True)
        api.register_third_party_rules_callbacks(
            on_create_room=self.on_create_room,
            check_event_allowed=self.check_event_allowed,
            check_can_deactivate_user=self.check_can_deactivate_user,
            check_can_shutdown_room=self.check_can_shutdown_room,
            on_profile_update=self.on_profile_update,
        )
        api.register_spam_checker_callbacks(
            user_may_join_room=self.user_may_join_room,
            user_may_create_room_alias=self.user_may_create_room_alias,
            user_may_publish_room=self.user_may_publish_room,
            user_may_send_3pid_invite=self.user_may_send_3pid_invite,
            check_username_for_spam=self.check_username_for_spam,
        )
        api.register_media_repository_callbacks(
            get_media_config_for_user=self.get_media_config_for_user,
            is_user_allowed_to_upload_media_of_size=self.is_user_allowed_to_upload_media_of_size,
        )
        api.register_account_validity_callbacks(on_user_login=self.on_user_login)
        if self._code_door is not None:
            api.looping_background_call(
                self._logins.tell_again, _TELL_AGAIN_MS, desc="schulbote_logins", run_on_all_instances=True
            )
        api.delayed_background_call(0, self._tell_start, desc="schulbote_start")
        if api.should_run_background_tasks():
            api.delayed_background_call(0, self._make_bot_admin, desc="schulbote_bot")

    @staticmethod
    def parse_config(config: dict[str, Any]) -> Path:
        """The path of school.yaml.

        Raises:
            ConfigError: it is not given.
        """
        path = config.get("school")
        if not isinstance(path, str) or set(config) != {"school"}:
            raise ConfigError("synapse_modules.School needs one setting: `config: {school: PATH of school.yaml}`")
        return Path(path)

    async def _refresh(self) -> None:
        self._in_the_making.forget()
        await self._api.defer_to_thread(self._keeper.refresh)

    async def _tell_start(self) -> None:
        """What Synapse had in memory when it was killed, the appservice has to look for. One that is not there now
        looks when it starts."""
        for _ in range(_START_TRIES):
            if await self._courier.tell_start():
                return
            await self._api.sleep(_BOT_STEP_SECONDS)

    async def _make_bot_admin(self) -> None:
        """The bot works with Synapse's admin API. Its account is made by the appservice, which it belongs to."""
        while await self._api.check_user_exists(self._bot) is None:
            await self._api.sleep(_BOT_STEP_SECONDS)
        if not await self._api.is_user_admin(self._bot):
            await self._api.set_user_admin(self._bot, True)

    async def _is_exempt(self, user_id: str) -> bool:
        """The bot; and admins who are nobody in the register. A teacher who is an admin, too, is a teacher first."""
        if user_id == self._bot:
            return True
        try:
            if self._keeper.current().policy.directory.person(UserId(user_id)) is not None:
                return False
        except CannotDecideError:
            pass
        return self._api.is_mine(user_id) and await self._api.is_user_admin(user_id)

    def _explain_later(self, user_id: UserId, reason: Reason) -> None:
        self._api.run_as_background_process("schulbote_refusal", self._courier.tell_refusal, user_id, reason)

    def _where_to_ask(self, user_id: UserId) -> Group | None:
        try:
            return self._keeper.current().policy.where_to_ask(user_id)
        except CannotDecideError:
            return None

    # The callbacks. Each is a column of guards; the rules themselves are in school.domain.

    @fail_closed()
    async def on_create_room(self, requester: Requester, config: dict[str, Any], is_admin: bool) -> None:
        """Decides on a createRoom request before anything exists, and writes it anew."""
        creator = UserId(requester.user.to_string())
        if creator == self._bot:
            return
        if await self._is_exempt(creator):
            _forget_stamp(config)
            return
        standing = self._keeper.current()
        decision = await self._may_create_room(standing, creator, config)
        if decision.reason is not None:
            raise self._refusals.error("createRoom", creator, decision.reason, rule=decision.rule)
        self._in_the_making.decided(creator, Request(standing=standing, invitees=tuple(config["invite"])))

    async def _may_create_room(self, standing: Standing, creator: UserId, config: dict[str, Any]) -> Decision:
        try:
            read = read_request(config, self._bot)
        except UnreadableRequestError as error:
            return refuse(error.reason, "rooms:request")
        policy = standing.policy
        request = policy.as_meant(creator, read.request)
        decision = policy.may_create_room(creator, request)
        if not decision:
            return decision
        for invitee in request.invitees:
            if await self._blocks_invitations(invitee):
                return refuse(Reason.INVITATIONS_BLOCKED, "rooms:invitation_blocked")
        encrypted = read.wants_encryption and policy.may_encrypt({creator, *request.invitees}).allowed
        if self._gate.holding.would_hold(standing, creator, request.invitees):
            read = without_words(read)  # with the invitation a name would reach somebody who rests
        rewrite(config, read, request.kind, encrypted=encrypted)
        return decision

    async def _blocks_invitations(self, user_id: UserId) -> bool:
        """Synapse would refuse this invitation after the room exists, and leave the room behind."""
        content = await self._api.account_data_manager.get_global(user_id, _BLOCKS_INVITATIONS)
        return content is not None and content.get("default_action") == "block"

    @fail_closed()
    async def check_event_allowed(
        self, event: EventBase, state_events: StateMap[EventBase]
    ) -> tuple[bool, dict[str, Any] | None]:
        """Judges one event that somebody on this server sends."""
        if event.type == "m.room.join_rules":
            self._entrance.changes(event.room_id)
        if event.sender == self._bot or await self._is_exempt(event.sender):
            return True, None
        verdict = await self._judge(event, state_events)
        if not isinstance(verdict, Refuse):
            if event.type == "m.room.member" and event.content.get("membership") == "join":
                self._entrance.came(event.room_id, event.sender)
            if HELD_KEY in (verdict.content or ()):
                self._held_lately.held(event.room_id)
            return True, None if verdict.content is None else _with_content(event, verdict.content)
        if await self._admins_work.is_behind(event, state_events, verdict):
            return True, None
        sender, where = UserId(event.sender), event.room_id
        if not verdict.as_notice:
            explain = event.type != "m.room.message"  # a held one that may not be delivered is explained in its place
            raise self._refusals.error(
                event.type, sender, verdict.reason, rule=verdict.rule, where=where, explain=explain
            )
        content = self._refusals.notice(event.type, sender, verdict.reason, rule=verdict.rule, where=where)
        if self._patience.is_over(event.sender, self._monotonic()):
            raise SynapseError(429, self.texts.say("too_many_refusals"), Codes.LIMIT_EXCEEDED)
        return True, _with_content(event, content)

    async def _judge(self, event: EventBase, state: StateMap[EventBase]) -> Verdict:
        sender, target = UserId(event.sender), event.get_state_key()
        decided = None
        if event.type == "m.room.member" and target and (event.type, target) not in state:  # never was in the room
            decided = self._in_the_making.standing(event.room_id, sender, UserId(target))
        standing = decided or self._keeper.current()
        if event.type == "m.room.redaction":
            deletion = await self._may_delete(standing, event, state)
            if deletion.reason is not None:
                return Refuse(deletion.reason, rule=deletion.rule)
        verdict = self._gate.judge(standing, event, state, is_promised=decided is not None)
        if event.type == "m.room.create" and isinstance(verdict, Pass):
            self._in_the_making.begun(event.room_id, sender)
        return verdict

    async def _may_delete(self, standing: Standing, event: EventBase, state: StateMap[EventBase]) -> Decision:
        """Who wrote an event is the one thing that is looked up while another one waits, and only for deletions in
        chats and rooms for two: there no power level keeps a maker from deleting what others wrote."""
        create = state.get(("m.room.create", ""))
        stamp = stamp_from(create.content) if create else None
        if create is None or stamp is None or stamp.group is not None:
            return allow("rooms:power_levels")
        deleted = str(event.content.get("redacts"))
        author = await self._api.run_db_interaction("schulbote_author", _author_of, deleted)
        room = Room(stamp=stamp, creator=UserId(create.sender), members=frozenset())
        return standing.policy.may_delete(UserId(event.sender), UserId(author) if author else None, room)

    @fail_closed(on_doubt=False)
    async def check_can_deactivate_user(self, user_id: str, by_admin: bool) -> bool:
        """An admin ends any account, as in a bare Synapse; nobody in the register ends their own."""
        return by_admin or self._keeper.current().policy.directory.person(UserId(user_id)) is None

    @fail_closed(on_doubt=False)
    async def check_can_shutdown_room(self, user_id: str | None, room_id: str) -> bool:
        """Only admins ask. From now on everybody may leave that room, because Synapse lets them leave to empty it."""
        self._admins_work.closes(room_id)
        return True

    @fail_closed()
    async def user_may_join_room(self, user_id: str, room_id: str, is_invited: bool) -> Answer:
        """Gives the refusal of somebody who comes uninvited its words: Synapse would refuse most of them itself, in
        its own. What this lets pass is judged once more as an event, with the whole room."""
        if is_invited or await self._is_exempt(user_id):
            return ALLOWED
        policy = self._keeper.current().policy
        opened = self._entrance.open_room(room_id, user_id)
        if opened is not None and policy.may_join(UserId(user_id), opened):
            return ALLOWED
        state = await self._api.get_room_state(
            room_id, [("m.room.create", ""), ("m.room.join_rules", ""), ("m.room.member", user_id)]
        )
        create, member = state.get(("m.room.create", "")), state.get(("m.room.member", user_id))
        stamp = stamp_from(create.content) if create else None
        if create is None or stamp is None or (member and member.content.get("membership") == "join"):
            return ALLOWED
        room = Room(stamp=stamp, creator=UserId(create.sender), members=frozenset())
        decision = policy.may_join(UserId(user_id), room)
        if decision:
            await self._entrance.prepare(user_id, room_id, room, state.get(("m.room.join_rules", "")))
        return self._refusals.answer("join", UserId(user_id), decision, where=room_id)

    @fail_closed()
    async def user_may_create_room_alias(self, user_id: str, alias: RoomAlias) -> Answer:
        """The address of a room is text that others see; only the school gives one."""
        return await self._only_the_school("alias", user_id, Reason.ROOM_STAYS_PRIVATE)

    @fail_closed()
    async def user_may_publish_room(self, user_id: str, room_id: str) -> Answer:
        """No room of a person is listed."""
        return await self._only_the_school("publish", user_id, Reason.ROOM_STAYS_PRIVATE)

    @fail_closed()
    async def user_may_send_3pid_invite(self, user_id: str, medium: str, address: str, room_id: str) -> Answer:
        """Nobody is invited by an email address or a phone number."""
        return await self._only_the_school("invite_3pid", user_id, Reason.UNKNOWN_RECIPIENT)

    async def _only_the_school(self, action: str, user_id: str, reason: Reason) -> Answer:
        if await self._is_exempt(user_id):
            return ALLOWED
        return self._refusals.answer(action, UserId(user_id), refuse(reason, "rooms:only_the_school"))

    @fail_closed()
    async def is_user_allowed_to_upload_media_of_size(self, user_id: str, size: int) -> bool:
        """Whether a file is small enough for the person's role. The refusal is raised: Synapse's own has no words."""
        if await self._is_exempt(user_id):
            return True
        decision = self._keeper.current().policy.may_upload(UserId(user_id), size)
        if decision.reason is not None:
            raise self._refusals.error("upload", UserId(user_id), decision.reason, rule=decision.rule)
        return True

    @fail_closed()
    async def get_media_config_for_user(self, user_id: str) -> dict[str, Any] | None:
        """Tells clients how large a file may be (Matrix spec, client-server API, "GET /media/config")."""
        if await self._is_exempt(user_id):
            return None
        policy = self._keeper.current().policy
        person = policy.directory.person(UserId(user_id))
        most = policy.files.of(person.role).max_bytes if person else None
        return None if most is None else {"m.upload.size": most}

    async def on_profile_update(self, user_id: str, new_profile: object, by_admin: bool, deactivation: bool) -> None:
        """A profile says what the register says. Synapse asks nobody before it stores a field of a person's own; the
        appservice deletes it at once."""
        if not (by_admin or deactivation or user_id == self._bot):
            self._api.run_as_background_process("schulbote_profile", self._courier.tell_profile, user_id)

    @fail_closed()
    async def check_username_for_spam(self, profile: UserProfile, requester_id: str) -> bool:
        """Hides from the user directory whom the searcher may not write to."""
        if await self._is_exempt(requester_id):
            return False
        return not self._keeper.current().policy.may_see(UserId(requester_id), UserId(profile["user_id"]))

    async def on_user_login(self, user_id: str, provider_type: str | None, provider_id: str | None) -> None:
        """Lets the appservice bring somebody into their rooms, and know what they signed in with."""
        if provider_type == "m.login.application_service":
            return
        door = self._code_door
        with_what = door.signed_in_with(user_id, provider_type) if door else SignedInWith.OTHER
        await self._logins.on_login(UserId(user_id), with_what)


def _read_settings(path: Path) -> tuple[Settings, Keyring, str]:
    """Everything that is read once, at the start of Synapse.

    Raises:
        ConfigError: school.yaml or a secret is missing or wrong; Synapse prints the sentence and does not start.
    """
    try:
        settings = load_settings(path)
        return settings, Keyring(read_keys(settings.secrets.message_keys)), read_secret(settings.secrets.module_token)
    except (SchoolConfigError, ValueError) as error:
        raise ConfigError(f"Schulbote: {error}") from error


def _with_content(event: EventBase, content: dict[str, Any]) -> dict[str, Any]:
    return event.get_dict() | {"content": content}


def _author_of(transaction: LoggingTransaction, event_id: str) -> str | None:
    transaction.execute("SELECT sender FROM events WHERE event_id = ?", (event_id,))
    row = transaction.fetchone()
    return str(row[0]) if row else None


def _forget_stamp(config: dict[str, Any]) -> None:
    """A room of an admin who is nobody in the register is no room of the school's, whatever the request says."""
    creation_content = config.get("creation_content")
    if isinstance(creation_content, dict):
        config["creation_content"] = {key: value for key, value in creation_content.items() if key != STAMP_KEY}
