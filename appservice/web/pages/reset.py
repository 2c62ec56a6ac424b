"""`/reset`: a teacher helps somebody to get in again: a name, who is meant, "yes", and the new code.

1. What is decided and done, the desk decides and does; this is how it looks (`appservice.desks.resets`).
2. Every step is a form to the same address: no name stands in an address, and none in a log.
3. What was made is shown under an address of its own, so that loading a page again resets nothing. It is shown once, to
   the teacher who made it; for a few minutes there is a letter of it (`appservice.desks.handing_out`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web
from babel import Locale

from appservice.desks.handing_out import HandedOut
from appservice.desks.resets import ResetDesk
from appservice.homeserver import HomeserverError
from appservice.new_way_in import WayIn
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from school.config.letters import LetterLanguage
from school.domain.decisions import Reason
from school.domain.directory import Directory
from school.domain.people import Person, UserId
from school.errors import FailedError
from school.texts import Texts

log = structlog.get_logger()

PATH: Final = "/reset"
_SHOWN: Final = 20
_LANGUAGES: Final = [(one, str(Locale.parse(one.value).get_display_name()).capitalize()) for one in LetterLanguage]
"""Each as it calls itself."""

PrintLetter = Callable[[Person, WayIn, LetterLanguage | None], Awaitable[bytes]]
"""A letter of one page as PDF. The language is the second one.

Raises:
    FailedError: it cannot be printed.
"""


def path_of(handed_out: str) -> str:
    """Where somebody sees what they have made."""
    return f"{PATH}/{handed_out}"


class ResetPasswords:
    """The steps, and what comes of them."""

    def __init__(self, *, desk: ResetDesk, directory: Callable[[], Directory], print_letter: PrintLetter) -> None:
        self._desk = desk
        self._directory = directory
        self._print_letter = print_letter
        self._printer = asyncio.Lock()

    async def show(self, visit: Visit) -> web.Response:
        """The form for a name."""
        decision = self._desk.may_reset_somebody(visit.person)
        if decision.reason is not None:
            return self._refused(visit, decision.reason)
        return self._form(visit)

    async def step(self, visit: Visit) -> web.Response:
        """Whom a name means; whether it is right; and then it is done."""
        form = await visit.form()
        wanted = form.text("person")
        if not wanted:
            return self._search(visit, form.text("name").strip())
        decision = self._desk.may_reset_somebody(visit.person)
        if decision.reason is not None:
            return self._refused(visit, decision.reason)
        target = self._directory().person(UserId(wanted))
        if target is None:
            return self._form(visit, name=wanted, sentence=visit.texts.say("reset.nobody", name=wanted))
        if form.is_set("sure"):
            return await self._reset(visit, target)
        decision = self._desk.may_reset(visit.person, target)
        if decision.reason is not None:
            return self._refused(visit, decision.reason)
        return visit.page("reset_sure.html", target=target, groups=self._groups_of(target))

    def _search(self, visit: Visit, name: str) -> web.Response:
        if not name:
            return self._form(visit, sentence=visit.texts.say("reset.which"))
        found = self._desk.find(visit.person, name)
        if found.refusal is not None:
            return self._refused(visit, found.refusal)
        people = found.people or ([found.near] if found.near else [])
        if not people:
            return self._form(visit, name=name, sentence=visit.texts.say("reset.nobody", name=name))
        return visit.page(
            "reset_who.html",
            name=name,
            is_near=not found.people,
            people=[(person, self._groups_of(person)) for person in people[:_SHOWN]],
            more=len(people) > _SHOWN,
        )

    async def _reset(self, visit: Visit, target: Person) -> web.Response:
        try:
            reset = await self._desk.reset(visit.person, target)
        except HomeserverError:
            raise
        except FailedError as error:
            log.warning("password_not_reset", error=str(error))
            return self._form(visit, sentence=visit.texts.say("reset.failed"), status=502)
        if reset.elsewhere:
            return visit.page("reset_elsewhere.html", target=target)
        if reset.decision.reason is not None:
            return self._refused(visit, reset.decision.reason, again_at=reset.again_at)
        return visit.go(path_of(reset.handed_out))

    async def show_code(self, visit: Visit) -> web.Response:
        """The new code, once."""
        made = self._made(visit)
        if made is None:
            return visit.page("reset_gone.html", status=410)
        was_shown = made.was_shown
        if visit.request.method == "GET":
            made.was_shown = True
        return self._code(visit, made, was_shown=was_shown)

    async def letter(self, visit: Visit) -> web.Response:
        """The letter, as a file for a printer."""
        form = await visit.form()
        made = self._made(visit)
        if made is None:
            return visit.page("reset_gone.html", status=410)
        try:
            second = LetterLanguage(form.text("language")) if form.text("language") else None
        except ValueError as error:
            raise Problem(Trouble.MALFORMED) from error
        try:
            async with self._printer:
                pdf = await self._print_letter(made.person, made.way_in, second)
        except FailedError as error:
            log.warning("letter_not_printed", error=str(error))
            return self._code(visit, made, was_shown=True, sentence=visit.texts.say("reset.cannot_print"))
        return web.Response(
            body=pdf,
            content_type="application/pdf",
            headers={"Content-Disposition": 'attachment; filename="brief.pdf"'},
        )

    def _made(self, visit: Visit) -> HandedOut | None:
        return self._desk.handing_out.look_at(visit.request.match_info["name"], visit.person.user_id)

    def _code(self, visit: Visit, made: HandedOut, *, was_shown: bool, sentence: str = "") -> web.Response:
        way_in, zone = made.way_in, visit.site.zone
        return visit.page(
            "reset_code.html",
            status=500 if sentence else 200,
            sentence=sentence,
            target=made.person,
            code=None if was_shown else way_in.code,
            good_until=None if way_in.expires_at is None else visit.texts.moment(way_in.expires_at, zone),
            letter_until=visit.texts.moment(made.until, zone),
            languages=[(one.value, own_name) for one, own_name in _LANGUAGES if one.value != visit.site.language.value],
        )

    def _form(self, visit: Visit, *, name: str = "", sentence: str = "", status: int = 422) -> web.Response:
        """`sentence`: what is wrong."""
        return visit.page("reset.html", status=status if sentence else 200, name=name, sentence=sentence)

    def _refused(self, visit: Visit, reason: Reason, *, again_at: datetime | None = None) -> web.Response:
        why = Texts(visit.texts.language).refusal(reason)
        when = None if again_at is None else visit.texts.moment(again_at, visit.site.zone)
        return visit.page("reset_refused.html", status=403, why=why, again_at=when)

    def _groups_of(self, person: Person) -> str:
        """By what somebody is told from others of their name."""
        directory = self._directory()
        return ", ".join(sorted(group.name for own in person.groups if (group := directory.group(own)) is not None))
