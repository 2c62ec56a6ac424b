"""How the times of appointments are told."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from school.domain.appointment_times import Slot
from school.texts import Texts

_DAY = timedelta(days=1)


def slot_in_words(slot: Slot, texts: Texts, zone: ZoneInfo) -> str:
    """One time, with its day and year: it is also read on other days than that on which it is said."""
    if isinstance(slot.starts, datetime) and isinstance(slot.ends, datetime):
        begins, ends = slot.starts.astimezone(zone), slot.ends.astimezone(zone)
        first = f"{texts.full_day(begins.date())}, {texts.hour(begins)}"
        if begins.date() == ends.date():
            return f"{first} – {texts.hour(ends)}"
        return f"{first} – {texts.full_day(ends.date())}, {texts.hour(ends)}"
    first_day, last_day = _day(slot.starts), _day(slot.ends) - _DAY
    first = texts.full_day(first_day)
    return first if first_day == last_day else f"{first} – {texts.full_day(last_day)}"


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
