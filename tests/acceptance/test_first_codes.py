"""First codes: the password of those who have none yet, in every client, for as long as they need it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from acceptance.client import Answer, Client, Json, wait_until
from acceptance.codes import Books, as_in_demo_json, new_codes, proof
from acceptance.people import Person

OWN = "ein Passwort, das ich mir merke"


@pytest.fixture(scope="module")
def books(demo) -> Books:
    return Books(demo.info["database"])


@pytest.fixture
def newcomer(people) -> Json:
    """A guardian who was never here."""
    return people.newcomer()


def try_login(demo, account: Json, password: str) -> Answer:
    return Client(demo.homeserver).try_login(account["user_id"], password)


@contextmanager
def counted(demo, verdict: str, times: int) -> Iterator[None]:
    """So many more codes get this answer meanwhile, as Synapse's metrics say."""

    def look() -> float:
        text = Client(demo.homeserver).request("GET", "/_synapse/metrics", raw=True).body.decode()
        found = re.search(rf'^schulbote_first_codes_total{{verdict="{verdict}"}} ([\d.e+]+)$', text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    before = look()
    yield
    assert look() == before + times


def test_a_code_is_the_password_as_often_as_wanted_however_it_is_typed(demo, books, newcomer):
    code = newcomer["password"]
    localpart = newcomer["user_id"][1:].partition(":")[0]
    with counted(demo, "accepted", 4):
        for user, typed in (
            (newcomer["user_id"], code),
            (newcomer["user_id"], code),
            (localpart, f" {code.upper().replace('-', ' ')} "),
            (localpart.upper(), code.replace("-", "\N{EN DASH}")),
        ):
            body = Client(demo.homeserver).try_login(user, typed).ok()
            assert body["user_id"] == newcomer["user_id"]
    wait_until(lambda: books.code_of(newcomer)["used_at"], 10)
    kept = books.code_of(newcomer)
    assert kept["made_at"] < kept["used_at"] < kept["expires_at"]
    assert kept["ended_at"] is None
    assert books.audited(newcomer) == ["code_made", "code_used"]


def test_a_code_is_accepted_where_a_client_asks_for_the_password_again(demo, newcomer):
    here, elsewhere = Person(demo, newcomer).enter(), Person(demo, newcomer).enter()
    device = elsewhere.get("account/whoami").ok()["device_id"]
    assert here.request("DELETE", f"devices/{device}", proof(newcomer, newcomer["password"][::-1])).status == 401
    assert elsewhere.get("account/whoami").status == 200
    here.request("DELETE", f"devices/{device}", proof(newcomer, newcomer["password"])).ok()
    assert elsewhere.get("account/whoami").status == 401


def test_the_code_of_somebody_else_opens_nothing(demo, people, books):
    owner, other = people.account("guardian"), people.account("guardian")
    before = books.code_of(owner)
    with counted(demo, "wrong", 1), counted(demo, "no_code", 2):
        assert try_login(demo, other, owner["password"]).status == 403
        for nobody in (demo.info["bot"], demo.info["admin"]["user_id"]):
            assert Client(demo.homeserver).try_login(nobody, owner["password"]).status == 403
    assert books.code_of(owner) == before


def test_a_password_chosen_in_a_client_ends_the_code_with_its_first_use(demo, books, newcomer):
    code = newcomer["password"]
    here = Person(demo, newcomer).enter()
    here.post("account/password", proof(newcomer, code) | {"new_password": OWN}).ok()
    assert try_login(demo, newcomer, code).status == 200, "nobody knows yet that the password is known by heart"
    try_login(demo, newcomer, OWN).ok()
    with counted(demo, "ended", 2):
        assert try_login(demo, newcomer, code).status == 403
        assert here.post("account/password", proof(newcomer, code) | {"new_password": "anders"}).status == 401
    try_login(demo, newcomer, OWN).ok()
    wait_until(lambda: books.code_of(newcomer)["ended_at"], 15)
    assert books.audited(newcomer) == ["code_made", "code_used", "code_ended"]

    again = new_codes(demo.info["config"], [newcomer])[newcomer["user_id"]]
    assert try_login(demo, newcomer, code).status == 403
    assert try_login(demo, newcomer, again).status == 200, "somebody has helped them"
    as_in_demo_json(demo, newcomer, again)


def test_a_code_ends_also_if_the_appservice_is_away(demo, books, newcomer):
    code = newcomer["password"]
    here = Person(demo, newcomer).enter()
    here.post("account/password", proof(newcomer, code) | {"new_password": OWN}).ok()
    demo.freeze_appservice()
    try:
        try_login(demo, newcomer, OWN).ok()
        assert try_login(demo, newcomer, code).status == 403
        assert books.code_of(newcomer)["ended_at"] is None
    finally:
        demo.kill_appservice()
    wait_until(lambda: books.code_of(newcomer)["ended_at"], 60)
    wait_until(demo.is_up, 30)
    assert try_login(demo, newcomer, code).status == 403
    as_in_demo_json(demo, newcomer, OWN)


def test_a_code_whose_days_are_over_opens_nothing(demo, people, books):
    account = people.account("guardian")
    books.let_expire(account)
    with counted(demo, "expired", 1):
        assert try_login(demo, account, account["password"]).status == 403
    again = new_codes(demo.info["config"], [account])[account["user_id"]]
    as_in_demo_json(demo, account, again)


def test_a_new_code_ends_the_one_before(demo, people):
    accounts = [people.account("guardian"), people.account("student")]
    new = new_codes(demo.info["config"], accounts)
    for account in accounts:
        assert try_login(demo, account, account["password"]).status == 403
        assert try_login(demo, account, new[account["user_id"]]).status == 200
        as_in_demo_json(demo, account, new[account["user_id"]])


def test_who_is_locked_does_not_come_in_with_a_code(demo, admin, books, newcomer):
    admin.lock(newcomer["user_id"], locked=True)
    try:
        locked_out = try_login(demo, newcomer, newcomer["password"])
        assert (locked_out.status, locked_out.body["errcode"]) == (401, "M_USER_LOCKED")
        assert books.code_of(newcomer)["used_at"] is None
    finally:
        admin.lock(newcomer["user_id"], locked=False)
    assert try_login(demo, newcomer, newcomer["password"]).status == 200


def test_accounts_are_made_without_a_password(demo):
    with closing(sqlite3.connect(f"file:{demo.info['synapse_database']}?mode=ro", uri=True)) as synapse:
        hashes = dict(synapse.execute("SELECT name, password_hash FROM users"))
    chosen = {user_id for user_id, password_hash in hashes.items() if password_hash}
    assert demo.info["admin"]["user_id"] in chosen
    assert len({account["user_id"] for account in demo.info["accounts"]} - chosen) > 500


def test_no_code_is_anywhere_but_in_demo_json_and_of_three_people_on_the_screen(demo):
    account = next(a for a in demo.info["accounts"][::-1] if a["password"] not in demo.said)
    code = account["password"]
    try_login(demo, account, code)
    assert try_login(demo, account, code[:-1]).status == 403
    written = [code.encode(), code.replace("-", "").encode()]
    files = [path for path in demo.home.rglob("*") if path.is_file() and path.name != "demo.json"]
    assert {"schulbote.db", "homeserver.db", "homeserver.log"} <= {path.name for path in files}
    for path in [*files, demo.output]:
        content = path.read_bytes()
        assert not any(one in content for one in written), path
