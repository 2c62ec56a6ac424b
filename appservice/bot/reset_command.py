"""`!passwort NAME` / `!password NAME`: a teacher helps somebody to get in again.

Where several can be meant nothing is done, and each is offered with what to write for them: their user name, which
nobody shares. The answer is taken back after some minutes; until then it leads to a page with the letter, which is in
no file before somebody takes it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from appservice.bot.commands import Request
from appservice.bot.replies import Reply, secret
from appservice.desks.handing_out import MINUTES
from appservice.desks.resets import Reset, ResetDesk
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.domain.decisions import Reason
from school.domain.directory import Directory
from school.domain.people import Person, UserId
from school.texts import Language

log = structlog.get_logger()

_NAMES: Final = {Language.GERMAN: "passwort", Language.ENGLISH: "password"}
_OFFERED: Final = 8

LinkToLetter = Callable[[UserId, str], Awaitable[str]]
"""A personal link for whoever made a way in, to where it is handed out; given its name."""


class ResetCommand:
    """Resets passwords. `where`: the address at which the school's single sign-on resets them, if it has one."""

    def __init__(
        self,
        *,
        desk: ResetDesk,
        view: SchoolView,
        zone: ZoneInfo,
        link: LinkToLetter,
        where: str | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._desk = desk
        self._link = link
        self._view = view
        self._zone = zone
        self._where = where
        self._clock = clock

    async def run(self, request: Request) -> str | Reply:
        """Answers one request."""
        if not request.words:
            return request.texts.say("reset.which")
        found = self._desk.find(request.person, request.words)
        if found.refusal is not None:
            return request.texts.refusal(found.refusal)
        if not found.people:
            return self._say_who_is_near(request, found.near)
        if len(found.people) > 1:
            return self._ask_back(request, found.people)
        [target] = found.people
        return await self._say(request, target, await self._desk.reset(request.person, target))

    def _say_who_is_near(self, request: Request, near: Person | None) -> str:
        if near is None:
            return request.texts.say("reset.nobody", name=request.words)
        return request.texts.say("reset.near", name=request.words, near=near.display_name)

    def _ask_back(self, request: Request, people: Sequence[Person]) -> str:
        directory = self._view.now.policy.directory
        command = _NAMES[request.texts.language]
        choices = [
            f"!{command} {person.user_id.partition(':')[0]} – {person.display_name}, {_groups_of(person, directory)}"
            for person in people[:_OFFERED]
        ]
        return request.texts.say("reset.several", choices="\n".join(choices))

    async def _say(self, request: Request, target: Person, reset: Reset) -> str | Reply:
        texts, name = request.texts, target.display_name
        if reset.elsewhere:
            return texts.say("reset.elsewhere", name=name, where="" if self._where is None else f": {self._where}")
        if reset.decision.reason is not None or reset.way_in is None:
            refused = texts.refusal(reset.decision.reason or Reason.NO_RESETS)
            if reset.again_at is None:
                return refused
            return f"{refused} {texts.say('reset.again_at', when=self._when(request, reset.again_at))}"
        user = target.user_id[1:].partition(":")[0]
        if reset.way_in.expires_at is None:
            said = texts.say("reset.password", name=name, user=user, code=reset.way_in.code)
        else:
            until = self._when(request, reset.way_in.expires_at)
            said = texts.say("reset.code", name=name, user=user, code=reset.way_in.code, until=until)
        minutes = str(int(MINUTES.total_seconds() // 60))
        return secret(f"{said}\n{texts.say('reset.goes', minutes=minutes)}{await self._letter(request, reset)}")

    async def _letter(self, request: Request, reset: Reset) -> str:
        """Where the letter is. The code is told in any case: without it nobody gets in."""
        try:
            link = await self._link(request.person.user_id, reset.handed_out)
        except SQLAlchemyError as error:
            log.warning("no_link_to_letter", error=str(error))
            return ""
        return f" {request.texts.say('reset.letter', link=link)}"

    def _when(self, request: Request, moment: datetime) -> str:
        return request.texts.when(moment, self._zone, now=self._clock())


def _groups_of(person: Person, directory: Directory) -> str:
    return ", ".join(sorted(group.name for own in person.groups if (group := directory.group(own))))
