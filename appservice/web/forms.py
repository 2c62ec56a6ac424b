"""Forms: what a browser sends, read strictly, and only from a page that was ours.

1. Every form carries a token that fits this browser and this session; who steals neither cannot make one. No two tokens
   look alike, so that nothing is learned from how well a page can be packed.
2. A browser that says that a form comes from another site is believed.
3. A form is small, comes at once, and has each field once.
"""

import asyncio
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from itsdangerous import BadSignature, TimestampSigner

from appservice.web.problems import Problem, Trouble
from appservice.web.site import Site

TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
TOKEN_HEADER: Final = "X-Form-Token"  # noqa: S105 - the name of a header
LARGEST_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 50
_MOST_SECONDS: Final = 15.0
_TOKEN_SECONDS: Final = 12 * 3600
_TYPE: Final = "application/x-www-form-urlencoded"
_HERE: Final = frozenset({"same-origin", "none"})


class Form:
    """The fields of one form."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """What stands in a field; nothing if it is not there."""
        return self._fields.get(name, "")

    def all(self) -> dict[str, str]:
        """Every field, to be shown again when something is wrong."""
        return dict(self._fields)

    def is_set(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self._fields.get(name))


class FormTokens:
    """Makes the tokens, and looks whether one is right. `binding` names the browser and the session."""

    def __init__(self, key: str) -> None:
        self._key = key

    def make(self, binding: str) -> str:
        """A token for one form."""
        return self._signer(binding).sign(token_urlsafe(9)).decode()

    def fits(self, token: str, binding: str) -> bool:
        """Whether a token is for this browser and session, and not too old."""
        try:
            self._signer(binding).unsign(token, max_age=_TOKEN_SECONDS)
        except (BadSignature, UnicodeError):
            return False
        return True

    def _signer(self, binding: str) -> TimestampSigner:
        return TimestampSigner(self._key, salt=f"form:{binding}", key_derivation="hmac", digest_method=sha256)


def ensure_from_here(request: web.Request, site: Site) -> None:
    """Believes a browser that says that another site has made it send this (W3C, Fetch Metadata).

    Raises:
        Problem: it does.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in _HERE:
        raise Problem(Trouble.FROM_ELSEWHERE)
    # Our own forms say "null": no page of ours tells where somebody came from.
    if request.headers.get("Origin", "null").lower() not in {"null", site.origin}:
        raise Problem(Trouble.FROM_ELSEWHERE)


async def read_form(request: web.Request) -> Form:
    """The fields that a browser sends.

    Raises:
        Problem: they are none.
    """
    if request.content_type != _TYPE:
        raise Problem(Trouble.MALFORMED)
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            body = await request.read()
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except TimeoutError as error:
        raise Problem(Trouble.TOO_SLOW) from error
    except ValueError as error:
        raise Problem(Trouble.MALFORMED) from error
    form = dict(fields)
    if len(form) < len(fields):
        raise Problem(Trouble.MALFORMED)
    return Form(form)
