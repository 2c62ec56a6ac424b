"""Where BigBlueButton says that a meeting is over (`meetingEndedURL`). The address proves itself; whatever else comes
with it is not looked at. It comes several times, by GET, from the server or from a load balancer."""

import structlog
from aiohttp import web

from bbb_widget.desk import ConferenceDesk

log = structlog.get_logger()


def callback_routes(desk: ConferenceDesk) -> list[web.RouteDef]:
    """For an aiohttp application that BigBlueButton reaches."""

    async def ended(request: web.Request) -> web.Response:
        parts = request.match_info
        is_true = await desk.occasions.on_ended(parts["meeting"], parts["proof"])
        if is_true:
            log.info("bbb_says_it_is_over", meeting=parts["meeting"])
        return web.Response(status=200 if is_true else 404)

    return [web.get("/conference/ended/{meeting}/{proof}", ended)]
