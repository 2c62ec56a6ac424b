"""The demo's BigBlueButton: a small simulated one behind the web pages' own port, unless school.yaml names another."""

from typing import Final

from aiohttp import web

from bbb_widget.simulated import SimulatedBbb
from school.config import Settings, read_secret

SIMULATED_BBB: Final = "/demo-bbb"


def simulated_routes(settings: Settings) -> list[web.RouteDef]:
    """What it answers; nothing where the school is none of a demo's, or has a BigBlueButton of its own.

    Raises:
        ConfigError: its secret cannot be read.
    """
    bbb = settings.bbb
    if not settings.demo or bbb.secret_file is None or bbb.url != settings.web.public_url + SIMULATED_BBB:
        return []
    return SimulatedBbb(read_secret(bbb.secret_file), prefix=SIMULATED_BBB).routes()
