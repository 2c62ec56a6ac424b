"""`/widget/conference`: the page in Element's window, and what its script asks.

The page is the same for everybody. Its script asks Element for an OpenID token, gives it to `/widget/session`, and then
asks here. What is shown comes from here in whole sentences: the script only puts it in its place.
"""

from collections.abc import Iterator
from typing import Any, Final

from aiohttp import web

from appservice.web.forms import ensure_from_here
from appservice.web.limits import Allowance, Limit
from appservice.web.problems import Problem, Trouble
from appservice.web.texts import PageTexts
from appservice.web.visit import Visit
from bbb_widget.conferences import Entrance, Gate, Started
from bbb_widget.conferences import Trouble as NoWay
from bbb_widget.widget.room_desk import RoomDesk, RoomView, Shown, Sight
from school.domain.decisions import Decision, Reason
from school.domain.people import Person
from school.texts import Language, Texts

IN_THE_BROWSER: Final = (
    "title", "asking", "outside", "no_answer", "refused", "not_known", "no_cookies", "offline", "again", "opens",
    "here",
)  # fmt: skip
"""What the script says by itself, because there is nobody to ask: `widget.NAME`."""
BUTTONS: Final = {"start": False, "join": False, "begin": False, "end": True, "call_off": True}
"""The buttons, and whether one has to be pressed twice, because it takes something from others."""
_DOES: Final = {"begin": "join", "call_off": "end"}
"""What a button asks for, if not what it is called."""
_SOON_SECONDS: Final = 5
_LATER_SECONDS: Final = 20
_OFTEN: Final = Allowance(burst=60, seconds=1.0)


class ConferenceWidget:
    """The page, and what is asked of it."""

    def __init__(self, room_desk: RoomDesk, *, build_answer: dict[str, Any] | None) -> None:
        self._desk = room_desk
        self._build_answer = build_answer
        self._asked = Limit(_OFTEN)

    async def show(self, visit: Visit) -> web.Response:
        """The page itself."""
        words = {
            language.value: {name: visit.texts_in(language).say(f"widget.{name}") for name in IN_THE_BROWSER}
            for language in Language
        }
        return visit.page("widget_conference.html", words=words)

    async def build(self, _visit: Visit) -> web.Response:
        """What Element's video button asks for (`widget_build_url`), without saying who asks: every room gets the same.

        Raises:
            Problem: there is no widget.
        """
        if self._build_answer is None:
            raise Problem(Trouble.NOT_FOUND)
        return web.json_response(self._build_answer, headers={"Access-Control-Allow-Origin": "*"})

    # What the script asks

    async def state(self, visit: Visit) -> web.Response:
        """`{"room": …}`: what goes on there."""
        person, asked = await self._asked_by(visit)
        return web.json_response(await self._seen(visit, person, asked["room"]))

    async def start(self, visit: Visit) -> web.Response:
        """`{"room": …}`: begins one."""
        person, asked = await self._asked_by(visit)
        note = _of_start(await self._desk.start(person, asked["room"]), visit.texts)
        return web.json_response(await self._seen(visit, person, asked["room"], note))

    async def join(self, visit: Visit) -> web.Response:
        """`{"room": …, "conference": …}`: the way in, for a new tab."""
        person, asked = await self._asked_by(visit)
        entrance = await self._desk.join(person, asked["room"], asked["conference"])
        seen = await self._seen(visit, person, asked["room"], _of_entrance(entrance, visit.texts))
        return web.json_response(seen | {"open": self._desk.link(entrance)})

    async def end(self, visit: Visit) -> web.Response:
        """`{"room": …, "conference": …}`: ends it for everybody, or calls it off."""
        person, asked = await self._asked_by(visit)
        ended = await self._desk.end(person, asked["room"], asked["conference"])
        return web.json_response(await self._seen(visit, person, asked["room"], _of_end(ended, visit.texts)))

    async def _asked_by(self, visit: Visit) -> tuple[Person, dict[str, str]]:
        ensure_from_here(visit.request, visit.site)
        person = visit.person
        self._asked.attempt(person.user_id)
        # Another site's script cannot send this type without asking first, and is not answered when it asks.
        if visit.request.content_type != "application/json":
            raise Problem(Trouble.MALFORMED)
        try:
            body = await visit.request.json()
        except (ValueError, LookupError, RecursionError) as error:
            raise Problem(Trouble.MALFORMED) from error
        if not isinstance(body, dict):
            raise Problem(Trouble.MALFORMED)
        asked = {name: body.get(name, "") for name in ("room", "conference")}
        if not all(isinstance(value, str) for value in asked.values()):
            raise Problem(Trouble.MALFORMED)
        return person, asked

    async def _seen(self, visit: Visit, person: Person, room_id: str, note: str = "") -> dict[str, Any]:
        view, texts = await self._desk.look(person, room_id), visit.texts
        waits = any(each.sight is Sight.WAIT for each in view.shown)
        return {
            "who": texts.say("widget.who", name=person.display_name),
            "note": note,
            "said": _said(view, texts),
            "items": [_item(each, visit) for each in view.shown],
            "actions": [_action("start", texts)] if view.may_start and not view.goes_on else [],
            "again": _SOON_SECONDS if waits else _LATER_SECONDS,
        }


