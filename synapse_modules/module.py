"""The entry that Synapse loads: reads the settings, registers the callbacks, turns verdicts into Synapse's answers.

What holds for every callback: the bot and admins pass; whoever cannot decide answers 503 ("try again", so that clients
repeat by themselves and nothing is lost); a decided no is final and says why in words; a surprise is logged with its
stack and lets nothing through.
"""

import logging
import time
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from synapse.events import EventBase
from synapse.module_api import (
    NOT_SPAM,
    LoggingTransaction,
    ModuleApi,
    Requester,
    RoomAlias,
    StateMap,
    UserProfile,
)
from synapse.module_api.errors import Codes, ConfigError, SynapseError

from school.config import ConfigError as SchoolConfigError
from school.config import Settings, load_settings, read_keys, read_secret
from school.database.reader import open_reader
from school.domain.decisions import Reason
from school.domain.people import UserId
from school.domain.rooms import STAMP_KEY, RoomKind, stamp_from
from school.sealing import Keyring
from school.standing import CannotDecideError, StandingKeeper
from school.texts import Language, Texts
from synapse_modules.courier import Courier
from synapse_modules.create_room import UnreadableRequestError, read_request, rewrite
from synapse_modules.fail_closed import fail_closed
from synapse_modules.gate import Gate, Refuse, Verdict
from synapse_modules.notices import REASON_KEY, Patience, not_delivered

logger = logging.getLogger(__name__)


Answer: TypeAlias = Literal["NOT_SPAM"] | tuple[Codes, dict[str, Any]]

_POLL_MS: Final = 1000
_BOT_STEP_SECONDS: Final = 0.5
_LOGIN_STEPS: Final = 20
_LOGIN_STEP_SECONDS: Final = 0.05
_BLOCKS_INVITATIONS: Final = "m.invite_permission_config"
"""Account data by which somebody refuses invitations (Matrix spec, client-server API, "Invite permission")."""


