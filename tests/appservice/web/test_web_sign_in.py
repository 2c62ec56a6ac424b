"""Who comes in, and how: by a password, a code, single sign-on, a link, a widget."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from builders import BEN, GABI, IDA, NOBODY, standing
from pages_world import BUSY, CODE, PASSWORD, World, heading, words_of
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.mirror import account_locked, account_made
from school.database.tables import persons, web_links, web_sessions
from school.domain.people import Person
from school.standing import CannotDecideError


async def sessions(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.execute(select(web_sessions)))


async def add_account(engine: AsyncEngine, person: Person) -> None:
    async with engine.begin() as connection:
        name = {"given_name": person.given_name, "family_name": person.family_name, "role": person.role}
        await connection.execute(insert(persons).values(id=person.id, user_id=person.user_id, **name))
        await account_made(connection, person.id, person.display_name, person.role)


class TestPassword:
    async def test_who_knows_it_is_in_and_sees_their_account(self, world: World) -> None:
        world.has_password(IDA)
        browser = world.browser()
        answer = await browser.submit("/login", name="ida", password=PASSWORD)
        assert (answer.status, answer.headers["Location"]) == (303, "/account")
        assert "Ida Groß" in words_of(await browser.text("/account"))

    @pytest.mark.parametrize("name", ["ida", " IDA ", "@ida:school.test", "ida:school.test"])
    async def test_a_name_is_known_however_it_is_typed(self, world: World, name: str) -> None:
        world.has_password(IDA)
        answer = await world.browser().submit("/login", name=name, password=PASSWORD)
        assert answer.status == 303

    async def test_the_homeserver_is_asked_as_by_a_messenger_and_its_session_ended(self, world: World) -> None:
        await world.signed_in(IDA)
        path, body, address = next(one for one in world.homeserver.asked if one[1].get("password"))
        assert path == "/_matrix/client/v3/login"
        assert body["identifier"] == {"type": "m.id.user", "user": "ida"}
        assert body["initial_device_display_name"] == "Schulbote"
        assert address == "127.0.0.1"
        assert world.homeserver.open_sessions == set()

    @pytest.mark.parametrize(
        ("name", "password"),
        [
            ("ida", PASSWORD + "!"),
            ("ida", ""),
            ("ida", "x" * 10_000),
            ("", PASSWORD),
            ("nobody", PASSWORD),
            ("@ida:other.example", PASSWORD),
            ("ben", PASSWORD),
        ],
    )
    async def test_a_wrong_one_is_told_and_the_name_stays(self, world: World, name: str, password: str) -> None:
        world.has_password(IDA)
        browser = world.browser()
        answer = await browser.submit("/login", name=name, password=password)
        page = await answer.text()
        assert answer.status == 403
        assert "stimmt nicht" in page
        assert f'value="{name}"' in page
        assert password == "" or password not in page
        assert await sessions(world.engine) == []

    async def test_a_locked_account_is_told_so(self, world: World) -> None:
        world.has_password(IDA)
        world.homeserver.locked.add(IDA.user_id)
        answer = await world.browser().submit("/login", name="ida", password=PASSWORD)
        assert answer.status == 403
        assert "gesperrt" in await answer.text()

    async def test_whom_only_the_homeserver_knows_does_not_come_in(self, world: World) -> None:
        world.homeserver.passwords[NOBODY] = {PASSWORD}
        browser = world.browser()
        answer = await browser.submit("/login", name="ghost", password=PASSWORD)
        assert answer.status == 403
        assert "gehört zu niemandem" in await answer.text()
        assert await sessions(world.engine) == []

    async def test_one_comes_to_the_page_that_was_wanted(self, world: World) -> None:
        world.has_password(IDA)
        browser = world.browser()
        wanted = await browser.get("/password")
        assert (wanted.status, wanted.headers["Location"]) == (303, "/login?next=/password")
        page = await browser.text(wanted.headers["Location"])
        assert 'name="next" value="/password"' in page
        answer = await browser.submit("/login", name="ida", password=PASSWORD, next="/password")
        assert answer.headers["Location"] == "/password"

    async def test_with_a_first_code_one_comes_to_choose_a_password(self, world: World) -> None:
        world.has_code(BEN)
        answer = await world.browser().submit("/login", name="ben", password=CODE)
        assert answer.headers["Location"] == "/password"
        [row] = await sessions(world.engine)
        assert row.way == "code"

    async def test_a_homeserver_that_does_not_answer_is_worth_another_try(self, world: World) -> None:
        browser = world.browser()
        token = await browser.token("/login")
        world.homeserver.trouble = BUSY
        answer = await browser.post("/login", {"form_token": token, "name": "ida", "password": PASSWORD})
        assert answer.status == 503
        assert "Retry-After" in answer.headers
        assert heading(await answer.text()) == "Das geht gerade nicht"

    async def test_a_directory_that_cannot_be_read_lets_nobody_in(self, world: World) -> None:
        world.has_password(IDA)
        world.view.trouble = CannotDecideError("no directory")
        answer = await world.browser().submit("/login", name="ida", password=PASSWORD)
        assert answer.status == 503
        assert await sessions(world.engine) == []

    async def test_a_homeserver_without_passwords_offers_none(self, world: World) -> None:
        world.homeserver.flows = [{"type": "m.login.token"}]
        page = await world.browser().text("/login")
        assert 'type="password"' not in page
        assert "!konto" in page

    async def test_after_ten_wrong_ones_a_name_has_to_wait_and_others_do_not(self, world: World) -> None:
        world.has_password(IDA)
        world.has_password(BEN)
        browser = world.browser()
        for _ in range(10):
            assert (await browser.submit("/login", name="ida", password="wrong")).status == 403
        answer = await browser.submit("/login", name="@IDA:school.test", password=PASSWORD)
        assert answer.status == 429
        assert 25 <= int(answer.headers["Retry-After"]) <= 31
        assert (await browser.submit("/login", name="ben", password=PASSWORD)).status == 303

    async def test_a_right_one_makes_up_for_the_wrong_ones(self, world: World) -> None:
        world.has_password(IDA)
        browser = world.browser()
        for _ in range(3):
            for _ in range(8):
                assert (await browser.submit("/login", name="ida", password="wrong")).status == 403
            assert (await browser.submit("/login", name="ida", password=PASSWORD)).status == 303

    async def test_one_address_tries_only_so_many_names(self, world: World) -> None:
        browser = world.browser()
        token = await browser.token("/login")
        statuses = [
            (await browser.post("/login", {"form_token": token, "name": f"p{n}", "password": "x"})).status
            for n in range(102)
        ]
        assert statuses == [403] * 100 + [429] * 2


class TestSessions:
    async def test_the_token_in_the_browser_is_not_in_the_database(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        [row] = await sessions(world.engine)
        assert not any(str(row.token_hash) in value for value in browser.cookies.values())
        assert row.user_id == IDA.user_id

    async def test_signing_in_gives_another_token_and_ends_the_session_before(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        first, [row] = browser.cookies["schulbote_session"], await sessions(world.engine)
        assert (await browser.submit("/login", name="ida", password=PASSWORD)).status == 303
        assert browser.cookies["schulbote_session"] != first
        [now] = await sessions(world.engine)
        assert now.token_hash != row.token_hash

    async def test_a_cookie_that_somebody_planted_becomes_nobody(self, world: World) -> None:
        """Session fixation: what stood in the browser before signing in is worth nothing afterwards."""
        world.has_password(IDA)
        attacker, victim = await world.signed_in(BEN), world.browser()
        victim.set_cookie("schulbote_session", attacker.cookies["schulbote_session"])
        assert (await victim.submit("/login", name="ida", password=PASSWORD)).status == 303
        assert "Ida" not in words_of(await (await attacker.get("/account")).text())

    async def test_signing_out_ends_it_wherever_the_cookie_still_is(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        thief = world.browser()
        thief.set_cookie("schulbote_session", browser.cookies["schulbote_session"])
        assert (await thief.get("/account")).status == 200
        answer = await browser.submit("/logout")
        assert answer.headers["Location"] == "/?done=signed_out"
        assert "schulbote_session" not in browser.cookies
        assert (await thief.get("/account")).status == 303
        assert "abgemeldet" in await browser.text("/?done=signed_out")

    async def test_a_link_to_the_way_out_signs_nobody_out(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        assert (await browser.get("/logout")).status == 200
        assert (await browser.get("/account")).status == 200

    @pytest.mark.parametrize(
        ("steps_minutes", "is_in"),
        [
            pytest.param([119], True, id="not used for less than two hours"),
            pytest.param([121], False, id="not used for more than two hours"),
            pytest.param([100] * 7, True, id="used again and again for less than twelve hours"),
            pytest.param([100] * 8, False, id="used again and again for more than twelve hours"),
        ],
    )
    async def test_when_it_is_over(self, world: World, steps_minutes: list[int], is_in: bool) -> None:
        browser = await world.signed_in(IDA)
        status = 0
        for minutes in steps_minutes:
            world.clock.pass_by(minutes=minutes)
            status = (await browser.get("/account")).status
        assert status == (200 if is_in else 303)

    async def test_what_is_over_is_forgotten(self, world: World) -> None:
        await world.signed_in(IDA)
        await world.link(IDA)
        world.clock.pass_by(hours=3)
        await world.pages.forget_old()
        assert await sessions(world.engine) == []
        async with world.engine.connect() as connection:
            assert list(await connection.execute(select(web_links))) == []

    async def test_who_leaves_the_school_is_nobody_at_once(self, world: World) -> None:
        browser = await world.signed_in(BEN)
        world.view.school = standing(people=[IDA])
        assert (await browser.get("/account")).status == 303

    async def test_whose_account_is_locked_is_nobody_at_once(self, world: World) -> None:
        await add_account(world.engine, IDA)
        browser = await world.signed_in(IDA)
        async with world.engine.begin() as connection:
            await account_locked(connection, IDA.id, locked=True)
        assert (await browser.get("/account")).status == 303

    async def test_over_https_cookies_are_for_https_and_this_host_alone(self, new_world: Any) -> None:
        world = new_world(public_url="https://bote.schule-am-see.de")
        await world.server.start_server()
        answer = await world.browser().get("/login")
        [cookie] = answer.headers.getall("Set-Cookie")
        assert cookie.startswith("__Host-schulbote_browser=")
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))
        assert "Domain" not in cookie

    async def test_below_a_path_everything_is_below_it(self, new_world: Any) -> None:
        """The proxy takes the path away; the browser needs it."""
        world = new_world(public_url="https://schule-am-see.de/bote")
        await world.server.start_server()
        answer = await world.browser().get("/password")
        assert answer.headers["Location"] == "/bote/login?next=/password"
        answer = await world.browser().get("/login")
        page = await answer.text()
        assert 'action="/bote/login"' in page
        assert not re.findall(r'(?:href|action|src)="/(?!bote)', page)
        [cookie] = answer.headers.getall("Set-Cookie")
        assert cookie.startswith("__Secure-schulbote_browser=")
        assert "Path=/bote" in cookie
        assert (await world.pages.links.personal(IDA.user_id, "/account")).startswith(
            "https://schule-am-see.de/bote/link/"
        )

    async def test_over_http_cookies_are_out_of_reach_of_scripts_all_the_same(self, world: World) -> None:
        world.has_password(IDA)
        answer = await world.browser().submit("/login", name="ida", password=PASSWORD)
        [cookie] = answer.headers.getall("Set-Cookie")
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


class TestLink:
    async def test_looking_shows_whose_it_is_and_uses_nothing_up(self, world: World) -> None:
        link = await world.link(BEN)
        for _ in range(3):
            preview = world.browser()
            assert heading(await preview.text(link)) == "Bist du Ben Groß?"
            assert (await preview.get("/account")).status == 303
        answer = await world.browser().submit(link)
        assert (answer.status, answer.headers["Location"]) == (303, "/password")

    async def test_it_works_once(self, world: World) -> None:
        link = await world.link(BEN)
        first, second = world.browser(), world.browser()
        token = await second.token(link)
        assert (await first.submit(link)).status == 303
        answer = await second.post(link, {"form_token": token})
        assert answer.status == 410
        assert heading(await answer.text()) == "Dieser Link gilt nicht mehr"
        assert (await second.get(link)).status == 410
        assert (await second.get("/account")).status == 303

    @pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 410)])
    async def test_it_works_for_half_an_hour(self, world: World, minutes: int, status: int) -> None:
        link = await world.link(BEN)
        world.clock.pass_by(minutes=minutes)
        assert (await world.browser().get(link)).status == status

    async def test_one_that_is_over_by_the_time_of_the_button_signs_nobody_in(self, world: World) -> None:
        link, browser = await world.link(BEN), world.browser()
        token = await browser.token(link)
        world.clock.pass_by(minutes=31)
        assert (await browser.post(link, {"form_token": token})).status == 410
        assert await sessions(world.engine) == []

    async def test_another_one_does_not_end_it(self, world: World) -> None:
        """The bot may greet somebody just after they have asked for a link."""
        for link in (await world.link(BEN), await world.link(BEN)):
            assert (await world.browser().get(link)).status == 200

    async def test_it_is_that_persons_whoever_was_signed_in_before(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        link = await world.link(BEN)
        assert "Ida Groß" in words_of(await browser.text(link))
        assert (await browser.submit(link)).status == 303
        assert "Ben Groß" in words_of(await browser.text("/account"))
        assert [row.user_id for row in await sessions(world.engine)] == [BEN.user_id]

    async def test_of_somebody_who_left_it_leads_nowhere(self, world: World) -> None:
        link = await world.link(BEN)
        world.view.school = standing(people=[IDA])
        assert (await world.browser().get(link)).status == 410

    async def test_without_the_button_of_our_page_it_signs_nobody_in(self, world: World) -> None:
        link = await world.link(BEN)
        assert (await world.browser().post(link, {})).status == 403
        other = world.browser()
        token = await other.token("/login")
        assert (await world.browser().post(link, {"form_token": token})).status == 403
        assert (await world.browser().get(link)).status == 200

    async def test_a_path_that_leads_elsewhere_is_not_followed(self, world: World) -> None:
        link = await world.link(BEN, "//evil.example")
        answer = await world.browser().submit(link)
        assert answer.headers["Location"] == "/account"

    async def test_guessing_is_slow(self, world: World) -> None:
        browser = world.browser()
        link = await world.link(BEN)
        statuses = [(await browser.get(f"/link/{'x' * 42}{n % 10}")).status for n in range(62)]
        assert statuses == [410] * 60 + [429] * 2
        assert (await browser.get(link)).status == 429, "not even a right one, until some time has passed"

    async def test_right_ones_are_not_counted(self, world: World) -> None:
        browser = world.browser()
        link = await world.link(BEN)
        assert {(await browser.get(link)).status for _ in range(70)} == {200}


class TestSingleSignOn:
    @pytest.fixture
    def world(self, world: World) -> World:
        providers = [{"id": "oidc-iserv", "name": "IServ <Schule>"}]
        world.homeserver.flows = [{"type": "m.login.sso", "identity_providers": providers}, {"type": "m.login.token"}]
        return world

    async def go(self, browser: Any, next_path: str = "/password") -> str:
        """Off to the homeserver; returns the path on which one comes back."""
        answer = await browser.get(f"/login/sso?provider=oidc-iserv&next={next_path}")
        assert answer.status == 303
        url = urlsplit(answer.headers["Location"])
        assert url.netloc == "matrix.schule-am-see.de"
        assert url.path == "/_matrix/client/v3/login/sso/redirect/oidc-iserv"
        [back] = parse_qs(url.query)["redirectUrl"]
        assert back.startswith("http://127.0.0.1:8009/login/sso/back?state=")
        return back.removeprefix("http://127.0.0.1:8009")

    async def test_it_is_offered_where_the_homeserver_offers_it(self, world: World) -> None:
        page = await world.browser().text("/login?next=/password")
        assert "Mit IServ &lt;Schule&gt; anmelden" in page
        assert re.search(r"/login/sso\?provider=oidc-iserv&(amp;)?next=(/|%2F)password\"", page)
        assert 'type="password"' not in page

    async def test_there_and_back(self, world: World) -> None:
        browser = world.browser()
        back = await self.go(browser)
        world.homeserver.login_tokens["one"] = IDA.user_id
        answer = await browser.get(f"{back}&loginToken=one")
        assert (answer.status, answer.headers["Location"]) == (303, "/password")
        [row] = await sessions(world.engine)
        assert (row.user_id, row.way) == (IDA.user_id, "sso")
        assert world.homeserver.open_sessions == set()

    async def test_the_end_of_somebody_elses_way_signs_nobody_in(self, world: World) -> None:
        """Login by a link that an attacker sends: the victim would be in the attacker's account."""
        attacker, victim = world.browser(), world.browser()
        back = await self.go(attacker)
        world.homeserver.login_tokens["one"] = BEN.user_id
        await victim.get("/login")
        assert (await victim.get(f"{back}&loginToken=one")).status == 403
        assert (await world.browser().get(f"{back}&loginToken=one")).status == 403
        assert await sessions(world.engine) == []
        assert "one" in world.homeserver.login_tokens, "it was not even asked"

    async def test_a_token_counts_once(self, world: World) -> None:
        browser = world.browser()
        back = await self.go(browser)
        world.homeserver.login_tokens["one"] = IDA.user_id
        assert (await browser.get(f"{back}&loginToken=one")).status == 303
        assert (await browser.get(f"{back}&loginToken=one")).status == 410

    async def test_where_one_goes_afterwards_cannot_be_changed_on_the_way(self, world: World) -> None:
        browser = world.browser()
        back = await self.go(browser, next_path="https://evil.example/")
        world.homeserver.login_tokens["one"] = IDA.user_id
        assert (await browser.get(f"{back}&loginToken=one")).headers["Location"] == "/account"
        back = (await self.go(browser)).replace("%2Fpassword", "%2Faccount")
        world.homeserver.login_tokens["two"] = IDA.user_id
        assert (await browser.get(f"{back}&loginToken=two")).status == 403

    async def test_whom_only_the_homeserver_knows_does_not_come_in(self, world: World) -> None:
        browser = world.browser()
        back = await self.go(browser)
        world.homeserver.login_tokens["one"] = NOBODY
        answer = await browser.get(f"{back}&loginToken=one")
        assert answer.status == 403
        assert "gehört zu niemandem" in await answer.text()

    async def test_a_provider_is_only_a_name_in_a_path(self, world: World) -> None:
        answer = await world.browser().get("/login/sso?provider=..%2F..%2F@evil.example%3F")
        url = urlsplit(answer.headers["Location"])
        assert url.netloc == "matrix.schule-am-see.de"
        assert url.path.endswith("/sso/redirect/..%2F..%2F%40evil.example%3F")


