"""Choosing a password: who needs the old one, what is good enough, what follows."""

import json
import re
from typing import Any

import pytest
from builders import BEN, GABI, IDA
from pages_world import BUSY, CODE, NEW, PASSWORD, World, heading, words_of
from sqlalchemy import select

from school.database.tables import audit_log, web_sessions

ELSEWHERE = {"ldap": "an den Computern deiner Schule", "oidc": "mit deinem Schulkonto"}


async def choose(browser: Any, new: str = NEW, **fields: str) -> Any:
    return await browser.submit("/password", **({"new": new, "again": new} | fields))


class TestWhoNeedsTheOldOne:
    async def test_who_came_with_the_code_of_the_letter_does_not(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        assert 'name="current"' not in await browser.text("/password")
        answer = await choose(browser)
        assert (answer.status, answer.headers["Location"]) == (303, "/?done=password_chosen")
        assert world.homeserver.chosen == [(BEN.user_id, NEW, False)]
        assert world.codes.valid == {}

    async def test_who_came_by_a_link_while_the_code_is_valid_does_not(self, world: World) -> None:
        world.has_code(BEN)
        answer = await choose(await world.by_link(BEN))
        assert answer.status == 303
        assert world.homeserver.chosen == [(BEN.user_id, NEW, False)]

    async def test_who_came_by_a_link_and_has_a_password_does(self, world: World) -> None:
        """A found phone is not enough to take an account over."""
        world.has_password(BEN)
        browser = await world.by_link(BEN)
        assert 'name="current"' in await browser.text("/password")
        answer = await choose(browser)
        assert answer.status == 422
        assert world.homeserver.chosen == []
        answer = await choose(browser, current=PASSWORD)
        assert answer.status == 303
        assert world.homeserver.chosen == [(BEN.user_id, NEW, False)]

    async def test_who_came_with_their_password_does(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        assert (await choose(browser)).status == 422
        assert (await choose(browser, current="wrong")).status == 422
        assert (await choose(browser, current=PASSWORD)).status == 303

    async def test_who_came_with_a_code_that_has_ended_meanwhile_does(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        world.codes.valid.clear()
        assert (await choose(browser)).status == 422
        assert world.homeserver.chosen == []

    async def test_who_came_with_a_widget_does(self, world: World) -> None:
        """The code itself is what they show then."""
        world.has_code(GABI)
        world.homeserver.openid_tokens = {"t": GABI.user_id}
        browser = world.browser()
        body = {"access_token": "t", "matrix_server_name": "school.test"}
        await browser.client.post("/widget/session", json=body)
        browser.set_cookie("schulbote_session", browser.cookies["schulbote_session_framed"])
        assert (await choose(browser)).status == 422
        assert (await choose(browser, current=CODE)).status == 303

    async def test_once_it_is_chosen_the_old_one_is_needed_in_the_same_browser(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        await choose(browser)
        assert (await choose(browser, "ein ganz anderes fernglas")).status == 422
        assert (await choose(browser, "ein ganz anderes fernglas", current=NEW)).status == 303

    async def test_somebody_elses_password_is_not_the_own_one(self, world: World) -> None:
        world.has_password(BEN, "bens-lange-wörter")
        browser = await world.signed_in(IDA)
        assert (await choose(browser, current="bens-lange-wörter")).status == 422

    async def test_the_old_one_is_guessed_slowly(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        for _ in range(10):
            assert (await choose(browser, current="wrong")).status == 422
        assert (await choose(browser, current=PASSWORD)).status == 429


class TestWhatIsGoodEnough:
    @pytest.mark.parametrize(
        ("new", "words"),
        [
            ("zu-klein", "etwas kurz"),
            ("Passwort123!", "Das haben viele"),
            ("qwertzuiop", "errät man schnell"),
            ("Ben Groß 2011", "Dein Name"),
            ("Schule am See", "Dein Name oder der deiner Schule"),
            ("k7wq-m3fxd-9dtrb", "Code auf einem Brief"),
            (" fernglas und butterbrot", "Leerzeichen"),
            ("fünf süße Füße für Käthe, Öl für Jürgen, Äpfel für Günther und Hörst", "zu lang"),
        ],
    )
    async def test_what_is_not_is_told_at_its_field(self, world: World, new: str, words: str) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        answer = await choose(browser, new)
        page = await answer.text()
        assert answer.status == 422
        assert words in words_of(page)
        assert 'aria-invalid="true"' in page
        assert 'aria-describedby="new-hint new-wrong"' in page
        assert set(re.findall(r'type="password" value="([^"]*)"', page)) == {""}, "a password never comes back"
        assert world.homeserver.chosen == []
        assert world.codes.valid

    async def test_both_times_it_has_to_be_the_same(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        answer = await choose(browser, again=NEW + "s")
        assert answer.status == 422
        assert "nicht dasselbe wie oben" in await answer.text()

    async def test_it_has_to_be_another_one(self, world: World) -> None:
        answer = await choose(await world.signed_in(IDA), PASSWORD, current=PASSWORD)
        assert answer.status == 422
        assert "dein jetziges Passwort. Wähle ein anderes" in words_of(await answer.text())

    async def test_what_the_homeserver_refuses_is_told(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        world.homeserver.refuses_passwords = True
        answer = await choose(browser)
        assert answer.status == 422
        assert "nimmt der Server nicht an" in await answer.text()
        assert world.codes.valid


class TestWhatFollows:
    async def test_devices_stay_signed_in_unless_wished_otherwise(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        assert 'value="yes">' in await browser.text("/password"), "not ticked"
        await choose(browser, everywhere="yes")
        assert world.homeserver.chosen == [(BEN.user_id, NEW, True)]

    async def test_who_changes_one_is_offered_to_sign_out_elsewhere(self, world: World) -> None:
        assert 'value="yes" checked>' in await (await world.signed_in(IDA)).text("/password")

    async def test_other_browsers_are_signed_out_if_wished_and_this_one_stays(self, world: World) -> None:
        here, there = await world.signed_in(IDA), await world.signed_in(IDA)
        await choose(here, current=PASSWORD, everywhere="yes")
        assert (await here.get("/account")).status == 200
        assert (await there.get("/account")).status == 303

    async def test_without_the_wish_other_browsers_stay(self, world: World) -> None:
        here, there = await world.signed_in(IDA), await world.signed_in(IDA)
        await choose(here, current=PASSWORD)
        assert (await there.get("/account")).status == 200

    async def test_the_token_in_the_browser_is_a_new_one(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        before = browser.cookies["schulbote_session"]
        await choose(browser, current=PASSWORD)
        assert browser.cookies["schulbote_session"] != before
        thief = world.browser()
        thief.set_cookie("schulbote_session", before)
        assert (await thief.get("/account")).status == 303

    async def test_it_is_in_the_audit_log_without_the_password(self, world: World) -> None:
        world.has_code(BEN)
        await choose(await world.signed_in(BEN, CODE))
        async with world.engine.connect() as connection:
            rows = list(await connection.execute(select(audit_log)))
        [row] = [row for row in rows if row.action == "password_chosen"]
        assert (row.actor, row.target, row.by_right) == (BEN.id, BEN.id, "accounts:own")
        assert row.details == {"way": "code", "signed_out": False}
        assert NEW not in json.dumps([list(map(str, row)) for row in rows])

    async def test_the_person_hears_of_it_from_the_bot(self, world: World) -> None:
        await choose(await world.signed_in(IDA), current=PASSWORD)
        [(user_id, words)] = world.told
        assert user_id == IDA.user_id
        assert "Passwort wurde gerade geändert" in words

    async def test_that_the_bot_cannot_say_so_takes_nothing_back(self, world: World) -> None:
        world.tell_trouble = BUSY
        assert (await choose(await world.signed_in(IDA), current=PASSWORD)).status == 303

    async def test_if_the_code_cannot_be_ended_one_tries_again(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        world.codes.trouble = BUSY
        assert (await choose(browser)).status == 503
        world.codes.trouble = None
        assert (await choose(browser)).status == 303
        assert world.codes.valid == {}

    async def test_if_the_homeserver_does_not_answer_nothing_has_changed(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        token = await browser.token("/password")
        world.homeserver.trouble = BUSY
        answer = await browser.post("/password", {"form_token": token, "new": NEW, "again": NEW})
        assert answer.status == 503
        assert world.codes.valid

    async def test_one_is_told_where_it_counts(self, world: World) -> None:
        world.has_code(BEN)
        browser = await world.signed_in(BEN, CODE)
        answer = await choose(browser)
        page = await browser.text(answer.headers["Location"])
        assert "Dein Passwort ist gewählt" in page
        assert "https://element.schule-am-see.de" in page


@pytest.mark.parametrize("sign_in", ELSEWHERE)
async def test_where_passwords_belong_to_another_program_the_page_says_where_to_go(
    new_world: Any, sign_in: str
) -> None:
    world = new_world(sign_in=sign_in)
    await world.server.start_server()
    browser = await world.signed_in(IDA)
    page = await browser.text("/password")
    assert ELSEWHERE[sign_in] in words_of(page)
    assert 'type="password"' not in page
    assert ("https://sso.schule-am-see.de/password" in page) is (sign_in == "oidc")
    answer = await browser.submit("/account", "/password", new=NEW, again=NEW, current=PASSWORD)
    assert answer.status == 403
    assert world.homeserver.chosen == []


async def test_nobody_chooses_a_password_who_is_not_signed_in(world: World) -> None:
    browser = world.browser()
    answer = await browser.submit("/login", "/password", new=NEW, again=NEW)
    assert answer.status == 403
    assert heading(await answer.text()) == "Du bist nicht mehr angemeldet"
    async with world.engine.connect() as connection:
        assert list(await connection.execute(select(web_sessions))) == []
