"""Attempts beside the rooms: accounts, the administrator's API, the appservice's address, requests that are none."""

from urllib.parse import quote

import pytest

from acceptance.client import Client
from acceptance.rights.attempts import assert_no, chat, direct_room, whole_state, words_message

SYNAPSE = "/_synapse/admin"
ADMINISTRATION = {
    "all_accounts": ("GET", f"{SYNAPSE}/v2/users", None),
    "one_account": ("GET", f"{SYNAPSE}/v2/users/OTHER", None),
    "making_oneself_an_administrator": ("PUT", f"{SYNAPSE}/v2/users/ME", {"admin": True}),
    "administrator_by_the_old_path": ("PUT", f"{SYNAPSE}/v1/users/ME/admin", {"admin": True}),
    "a_new_account": ("PUT", f"{SYNAPSE}/v2/users/@neu:schule.localhost", {"password": "neu-und-lang"}),
    "a_new_password": ("PUT", f"{SYNAPSE}/v2/users/OTHER", {"password": "neu-und-lang"}),
    "a_name": ("PUT", f"{SYNAPSE}/v2/users/ME", {"displayname": "Schulleitung"}),
    "an_email_address": ("PUT", f"{SYNAPSE}/v2/users/ME", {"threepids": [{"medium": "email", "address": "x@x.de"}]}),
    "locking": ("PUT", f"{SYNAPSE}/v2/users/OTHER", {"locked": True}),
    "deactivating": ("POST", f"{SYNAPSE}/v1/deactivate/OTHER", {"erase": True}),
    "deleting_words": ("POST", f"{SYNAPSE}/v1/user/OTHER/redact", {"rooms": []}),
    "silencing": ("POST", f"{SYNAPSE}/v1/users/OTHER/shadow_ban", {}),
    "lifting_limits": ("POST", f"{SYNAPSE}/v1/users/ME/override_ratelimit", {"messages_per_second": 0}),
    "another_ones_session": ("POST", f"{SYNAPSE}/v1/users/OTHER/login", {}),
    "all_rooms": ("GET", f"{SYNAPSE}/v1/rooms", None),
    "deleting_a_room": ("DELETE", f"{SYNAPSE}/v1/rooms/ROOM", {"purge": True}),
    "blocking_a_room": ("PUT", f"{SYNAPSE}/v1/rooms/ROOM/block", {"block": True}),
    "deleting_the_past": ("POST", f"{SYNAPSE}/v1/purge_history/ROOM", {"purge_up_to_ts": 1}),
    "a_message_to_all": ("POST", f"{SYNAPSE}/v1/send_server_notice", {"user_id": "OTHER", "content": {"body": "x"}}),
    "a_token_to_register": ("POST", f"{SYNAPSE}/v1/registration_tokens/new", {}),
    "reports": ("GET", f"{SYNAPSE}/v1/event_reports", None),
    "background_work": ("POST", f"{SYNAPSE}/v1/background_updates/enabled", {"enabled": False}),
    "experiments": ("PUT", f"{SYNAPSE}/v1/experimental_features/ME", {"features": {"msc3881": True}}),
    "media": ("DELETE", f"{SYNAPSE}/v1/users/OTHER/media", None),
}


@pytest.mark.parametrize(("method", "path", "body"), ADMINISTRATION.values(), ids=ADMINISTRATION)
def test_nobody_of_the_school_reaches_the_administration_for(cast, nothing_left, method, path, body):
    other = quote(cast.classmate.user_id)
    with nothing_left(cast.pupil, cast.classmate):
        for person in (cast.pupil, cast.guardian, cast.teacher, Client(cast.pupil.homeserver)):
            of_mine = path.replace("OTHER", other).replace("ME", quote(person.user_id)).replace("ROOM", cast.room)
            assert person.request(method, of_mine, body).status in (401, 403)
        assert cast.classmate.get(f"profile/{quote(cast.pupil.user_id)}").ok()["displayname"] == cast.pupil.name


