import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from builders import BEN, GROUPS
from prometheus_client import REGISTRY
from synapse.module_api import NOT_SPAM
from synapse.module_api.errors import Codes

from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.groups import Group
from school.domain.people import UserId
from school.domain.rooms import CALLS, CONFERENCE_STATE, MESSAGES
from school.texts import Language, Texts
from synapse_modules.refusals import Refusals

GERMAN = Texts(Language.GERMAN)
CLASS_5A = GROUPS[0]
CALL, ROOM, RULE = "m.call.invite", "!room", "default:student:start_conferences"


@dataclass
class Told:
    """Whom the bot is to tell what, and a school in which somebody can ask in one group or in none."""

    group: Group | None = CLASS_5A
    explained: list[tuple[UserId, Reason]] = field(default_factory=list)

    def refusals(self, language: Language = Language.GERMAN) -> Refusals:
        return Refusals(
            Texts(language),
            where_to_ask=lambda _user_id: self.group,
            explain_later=lambda user_id, reason: self.explained.append((user_id, reason)),
        )


@pytest.fixture
def told() -> Told:
    return Told()


def counted(action: str, reason: Reason) -> float:
    return REGISTRY.get_sample_value("schulbote_refusals_total", {"action": action, "reason": reason.value}) or 0.0


def raised(refusals: Refusals, reason: Reason) -> None:
    refusals.error(CALL, BEN.user_id, reason, rule=RULE, where=ROOM)


def answered(refusals: Refusals, reason: Reason) -> None:
    refusals.answer(CALL, BEN.user_id, refuse(reason, RULE), where=ROOM)


def noticed(refusals: Refusals, reason: Reason) -> None:
    refusals.notice(CALL, BEN.user_id, reason, rule=RULE, where=ROOM)


Way = Callable[[Refusals, Reason], None]
WAYS: list[Way] = [raised, answered, noticed]


# --- Counted and logged -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reason", [Reason.NO_CONFERENCES, Reason.MALFORMED])
def test_every_refusal_is_counted_once_by_action_and_reason(told: Told, way: Way, reason: Reason) -> None:
    before = {(action, r): counted(action, r) for action in (CALL, "other") for r in Reason}
    way(told.refusals(), reason)
    after = {key: counted(*key) for key in before}
    assert after == before | {(CALL, reason): before[CALL, reason] + 1}


