"""`!an Klasse 8.1, Sorgeberechtigte 8.1: Text` / `!to`: one text into the rooms of several groups, in the name of who
writes it.

Nothing is sent before every group is clear. What the homeserver does not take now is sent in the background, also after
a restart, and the bot tells then.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import ask_which, find_each_group
from appservice.bot.help_words import Topic
from appservice.bot.offers import with_right
from appservice.bot.sync_news import Tell
from appservice.desks.circulars import MOST_AN_HOUR, CircularDesk
from appservice.desks.reach import groups_in_reach, reaches_all_groups
from appservice.homeserver import HomeserverError
from appservice.school_view import SchoolView
from school.database.circulars import CircularState, InGroup
from school.domain.decisions import Reason
from school.domain.groups import Group
from school.domain.rights import Right
from school.sealing import BrokenSealError
from school.texts import Language, Texts

log = structlog.get_logger()

_SHOWN_FROM: Final = 4
"""Groups from which on the bot says that it is at it."""


class ToCommand:
    """Sends circulars from control rooms."""

    def __init__(self, *, desk: CircularDesk, view: SchoolView) -> None:
        self._desk = desk
        self._view = view

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "an"), (Language.ENGLISH, "to")),
            help="to",
            run=self.run,
            topic=Topic.GROUPS,
            offered=with_right(Right.WRITE_TO_GROUPS),
        )

    async def run(self, request: Request) -> str | None:
        """Answers one request."""
        texts = request.texts
        if not reaches_all_groups(self._view.now, request.person):
            return texts.say("to.not_for_you")
        names, colon, text = request.words.partition(":")
        text = text.strip()
        if not colon or not names.strip():
            return texts.say("to.how")
        groups = self._groups(names, request)
        if isinstance(groups, str):
            return groups
        if not text:
            return texts.say("to.no_text")
        asked = request.event_id
        accepted = await self._desk.accept(request.person, groups, text, asked=asked, language=texts.language)
        match accepted.decision.reason:
            case None:
                return await self._send(request, len(groups))
            case Reason.TOO_MANY:
                return texts.say("to.too_many", most=MOST_AN_HOUR, left=accepted.left)
            case reason:
                return texts.refusal(reason)

    async def finish(self, tell: Tell) -> None:
        """Sends what was left open, and tells those who sent it; to be done again and again."""
        for circular in await self._desk.left_open():
            try:
                became = await self._desk.send(circular.id)
                said = self._told(became, Texts(Language(circular.language)))
                await tell(circular.user_id, said, txn_id=f"circular-{circular.id}")
            except (HomeserverError, BrokenSealError) as error:
                log.warning("circular_waits", circular=circular.id, error=str(error))
                continue
            await self._desk.is_told(circular.id)
        await self._desk.forget()

    async def _send(self, request: Request, number: int) -> str | None:
        try:
            if number >= _SHOWN_FROM:
                await request.show(request.texts.say("to.sending", number=number))
            became = await self._desk.send(request.event_id)
            await request.show(self._told(became, request.texts))
        except HomeserverError as error:
            log.warning("circular_waits", circular=request.event_id, error=str(error))
            self._desk.put_off(request.event_id)
            return request.texts.say("to.later")
        await self._desk.is_told(request.event_id)
        return None

    def _groups(self, names: str, request: Request) -> Sequence[Group] | str:
        known = groups_in_reach(self._view.now, request.person)
        named = find_each_group(names, known)
        unclear = [ask_which(each, known, request.texts) for each in named if each.group is None]
        if unclear or not named:
            return "\n".join((*unclear, request.texts.say("to.nothing_sent")))
        return [each.group for each in named if each.group is not None]

    def _told(self, became: Sequence[InGroup], texts: Texts) -> str:
        return "\n".join(_lines(became, self._name_of, texts))

    def _name_of(self, each: InGroup) -> str:
        group = self._view.now.policy.directory.group(each.group_id)
        return each.group_id if group is None else group.name


def _lines(became: Sequence[InGroup], name_of: Callable[[InGroup], str], texts: Texts) -> Iterable[str]:
    def names(state: CircularState) -> str:
        return ", ".join(name_of(each) for each in became if each.state is state)

    if sent := names(CircularState.SENT):
        yield texts.say("to.sent", groups=sent)
    if held := names(CircularState.HELD):
        yield texts.say("to.held", groups=held)
    if roomless := names(CircularState.NO_ROOM):
        yield texts.say("to.no_room", groups=roomless)
    for each in became:
        if each.reason is not None:
            yield texts.say("to.refused", group=name_of(each), why=texts.refusal(each.reason))
    if entered := ", ".join(name_of(each) for each in became if each.entered):
        yield texts.say("to.entered", groups=entered)
