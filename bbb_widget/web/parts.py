"""What every page of conferences stands on."""

from dataclasses import dataclass
from datetime import datetime

from appservice.school_view import SchoolView
from appservice.web.visit import Visit
from bbb_widget.desk import ConferenceDesk
from bbb_widget.guest_desk import GuestDesk
from school.clock import Clock, utc_now
from school.config.conferences import ConferenceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """The desks, and what the school wants."""

    desk: ConferenceDesk
    guests: GuestDesk
    school: ConferenceSettings
    view: SchoolView
    clock: Clock = utc_now

    def when(self, moment: datetime, visit: Visit) -> str:
        """A moment as people say it."""
        return visit.texts.when(moment, self.view.zone, now=self.clock())
