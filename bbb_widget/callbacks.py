"""Where BigBlueButton says that a meeting is over (`meetingEndedURL`). The address proves itself; whatever else comes
with it is not looked at. It comes several times, by GET, from the server or from a load balancer."""

from aiohttp import web

from bbb_widget.desk import ConferenceDesk


def callback_routes(desk: ConferenceDesk) -> list[web.RouteDef]:
    """For an aiohttp application that BigBlueButton reaches."""

    async def ended(request: web.Request) -> web.Response:
        parts = request.match_info
        is_true = await desk.occasions.on_ended(parts["meeting"], parts["proof"])
        return web.Response(status=200 if is_true else 404)

    return [web.get("/conference/ended/{meeting}/{proof}", ended)]
