"""Accounts that are named by the logins of the school's LDAP or single sign-on."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from test_apply import AT, group, known, person, roster

from roster_sync.logins import localpart_of, logins_of, strayed
from roster_sync.plan import Guard
from roster_sync.sources import RegisterOptions, read_register
from roster_sync.sync import RosterSync
from school.domain.people import PersonId, UserId
from school.domain.roster import RegisterError, Roster

ANNA, BEN = PersonId("anna"), PersonId("ben")


def accounts_of(**localparts: str) -> dict[PersonId, UserId]:
    return {PersonId(ident): UserId(f"@{localpart}:school.example") for ident, localpart in localparts.items()}


@pytest.mark.parametrize(
    ("login", "localpart"),
    [
        ("s00001", "s00001"),
        ("Anna.Koch", "anna.koch"),
        (" a_k+1 ", "a_k+1"),
        ("", None),
        ("anna koch", None),
        ("änna", None),
        ("anna@schule.de", None),
        ("anna/koch", None),
        ("12345", None),
        ("_anna", None),
        ("a" * 65, None),
    ],
)
def test_what_a_login_becomes(login: str, localpart: str | None) -> None:
    assert localpart_of(login) == localpart


def test_everybody_is_named_by_their_login_new_or_not() -> None:
    people = [person("anna", login="A.Koch"), person("ben", login="b.braun")]
    found = logins_of(people, accounts_of(ben="b.braun"), reserved={"bote"})
    assert found == {ANNA: "a.koch", BEN: "b.braun"}
    assert strayed(found, accounts_of(ben="b.braun")) == ()


@pytest.mark.parametrize(
    ("people", "there", "said"),
    [
        pytest.param([{"login": None}], {}, r"anna: no login that can name", id="without a login"),
        pytest.param(
            [{"login": "Anna Koch"}], {}, r"anna: no login that can name", id="a login that no account can have"
        ),
        pytest.param([{"login": "bote"}], {}, r"anna: a login that is the name of the bot", id="the bot's name"),
        pytest.param(
            [{"login": "x"}, {"login": "X"}], {}, r"ben: a login that somebody else has", id="two with one login"
        ),
        pytest.param(
            [{"login": "ben.braun"}],
            {"ben": "ben.braun"},
            r"anna: a login that is the name of somebody else's account",
            id="a login that would open the account of somebody else",
        ),
    ],
)
def test_nobody_ever_gets_into_the_account_of_somebody_else(
    people: list[dict[str, Any]], there: dict[str, str], said: str
) -> None:
    named = [person(name, **more) for name, more in zip(("anna", "ben"), people, strict=False)]
    with pytest.raises(RegisterError, match=said):
        logins_of(named, accounts_of(**there), reserved={"bote"})


def test_many_without_a_login_are_told_in_one_sentence() -> None:
    with pytest.raises(RegisterError, match=r"^p0, p1, p2, p3, p4 and 3 more: no login") as told:
        logins_of([person(f"p{number}") for number in range(8)], {}, reserved=())
    assert str(told.value).endswith(".")


def test_an_account_with_another_name_is_told_and_stays() -> None:
    [sentence] = strayed({ANNA: "s00001", BEN: "s00002"}, accounts_of(anna="anna.koch", ben="s00002"))
    assert sentence.startswith("anna: the account has another name than the login")


def sync(engine: AsyncEngine, *, by_login: bool) -> RosterSync:
    return RosterSync(
        engine=engine,
        server_name="school.example",
        reserved=frozenset({"bote"}),
        readers=(),
        options=RegisterOptions(identity_key=b"k" * 32),
        guard=Guard(),
        by_login=by_login,
        clock=lambda: AT,
    )


async def test_new_accounts_are_named_by_logins_where_people_sign_in_with_them(writer: AsyncEngine) -> None:
    register = roster(person("anna", "8a", login="S00001"), person("ben", "8a", login="s00002"), group("8a"))
    await sync(writer, by_login=True).apply(register, actor="the test")
    assert (await known(writer)).user_ids == accounts_of(anna="s00001", ben="s00002")


async def test_elsewhere_they_are_named_by_names(writer: AsyncEngine) -> None:
    await sync(writer, by_login=False).apply(
        roster(person("anna", "8a", login="S00001"), group("8a")), actor="the test"
    )
    assert (await known(writer)).user_ids == accounts_of(anna="anna.gross")


async def test_one_without_a_login_stops_the_sync_and_nothing_changes(writer: AsyncEngine) -> None:
    named = sync(writer, by_login=True)
    with pytest.raises(RegisterError, match="ben: no login"):
        await named.plan(roster(person("anna", login="s00001"), person("ben")))
    with pytest.raises(RegisterError, match="ben: no login"):
        await named.apply(roster(person("anna", login="s00001"), person("ben")), actor="the test")
    assert (await known(writer)).roster == Roster(persons={}, groups={})


async def test_a_school_that_began_with_first_codes_hears_who_cannot_sign_in(writer: AsyncEngine) -> None:
    register = roster(person("anna", login="s00001"), person("ben", login="ben.gross"))
    await sync(writer, by_login=False).apply(register, actor="the test")
    plan = await sync(writer, by_login=True).plan(register)
    assert [doubt.partition(":")[0] for doubt in plan.doubts] == ["anna"]


@pytest.mark.parametrize("with_logins", [False, True])
def test_logins_are_read_only_where_they_name_accounts(registers: Path, with_logins: bool) -> None:
    options = RegisterOptions(identity_key=b"only for tests", with_logins=with_logins)
    read = read_register(registers / "oberschule" / "oneroster", options)
    assert {str(member.login) for member in read.persons.values()} == (
        {member.id.lower() for member in read.persons.values()} if with_logins else {"None"}
    )