class TestWidget:
    URL = "/widget/session"

    @pytest.fixture
    def world(self, world: World) -> World:
        world.homeserver.openid_tokens = {"gabis": GABI.user_id, "strangers": "@gabi:other.example"}
        return world

    async def offer(self, browser: Any, token: Any = "gabis", server: Any = "school.test", **headers: str) -> Any:
        body = {"access_token": token, "matrix_server_name": server}
        return await browser.client.post(self.URL, json=body, headers=browser.headers | headers)

    async def test_a_messengers_word_signs_in_its_person(self, world: World) -> None:
        browser = world.browser()
        answer = await self.offer(browser)
        assert (answer.status, await answer.json()) == (200, {})
        [row] = await sessions(world.engine)
        assert (row.user_id, row.way) == (GABI.user_id, "widget")

    async def test_it_counts_once(self, world: World) -> None:
        assert (await self.offer(world.browser())).status == 200
        answer = await self.offer(world.browser())
        assert answer.status == 410
        assert (await answer.json())["errcode"] == "ORG_SCHULBOTE_LINK_IS_OVER"

    async def test_the_session_in_a_frame_is_none_outside(self, world: World) -> None:
        browser = world.browser()
        await self.offer(browser)
        assert set(browser.cookies) == {"schulbote_session_framed"}
        assert (await browser.get("/account")).status == 303
        browser.set_cookie("schulbote_session", browser.cookies["schulbote_session_framed"])
        assert (await browser.get("/account")).status == 200, "the same token: it is the name that keeps them apart"

    async def test_over_https_the_cookie_lives_in_the_frame_alone(self, new_world: Any) -> None:
        world = new_world(public_url="https://bote.schule-am-see.de")
        await world.server.start_server()
        world.homeserver.openid_tokens = {"gabis": GABI.user_id}
        answer = await self.offer(world.browser())
        [cookie] = answer.headers.getall("Set-Cookie")
        assert cookie.startswith("__Host-schulbote_session_framed=")
        assert {"HttpOnly", "SameSite=None", "Secure", "Partitioned"} <= set(cookie.split("; "))

    @pytest.mark.parametrize(
        ("token", "server", "status"),
        [
            ("gabis", "other.example", 410),
            ("strangers", "school.test", 410),
            ("unknown", "school.test", 410),
            ("", "school.test", 410),
            ("x" * 5000, "school.test", 410),
            (5, "school.test", 400),
            ("gabis", None, 400),
            (["gabis"], "school.test", 400),
        ],
    )
    async def test_other_words_sign_nobody_in(self, world: World, token: Any, server: Any, status: int) -> None:
        assert (await self.offer(world.browser(), token, server)).status == status
        assert await sessions(world.engine) == []

    async def test_another_sites_script_cannot_use_it(self, world: World) -> None:
        browser = world.browser()
        body = '{"access_token": "gabis", "matrix_server_name": "school.test"}'
        assert (await browser.post(self.URL, body, **{"Content-Type": "text/plain"})).status == 400
        assert (await self.offer(browser, **{"Sec-Fetch-Site": "cross-site"})).status == 403
        assert (await self.offer(browser, Origin="https://evil.example")).status == 403
        assert await sessions(world.engine) == []

    @pytest.mark.parametrize("body", ["", "{", "[]", "null", '"gabis"', "[" * 20_000, "\x00"])
    async def test_what_is_no_answer_of_a_messenger(self, world: World, body: str) -> None:
        answer = await world.browser().post(self.URL, body, **{"Content-Type": "application/json"})
        assert answer.status == 400
        assert (await answer.json())["errcode"] == "ORG_SCHULBOTE_MALFORMED"

    async def test_guessing_is_slow(self, world: World) -> None:
        browser = world.browser()
        statuses = [(await self.offer(browser, f"t{n}")).status for n in range(62)]
        assert statuses == [410] * 60 + [429] * 2
