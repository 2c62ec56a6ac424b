"""Every address of appointments. What of it is public is in docs/operation.md."""

from aiohttp import web

from appointments.web.pages import AppointmentPages
from appservice.web.host import WebHost


def appointment_routes(host: WebHost, pages: AppointmentPages) -> list[web.RouteDef]:
    """For the application of the web pages. Nobody sees anything there who is not signed in."""
    return [
        web.get("/appointments", host.page(pages.all, signed_in=True)),
        web.post("/appointments/calendar", host.page(pages.calendar, signed_in=True)),
        web.get("/appointments/new", host.page(pages.new, signed_in=True)),
        web.post("/appointments/new", host.page(pages.make, signed_in=True)),
        web.get("/appointments/{appointment}", host.page(pages.show, signed_in=True)),
        web.get("/appointments/{appointment}/change", host.page(pages.edit, signed_in=True)),
        web.post("/appointments/{appointment}/change", host.page(pages.change, signed_in=True)),
        web.post("/appointments/{appointment}/off", host.page(pages.call_off, signed_in=True)),
        web.post("/appointments/{appointment}/answer", host.page(pages.answer, signed_in=True)),
    ]