def _said(view: RoomView, texts: PageTexts) -> str:
    if not view.is_member:
        return texts.say("widget.stranger")
    if not view.is_offered:
        return texts.say("widget.not_offered")
    return "" if view.shown else texts.say("widget.none")


def _item(shown: Shown, visit: Visit) -> dict[str, Any]:
    conference, texts = shown.conference, visit.texts
    when = "" if conference.planned_at is None else texts.moment(conference.planned_at, visit.site.zone)
    sight = f"{shown.sight}_weekly" if shown.sight is Sight.PLANNED and conference.weekly else shown.sight
    return {
        "title": conference.title,
        "said": texts.say(f"widget.sight.{sight}", when=when),
        "calendar": _calendar(conference.id, visit) if shown.sight is Sight.PLANNED else None,
        "actions": [_action(name, texts, conference.id) for name in _actions(shown)],
    }


def _calendar(conference_id: str, visit: Visit) -> dict[str, str]:
    path = visit.site.path(f"/widget/conference/{conference_id}/calendar.ics")
    return {"label": visit.texts.say("widget.calendar"), "path": path}


def _actions(shown: Shown) -> Iterator[str]:
    match shown.sight:
        case Sight.OPEN:
            yield "join"
        case Sight.PLANNED if shown.leads:
            yield "begin"
    if shown.leads:
        yield "call_off" if shown.sight is Sight.PLANNED else "end"


def _action(name: str, texts: PageTexts, conference_id: str = "") -> dict[str, Any]:
    """`sure` is what the button says after the first press."""
    return {
        "does": _DOES.get(name, name),
        "conference": conference_id,
        "label": texts.say(f"widget.do.{name}"),
        "sure": texts.say(f"widget.sure.{name}") if BUTTONS[name] else "",
    }


def _of_start(started: Started | None, texts: PageTexts) -> str:
    if started is None:
        return ""
    if not started.decision:
        return _refusal(started.decision.reason, texts)
    if started.trouble is not None:
        return texts.say(f"widget.trouble.{started.trouble}")
    resting = started.others_rest + started.starter_rests
    return texts.say("widget.rests", number=resting) if resting else ""


def _of_entrance(entrance: Entrance, texts: PageTexts) -> str:
    match entrance.gate:
        case Gate.REFUSED if entrance.decision is not None:
            return _refusal(entrance.decision.reason, texts)
        case Gate.TROUBLE:
            return texts.say(f"widget.trouble.{entrance.trouble}")
        case Gate.OVER | Gate.UNKNOWN:
            return texts.say("widget.over")
    return ""


def _of_end(ended: Decision | NoWay | None, texts: PageTexts) -> str:
    if isinstance(ended, NoWay):
        return texts.say(f"widget.trouble.{ended}")
    if ended is None or ended:
        return texts.say("widget.over")
    return _refusal(ended.reason, texts)


def _refusal(reason: Reason | None, texts: PageTexts) -> str:
    return "" if reason is None else Texts(texts.language).refusal(reason)
