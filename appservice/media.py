"""The homeserver's files: fetched and put there as the person who does it, so that everybody's limits hold."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import BinaryIO, Final
from urllib.parse import quote

from appservice.accounts import Accounts
from appservice.connection import Method
from school.domain.people import UserId

_V1: Final = "/_matrix/client/v1/media"
Pieces = AbstractAsyncContextManager[AsyncIterator[bytes]]


class Media(Accounts):
    """Moves files."""

    def file(self, uri: str, *, as_user: UserId) -> Pieces:
        """The content of a file, piece by piece.

        Raises:
            HomeserverError: it is not there, or not for this person.
        """
        return self.stream(f"{_V1}/download/{_place(uri)}", as_user=as_user)

    def thumbnail(self, uri: str, pixels: int, *, as_user: UserId) -> Pieces:
        """A small picture of a picture, a square of so many pixels.

        Raises:
            HomeserverError: as with the file itself, or the homeserver cannot make one.
        """
        path = f"{_V1}/thumbnail/{_place(uri)}"
        return self.stream(path, as_user=as_user, width=pixels, height=pixels, method="crop")

    async def largest_file(self, user_id: UserId) -> int | None:
        """How many bytes a file of somebody may have; None: the homeserver does not say."""
        most = (await self.call(Method.GET, f"{_V1}/config", as_user=user_id)).get("m.upload.size")
        return most if isinstance(most, int) else None

    async def put_file(self, file: BinaryIO, media_type: str, *, as_user: UserId) -> str:
        """Puts a file on the homeserver and returns its address. Its name is not told: that stands in its message.

        Raises:
            HomeserverError: it is too large, or not wanted now.
        """
        answer = await self.give("/_matrix/media/v3/upload", file, media_type, as_user=as_user)
        return str(answer["content_uri"])


def _place(uri: str) -> str:
    server, _, media_id = uri.removeprefix("mxc://").partition("/")
    return f"{quote(server, safe='')}/{quote(media_id, safe='')}"
