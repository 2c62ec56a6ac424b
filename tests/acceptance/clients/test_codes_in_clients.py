"""First codes in clients that are not ours."""

import pytest

from acceptance.clients.library import RefusedError
from acceptance.codes import as_in_demo_json


def test_a_code_signs_in_until_a_password_was_chosen_and_used(library, demo, people):
    account = people.account("guardian")
    user_id, code, own = account["user_id"], account["password"], "Morgens um sieben ist die Welt in Ordnung"

    def log_in(password):
        return library.log_in(demo.homeserver, user_id, password)

    client = log_in(code)
    assert {demo.info["rooms"][group] for group in account["groups"]} <= client.rooms().keys()
    client = log_in(code.upper().replace("-", ""))
    with pytest.raises(RefusedError):
        client.choose_password(code[:-1], own)
    client.choose_password(code, own)
    log_in(own)
    with pytest.raises(RefusedError) as caught:
        log_in(code)
    assert (caught.value.answer.status, caught.value.answer.body["errcode"]) == (403, "M_FORBIDDEN")
    as_in_demo_json(demo, account, own)
