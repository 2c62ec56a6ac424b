"""The last step into a conference, `/conference/in/{ticket}`: a page with one button. Only the button uses the ticket
up, so that a program that looks at links (a preview, a scanner) does not, and does not sit in the conference.

Who has the ticket may use it: there is nothing else that a form of ours could prove."""

from aiohttp import web

from appservice.web.visit import Visit
from bbb_widget.web.parts import PageParts


class EntryPage:
    """For links that the bot and the widget give."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def show(self, visit: Visit) -> web.Response:
        """The button. Whether the ticket is good is not said before it is pressed."""
        return visit.page("conference_entry.html", is_over=False)

    async def enter(self, visit: Visit) -> web.Response:
        """Leads on, once."""
        address = await self._parts.desk.redeem(visit.request.match_info["ticket"])
        if address is None:
            return visit.page("conference_entry.html", status=410, is_over=True)
        return visit.leave(address)
