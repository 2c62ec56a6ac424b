"""`/`: where to go from here. Also the place to which pages send somebody who has finished something."""

from typing import Final

from aiohttp import web

from appservice.web.visit import Visit

DONE: Final = frozenset({"signed_out", "signed_out_everywhere", "password_chosen", "device_signed_out"})
"""What may have been done on another page. Each has a sentence."""


def what_was_done(visit: Visit) -> str | None:
    """What the page that sent somebody here has done."""
    done = visit.asked("done")
    return done if done in DONE else None


async def show(visit: Visit) -> web.Response:
    """The messengers, one's own pages, and what was just done."""
    return visit.page("start.html", done=what_was_done(visit))
