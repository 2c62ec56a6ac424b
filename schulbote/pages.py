"""The web pages, put together from what school.yaml says."""

from collections.abc import Sequence
from typing import Final

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appointments.web import PAGES as APPOINTMENT_PAGES
from appservice.bot.sync_news import Tell
from appservice.desks.resets import ResetDesk
from appservice.homeserver import Homeserver, HomeserverError
from appservice.proofs import Proofs
from appservice.school_view import SchoolView
from appservice.web.addresses import Proxies
from appservice.web.cookies import Cookies
from appservice.web.forms import FormTokens
from appservice.web.host import WebHost
from appservice.web.identity import Identities
from appservice.web.limits import Limits
from appservice.web.links import Links
from appservice.web.my_data import MyData
from appservice.web.page_sets import PageSet
from appservice.web.pages.account import Account
from appservice.web.pages.link import PersonalLink
from appservice.web.pages.password import ChoosePassword
from appservice.web.pages.reset import PrintLetter, ResetPasswords
from appservice.web.pages.sign_in import SignIn
from appservice.web.pages.sso import SingleSignOn
from appservice.web.pages.start import Start
from appservice.web.pages.widget import WidgetSession
from appservice.web.ports import FirstCodes
from appservice.web.rendering import Renderer
from appservice.web.routes import Pages, routes
from appservice.web.site import Site
from appservice.web.static_files import StaticFiles
from bbb_widget.web import PAGES as CONFERENCE_PAGES
from bbb_widget.widget.web import WIDGET_PAGES
from school.clock import Clock, utc_now
from school.config import Settings, read_secret
from school.domain.directory import Directory
from school.domain.people import Person, UserId
from school.texts import Texts
from shelf.web import PAGES as SHELF_PAGES
from tasks.web import PAGES as TASK_PAGES

log = structlog.get_logger()

PAGE_SETS: Final[tuple[PageSet, ...]] = (CONFERENCE_PAGES, WIDGET_PAGES, SHELF_PAGES, APPOINTMENT_PAGES, TASK_PAGES)
"""Pages that other packages bring. Their routes are among those that `application` is given."""


class WebPages:
    """All pages, and the personal links to them."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        codes: FirstCodes,
        resets: ResetDesk,
        print_letter: PrintLetter,
        texts: Texts,
        tell: Tell,
        page_sets: Sequence[PageSet] = PAGE_SETS,
        clock: Clock = utc_now,
    ) -> None:
        """
        Raises:
            ConfigError: the key that cookies are signed with is missing.
        """
        site, key = Site.of(settings), read_secret(settings.secrets.web_key)
        self._view = view
        self._texts = texts
        self._tell = tell
        self._clock = clock
        cookies = Cookies(site, key)
        static = StaticFiles(*(each.package for each in page_sets))
        proofs = Proofs(homeserver, server_name=settings.matrix.server_name)
        self.limits = limits = Limits.none() if settings.demo else Limits()
        self._links = Links(engine=engine, url=site.url, clock=clock)
        self._identities = Identities(engine=engine, cookies=cookies, person_of=self._person_of, clock=clock)
        self.host = WebHost(
            site=site,
            cookies=cookies,
            tokens=FormTokens(key),
            renderer=Renderer(site, static, page_sets),
            identities=self._identities,
            proxies=Proxies(settings.web.trusted_proxies),
        )
        self._pages = Pages(
            start=Start(helps_others=lambda person: bool(resets.may_reset_somebody(person))),
            sign_in=SignIn(proofs=proofs, identities=self._identities, limits=limits),
            sso=SingleSignOn(proofs=proofs, identities=self._identities, limits=limits, key=key),
            link=PersonalLink(links=self._links, identities=self._identities, limits=limits),
            widget=WidgetSession(engine=engine, proofs=proofs, identities=self._identities, limits=limits, clock=clock),
            password=ChoosePassword(
                engine=engine,
                homeserver=homeserver,
                proofs=proofs,
                identities=self._identities,
                codes=codes,
                limits=limits,
                tell=self._tell_password_chosen,
                clock=clock,
            ),
            account=Account(
                engine=engine,
                homeserver=homeserver,
                identities=self._identities,
                my_data=MyData(engine=engine, homeserver=homeserver, codes=codes, directory=self.directory, site=site),
                clock=clock,
            ),
            reset=ResetPasswords(desk=resets, directory=self.directory, print_letter=print_letter),
            static=static,
        )

    @property
    def links(self) -> Links:
        """Personal links, for what the bot says."""
        return self._links

    def application(self, more: list[web.RouteDef], *, largest_bytes: int) -> web.Application:
        """The pages, and whatever else listens on the same port."""
        application = web.Application(client_max_size=largest_bytes, middlewares=[self.host.serve])
        application.add_routes([*more, *routes(self.host, self._pages)])
        return application

    async def forget_old(self) -> None:
        """Takes away sessions and links that are over."""
        await self._identities.forget_old()
        await self._links.forget_old()

    def directory(self) -> Directory:
        """Who there is now.

        Raises:
            CannotDecideError: nobody can be known just now.
        """
        return self._view.now.policy.directory

    def _person_of(self, user_id: UserId) -> Person | None:
        return self.directory().person(user_id)

    async def _tell_password_chosen(self, user_id: UserId) -> None:
        """Somebody who did not do it themselves should hear of it; nothing is taken back if they cannot."""
        text = self._texts.say("account.password_chosen")
        try:
            await self._tell(user_id, text, txn_id=f"password-{user_id}-{self._clock().timestamp()}")
        except HomeserverError as error:
            log.warning("password_not_told", user=user_id, error=str(error))
