"""Every address of the pages, and which page answers there. What of it is public is in docs/operation.md."""

from dataclasses import dataclass

from aiohttp import web

from appservice.web.host import WebHost
from appservice.web.pages import language
from appservice.web.pages.account import Account
from appservice.web.pages.link import PersonalLink
from appservice.web.pages.password import ChoosePassword
from appservice.web.pages.reset import ResetPasswords
from appservice.web.pages.sign_in import SignIn
from appservice.web.pages.sso import SingleSignOn
from appservice.web.pages.start import Start
from appservice.web.pages.widget import WidgetSession
from appservice.web.static_files import StaticFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The pages that need something."""

    start: Start
    sign_in: SignIn
    sso: SingleSignOn
    link: PersonalLink
    widget: WidgetSession
    password: ChoosePassword
    account: Account
    reset: ResetPasswords
    static: StaticFiles


def routes(host: WebHost, pages: Pages) -> list[web.RouteDef]:
    """For an aiohttp application around whose requests `host.serve` is."""
    page = host.page

    async def static_file(request: web.Request) -> web.Response:
        return pages.static.answer(request.match_info["name"])

    return [
        web.get("/", page(pages.start.show)),
        web.get("/login", page(pages.sign_in.show)),
        web.post("/login", page(pages.sign_in.submit)),
        web.get("/login/sso", page(pages.sso.go)),
        web.get("/login/sso/back", page(pages.sso.come_back)),
        web.get("/logout", page(pages.sign_in.ask_to_leave, signed_in=True)),
        web.post("/logout", page(pages.sign_in.leave)),
        web.get("/link/{token}", page(pages.link.show)),
        web.post("/link/{token}", page(pages.link.use)),
        web.post("/widget/session", page(pages.widget.begin, framed=True, as_json=True)),
        web.get("/password", page(pages.password.show, signed_in=True)),
        web.post("/password", page(pages.password.choose, signed_in=True)),
        web.get("/account", page(pages.account.show, signed_in=True)),
        web.post("/account/device", page(pages.account.sign_out_device, signed_in=True)),
        web.post("/account/everywhere", page(pages.account.sign_out_everywhere, signed_in=True)),
        web.get("/reset", page(pages.reset.show, signed_in=True)),
        web.post("/reset", page(pages.reset.step, signed_in=True)),
        web.get("/reset/{name}", page(pages.reset.show_code, signed_in=True)),
        web.post("/reset/{name}", page(pages.reset.letter, signed_in=True)),
        web.post("/language", page(language.choose)),
        web.get("/static/{name}", host.file(static_file)),
    ]
