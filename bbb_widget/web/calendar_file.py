"""`/conference/{conference}/calendar.ics`: one planned conference for somebody's own calendar. The same entry, by its
id, is in the calendar that they may have subscribed to, so that it is there once."""

from aiohttp import web

from appservice.calendar.feeds import Feeds
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from bbb_widget.calendar_entries import ConferenceEntries
from bbb_widget.web.people_page import conference_in


class CalendarFile:
    """For whoever may take part, on a page and inside Element."""

    def __init__(self, entries: ConferenceEntries, feeds: Feeds) -> None:
        self._entries = entries
        self._feeds = feeds

    async def give(self, visit: Visit) -> web.Response:
        """The file.

        Raises:
            Problem: there is no such conference, or it is not planned.
        """
        entries = await self._entries.one(visit.person, conference_in(visit))
        if entries is None:
            raise Problem(Trouble.NOT_FOUND)
        found = self._feeds.written(entries)
        headers = {"Content-Disposition": 'attachment; filename="conference.ics"'}
        return web.Response(body=found, content_type="text/calendar", charset="utf-8", headers=headers)
