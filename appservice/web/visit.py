"""A visit: one request for a page, with what every page wants to know of it (who, in which language, by which form),
and the ways in which it can be answered."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_urlsafe
from typing import Any, Final

from aiohttp import web

from appservice.web.addresses import household
from appservice.web.cookies import Cookie, Cookies
from appservice.web.forms import TOKEN, TOKEN_HEADER, Form, FormTokens, ensure_from_here, read_form
from appservice.web.identity import Identity
from appservice.web.languages import language_for
from appservice.web.problems import STATUS, Problem, Trouble
from appservice.web.rendering import Renderer
from appservice.web.site import AFTER_LOGIN, Site
from appservice.web.texts import PageTexts
from appservice.web.uploads import LARGEST_FIELD, FilesForm, read_files
from school.domain.people import Person
from school.texts import Language

_LOCAL_PATH: Final = re.compile(r"/(?!/)[A-Za-z0-9._~/-]*(\?[A-Za-z0-9._~=&-]*)?")
_LONGEST_PATH: Final = 300


def local_path(text: str, otherwise: str = AFTER_LOGIN) -> str:
    """A path of ours that a browser names, such as the page that somebody wanted before they signed in. Whatever could
    lead to another site is none."""
    is_ours = len(text) <= _LONGEST_PATH and _LOCAL_PATH.fullmatch(text) is not None and ".." not in text
    return text if is_ours else otherwise


class Visit:
    """Given to every page. `identity` is None where nobody is signed in."""

    def __init__(
        self, request: web.Request, *, site: Site, cookies: Cookies, tokens: FormTokens, renderer: Renderer
    ) -> None:
        self.request = request
        self.site = site
        self.identity: Identity | None = None
        self.framed = False
        self.as_json = False
        self.scripted = False
        self.leads_to = ""
        self.address = request.remote or ""
        """Whence the browser comes."""
        self._cookies = cookies
        self._tokens = tokens
        self._renderer = renderer
        self._new_browser: str | None = None

    @property
    def household(self) -> str:
        """What attempts are counted by."""
        return household(self.address)

    @property
    def texts(self) -> PageTexts:
        """The sentences of the pages, in this visitor's language."""
        # In a messenger's window it is the messenger's language that counts, which the page's script asks for.
        chosen = None if self.framed else self._cookies.read(self.request, Cookie.LANGUAGE)
        accepted = self.request.headers.get("Accept-Language", "")
        return self.texts_in(language_for(chosen, accepted, self.site.language))

    def texts_in(self, language: Language) -> PageTexts:
        """The sentences of the pages in another language."""
        return self._renderer.texts[language]

    @property
    def signed_in(self) -> Identity:
        """Who is signed in.

        Raises:
            Problem: nobody.
        """
        if self.identity is None:
            raise Problem(Trouble.SIGNED_OUT)
        return self.identity

    @property
    def person(self) -> Person:
        """Who is signed in, as a person."""
        return self.signed_in.person

    def asked(self, name: str) -> str:
        """What the address says behind `?name=`."""
        return self.request.query.get(name, "")

    async def form(self) -> Form:
        """The form that was sent, if it is one of ours.

        Raises:
            Problem: it is none.
        """
        ensure_from_here(self.request, self.site)
        form = await read_form(self.request)
        self._ensure_ours(form.text(TOKEN))
        return form

    @asynccontextmanager
    async def files(
        self, *, most_bytes: int, most: int, longest_field: int = LARGEST_FIELD
    ) -> AsyncIterator[FilesForm]:
        """The form with files that was sent, if it is one of ours. Whose form it is, is known before the first byte of
        a file is read; afterwards nothing is kept of them.

        Raises:
            Problem: it is none.
        """
        ensure_from_here(self.request, self.site)
        async with read_files(
            self.request, self._ensure_ours, most_bytes=most_bytes, most=most, longest_field=longest_field
        ) as form:
            yield form

    def by_script(self) -> None:
        """Makes sure that a script of a page of ours has sent this: it has the token of a form of that page.

        Raises:
            Problem: it has none.
        """
        ensure_from_here(self.request, self.site)
        self._ensure_ours(self.request.headers.get(TOKEN_HEADER, ""))

    def _ensure_ours(self, token: str) -> None:
        if self._known_browser is None:
            raise Problem(Trouble.NO_COOKIES)
        if not self._tokens.fits(token, self._binding):
            raise Problem(Trouble.FORM_IS_OLD)

    # Answers

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page. Templates are in the folder `templates`."""
        text = self._renderer.render(
            template,
            self.texts,
            form_token=self._tokens.make(self._binding),
            person=self.identity.person if self.identity else None,
            here=local_path(self.request.path, "/"),
            **values,
        )
        response = web.Response(text=text, status=status, content_type="text/html")
        self._keep_browser(response)
        return response

    def go(self, path: str) -> web.Response:
        """Sends the browser to another page of ours."""
        return self.leave(self.site.path(path))

    def leave(self, url: str) -> web.Response:
        """Sends the browser to another address, or to a path as it has to ask for it."""
        response = web.Response(status=303, headers={"Location": url})
        self._keep_browser(response)
        return response

    def problem(self, problem: Problem) -> web.Response:
        """What went wrong, and what somebody can do now."""
        trouble, status = problem.trouble, STATUS[problem.trouble]
        if self.as_json:
            sentence = self.texts.say(f"problem.{trouble}")
            response = web.json_response(
                {"errcode": f"ORG_SCHULBOTE_{trouble.upper()}", "error": sentence}, status=status
            )
        else:
            response = self.page("problem.html", status=status, trouble=trouble.value)
        if problem.wait_seconds:
            response.headers["Retry-After"] = str(int(problem.wait_seconds) + 1)
        return response

    def speak(self, response: web.StreamResponse, language: str) -> None:
        """From now on pages are in this language, in this browser."""
        self._cookies.write(response, Cookie.LANGUAGE, language)

    # The browser

    @property
    def browser(self) -> str:
        """A number that only this browser has."""
        known = self._known_browser
        if known is not None:
            return known
        if self._new_browser is None:
            self._new_browser = token_urlsafe(16)
        return self._new_browser

    @property
    def _known_browser(self) -> str | None:
        return self._cookies.read(self.request, Cookie.BROWSER, framed=self.framed)

    @property
    def _binding(self) -> str:
        return f"{self.browser}:{self.identity.session if self.identity else ''}"

    def _keep_browser(self, response: web.StreamResponse) -> None:
        if self._new_browser is not None:
            self._cookies.write(response, Cookie.BROWSER, self._new_browser, framed=self.framed)
