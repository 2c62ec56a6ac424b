"""Schools whose passwords are kept elsewhere: a real OpenLDAP, and an OpenID provider that is not ours."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import yaml
from slapd import SUFFIX, Slapd, slapd, with_ids

from acceptance.client import Client, wait_until
from acceptance.clients.library import Library, RefusedError
from acceptance.clients.with_js_sdk import JsSdk, open_js_sdk
from acceptance.clients.with_nio import Nio
from acceptance.installed import School
from acceptance.running import REGISTERS, free_ports, is_listening, schulbote

BOT = "@schulbote:schule-am-see.test"
TEACHER, PUPIL, COLLEAGUE, OTHER_PUPIL = "t00001", "s00001", "t00002", "s00003"
NEW_PASSWORD = re.compile(r"[a-z0-9]{4}-[a-z0-9]{5}-[a-z0-9]{5}")


def elsewhere(folder: Path, register: Path, accounts: str) -> School:
    """A school whose school.yaml says how people sign in."""
    school = School(folder, register)
    folder_line = f"register: {{folder: '{register}'}}\n"
    text = school.yaml.read_text()
    assert folder_line in text
    school.yaml.write_text(text.replace(folder_line, "" if "register:" in accounts else folder_line) + accounts)
    port = f":{school.port + 1}"
    made = schulbote("init", "--again", folder)
    assert made.returncode == 0, made.stderr
    assert port in (folder / "registration.yaml").read_text()
    return school


@pytest.fixture(scope="module", params=[Nio.name, JsSdk.name])
def library(request, tmp_path_factory) -> Iterator[Library]:
    """Clients that are not ours."""
    library = Nio() if request.param == Nio.name else open_js_sdk(tmp_path_factory.mktemp("js-sdk") / "log")
    yield library
    library.close()


class Browser:
    """Follows links and sends forms by hand. Synapse marks its cookies Secure, and here is no TLS."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def request(self, url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = f"{parts.path}?{parts.query}"
        connection.request(
            "GET" if form is None else "POST", target, None if form is None else urlencode(form), headers
        )
        answer = connection.getresponse()
        page = answer.read().decode(errors="replace")
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        connection.close()
        return answer.status, answer.headers.get("Location", ""), page

    def submit(self, page: str, to: str, **fields: str) -> tuple[int, str, str]:
        """Opens a page of ours and sends a form from it to a path."""
        _, _, text = self.request(page)
        [token, *_] = re.findall(r'name="form_token" value="([^"]+)"', text)
        parts = urlsplit(page)
        return self.request(f"{parts.scheme}://{parts.netloc}{to}", {"form_token": unescape(token), **fields})


# --- A directory server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def directory() -> Iterator[Slapd]:
    with slapd(with_ids((REGISTERS / "oberschule" / "ldap" / "school.ldif").read_text())) as server:
        yield server


@pytest.fixture(scope="module")
def ldap_school(tmp_path_factory, directory: Slapd) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("ldap") / "school"
    secret = folder.parent / "secret"
    secret.write_text("admin\n")
    secret.chmod(0o600)
    accounts = (
        "accounts: {sign_in: ldap}\n"
        f"register: {{ldap: {{url: '{directory.url.replace('localhost', '127.0.0.1')}', start_tls: false, "
        f"base: '{SUFFIX}', bind_dn: 'cn=admin,{SUFFIX}', bind_secret: '{secret}'}}}}\n"
    )
    school = elsewhere(folder, folder.parent, accounts)
    with school.running():
        yield school


def signed_in(school: School, login: str, password: str | None = None) -> Client:
    client = Client(school.homeserver)
    client.login(login, password or f"secret-{login}")
    return client


def ask(client: Client, room: str, words: str) -> str:
    """Writes to the bot and returns what it says next."""
    asked = client.send(room, words)

    def answer() -> str | None:
        events = client.events(room)
        after = events[[event["event_id"] for event in events].index(asked) :]
        said = [event["content"].get("body") for event in after if event["sender"] == BOT]
        return next(filter(None, said), None)

    return wait_until(answer, 20)


def test_people_sign_in_with_the_password_of_the_directory_server(ldap_school: School) -> None:
    assert signed_in(ldap_school, TEACHER).get("account/whoami").ok()["user_id"] == f"@{TEACHER}:schule-am-see.test"
    client = Client(ldap_school.homeserver)
    for login, password in (
        (PUPIL, "secret-s00002"),
        (PUPIL, ""),
        (f"{PUPIL})(uid=*", f"secret-{PUPIL}"),
        ("*", f"secret-{PUPIL}"),
    ):
        assert client.try_login(login, password).status == 403
    names = {person["user_id"].partition(":")[0] for person in ldap_school.books.people()}
    assert {f"@{TEACHER}", f"@{PUPIL}"} <= names
    assert all(re.fullmatch(r"@[stg]\d{5}", name) for name in names), "nobody is named by their name"


