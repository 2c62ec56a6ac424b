"""The connection to the homeserver: one request, and errors told apart by what to do about them.

The only file that knows mautrix.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout
from mautrix.api import HTTPAPI, Method
from mautrix.errors import MatrixConnectionError, MatrixRequestError
from mautrix.util.logging import TraceLogger

from school.domain.people import UserId
from school.errors import FailedError

__all__ = ["Connection", "HomeserverError", "Method", "NotThereError", "RefusedError", "TryLaterError"]

_TIMEOUT: Final = ClientTimeout(total=60)
_OF_A_STREAM: Final = ClientTimeout(total=None, sock_connect=60, sock_read=60)
_PIECE: Final = 64 * 1024
_UNHEARD: Final[TraceLogger] = logging.getLogger(f"{__name__}.unheard")  # type: ignore[assignment] # has what is used
"""For requests in whose address a secret may stand."""
_UNHEARD.disabled = True


class HomeserverError(FailedError):
    """The homeserver did not do what was asked. `words` are its own, fit to be shown to a person; `status` is the
    HTTP status, None if there was no answer; `code` is Matrix's word for it (`M_FORBIDDEN`), where there is one."""

    def __init__(self, text: str, *, words: str = "", status: int | None = None, code: str = "") -> None:
        super().__init__(text)
        self.words = words
        self.status = status
        self.code = code


class NotThereError(HomeserverError):
    """What was asked about does not exist (404)."""


class RefusedError(HomeserverError):
    """The homeserver said no, and will say so again (any other 4xx)."""


class TryLaterError(HomeserverError):
    """The homeserver cannot be reached, is busy, or cannot decide now (429, 5xx). Whether it did it is not known."""


def _code_of(error: MatrixRequestError) -> str:
    return getattr(error, "errcode", None) or ""


def _error(status: int, words: str, otherwise: str, code: str = "") -> HomeserverError:
    text = f"HTTP {status}: {words or otherwise}"
    kind: type[HomeserverError] = RefusedError
    if status == 404:
        kind = NotThereError
    elif status == 429 or status >= 500:
        kind = TryLaterError
    return kind(text, words=words, status=status, code=code)


class Connection:
    """A connection to Synapse. Use as an async context manager."""

    def __init__(self, *, base_url: str, token: str, bot: UserId) -> None:
        self._base_url = base_url
        self._token = token
        self.bot = bot

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=_TIMEOUT)
        self._api = HTTPAPI(self._base_url, self._token, client_session=self._session, default_retry_count=0)
        self._as_anybody = HTTPAPI(self._base_url, client_session=self._session, default_retry_count=0, log=_UNHEARD)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(
        self,
        method: Method,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        as_user: UserId | None = None,
        start: str | None = None,
        **query: str | int | bool | None,
    ) -> dict[str, Any]:
        """One request; `start` is the query parameter `from`, a word that Python keeps to itself.

        Nothing is repeated here: whether that is harmless only the caller knows.

        Raises:
            HomeserverError: one of its three kinds.
        """
        given = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in query.items()
            if value is not None
        }
        if start is not None:
            given["from"] = start
        if as_user is not None:
            given["user_id"] = as_user
        return await self._request(self._api, method, path, body, given, {})

    async def ask(
        self,
        method: Method,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str = "",
        address: str = "",
        **query: str,
    ) -> dict[str, Any]:
        """One request without the appservice's rights: as nobody, or as whose access token it is. `address` is whose
        request it is in truth: the homeserver counts attempts by address, where it listens behind a proxy.

        Raises:
            HomeserverError: one of its three kinds.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if address:
            headers["X-Forwarded-For"] = address
        return await self._request(self._as_anybody, method, path, body, query, headers)

    async def _request(
        self,
        api: HTTPAPI,
        method: Method,
        path: str,
        body: Mapping[str, Any] | None,
        query: dict[str, str],
        headers: dict[str, str],
    ) -> dict[str, Any]:
        try:
            answer = await api.request(
                method,
                path,
                dict(body) if body is not None else None,
                headers=headers,
                query_params=query,
                sensitive=method is not Method.GET,  # what people write is never logged
            )
        except MatrixRequestError as error:
            raise _error(error.http_status, error.message or "", str(error), _code_of(error)) from error
        except (MatrixConnectionError, TimeoutError) as error:
            raise TryLaterError(f"the homeserver cannot be reached: {error}") from error
        return dict(answer)

    @asynccontextmanager
    async def stream(self, path: str, *, as_user: UserId, **query: str | int) -> AsyncIterator[AsyncIterator[bytes]]:
        """What is no JSON, piece by piece.

        Raises:
            HomeserverError: one of its three kinds.
        """
        try:
            async with self._session.get(
                f"{self._base_url}{path}",
                params={**query, "user_id": as_user},
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=_OF_A_STREAM,
            ) as answer:
                if answer.status >= 400:
                    raise _error(answer.status, "", answer.reason or "no reason given")
                yield answer.content.iter_chunked(_PIECE)
        except (ClientError, TimeoutError) as error:
            raise TryLaterError(f"the homeserver cannot be reached: {error}") from error

    async def give(self, path: str, file: BinaryIO, media_type: str, *, as_user: UserId) -> dict[str, Any]:
        """Sends what is no JSON, piece by piece, and closes it.

        Raises:
            HomeserverError: one of its three kinds.
        """
        try:
            async with self._session.post(
                f"{self._base_url}{path}",
                params={"user_id": as_user},
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": media_type},
                data=file,
                timeout=_OF_A_STREAM,
            ) as answer:
                said = await answer.json(content_type=None)
                said = said if isinstance(said, dict) else {}
                if answer.status >= 400:
                    words, code = str(said.get("error", "")), str(said.get("errcode", ""))
                    raise _error(answer.status, words, answer.reason or "no reason given", code)
                return said
        except (ClientError, TimeoutError, ValueError) as error:
            raise TryLaterError(f"the homeserver cannot be reached: {error}") from error
