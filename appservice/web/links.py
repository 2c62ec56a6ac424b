"""Personal links: the bot writes one to somebody, and whoever opens it is that person on one page.

1. A link is for one person and leads to one page. It counts once and only for a while. The database has its hash, no
   log has it.
2. Looking at it uses nothing up: programs that look at every link (previews, scanners, a browser that reads ahead) see
   a page with a button. Only the button signs in.
3. It is written only where nobody but the person reads: in their control room.
"""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_urlsafe
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.web.identity import hash_of
from school.clock import Clock, utc_now
from school.database.web_links import LinkRow, forget_past_links, keep_link, read_link, use_link
from school.domain.people import UserId

PATH: Final = "/link"
ASKED_FOR: Final = timedelta(minutes=30)
"""For one that somebody asks for and waits for."""
WITH_GREETING: Final = timedelta(days=1)
"""For the one in the greeting, which is read when there is time. A first code, which does the same, lasts longer."""


class Links:
    """Makes links and takes them back."""

    def __init__(self, *, engine: AsyncEngine, url: Callable[[str], str], clock: Clock = utc_now) -> None:
        self._engine = engine
        self._url = url
        self._clock = clock

    async def personal(self, user_id: UserId, path: str, *, lasts: timedelta = ASKED_FOR) -> str:
        """A new link that leads somebody to a page of ours."""
        token, now = token_urlsafe(32), self._clock().timestamp()
        row = LinkRow(
            token_hash=hash_of(token), user_id=user_id, path=path, made_at=now, ends_at=now + lasts.total_seconds()
        )
        async with self._engine.begin() as connection:
            await keep_link(connection, row)
        return self._url(f"{PATH}/{token}")

    async def look_at(self, token: str) -> LinkRow | None:
        """Whom a link leads where; None if it leads nowhere (any more)."""
        async with self._engine.connect() as connection:
            return await read_link(connection, hash_of(token), at=self._clock().timestamp())

    async def use(self, token: str) -> LinkRow | None:
        """The same, and from now on it leads nowhere."""
        async with self._engine.begin() as connection:
            return await use_link(connection, hash_of(token), at=self._clock().timestamp())

    async def forget_old(self) -> None:
        """Takes away what is over."""
        async with self._engine.begin() as connection:
            await forget_past_links(connection, before=self._clock().timestamp())
