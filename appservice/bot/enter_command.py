"""`!betreten` / `!enter` and `!verlassen` / `!leave`: into the rooms of a group, and out of them."""

from collections.abc import Iterable

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import named_group
from appservice.bot.help_words import Topic
from appservice.bot.offers import with_right
from appservice.desks.entering import EnteringDesk
from appservice.desks.reach import groups_in_reach, own_groups, reaches_all_groups
from appservice.school_view import SchoolView
from school.domain.decisions import Reason
from school.domain.groups import Group
from school.domain.rights import Right
from school.texts import Language


class EnterCommand:
    """Brings people into rooms of groups, and out."""

    def __init__(self, *, desk: EnteringDesk, view: SchoolView) -> None:
        self._desk = desk
        self._view = view

    def commands(self) -> Iterable[Command]:
        """To be registered with the bot's commands."""
        visitors = with_right(Right.WRITE_TO_GROUPS)
        yield Command(
            names=((Language.GERMAN, "betreten"), (Language.ENGLISH, "enter")),
            help="enter",
            run=self.enter,
            topic=Topic.GROUPS,
            offered=visitors,
        )
        yield Command(
            names=((Language.GERMAN, "verlassen"), (Language.ENGLISH, "leave")),
            help="leave",
            run=self.leave,
            topic=Topic.GROUPS,
            offered=visitors,
        )

    async def enter(self, request: Request) -> str:
        """Answers one request to come in."""
        if not request.words:
            return request.texts.say("enter.which")
        group = self._group(request)
        if isinstance(group, str):
            return group
        visit = await self._desk.enter(request.person, group)
        if visit.decision.reason is not None:
            return request.texts.refusal(visit.decision.reason)
        if visit.room_id is None:
            return request.texts.say("groups.no_room", group=group.name)
        if visit.changed:
            return request.texts.say("enter.came", group=group.name)
        return request.texts.say("enter.is_there", group=group.name)

    async def leave(self, request: Request) -> str:
        """Answers one request to go."""
        if not request.words:
            return request.texts.say("leave.which")
        group = self._group(request)
        if isinstance(group, str):
            return group
        visit = await self._desk.leave(request.person, group)
        if visit.decision.reason is not None:
            return request.texts.refusal(visit.decision.reason)
        if visit.changed:
            return request.texts.say("leave.left", group=group.name)
        return request.texts.say("leave.not_there", group=group.name)

    def _group(self, request: Request) -> Group | str:
        standing = self._view.now
        if reaches_all_groups(standing, request.person):
            return named_group(request.words, groups_in_reach(standing, request.person), request.texts)
        own = named_group(request.words, own_groups(standing, request.person), request.texts)
        # That a group is not found would tell which there are: who may not enter any hears that.
        return request.texts.refusal(Reason.NOT_IN_GROUP) if isinstance(own, str) else own