def test_other_clients_sign_in_with_it_too(ldap_school: School, library: Library) -> None:
    client = library.log_in(ldap_school.homeserver, f"@{COLLEAGUE}:schule-am-see.test", f"secret-{COLLEAGUE}")
    assert client.rooms()
    with pytest.raises(RefusedError):
        library.log_in(ldap_school.homeserver, f"@{COLLEAGUE}:schule-am-see.test", "secret")


def test_a_teacher_sets_a_pupils_password_there_and_all_their_sessions_end(ldap_school: School) -> None:
    teacher, pupil = signed_in(ldap_school, TEACHER), signed_in(ldap_school, PUPIL)
    room = teacher.open_direct_room(BOT)
    wait_until(lambda: BOT in teacher.members(room), 20)
    answer = ask(teacher, room, f"!passwort @{PUPIL}")
    [password] = NEW_PASSWORD.findall(answer)
    assert pupil.get("account/whoami").status == 401
    assert Client(ldap_school.homeserver).try_login(PUPIL, f"secret-{PUPIL}").status == 403
    assert signed_in(ldap_school, PUPIL, password).get("account/whoami").status == 200
    colleague = signed_in(ldap_school, COLLEAGUE)
    refused = ask(teacher, room, f"!passwort @{COLLEAGUE}")
    assert not NEW_PASSWORD.search(refused)
    assert colleague.get("account/whoami").status == 200
    pupils_room = (pupil := signed_in(ldap_school, PUPIL, password)).open_direct_room(BOT)
    wait_until(lambda: BOT in pupil.members(pupils_room), 20)
    assert not NEW_PASSWORD.search(ask(pupil, pupils_room, f"!passwort @{TEACHER}"))
    log = (ldap_school.folder / "run.out").read_text()
    assert password not in log


def test_staff_get_a_new_password_by_the_command_line(ldap_school: School) -> None:
    colleague = signed_in(ldap_school, COLLEAGUE)
    done = schulbote("-c", ldap_school.yaml, "reset-password", f"@{COLLEAGUE}")
    assert done.returncode == 0, done.stderr
    [password] = NEW_PASSWORD.findall(done.stdout)
    assert colleague.get("account/whoami").status == 401
    assert signed_in(ldap_school, COLLEAGUE, password).get("account/whoami").status == 200
    verified = schulbote("-c", ldap_school.yaml, "audit", "verify")
    assert verified.returncode == 0, verified.stderr


def test_the_pages_take_that_password_and_a_reset_there_sets_a_new_one(ldap_school: School) -> None:
    pages, browser = f"http://127.0.0.1:{ldap_school.port + 1}", Browser()
    pupil, other = "s00005", f"@{OTHER_PUPIL}:schule-am-see.test"
    refused, _, _ = browser.submit(f"{pages}/login", "/login", name=TEACHER, password="secret")
    assert refused == 403
    status, _, _ = browser.submit(f"{pages}/login", "/login", name=TEACHER, password=f"secret-{TEACHER}")
    assert status == 303
    assert "an den Computern deiner Schule" in browser.request(f"{pages}/password")[2]
    online = signed_in(ldap_school, OTHER_PUPIL)
    status, place, _ = browser.submit(f"{pages}/reset", "/reset", person=other, sure="yes")
    assert status == 303
    _, _, shown = browser.request(pages + place)
    assert "Neues Passwort" in shown
    [password] = NEW_PASSWORD.findall(shown.partition("Neues Passwort")[2].partition("</code>")[0])
    status, _, letter = browser.submit(pages + place, place, language="")
    assert (status, letter[:5]) == (200, "%PDF-")
    assert online.get("account/whoami").status == 401
    assert Client(ldap_school.homeserver).try_login(OTHER_PUPIL, f"secret-{OTHER_PUPIL}").status == 403
    assert signed_in(ldap_school, OTHER_PUPIL, password).get("account/whoami").status == 200
    assert password not in (ldap_school.folder / "run.out").read_text()
    assert signed_in(ldap_school, pupil).get("account/whoami").status == 200, "nobody else's has changed"


# --- Single sign-on -----------------------------------------------------------------------------------------------


