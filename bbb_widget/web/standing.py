"""How somebody finds the door of a conference, in words, and what they can do there. Decides nothing: whoever presses
a button is looked at anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from appservice.web.texts import PageTexts
from bbb_widget.conferences import Entrance, Gate, Trouble
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState, Part
from school.texts import Texts

SOON_SECONDS: Final = 5
LATER_SECONDS: Final = 60
_TROUBLE_SECONDS: Final = 20
_SOON: Final = timedelta(minutes=15)


class Can(StrEnum):
    """What somebody can do here."""

    ENTER = "enter"
    BEGIN = "begin"
    """They lead, and nobody is there yet."""
    WAIT = "wait"
    GO = "go"
    """Nothing but go away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`again_seconds`: after so long the page looks again; never if 0."""

    can: Can
    sentence: str
    status: int = 200
    again_seconds: int = 0


def standing(entrance: Entrance, texts: PageTexts, *, now: datetime, zone: ZoneInfo) -> Standing:
    """What somebody reads who stands at the door."""
    match entrance.gate:
        case Gate.OPEN:
            return _open(entrance, texts, now, zone)
        case Gate.WAIT:
            return _wait(entrance, texts, now, zone)
        case Gate.REFUSED if entrance.decision is not None and entrance.decision.reason is not None:
            refusal = Texts(texts.language).refusal(entrance.decision.reason)
            return Standing(can=Can.GO, sentence=refusal, status=403)
        case Gate.TROUBLE if entrance.trouble is Trouble.NOT_OFFERED:
            return Standing(can=Can.GO, sentence=texts.say("conference.not_offered"), status=503)
        case Gate.TROUBLE:
            sentence = texts.say("conference.down")
            return Standing(can=Can.WAIT, sentence=sentence, status=503, again_seconds=_TROUBLE_SECONDS)
        case Gate.OVER:
            return Standing(can=Can.GO, sentence=texts.say("conference.over"), status=410)
        case _ if entrance.part is Part.GUEST:
            return Standing(can=Can.GO, sentence=texts.say("conference.guest_over"), status=410)
        case _:
            return Standing(can=Can.GO, sentence=texts.say("conference.unknown"), status=404)


def _open(entrance: Entrance, texts: PageTexts, now: datetime, zone: ZoneInfo) -> Standing:
    conference = entrance.conference
    if entrance.part is not Part.MODERATOR or conference is None or conference.state is ConferenceState.RUNNING:
        return Standing(can=Can.ENTER, sentence=texts.say("conference.open"))
    if (when := _when(conference, texts, now, zone)) is not None:
        return Standing(can=Can.BEGIN, sentence=texts.say("conference.begin_planned", when=when))
    return Standing(can=Can.BEGIN, sentence=texts.say("conference.begin"))


def _wait(entrance: Entrance, texts: PageTexts, now: datetime, zone: ZoneInfo) -> Standing:
    conference = entrance.conference
    if conference is not None and (when := _when(conference, texts, now, zone)) is not None:
        planned_at = conference.planned_at or now
        seconds = LATER_SECONDS if planned_at - now > _SOON else SOON_SECONDS
        sentence = texts.say("conference.wait_planned", when=when)
        return Standing(can=Can.WAIT, sentence=sentence, again_seconds=seconds)
    if entrance.part is Part.GUEST:
        return Standing(can=Can.WAIT, sentence=texts.say("conference.wait_guest"), again_seconds=SOON_SECONDS)
    return Standing(can=Can.WAIT, sentence=texts.say("conference.wait"), again_seconds=SOON_SECONDS)


def _when(conference: Conference, texts: PageTexts, now: datetime, zone: ZoneInfo) -> str | None:
    """When it is planned for, if that is still to come."""
    if conference.state is not ConferenceState.PLANNED or conference.planned_at is None or conference.planned_at <= now:
        return None
    return texts.when(conference.planned_at, zone, now=now)
