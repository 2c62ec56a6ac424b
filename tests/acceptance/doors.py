"""Every way into a conference, as somebody goes it by hand or by a program: what they find there is one word.

`moderator`, `viewer` and `lobby` are what BigBlueButton itself shows whoever was let in; `waits`: nobody leads it yet;
a reason of ours, such as `not_in_conference`; `over`; `unknown`; `nothing`: it is not among those that they are told
of; `signs in`: first they have to say who they are; `shut out`: the messenger does not know them any more.
"""

import json
import re
import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener, urlopen

from acceptance.client import Client
from acceptance.people import Person
from school.texts.de import SENTENCES
from school.texts.de_conferences import SENTENCES as SAID

_REASONS = {
    "not_in_conference": SAID["refused.not_in_conference"],
    "no_conferences": SENTENCES["refused.no_conferences"],
}
TO_BBB = "/bigbluebutton/api/join"


@dataclass(frozen=True)
class Shown:
    """An answer of the web host. `leads_to`: where a browser is sent next."""

    status: int
    text: str
    leads_to: str = ""


@dataclass(frozen=True)
class Form:
    """What a browser would send by itself."""

    action: str
    fields: dict[str, str]


class Browser:
    """Cookies and forms, without the rest."""

    def __init__(self, web: str) -> None:
        self.web = web
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), _Stays())

    def signed_in(self, person: Person) -> "Browser":
        """By the personal link that the bot gives."""
        link = re.search(r"http://\S+/link/[\w-]+", person.ask("!konto"))
        page = self.get(link[0].removeprefix(self.web))
        assert self.send(form_in(page.text, "/link/")).status == 303
        return self

    def get(self, path: str) -> Shown:
        return self._ask(Request(urljoin(self.web, path)))

    def send(self, form: Form) -> Shown:
        return self._ask(Request(urljoin(self.web, form.action), urlencode(form.fields).encode()))

    def send_parts(self, form: Form) -> Shown:
        """As browsers send a form that takes files, without any."""
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form.fields.items()
        ]
        body = "".join((*parts, f"--{boundary}--\r\n")).encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ask(Request(urljoin(self.web, form.action), body, headers))

    def send_json(self, path: str, content: object) -> Shown:
        headers = {"Content-Type": "application/json"}
        return self._ask(Request(urljoin(self.web, path), json.dumps(content).encode(), headers))

    def _ask(self, request: Request) -> Shown:
        try:
            with self._opener.open(request, timeout=20) as answer:
                return Shown(answer.status, answer.read().decode(), answer.headers.get("Location", ""))
        except HTTPError as error:
            with error:
                return Shown(error.code, error.read().decode(), error.headers.get("Location", ""))


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Where it would lead is looked at, not gone to."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self.forms.append(Form(has.get("action") or "", {}))
        is_sent = has.get("type") != "checkbox" or "checked" in has
        if tag == "input" and self.forms and is_sent and has.get("name"):
            self.forms[-1].fields[has["name"] or ""] = has.get("value") or ""


def form_in(text: str, part: str) -> Form | None:
    """The form of a page whose action has this part."""
    forms = _Forms()
    forms.feed(text)
    return next((form for form in forms.forms if part in form.action), None)


# The ways


def by_page(browser: Browser, conference: str) -> str:
    """The page that stands in the room, and its button."""
    page = browser.get(f"/conference/{conference}")
    return _at(page, form_in(page.text, f"/{conference}/enter"), browser)


def by_guest_link(browser: Browser, token: str) -> str:
    """A guest's page, and its button."""
    page = browser.get(f"/conference/guest/{token}")
    return _at(page, form_in(page.text, "/conference/guest/"), browser)


def by_bot(person: Person, title: str) -> str:
    """What the bot answers to somebody, and where its link leads."""
    try:
        line = next((line for line in person.ask("!konferenz beitreten").split("\n") if title in line), None)
    except AssertionError:
        if person.get("account/whoami").status == 401:
            return "shut out"
        raise
    if line is None:
        return "nothing"
    if line == SAID["conference.wait"].format(title=title):
        return "waits"
    return by_ticket(Browser(""), re.search(r"http://\S+/conference/in/[\w-]+", line)[0])


def by_ticket(browser: Browser, link: str) -> str:
    """The last step: a page with one button."""
    return _entered(browser.send(Form(link, {})))


def by_widget(browser: Browser, client: Client, room: str, conference: str) -> str:
    """The page in Element's window: the messenger says who one is, the page's script asks for the way in."""
    proof = client.post(f"user/{client.user_id}/openid/request_token", {})
    if proof.status != 200:
        return "shut out"
    browser.send_json("/widget/session", proof.body)
    return by_script(browser, room, conference)


def by_script(browser: Browser, room: str, conference: str) -> str:
    """The same with the session that there is."""
    answer = browser.send_json("/widget/conference/join", {"room": room, "conference": conference})
    if answer.status != 200:
        return "signs in"
    said = json.loads(answer.text)
    if said.get("open"):
        return by_ticket(browser, said["open"])
    reasons = [reason for reason, words in _REASONS.items() if words == said["note"]]
    waits = any(item["actions"] == [] for item in said["items"])
    return reasons[0] if reasons else "waits" if waits else "nothing"


def _at(page: Shown, form: Form | None, browser: Browser) -> str:
    if page.status in (302, 303) and "/login" in page.leads_to:
        return "signs in"
    if page.status == 403:
        return next((reason for reason, words in _REASONS.items() if words in page.text), f"refused: {page.text}")
    if page.status in (404, 410):
        return {404: "unknown", 410: "over"}[page.status]
    assert page.status == 200, page
    return "waits" if form is None else _entered(browser.send(form))


def _entered(answer: Shown) -> str:
    if TO_BBB not in answer.leads_to:
        return {403: "refused", 404: "unknown", 410: "over"}.get(answer.status, f"HTTP {answer.status}")
    with urlopen(answer.leads_to, timeout=20) as shown:
        text = shown.read().decode()
    found = re.search(r": (MODERATOR|VIEWER)<", text)
    return found[1].lower() if found else "lobby" if "Lobby" in text else text
