"""The pages of a small school, a homeserver that knows passwords, and a browser that keeps cookies."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from builders import BOT, Standing, standing
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.desks.resets import ResetDesk
from appservice.homeserver import HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.new_way_in import WayIn
from appservice.web.page_sets import PageSet
from school.config import load_settings
from school.config.letters import LetterLanguage
from school.domain.people import Person, PersonId, UserId
from school.texts import Language, Texts
from schulbote.pages import WebPages

SERVER = "school.test"
CODE = "k7wq-m3fxd-9dtrb"
PASSWORD = "vier-lange-wörter"
NEW = "fernglas und butterbrot"
SCHOOL_YAML = """\
school: {{name: Schule am See, language: {language}}}
matrix:
  server_name: school.test
  homeserver_url: http://127.0.0.1:8008
  public_url: https://matrix.schule-am-see.de
  bot: bote
web: {{public_url: "{public_url}", element_url: "https://element.schule-am-see.de"}}
accounts: {{sign_in: {sign_in}}}
"""
OIDC = """\
accounts:
  sign_in: oidc
  oidc:
    {name: Schulkonto, issuer: "https://sso.schule-am-see.de", client_id: c, client_secret_file: s,
      passwords_at: "https://sso.schule-am-see.de/password"}
"""


LDAP = """\
accounts: {sign_in: ldap}
register: {ldap: {url: "ldaps://ldap.schule-am-see.de", base: "dc=see"}}
"""


class FakeClock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class FakeHomeserver:
    """Knows passwords, tokens and devices. `trouble` is what it answers instead."""

    bot = BOT

    def __init__(self) -> None:
        self.passwords: dict[UserId, set[str]] = {}
        self.login_tokens: dict[str, UserId] = {}
        self.openid_tokens: dict[str, str] = {}
        self.flows: list[dict[str, Any]] = [{"type": "m.login.password"}]
        self.devices_of: dict[UserId, list[dict[str, Any]]] = {}
        self.locked: set[UserId] = set()
        self.trouble: HomeserverError | None = None
        self.refuses_passwords = False
        self.open_sessions: set[str] = set()
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.chosen: list[tuple[UserId, str, bool]] = []
        self.signed_out: list[tuple[UserId, str]] = []
        self.admins: set[UserId] = set()

    async def ask(
        self, method: Any, path: str, body: Any = None, *, token: str = "", address: str = "", **query: str
    ) -> dict[str, Any]:
        self.asked.append((path, dict(body or query), address))
        if self.trouble is not None:
            raise self.trouble
        match path.rpartition("/")[2], str(method):
            case "login", "GET":
                return {"flows": self.flows}
            case "login", "POST":
                return self._log_in(body)
            case "logout", "POST":
                self.open_sessions.remove(token)
                return {}
            case "userinfo", "GET":
                if query["access_token"] in self.openid_tokens:
                    return {"sub": self.openid_tokens[query["access_token"]]}
                raise RefusedError("HTTP 401", status=401, code="M_UNKNOWN_TOKEN")
        raise NotThereError("HTTP 404", status=404, code="M_UNRECOGNIZED")

    def _log_in(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if body["type"] == "m.login.token":
            user_id = self.login_tokens.pop(body["token"], None)
        else:
            asked = UserId(f"@{body['identifier']['user']}:{SERVER}")
            user_id = asked if body["password"] in self.passwords.get(asked, ()) else None
        if user_id is None:
            raise RefusedError("HTTP 403", status=403, code="M_FORBIDDEN")
        if user_id in self.locked:
            raise RefusedError("HTTP 401", status=401, code="M_USER_LOCKED")
        token = f"session-{len(self.asked)}"
        self.open_sessions.add(token)
        return {"user_id": user_id, "access_token": token}

    async def set_password(self, user_id: UserId, password: str, *, sign_out: bool) -> None:
        if self.trouble is not None:
            raise self.trouble
        if self.refuses_passwords:
            raise RefusedError("HTTP 403: Password change disabled", status=403)
        self.passwords[user_id] = {password}
        self.chosen.append((user_id, password, sign_out))

    async def devices(self, user_id: UserId) -> list[dict[str, Any]]:
        if self.trouble is not None:
            raise self.trouble
        return self.devices_of.get(user_id, [])

    async def sign_out(self, user_id: UserId, device_id: str) -> None:
        self.signed_out.append((user_id, device_id))

    async def end_sessions(self, user_id: UserId) -> None:
        self.signed_out.append((user_id, "all"))

    async def is_admin(self, user_id: UserId) -> bool:
        return user_id in self.admins

    async def joined_rooms(self, user_id: UserId) -> list[str]:
        return ["!a", "!b", "!c"]


@dataclass
class FakeCodes:
    """Whose codes are valid, and until when."""

    valid: dict[PersonId, datetime] = field(default_factory=dict)
    trouble: Exception | None = None

    async def valid_until(self, person_id: PersonId) -> datetime | None:
        return self.valid.get(person_id)

    async def end(self, person_id: PersonId) -> bool:
        if self.trouble is not None:
            raise self.trouble
        return self.valid.pop(person_id, None) is not None


class FakeWaysIn:
    """Makes the same code for everybody. `trouble`: it cannot."""

    def __init__(self, clock: FakeClock, sign_in: str) -> None:
        self._clock = clock
        self.lasts = None if sign_in == "ldap" else timedelta(days=30)
        self.are_elsewhere = sign_in == "oidc"
        self.made_for: list[UserId] = []
        self.trouble: Exception | None = None

    async def make(self, person: Person, *, actor: str, by_right: str) -> WayIn:
        if self.trouble is not None:
            raise self.trouble
        self.made_for.append(person.user_id)
        return WayIn(code=CODE, expires_at=None if self.lasts is None else self._clock.now + self.lasts)


class FakeView:
    """The school as it is now. `trouble`: nobody can tell."""

    def __init__(self) -> None:
        self.school = standing()
        self.trouble: Exception | None = None

    @property
    def now(self) -> Standing:
        if self.trouble is not None:
            raise self.trouble
        return self.school


class World:
    """Everything around the pages."""

    def __init__(
        self,
        engine: AsyncEngine,
        folder: Path,
        *,
        public_url: str = "http://127.0.0.1:8009",
        sign_in: str = "codes",
        language: str = "de",
        page_sets: Sequence[PageSet] = (),
        own_groups_only: bool = False,
        more: Callable[[WebPages], list[web.RouteDef]] = lambda _: [],
        view: Any = None,
        more_yaml: str = "",
    ) -> None:
        yaml = SCHOOL_YAML.format(public_url=public_url, sign_in=sign_in, language=language)
        yaml = yaml.replace("accounts: {sign_in: oidc}\n", OIDC).replace("accounts: {sign_in: ldap}\n", LDAP)
        (folder / "school.yaml").write_text(yaml + more_yaml)
        (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
        key = folder / "secrets" / "web_key"
        key.write_text("a key for tests only")
        key.chmod(0o600)
        self.engine = engine
        self.settings = load_settings(folder / "school.yaml")
        self.clock = FakeClock()
        self.homeserver = FakeHomeserver()
        self.view = view or FakeView()
        self.codes = FakeCodes()
        self.told: list[tuple[UserId, str]] = []
        self.tell_trouble: Exception | None = None
        self.ways_in = FakeWaysIn(self.clock, sign_in)
        self.told_of_reset: list[tuple[UserId, Person]] = []
        self.letters: list[tuple[Person, WayIn, LetterLanguage | None]] = []
        self.print_trouble: Exception | None = None
        desk = ResetDesk(
            engine=engine,
            homeserver=self.homeserver,  # type: ignore[arg-type]
            view=self.view,  # type: ignore[arg-type]
            ways_in=self.ways_in,  # type: ignore[arg-type]
            own_groups_only=own_groups_only,
            tell=self._tell_of_reset,
            clock=self.clock,
        )
        self.pages = WebPages(
            self.settings,
            engine=engine,
            homeserver=self.homeserver,  # type: ignore[arg-type] # as far as the pages need one
            view=self.view,
            codes=self.codes,
            resets=desk,
            print_letter=self._print,
            texts=Texts(Language.GERMAN),
            tell=self._tell,
            page_sets=page_sets,
            clock=self.clock,
        )
        application = self.pages.application(
            [web.post("/_matrix/app/v1/ping", _pong), web.get("/metrics", _pong), *more(self.pages)],
            largest_bytes=2**20,
        )
        self.server = TestServer(application)
        self.browsers: list[Browser] = []

    async def _tell_of_reset(self, user_id: UserId, resetter: Person, _at: datetime) -> None:
        self.told_of_reset.append((user_id, resetter))

    async def _print(self, person: Person, way_in: WayIn, second: LetterLanguage | None) -> bytes:
        if self.print_trouble is not None:
            raise self.print_trouble
        self.letters.append((person, way_in, second))
        return b"%PDF-1.7 a letter"

    async def _tell(self, user_id: UserId, text: str, *, txn_id: str) -> bool:
        if self.tell_trouble is not None:
            raise self.tell_trouble
        self.told.append((user_id, text))
        return True

    def browser(self, **headers: str) -> "Browser":
        """A new one, without cookies. It speaks German."""
        client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        browser = Browser(client, {"Accept-Language": "de-DE,de;q=0.9"} | headers)
        self.browsers.append(browser)
        return browser

    def has_password(self, person: Person, password: str = PASSWORD) -> None:
        self.homeserver.passwords.setdefault(person.user_id, set()).add(password)

    def has_code(self, person: Person) -> None:
        self.has_password(person, CODE)
        self.codes.valid[person.id] = self.clock.now + timedelta(days=30)

    async def signed_in(self, person: Person, password: str = PASSWORD) -> "Browser":
        """A browser in which somebody is signed in by their password."""
        self.has_password(person, password)
        browser = self.browser()
        answer = await browser.submit("/login", name=person.user_id, password=password)
        assert answer.status == 303, await answer.text()
        return browser

    async def by_link(self, person: Person, path: str = "/password") -> "Browser":
        """A browser in which somebody is signed in by a link."""
        browser = self.browser()
        link = await self.link(person, path)
        assert (await browser.submit(link)).status == 303
        return browser

    async def link(self, person: Person, path: str = "/password") -> str:
        """The path of a personal link."""
        url = await self.pages.links.personal(person.user_id, path)
        return url.removeprefix(self.settings.web.public_url)


async def _pong(_request: web.Request) -> web.Response:
    return web.json_response({})


class Browser:
    """Sends what a browser would, and nothing more."""

    def __init__(self, client: Any, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def get(self, path: str, **headers: str) -> ClientResponse:
        answer: ClientResponse = await self.client.get(path, headers=self.headers | headers, allow_redirects=False)
        return answer

    async def text(self, path: str) -> str:
        answer = await self.get(path)
        assert answer.status == 200, await answer.text()
        return await answer.text()

    async def post(self, path: str, fields: Mapping[str, str] | str | bytes, **headers: str) -> ClientResponse:
        """A form as it is, without a token of its own."""
        body = fields if isinstance(fields, str | bytes) else urlencode(fields)
        data = BytesIO(body) if isinstance(body, bytes) else body
        sent = self.headers | {"Content-Type": "application/x-www-form-urlencoded"} | headers
        answer: ClientResponse = await self.client.post(path, data=data, headers=sent, allow_redirects=False)
        return answer

    async def token(self, page: str) -> str:
        """The token of the forms on a page."""
        return token_in(await (await self.get(page)).text())

    async def submit(self, page: str, to: str | None = None, **fields: str) -> ClientResponse:
        """Opens a page and sends a form from it, as a person does."""
        return await self.post(to or page, {"form_token": await self.token(page), **fields})

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.client.session.cookie_jar}

    def set_cookie(self, name: str, value: str) -> None:
        self.client.session.cookie_jar.update_cookies({name: value}, self.client.make_url("/"))


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found, page
    return unescape(found.group(1))


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found, page
    return unescape(found.group(1))


def words_of(page: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


BUSY = TryLaterError("HTTP 503", status=503)