@pytest.mark.parametrize("way", WAYS)
def test_every_refusal_is_one_line_that_says_who_what_where_why_and_by_which_rule(
    told: Told, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    way(told.refusals(), Reason.NO_CONFERENCES)
    [record] = caplog.records
    assert (record.levelno, record.name) == (logging.INFO, "synapse_modules.refusals")
    assert record.getMessage() == f"Refused {CALL} by {BEN.user_id} in {ROOM}: no_conferences ({RULE})"


def test_what_happens_in_no_room_is_logged_without_one(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told.refusals().error("createRoom", BEN.user_id, Reason.NO_ROOMS, rule="no rule")
    assert caplog.messages == [f"Refused createRoom by {BEN.user_id}: no_rooms (no rule)"]


@pytest.mark.parametrize("invented", ["ruf mich an", "x\nRefused m.call.invite by @ida", "M.ROOM.MESSAGE", ""])
def test_what_clients_invent_has_one_name_in_the_metrics_and_the_log(
    told: Told, invented: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = counted("other", Reason.NOT_OFFERED)
    told.refusals().error(invented, BEN.user_id, Reason.NOT_OFFERED, rule="rooms:types")
    assert caplog.messages == [f"Refused other by {BEN.user_id}: not_offered (rooms:types)"]
    assert counted("other", Reason.NOT_OFFERED) == before + 1
    assert counted(invented, Reason.NOT_OFFERED) == 0


@pytest.mark.parametrize(
    "action",
    sorted(
        {"createRoom", "join", "alias", "publish", "invite_3pid", "upload", "m.room.member", "m.room.encrypted"}
        | MESSAGES
        | CALLS
        | CONFERENCE_STATE
    ),
)
def test_what_people_try_every_day_has_a_name_of_its_own(told: Told, action: str) -> None:
    before = counted(action, Reason.UNKNOWN_PERSON)
    told.refusals().error(action, BEN.user_id, Reason.UNKNOWN_PERSON, rule=RULE)
    assert counted(action, Reason.UNKNOWN_PERSON) == before + 1


# --- Said ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        pytest.param(reason, *answers, id=reason)
        for reason in Reason
        for answers in [
            {
                Reason.MALFORMED: (400, Codes.BAD_JSON),
                Reason.FILE_TOO_LARGE: (413, Codes.TOO_LARGE),
            }.get(reason, (403, Codes.FORBIDDEN))
        ]
    ],
)
def test_an_error_is_403_but_for_what_cannot_be_read_and_what_is_too_large(
    told: Told, reason: Reason, status: int, code: str
) -> None:
    error = told.refusals().error(CALL, BEN.user_id, reason, rule=RULE)
    assert (error.code, error.errcode) == (status, code)
    assert error.error_dict(None)["org.schulbote.reason"] == reason.value


def words_of(way: Way, told: Told, language: Language, reason: Reason) -> str:
    refusals = told.refusals(language)
    if way is raised:
        return refusals.error(CALL, BEN.user_id, reason, rule=RULE).msg
    if way is answered:
        answer: Any = refusals.answer(CALL, BEN.user_id, refuse(reason, RULE))
        return str(answer[1]["error"])
    content = refusals.notice(CALL, BEN.user_id, reason, rule=RULE, where=ROOM)
    return str(content["body"]).removeprefix(Texts(language).say("not_delivered", why=""))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("way", WAYS)
def test_the_words_name_the_group_to_ask_in(told: Told, way: Way, language: Language) -> None:
    words = words_of(way, told, language, Reason.NO_COMMON_GROUP)
    assert words == Texts(language).refusal(Reason.NO_COMMON_GROUP, ask_in="Klasse 5a")
    assert "in Klasse 5a" in words


@pytest.mark.parametrize("way", WAYS)
def test_where_there_is_no_group_the_words_are_for_everybody(told: Told, way: Way) -> None:
    told.group = None
    assert words_of(way, told, Language.GERMAN, Reason.NO_COMMON_GROUP) == GERMAN.refusal(Reason.NO_COMMON_GROUP)


def test_an_answer_has_the_reason_in_it_and_replaces_synapses_words(told: Told) -> None:
    assert told.refusals().answer("alias", BEN.user_id, refuse(Reason.ROOM_STAYS_PRIVATE, RULE)) == (
        Codes.FORBIDDEN,
        {"error": GERMAN.refusal(Reason.ROOM_STAYS_PRIVATE), "org.schulbote.reason": "room_stays_private"},
    )


def test_a_yes_is_no_refusal(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    yes: Decision = allow("rooms:control")
    before = sum(counted(CALL, reason) for reason in Reason)
    assert told.refusals().answer(CALL, BEN.user_id, yes) == NOT_SPAM
    assert sum(counted(CALL, reason) for reason in Reason) == before
    assert (told.explained, caplog.messages) == ([], [])


# --- Said again by the bot ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [raised, answered])
def test_the_bot_explains_once_what_clients_hide(told: Told, way: Way) -> None:
    way(told.refusals(), Reason.NO_CONFERENCES)
    assert told.explained == [(BEN.user_id, Reason.NO_CONFERENCES)]


def test_the_bot_need_not_explain_what_stands_in_the_room(told: Told) -> None:
    noticed(told.refusals(), Reason.NO_COMMON_GROUP)
    told.refusals().error("m.room.message", BEN.user_id, Reason.NO_COMMON_GROUP, rule=RULE, explain=False)
    assert told.explained == []


def test_the_notice_holds_nothing_of_what_it_replaces(told: Told) -> None:
    content = told.refusals().notice("m.room.message", BEN.user_id, Reason.NO_COMMON_GROUP, rule=RULE, where=ROOM)
    assert set(content) == {"msgtype", "body", "m.mentions", "org.schulbote.reason"}
    assert (content["msgtype"], content["org.schulbote.reason"]) == ("m.notice", "no_common_group")