ACCOUNTS = {
    "registering": ("register", {"username": "neu", "password": "neu-und-lang", "auth": {"type": "m.login.dummy"}}, {}),
    "registering_by_an_old_path": ("/_matrix/client/r0/register", {"username": "neu", "password": "neu-und-lang"}, {}),
    "coming_as_a_guest": ("register", {}, {"kind": "guest"}),
    "registering_as_an_appservice": ("register", {"type": "m.login.application_service", "username": "neu"}, {}),
    "registering_with_a_secret": (
        f"{SYNAPSE}/v1/register",
        {"nonce": "x", "username": "x", "password": "x", "mac": "x"},
        {},
    ),
    "registering_by_email": (
        "register/email/requestToken",
        {"client_secret": "x", "email": "x@example.org", "send_attempt": 1},
        {},
    ),
    "entering_as_an_appservice": (
        "login",
        {"type": "m.login.application_service", "identifier": {"type": "m.id.user", "user": "OTHER"}},
        {},
    ),
    "entering_with_a_ticket": ("login", {"type": "m.login.token", "token": "x"}, {}),
    "entering_with_nothing": ("login", {"type": "m.login.dummy", "user": "OTHER"}, {}),
    "entering_without_a_password": (
        "login",
        {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "OTHER"}, "password": ""},
        {},
    ),
    "entering_with_an_email_address": (
        "login",
        {"type": "m.login.password", "medium": "email", "address": "x@example.org", "password": "x"},
        {},
    ),
    "entering_as_the_bot": (
        "login",
        {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "BOT"}, "password": ""},
        {},
    ),
    "a_ticket_for_another_device": ("/_matrix/client/v1/login/get_token", {}, {}),
    "a_fresh_token": ("refresh", {"refresh_token": "x"}, {}),
    "a_password_by_email": (
        "account/password/email/requestToken",
        {"client_secret": "x", "email": "x@example.org", "send_attempt": 1},
        {},
    ),
    "a_password_without_a_word": ("account/password", {"new_password": "neu-und-lang"}, {}),
    "leaving_the_school_without_a_word": ("account/deactivate", {"erase": True}, {}),
    "an_email_address": ("account/3pid/add", {"client_secret": "x", "sid": "x"}, {}),
    "an_email_address_by_an_old_path": ("account/3pid", {"three_pid_creds": {"client_secret": "x", "sid": "x"}}, {}),
    "an_email_address_to_confirm": (
        "account/3pid/email/requestToken",
        {"client_secret": "x", "email": "x@example.org", "send_attempt": 1},
        {},
    ),
    "a_telephone_number": (
        "account/3pid/msisdn/requestToken",
        {"client_secret": "x", "country": "DE", "phone_number": "030123", "send_attempt": 1},
        {},
    ),
    "a_meeting_point": ("/_matrix/client/unstable/org.matrix.msc4108/rendezvous", {"data": "x"}, {}),
    "a_newer_meeting_point": ("/_matrix/client/unstable/io.element.msc4388/rendezvous", {"data": "x"}, {}),
}


