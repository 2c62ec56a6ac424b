"""`!passwort NAME` / `!password NAME`: a teacher helps somebody to get in again.

Somebody is found among those whose password may be reset. Where several can be meant nothing is done, and each is
offered with what to write for them: their user name, which nobody shares.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from appservice.bot.commands import Request
from appservice.bot.people_words import find_by_name, nearest
from appservice.desks.resets import Reset, ResetDesk
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.domain.decisions import Reason
from school.domain.directory import Directory
from school.domain.people import Person
from school.texts import Language

_NAMES: Final = {Language.GERMAN: "passwort", Language.ENGLISH: "password"}
_OFFERED: Final = 8
_SAYS_NOTHING_OF_PEOPLE: Final = frozenset({Reason.NO_RESETS})


class ResetCommand:
    """Resets passwords. `where`: the address at which the school's single sign-on resets them, if it has one."""

    def __init__(
        self, *, desk: ResetDesk, view: SchoolView, zone: ZoneInfo, where: str | None = None, clock: Clock = utc_now
    ) -> None:
        self._desk = desk
        self._view = view
        self._zone = zone
        self._where = where
        self._clock = clock

    async def run(self, request: Request) -> str:
        """Answers one request."""
        if not request.words:
            return request.texts.say("reset.which")
        everybody = list(self._view.now.policy.directory.people)
        found = find_by_name(request.words, everybody)
        decisions = [(person, self._desk.may_reset(request.person, person)) for person in found or everybody]
        if any(decision.reason in _SAYS_NOTHING_OF_PEOPLE for _, decision in decisions):
            return request.texts.refusal(Reason.NO_RESETS)
        allowed = [person for person, decision in decisions if decision]
        if not found:
            return self._say_who_is_near(request, allowed)
        if len(allowed) > 1:
            return self._ask_back(request, allowed)
        target = allowed[0] if allowed else found[0]
        return self._say(request, target, await self._desk.reset(request.person, target))

    def _say_who_is_near(self, request: Request, people: Sequence[Person]) -> str:
        near = nearest(request.words, people)
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

    def _say(self, request: Request, target: Person, reset: Reset) -> str:
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
            return texts.say("reset.password", name=name, user=user, code=reset.way_in.code)
        until = self._when(request, reset.way_in.expires_at)
        return texts.say("reset.code", name=name, user=user, code=reset.way_in.code, until=until)

    def _when(self, request: Request, moment: datetime) -> str:
        return request.texts.when(moment, self._zone, now=self._clock())


def _groups_of(person: Person, directory: Directory) -> str:
    return ", ".join(sorted(group.name for own in person.groups if (group := directory.group(own))))