class School:
    """Schulbote's module. `config: {school: PATH of school.yaml}`."""

    def __init__(self, config: Path, api: ModuleApi) -> None:
        settings, keyring, token = _read_settings(config)
        self._api = api
        self._bot = settings.matrix.bot_user_id
        self.texts = Texts(Language(settings.school.language))
        self._keeper = StandingKeeper(settings, open_reader(settings.database.sqlalchemy_url("sync")), time.monotonic)
        self._patience = Patience()
        self._gate = Gate(
            bot=self._bot,
            zone=settings.zone,
            texts=self.texts,
            keyring=keyring,
            clock=time.time,
            colleagues_pass=settings.rest.colleagues_pass,
        )
        self._courier = Courier(
            base_url=f"http://{settings.web.listen_host}:{settings.web.listen_port}",
            token=token,
            post_json=api.http_client.post_json_get_json,
        )
        self._keeper.refresh()
        api.looping_background_call(self._refresh, _POLL_MS, desc="schulbote_directory", run_on_all_instances=True)
        api.register_third_party_rules_callbacks(
            on_create_room=self.on_create_room,
            check_event_allowed=self.check_event_allowed,
            check_can_deactivate_user=self.check_can_deactivate_user,
        )
        api.register_spam_checker_callbacks(
            user_may_create_room_alias=self.user_may_create_room_alias,
            user_may_publish_room=self.user_may_publish_room,
            user_may_send_3pid_invite=self.user_may_send_3pid_invite,
            check_username_for_spam=self.check_username_for_spam,
        )
        api.register_account_validity_callbacks(on_user_login=self.on_user_login)
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
        await self._api.defer_to_thread(self._keeper.refresh)

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

    def _refusal(self, reason: Reason) -> SynapseError:
        status = 400 if reason is Reason.MALFORMED else 403
        code = Codes.BAD_JSON if reason is Reason.MALFORMED else Codes.FORBIDDEN
        return SynapseError(status, self.texts.refusal(reason), code, additional_fields={REASON_KEY: reason.value})

    def _explain_later(self, user_id: str, reason: Reason) -> None:
        self._api.run_as_background_process("schulbote_refusal", self._courier.tell_refusal, user_id, reason)

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
        reason = await self._why_no_room(creator, config)
        if reason is not None:
            self._explain_later(creator, reason)
            raise self._refusal(reason)

    async def _why_no_room(self, creator: UserId, config: dict[str, Any]) -> Reason | None:
        policy = self._keeper.current().policy
        try:
            read = read_request(config, self._bot)
        except UnreadableRequestError as error:
            return error.reason
        request = policy.as_meant(creator, read.request)
        decision = policy.may_create_room(creator, request)
        if not decision:
            return decision.reason
        for invitee in request.invitees:
            if await self._blocks_invitations(invitee):
                return Reason.INVITATIONS_BLOCKED
        rewrite(config, read, request.kind)
        return None

    async def _blocks_invitations(self, user_id: UserId) -> bool:
        """Synapse would refuse this invitation after the room exists, and leave the room behind."""
        content = await self._api.account_data_manager.get_global(user_id, _BLOCKS_INVITATIONS)
        return content is not None and content.get("default_action") == "block"

    @fail_closed()
    async def check_event_allowed(
        self, event: EventBase, state_events: StateMap[EventBase]
    ) -> tuple[bool, dict[str, Any] | None]:
        """Judges one event that somebody on this server sends."""
        if event.sender == self._bot or await self._is_exempt(event.sender):
            return True, None
        if await self._deletes_anothers_words(event, state_events):
            raise self._refusal(Reason.NOT_OFFERED)
        verdict: Verdict = self._gate.judge(self._keeper.current(), event, state_events)
        if not isinstance(verdict, Refuse):
            return True, None if verdict.content is None else _with_content(event, verdict.content)
        logger.debug("Refused %s by %s: %s", event.type, event.sender, verdict.reason)
        if not verdict.as_notice:
            if event.type == "m.room.member":
                self._explain_later(event.sender, verdict.reason)
            raise self._refusal(verdict.reason)
        if self._patience.is_over(event.sender, time.monotonic()):
            raise SynapseError(429, self.texts.say("too_many_refusals"), Codes.LIMIT_EXCEEDED)
        return True, _with_content(event, not_delivered(self.texts, verdict.reason))

    async def _deletes_anothers_words(self, event: EventBase, state: StateMap[EventBase]) -> bool:
        """Whether the maker of a room for two deletes what the other one wrote: in room version 12 no power level
        keeps a maker from it. The one thing that is looked up while an event waits, and only for deletions there."""
        create = state.get(("m.room.create", ""))
        if event.type != "m.room.redaction" or create is None or create.sender != event.sender:
            return False
        stamp = stamp_from(create.content)
        if stamp is None or stamp.kind is not RoomKind.DIRECT:
            return False
        deleted = str(event.content.get("redacts"))
        author = await self._api.run_db_interaction("schulbote_author", _author_of, deleted)
        return author != event.sender

    @fail_closed(on_doubt=False)
    async def check_can_deactivate_user(self, user_id: str, by_admin: bool) -> bool:
        """Nobody in the register loses the account; who has left may be erased."""
        return self._keeper.current().policy.directory.person(UserId(user_id)) is None

    @fail_closed()
    async def user_may_create_room_alias(self, user_id: str, alias: RoomAlias) -> Answer:
        """The address of a room is text that others see; only the school gives one."""
        return await self._only_the_school(user_id, Reason.ROOM_STAYS_PRIVATE)

    @fail_closed()
    async def user_may_publish_room(self, user_id: str, room_id: str) -> Answer:
        """No room of a person is listed."""
        return await self._only_the_school(user_id, Reason.ROOM_STAYS_PRIVATE)

    @fail_closed()
    async def user_may_send_3pid_invite(self, user_id: str, medium: str, address: str, room_id: str) -> Answer:
        """Nobody is invited by an email address or a phone number."""
        return await self._only_the_school(user_id, Reason.UNKNOWN_RECIPIENT)

    async def _only_the_school(self, user_id: str, reason: Reason) -> Answer:
        if await self._is_exempt(user_id):
            return NOT_SPAM
        return Codes.FORBIDDEN, {"error": self.texts.refusal(reason), REASON_KEY: reason.value}

    @fail_closed()
    async def check_username_for_spam(self, profile: UserProfile, requester_id: str) -> bool:
        """Hides from the user directory whom the searcher may not write to."""
        if await self._is_exempt(requester_id):
            return False
        return not self._keeper.current().policy.may_see(UserId(requester_id), UserId(profile["user_id"]))

    async def on_user_login(self, user_id: str, provider_type: str | None, provider_id: str | None) -> None:
        """Lets the appservice bring somebody into their rooms; waits for it a moment, but never long."""
        if provider_type == "m.login.application_service":
            return
        told = self._api.run_as_background_process("schulbote_login", self._courier.tell_login, user_id)
        for _ in range(_LOGIN_STEPS):
            if told.called:
                return
            await self._api.sleep(_LOGIN_STEP_SECONDS)


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
