"""Every address of the pages of conferences, and which page answers there. What of it is public is in
docs/operation.md."""

from aiohttp import web

from appservice.web.host import WebHost
from appservice.web.limits import Limit
from bbb_widget.web.calendar_file import CalendarFile
from bbb_widget.web.entry_page import EntryPage
from bbb_widget.web.guest_page import GuestPage
from bbb_widget.web.leading_page import LeadingPage
from bbb_widget.web.list_page import ListPage
from bbb_widget.web.parts import PageParts
from bbb_widget.web.people_page import PeoplePage


def page_routes(
    host: WebHost, parts: PageParts, calendar: CalendarFile, *, misses: Limit, leads_to: str
) -> list[web.RouteDef]:
    """For the application of the web host. `leads_to`: where BigBlueButton is, as a source of the pages' policy."""
    door, guest, known = PeoplePage(parts), GuestPage(parts, misses), ListPage(parts)
    leading, entry = LeadingPage(parts, door), EntryPage(parts)
    back = host.page(leading.back)
    return [
        web.get("/conferences", host.page(known.show, signed_in=True)),
        web.get("/conference/in/{ticket}", host.page(entry.show, leads_to=leads_to)),
        web.post("/conference/in/{ticket}", host.page(entry.enter, leads_to=leads_to)),
        web.get("/conference/guest/{token}", host.page(guest.show, leads_to=leads_to)),
        web.post("/conference/guest/{token}", host.page(guest.enter, leads_to=leads_to)),
        web.get("/conference/{conference}", host.page(door.show, signed_in=True, leads_to=leads_to)),
        web.get("/conference/{conference}/enter", back),
        web.post("/conference/{conference}/enter", host.page(door.enter, signed_in=True, leads_to=leads_to)),
        web.get("/conference/{conference}/guests", back),
        web.post("/conference/{conference}/guests", host.page(leading.invite, signed_in=True, leads_to=leads_to)),
        web.get("/conference/{conference}/revoke", back),
        web.post("/conference/{conference}/revoke", host.page(leading.revoke, signed_in=True, leads_to=leads_to)),
        web.get("/conference/{conference}/end", back),
        web.post("/conference/{conference}/end", host.page(leading.end, signed_in=True, leads_to=leads_to)),
        web.get("/conference/{conference}/attendance", host.page(leading.attendance, signed_in=True)),
        web.get("/conference/{conference}/calendar.ics", host.page(calendar.give, signed_in=True)),
    ]
