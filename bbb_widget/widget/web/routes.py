"""The addresses of the widget."""

from aiohttp import web

from appservice.web.host import WebHost
from bbb_widget.web.calendar_file import CalendarFile
from bbb_widget.widget.web.page import ConferenceWidget


def widget_routes(host: WebHost, widget: ConferenceWidget, calendar: CalendarFile) -> list[web.RouteDef]:
    """For an aiohttp application around whose requests `host.serve` is."""
    page = host.page
    return [
        web.get("/widget/conference", page(widget.show, framed=True)),
        web.get("/widget/conference/build", page(widget.build, as_json=True)),
        web.post("/widget/conference/state", page(widget.state, framed=True, as_json=True)),
        web.post("/widget/conference/start", page(widget.start, framed=True, as_json=True)),
        web.post("/widget/conference/join", page(widget.join, framed=True, as_json=True)),
        web.post("/widget/conference/end", page(widget.end, framed=True, as_json=True)),
        web.get("/widget/conference/{conference}/calendar.ics", page(calendar.give, framed=True)),
    ]