@contextmanager
def provider() -> Iterator[str]:
    port = free_ports()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(port), 30)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def is_known(issuer: str, login: str) -> None:
    """The provider knows somebody of this login."""
    connection = HTTPConnection("localhost", urlsplit(issuer).port, timeout=30)
    claims = f'{{"preferred_username": "{login}"}}'
    connection.request("PUT", f"/users/sub-{login}", claims, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 204
    connection.close()


def sign_in(school: School, issuer: str, login: str) -> tuple[int, str]:
    """From the button to the last page: its status, and the login token on it."""
    is_known(issuer, login)
    browser = Browser()
    start = f"{school.homeserver}/_matrix/client/v3/login/sso/redirect/oidc-school"
    _, to_provider, _ = browser.request(f"{start}?{urlencode({'redirectUrl': 'http://127.0.0.1/app'})}")
    assert to_provider.startswith(issuer)
    status, back, page = browser.request(to_provider, {"sub": f"sub-{login}"})
    assert status == 302, page
    assert back.startswith(f"{school.homeserver}/_synapse/client/oidc/callback")
    status, leads_to, page = browser.request(back)
    token = parse_qs(urlsplit(leads_to).query).get("loginToken") or re.findall(r"loginToken=([\w.-]+)", unescape(page))
    return status, token[0] if token else ""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as address:
        yield address


@pytest.fixture(scope="module")
def oidc_school(tmp_path_factory, issuer: str) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("oidc") / "school"
    secret = folder.parent / "secret"
    secret.write_text("only for tests\n")
    secret.chmod(0o600)
    accounts = (
        f"accounts: {{sign_in: oidc, oidc: {{name: IServ, issuer: '{issuer}', client_id: matrix, "
        f"client_secret_file: '{secret}', passwords_at: 'https://iserv.test/passwort'}}}}\n"
    )
    school = elsewhere(folder, REGISTERS / "oberschule" / "oneroster", accounts)
    snippet = folder / "homeserver-schulbote.yaml"
    config = yaml.safe_load(snippet.read_text())
    config["oidc_providers"][0]["skip_verification"] = True  # which wants https
    config["public_baseurl"] = f"{school.homeserver}/"
    snippet.write_text(yaml.safe_dump(config))
    with school.running():
        yield school


def test_single_sign_on_leads_to_the_account_of_that_login_and_makes_none(oidc_school: School, issuer: str) -> None:
    status, token = sign_in(oidc_school, issuer, TEACHER.upper())
    assert (status, bool(token)) == (200, True)
    client = Client(oidc_school.homeserver)
    signed = client.post("login", {"type": "m.login.token", "token": token}).ok()
    assert signed["user_id"] == f"@{TEACHER}:schule-am-see.test"
    before = len(oidc_school.books.people())
    status, token = sign_in(oidc_school, issuer, "stranger")
    assert (status == 200, token) == (False, "")
    assert Client(oidc_school.homeserver).try_login("stranger", "x").status == 403
    assert len(oidc_school.books.people()) == before
    room = (teacher := Client(oidc_school.homeserver, signed["user_id"], signed["access_token"])).open_direct_room(BOT)
    wait_until(lambda: BOT in teacher.members(room), 20)
    assert "https://iserv.test/passwort" in ask(teacher, room, f"!passwort @{PUPIL}")


def test_other_clients_sign_in_with_it_as_well(oidc_school: School, issuer: str, library: Library) -> None:
    _, token = sign_in(oidc_school, issuer, PUPIL)
    assert library.log_in_with_token(oidc_school.homeserver, f"@{PUPIL}:schule-am-see.test", token).rooms()
    with pytest.raises(RefusedError):
        library.log_in_with_token(oidc_school.homeserver, f"@{PUPIL}:schule-am-see.test", token)


def test_the_pages_send_people_there_and_take_them_in_when_they_are_back(oidc_school: School, issuer: str) -> None:
    pages, browser, login = f"http://127.0.0.1:{oidc_school.port + 1}", Browser(), COLLEAGUE
    is_known(issuer, login)
    status, leads_to, _ = browser.request(f"{pages}/account")
    assert (status, leads_to) == (303, "/login?next=/account")
    _, _, page = browser.request(pages + leads_to)
    assert "Mit IServ anmelden" in page
    [way] = re.findall(r'href="(/login/sso\?[^"]+)"', unescape(page))
    _, to_synapse, _ = browser.request(pages + way)
    assert to_synapse.startswith(oidc_school.homeserver)
    _, to_provider, _ = browser.request(to_synapse)
    assert to_provider.startswith(issuer)
    _, to_synapse, _ = browser.request(to_provider, {"sub": f"sub-{login}"})
    _, back, _ = browser.request(to_synapse)
    assert back.startswith(f"{pages}/login/sso/back?"), "without a question in between"
    assert Browser().request(back)[0] == 403, "the end of somebody else's way signs nobody in"
    status, leads_to, _ = browser.request(back)
    assert (status, leads_to) == (303, "/account")
    status, _, page = browser.request(pages + leads_to)
    assert status == 200
    assert f"@{login}:schule-am-see.test" in page
    assert "Du bist in keinem Messenger angemeldet" in page, "the login for the pages leaves no device"
