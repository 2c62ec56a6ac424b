"""Addresses, limits, languages, paths: the small decisions behind every page."""

import asyncio

import pytest
from simulated_time import simulated

from appservice.web.addresses import Proxies, household
from appservice.web.languages import language_for
from appservice.web.limits import Allowance, Limit
from appservice.web.problems import Problem
from appservice.web.visit import local_path
from school.texts import Language

PROXIES = Proxies(["127.0.0.0/8", "::1", "10.0.0.7"])


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        pytest.param("203.0.113.9", [], "203.0.113.9", id="without a proxy"),
        pytest.param("127.0.0.1", [], "127.0.0.1", id="from this machine"),
        pytest.param("127.0.0.1", ["203.0.113.9"], "203.0.113.9", id="behind a proxy"),
        pytest.param("::1", ["203.0.113.9"], "203.0.113.9", id="behind a proxy by IPv6"),
        pytest.param("::ffff:127.0.0.1", ["203.0.113.9"], "203.0.113.9", id="by IPv4 in IPv6"),
        pytest.param(None, ["203.0.113.9"], "203.0.113.9", id="by a socket of this machine"),
        pytest.param("127.0.0.1", ["203.0.113.9, 10.0.0.7"], "203.0.113.9", id="behind two"),
        pytest.param("127.0.0.1", ["203.0.113.9", "10.0.0.7"], "203.0.113.9", id="each with a header of its own"),
        pytest.param("203.0.113.9", ["1.2.3.4"], "203.0.113.9", id="what a browser says of itself is not believed"),
        pytest.param("127.0.0.1", ["1.2.3.4, 203.0.113.9"], "203.0.113.9", id="nor what stands further left"),
        pytest.param("127.0.0.1", ["10.0.0.8, 203.0.113.9"], "203.0.113.9", id="nor of a proxy of others"),
        pytest.param("127.0.0.1", ["nonsense"], "127.0.0.1", id="what is no address"),
        pytest.param("127.0.0.1", [""], "127.0.0.1", id="nothing"),
        pytest.param("127.0.0.1", ["[2001:db8::1]"], "2001:db8::1", id="IPv6 in brackets"),
        pytest.param("nonsense", [], "", id="a remote that is none"),
    ],
)
def test_whose_request_it_is(remote: str | None, forwarded: list[str], client: str) -> None:
    assert PROXIES.client_of(remote, forwarded) == client


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::99", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_who_has_many_addresses_is_counted_once(address: str, counted_as: str) -> None:
    assert household(address) == counted_as


@simulated
async def test_some_at_once_and_then_one_at_a_time() -> None:
    limit = Limit(Allowance(burst=3, seconds=10))
    for _ in range(3):
        limit.attempt("ida")
    with pytest.raises(Problem) as refused:
        limit.attempt("ida")
    assert refused.value.wait_seconds == 10
    limit.attempt("ben")
    await asyncio.sleep(4)
    assert limit.wait_for("ida") == 6
    await asyncio.sleep(6)
    limit.attempt("ida")
    assert limit.wait_for("ida") == 10
    await asyncio.sleep(1000)
    for _ in range(3):
        limit.attempt("ida")
    assert limit.wait_for("ida") == 10


@simulated
async def test_what_is_refused_is_not_counted() -> None:
    limit = Limit(Allowance(burst=1, seconds=10))
    limit.attempt("ida")
    for _ in range(100):
        with pytest.raises(Problem):
            limit.attempt("ida")
    await asyncio.sleep(10)
    limit.attempt("ida")


@simulated
async def test_what_was_right_is_forgotten() -> None:
    limit = Limit(Allowance(burst=1, seconds=10))
    limit.attempt("ida")
    limit.forget("ida")
    limit.forget("nobody")
    limit.attempt("ida")


@simulated
async def test_never_more_is_remembered_than_fits() -> None:
    limit = Limit(Allowance(burst=1, seconds=10), remembered=100)
    limit.attempt("ida")
    for number in range(10_000):
        limit.count(number)
        if number % 50 == 0:
            limit.count("ida")
    assert len(limit) == 100
    assert limit.wait_for("ida") > 0, "who tries again and again is not pushed out by others"
    assert limit.wait_for(0) == 0


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "en-GB,en;q=0.9,de;q=0.8", "en"),
        (None, "fr,en;q=0.3,de;q=0.5", "de"),
        (None, "tr,ar", "de"),
        (None, "", "de"),
        (None, "en;q=0, de;q=0.1", "de"),
        (None, "EN", "en"),
        (None, "en;q=x", "de"),
        (None, "en;q=nan", "de"),
        (None, "*", "de"),
        (None, ",;=,;q=1", "de"),
        (None, ",".join(["fr"] * 1000 + ["en"]), "de"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("tr", "en", "en"),
    ],
)
def test_in_which_language_a_page_speaks(chosen: str | None, accepted: str, language: str) -> None:
    assert language_for(chosen, accepted, Language.GERMAN) == language


def test_otherwise_it_is_the_schools() -> None:
    assert language_for(None, "fr", Language.ENGLISH) is Language.ENGLISH


@pytest.mark.parametrize("path", ["/", "/account", "/password?a=b", "/conference/8.1/x-y_z~", "/link/aB-_"])
def test_a_path_of_ours(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "account",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " /account",
        "/account#@evil.example",
        "/%2f%2fevil.example",
        "/account?next=https://evil.example",
        "/..//evil.example",
        "/a/../../evil",
        "/account\r\nSet-Cookie: a=b",
        "/ä",
        "/" + "a" * 400,
    ],
)
def test_what_could_lead_elsewhere_is_no_path(path: str) -> None:
    assert local_path(path) == "/account"
    assert local_path(path, "") == ""
