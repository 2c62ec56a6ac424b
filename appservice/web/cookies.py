"""What browsers keep for us: three cookies, signed, out of reach of scripts.

Over https their names begin so that no other site and no plain http can set them (`__Host-`, RFC 6265bis). They come
along only to pages that one came to on purpose (`SameSite=Lax`). A page inside a messenger's window has cookies of its
own, which the browser keeps apart for each messenger (`Partitioned`), and which do nothing elsewhere.
"""

from enum import StrEnum
from hashlib import sha256
from typing import Final

from aiohttp import web
from itsdangerous import BadSignature, Signer

from appservice.web.site import Site

_YEAR_SECONDS: Final = 365 * 86400


class Cookie(StrEnum):
    """What is kept."""

    SESSION = "session"
    """Who somebody is; goes when the browser is closed."""
    BROWSER = "browser"
    """A number that ties forms and ways of signing in to this browser, also before one is signed in."""
    LANGUAGE = "language"


class Cookies:
    """Reads and writes them."""

    def __init__(self, site: Site, key: str) -> None:
        self._site = site
        self._signers = {
            cookie: Signer(key, salt=f"cookie:{cookie}", key_derivation="hmac", digest_method=sha256)
            for cookie in Cookie
        }

    def read(self, request: web.Request, cookie: Cookie, *, framed: bool = False) -> str | None:
        """What a browser brings; None if it brings nothing, or something that is not from us."""
        given = request.cookies.get(self.name(cookie, framed=framed))
        try:
            return None if given is None else self._signers[cookie].unsign(given.encode()).decode()
        except (BadSignature, UnicodeError):
            return None

    def write(self, response: web.StreamResponse, cookie: Cookie, value: str, *, framed: bool = False) -> None:
        """Lets the browser keep something."""
        lasting = [f"Max-Age={_YEAR_SECONDS}"] if cookie is Cookie.LANGUAGE else []
        self._set(response, cookie, self._signers[cookie].sign(value).decode(), lasting, framed=framed)

    def drop(self, response: web.StreamResponse, cookie: Cookie, *, framed: bool = False) -> None:
        """Lets the browser forget something."""
        self._set(response, cookie, "", ["Max-Age=0"], framed=framed)

    def _set(
        self, response: web.StreamResponse, cookie: Cookie, value: str, lasting: list[str], *, framed: bool
    ) -> None:
        """By hand: `http.cookies` knows `Partitioned` from Python 3.14 on. No value of ours has a sign in it that would
        have to be quoted."""
        apart = framed and self._site.is_secure
        parts = [
            f"{self.name(cookie, framed=framed)}={value}",
            f"Path={self._site.base or '/'}",
            *lasting,
            "HttpOnly",
            f"SameSite={'None' if apart else 'Lax'}",
            *(["Secure"] if self._site.is_secure else []),
            *(["Partitioned"] if apart else []),
        ]
        response.headers.add("Set-Cookie", "; ".join(parts))

    def name(self, cookie: Cookie, *, framed: bool = False) -> str:
        """What a cookie is called."""
        prefix = ""
        if self._site.is_secure:
            prefix = "__Secure-" if self._site.base else "__Host-"
        return f"{prefix}schulbote_{cookie}{'_framed' if framed else ''}"
