"""Asking the homeserver who somebody is: by a password, by what single sign-on gave them, by a widget's token.

Synapse counts wrong passwords, asks other programs where the school has them (LDAP), and tells the module that somebody
has logged in, as if a messenger had asked. The session that a login makes there is ended at once.
"""

import contextlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlencode

import structlog

from appservice.connection import Connection, HomeserverError, Method, NotThereError, RefusedError, TryLaterError
from school.domain.people import UserId

log = structlog.get_logger()

_LOGIN: Final = "/_matrix/client/v3/login"
_USERINFO: Final = "/_matrix/federation/v1/openid/userinfo"
_NOBODYS: Final = "nobodys-token"
_DEVICE_NAME: Final = "Schulbote"
_PASSWORD: Final = "m.login.password"  # noqa: S105 - the name of a way to log in
_SSO: Final = "m.login.sso"
_MOST_SIGNS: Final = 512


class LoginRefusal(StrEnum):
    """Why somebody is not who they say they are, or may not come in."""

    WRONG = "wrong"
    LOCKED = "locked"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A single sign-on that the homeserver offers."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginWays:
    """How people can log in at the homeserver."""

    password: bool = False
    providers: tuple[Provider, ...] = ()


class Proofs:
    """Asks in the name of nobody, so that whatever is said counts as the person's own words."""

    def __init__(self, homeserver: Connection, *, server_name: str) -> None:
        self._homeserver = homeserver
        self._server_name = server_name

    async def ways(self) -> LoginWays:
        """What the homeserver offers; nothing where another program does the logins.

        Raises:
            TryLaterError: it does not answer.
        """
        try:
            flows = (await self._homeserver.ask(Method.GET, _LOGIN)).get("flows", [])
        except (NotThereError, RefusedError):
            return LoginWays()
        types = {flow.get("type"): flow for flow in flows}
        listed = types.get(_SSO, {}).get("identity_providers") or [{"id": "", "name": ""}]
        providers = [Provider(id=str(one["id"]), name=str(one["name"])) for one in listed] if _SSO in types else []
        return LoginWays(password=_PASSWORD in types, providers=tuple(providers))

    def sso_path(self, provider: str, *, back_to: str) -> str:
        """Where a browser is sent, behind the homeserver's public address, and where it comes back with a token."""
        path = f"{_LOGIN}/sso/redirect" + (f"/{quote(provider, safe='')}" if provider else "")
        return f"{path}?{urlencode({'redirectUrl': back_to})}"

    async def by_password(self, name: str, password: str, *, address: str = "") -> UserId | LoginRefusal:
        """Whose name and password these are. A name is a user id or what stands in front of its colon.

        Raises:
            TryLaterError: the homeserver cannot tell now.
        """
        localpart = self._localpart(name)
        if localpart is None or not 0 < len(password) <= _MOST_SIGNS:
            return LoginRefusal.WRONG
        identifier = {"type": "m.id.user", "user": localpart}
        return await self._log_in({"type": _PASSWORD, "identifier": identifier, "password": password}, address)

    async def by_token(self, token: str, *, address: str = "") -> UserId | LoginRefusal:
        """Who came back from single sign-on with this token. It counts once.

        Raises:
            TryLaterError: the homeserver cannot tell now.
        """
        if not 0 < len(token) <= _MOST_SIGNS:
            return LoginRefusal.WRONG
        return await self._log_in({"type": "m.login.token", "token": token}, address)

    async def by_widget(self, token: str, server_name: str) -> UserId | LoginRefusal:
        """Whose messenger gave a widget this OpenID token (Matrix spec, client-server API, "OpenID"). Only our own
        server is asked, whatever server the token is said to be of.

        Raises:
            TryLaterError: the homeserver cannot tell now.
        """
        if server_name != self._server_name or not 0 < len(token) <= _MOST_SIGNS:
            return LoginRefusal.WRONG
        try:
            answer = await self._homeserver.ask(Method.GET, _USERINFO, access_token=token)
        except (RefusedError, NotThereError) as error:
            if isinstance(error, NotThereError) and error.code == "M_UNRECOGNIZED":
                log.warning("openid_not_served", hint="a listener for this machine needs the resource `openid`")
            return LoginRefusal.WRONG
        return self._ours(answer.get("sub"))

    async def serves_widgets(self) -> bool:
        """Whether the homeserver says at all whose a widget's token is: a listener needs the resource `openid`.

        Raises:
            TryLaterError: it does not answer.
        """
        try:
            await self._homeserver.ask(Method.GET, _USERINFO, access_token=_NOBODYS)
        except RefusedError:
            return True
        except NotThereError:
            return False
        return True

    async def _log_in(self, proof: dict[str, Any], address: str) -> UserId | LoginRefusal:
        body = {**proof, "initial_device_display_name": _DEVICE_NAME}
        try:
            answer = await self._homeserver.ask(Method.POST, _LOGIN, body, address=address)
        except RefusedError as error:
            return LoginRefusal.LOCKED if error.code == "M_USER_LOCKED" else LoginRefusal.WRONG
        except NotThereError:
            return LoginRefusal.WRONG
        except TryLaterError as error:
            if error.status == 429:
                return LoginRefusal.TOO_MANY
            raise
        with contextlib.suppress(HomeserverError):  # it shows among the person's devices then, and can be ended there
            await self._homeserver.ask(Method.POST, "/_matrix/client/v3/logout", {}, token=answer["access_token"])
        return self._ours(answer.get("user_id"))

    def _localpart(self, name: str) -> str | None:
        localpart, colon, server = name.strip().removeprefix("@").partition(":")
        if (colon and server != self._server_name) or not 0 < len(localpart) <= _MOST_SIGNS:
            return None
        return localpart.lower()

    def _ours(self, user_id: object) -> UserId | LoginRefusal:
        if isinstance(user_id, str) and user_id.partition(":")[2] == self._server_name:
            return UserId(user_id)
        return LoginRefusal.WRONG
