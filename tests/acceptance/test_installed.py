"""A school on a server of its own: with the limits that it has, and with the Matrix Authentication Service."""

import re
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from acceptance.client import Client, Json
from acceptance.codes import new_codes
from acceptance.installed import ManyAddresses, School
from acceptance.running import free_ports, schulbote, small_register

GUESSES, GUESSERS, AT_ONCE = 1000, 40, 5
PROMISED_WAIT = 20
"""Seconds after which the right person gets in, once nobody guesses any more."""
SIGNS = "23456789bcdfghjkmnpqrstvwxyz"


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("installed")
    school = School(folder / "school", small_register(folder / "register"))
    with school.running():
        yield school


@pytest.fixture(scope="module")
def account(school) -> Json:
    return next(person for person in school.books.people() if person["role"] == "student")


def guess() -> str:
    signs = "".join(secrets.choice(SIGNS) for _ in range(14))
    return f"{signs[:4]}-{signs[4:9]}-{signs[9:]}"


@pytest.mark.timeout(300)
def test_a_thousand_guesses_are_stopped_and_the_right_person_gets_in_soon_afterwards(school, account):
    user_id, code = account["user_id"], new_codes(school.yaml, [account])[account["user_id"]]
    here = Client(school.homeserver)
    here.login(user_id, code)

    def guess_often(times: int) -> Counter[int]:
        with ManyAddresses(school) as guesser:
            return Counter(guesser.try_login(user_id, guess())[0] for _ in range(times))

    with ThreadPoolExecutor(GUESSERS) as several:  # Synapse lets everybody wait half a second before it says no
        statuses = sum(several.map(guess_often, [GUESSES // GUESSERS] * GUESSERS), Counter())
    assert statuses.total() == GUESSES
    assert statuses.keys() == {403, 429}, statuses
    assert statuses[403] <= AT_ONCE + GUESSERS, "so many were looked at"
    metrics = Client(school.homeserver).request("GET", "/_synapse/metrics", raw=True).body.decode()
    [looked_at] = re.findall(r'^schulbote_first_codes_total{verdict="wrong"} (\d+)', metrics, re.MULTILINE)
    assert int(looked_at) == statuses[403]

    assert here.get("account/whoami").status == 200, "who is signed in stays so"
    with ManyAddresses(school) as owner:
        other = next(p for p in school.books.people() if p["user_id"] != user_id and p["role"] == "student")
        assert owner.try_login(other["user_id"], new_codes(school.yaml, [other])[other["user_id"]])[0] == 200
        status, body = owner.try_login(user_id, code)
        if status == 429:
            assert 0 < body["retry_after_ms"] <= PROMISED_WAIT * 1000
            time.sleep(body["retry_after_ms"] / 1000)
            status, body = owner.try_login(user_id, code)
        assert status == 200, body


def test_a_class_signs_in_within_a_minute_from_one_address(school):
    """With first codes, which cost Synapse nothing to check."""
    people = school.books.people()[:40]
    codes = new_codes(school.yaml, people)
    started = time.monotonic()
    for person in people:
        Client(school.homeserver).login(person["user_id"], codes[person["user_id"]])
    assert time.monotonic() - started < 60


def test_with_the_matrix_authentication_service_synapse_starts_without_first_codes(school):
    port = free_ports()
    delegated = {
        "matrix_authentication_service": {"enabled": True, "endpoint": "http://127.0.0.1:1/", "secret": "for a test"},
        "password_config": {"enabled": False},
    }
    with school.synapse("delegated", port, **delegated) as log:
        said = log.read_text()
        assert "No first code is accepted, because Synapse does not check passwords" in said
        assert Client(f"http://127.0.0.1:{port}").get("login").status == 404
        yaml = school.folder / "delegated.yaml"
        yaml.write_text(school.yaml.read_text().replace(school.homeserver, f"http://127.0.0.1:{port}"))
        checked = schulbote("-c", yaml, "check")
    assert checked.returncode == 1
    assert "signs nobody in with a password" in checked.stderr