@pytest.mark.parametrize(("path", "body", "query"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_nobody_gets_an_account_or_into_one_by(demo, admin, cast, path, body, query):
    def accounts():
        listed = admin.get(f"{SYNAPSE}/v2/users", limit=5000, guests=True, deactivated=True, locked=True).ok()["users"]
        return {(account["name"], account["admin"], account["deactivated"], account["locked"]) for account in listed}

    body = {
        k: v | {"user": v["user"].replace("OTHER", cast.teacher.user_id).replace("BOT", demo.info["bot"])}
        if k == "identifier"
        else v
        for k, v in body.items()
    }
    before = accounts()
    for person in (cast.pupil, Client(demo.homeserver)):
        assert_no(person.post(path, body, **query))
    assert accounts() == before
    assert cast.pupil.get("account/3pid").ok() == {"threepids": []}
    assert cast.pupil.get("account/whoami").ok()["user_id"] == cast.pupil.user_id


def test_only_passwords_lead_in(demo):
    flows = Client(demo.homeserver).get("login").ok()["flows"]
    assert {flow["type"] for flow in flows} == {"m.login.password", "m.login.application_service"}


def test_somebody_who_is_locked_can_do_nothing(people, admin, cast, nothing_left, unsaid):
    guardian = people.guardian("Sorgeberechtigte 10.2")
    room, chat_of_others = direct_room(guardian, cast.teacher), cast.chat  # made now, if not by an earlier attempt
    admin.lock(guardian.user_id, locked=True)
    try:
        with nothing_left(cast.teacher), unsaid(cast.teacher) as words:
            for answer in (
                guardian.try_send(room, words_message(words)),
                guardian.try_create_room(name=words, invite=[cast.teacher.user_id]),
                guardian.join(chat_of_others),
                guardian.get(f"rooms/{quote(room)}/messages", dir="b"),
                guardian.put(f"profile/{quote(guardian.user_id)}/m.tz", {"m.tz": words}),
                guardian.put("sendToDevice/m.x/1", {"messages": {cast.teacher.user_id: {"*": {"words": words}}}}),
            ):
                assert answer.status == 401, answer
    finally:
        admin.lock(guardian.user_id, locked=False)


# The appservice's own address

DOORS = {
    "a_transaction": ("PUT", "/_matrix/app/v1/transactions/1", {"events": []}),
    "a_transaction_of_old": ("PUT", "/transactions/1", {"events": []}),
    "a_ping": ("POST", "/_matrix/app/v1/ping", {}),
    "a_question_for_somebody": ("GET", "/_matrix/app/v1/users/@x:schule.localhost", None),
    "a_question_for_a_room": ("GET", "/_matrix/app/v1/rooms/%23x:schule.localhost", None),
    "a_login": ("POST", "/_schulbote/module/login", {"user_id": "OTHER"}),
    "a_refusal": ("POST", "/_schulbote/module/refusal", {"user_id": "OTHER", "reason": "no_rooms"}),
    "a_file": ("GET", "/../../school.yaml", None),
    "a_file_in_signs": ("GET", "/%2e%2e/%2e%2e/school.yaml", None),
    "metrics": ("POST", "/metrics", {}),
}


@pytest.mark.parametrize(("method", "path", "body"), DOORS.values(), ids=DOORS)
def test_the_appservice_opens_to_nobody_for(demo, cast, nothing_left, method, path, body):
    if isinstance(body, dict) and "user_id" in body:
        body = body | {"user_id": cast.pupil.user_id}
    with nothing_left(cast.pupil):
        for token in ("", cast.pupil.token, cast.teacher.token, "x" * 64, "ü"):
            person = Client(demo.info["web"], token=token.encode().decode("latin-1"))
            for query in ({}, {"access_token": cast.teacher.token}):
                answer = person.request(method, path, body, raw=True, **query)
                assert answer.status in (401, 403, 404, 405), answer
                assert b"secrets" not in answer.body


# Requests that are none

SHAPES = (
    [],
    "x",
    5,
    None,
    {"user_id": 5},
    {"user_id": "@x"},
    {"membership": []},
    {"events": "x"},
    {"reason": {"x": 1}},
)
ENDPOINTS = (
    ("POST", "createRoom"),
    ("POST", "join/ROOM"),
    ("POST", "knock/ROOM"),
    *(("POST", f"rooms/ROOM/{act}") for act in ("join", "leave", "invite", "kick", "ban", "unban", "upgrade")),
    ("PUT", "rooms/ROOM/send/m.room.message/x"),
    ("PUT", "rooms/ROOM/send/m.reaction/x"),
    ("PUT", "rooms/ROOM/state/m.room.topic/"),
    ("PUT", "rooms/ROOM/state/m.room.power_levels/"),
    ("PUT", "rooms/ROOM/state/m.room.member/ME"),
    ("PUT", "rooms/ROOM/redact/x/x"),
    ("PUT", "directory/room/%23x:schule.localhost"),
    ("PUT", "directory/list/room/ROOM"),
    ("POST", "user_directory/search"),
)


def test_no_shape_of_a_request_makes_anything_or_breaks_the_module(demo, cast, nothing_left):
    synapses_own = {("POST", f"rooms/ROOM/{act}") for act in ("invite", "kick", "ban", "unban")}
    broken = demo_log(demo).count("nothing was let through")
    with nothing_left(cast.stranger):
        for method, path in ENDPOINTS:
            for shape in SHAPES:
                filled = path.replace("ROOM", cast.room).replace("ME", cast.stranger.user_id)
                answer = cast.stranger.request(method, filled, b"null" if shape is None else shape)
                if answer.status == 500 and isinstance(shape, dict) and shape.get("user_id") == 5:
                    assert (method, path) in synapses_own
                elif (method, path) != ("POST", "user_directory/search"):
                    assert 400 <= answer.status < 500, (method, path, shape, answer)
    assert demo_log(demo).count("nothing was let through") == broken


CONTENTS = {
    "a_body_that_is_a_list": {"msgtype": "m.text", "body": []},
    "a_kind_that_is_a_number": {"msgtype": 5, "body": "x"},
    "no_kind": {"body": "x"},
    "nothing": {},
    "a_relation_that_is_a_list": {"msgtype": "m.text", "body": "x", "m.relates_to": []},
    "a_relation_of_numbers": {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": 5, "event_id": []}},
    "an_edit_of_a_list": {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.replace", "event_id": []}},
    "an_edit_that_is_text": {"msgtype": "m.text", "body": "x", "m.new_content": "x"},
    "a_reply_to_a_number": {"msgtype": "m.text", "body": "x", "m.relates_to": {"m.in_reply_to": {"event_id": 5}}},
    "mentions_that_are_text": {"msgtype": "m.text", "body": "x", "m.mentions": "x"},
    "half_a_number": {"msgtype": "m.text", "body": "x", "n": 1.5},
    "a_number_that_is_too_large": {"msgtype": "m.text", "body": "x", "n": 2**60},
    "a_picture_without_anything": {"msgtype": "m.image", "body": "x", "url": 5, "info": "x"},
    "a_file_of_words": {"msgtype": "m.file", "body": "x", "url": [], "info": {"size": "x", "mimetype": []}},
    "much_depth": {
        "msgtype": "m.text",
        "body": "x",
        "deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],
    },
}


@pytest.fixture(scope="module")
def odd_rooms(cast):
    """Rooms for messages that some clients could not read."""
    return (cast.guardian, direct_room(cast.guardian, cast.visitor)), (cast.teacher, chat(cast.teacher, cast.guardian))


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_the_module_is_not_broken_by_a_message_with(demo, odd_rooms, content):
    broken = demo_log(demo).count("nothing was let through")
    for person, room in odd_rooms:
        for event_type in ("m.room.message", "m.sticker", "m.reaction"):
            assert person.try_send(room, content, event_type).status < 500
    assert demo_log(demo).count("nothing was let through") == broken


def test_power_levels_of_any_shape_change_nothing(cast, demo):
    before = whole_state(cast.guardian, cast.chat)
    levels = before["m.room.power_levels", ""]
    for users in ([], "x", {"x": 50}, {cast.teacher.user_id: "50"}, {cast.teacher.user_id: [50]}, {"@x:y": 1e3}, 5):
        assert_no(cast.guardian.set_state(cast.chat, "m.room.power_levels", levels | {"users": users}))
    assert whole_state(cast.guardian, cast.chat) == before


def demo_log(demo):
    return "".join(path.read_text() for path in demo.logs() if path.name == "homeserver.log")
