"""`/`: where to go from here. Also the place to which pages send somebody who has finished something."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from appservice.web.visit import Visit
from school.domain.people import Person

DONE: Final = frozenset({"signed_out", "signed_out_everywhere", "password_chosen", "device_signed_out"})
"""What may have been done on another page. Each has a sentence."""


def what_was_done(visit: Visit) -> str | None:
    """What the page that sent somebody here has done."""
    done = visit.asked("done")
    return done if done in DONE else None


class Start:
    """The messengers, one's own pages, and what was just done. `helps_others`: who may reset passwords."""

    def __init__(self, *, helps_others: Callable[[Person], bool]) -> None:
        self._helps_others = helps_others

    async def show(self, visit: Visit) -> web.Response:
        """The page."""
        helps_others = visit.identity is not None and self._helps_others(visit.person)
        return visit.page("start.html", done=what_was_done(visit), helps_others=helps_others)
