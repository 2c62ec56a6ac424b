"""`!gruppe` / `!group`: groups that teachers make (`school.domain.school_groups`).

The words are read by `group_syntax` and `member_words`, the desk decides and does, `group_answers` says what came of
it. Nothing is done before all names are clear.
"""

import asyncio
from collections.abc import Sequence

from appservice.bot.commands import Command, Request
from appservice.bot.group_answers import GroupAnswers
from appservice.bot.group_syntax import What, Wish, read_wish
from appservice.bot.group_words import find_groups, is_called, named_group
from appservice.bot.help_words import Topic
from appservice.bot.member_words import MemberWords, ask_back
from appservice.bot.offers import Asker
from appservice.desks.groups import GroupsDesk
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import Person
from school.domain.rights import Right
from school.domain.school_groups import may_make
from school.texts import Language


def to_who_makes_groups(asker: Asker) -> bool:
    """Who may make groups, and the leadership, who may change all of them."""
    return asker.person.leadership or asker.standing.policy.rights.holds(asker.person, Right.CREATE_GROUPS)


class GroupCommand:
    """Reads, asks the desk, answers."""

    def __init__(self, *, desk: GroupsDesk, view: SchoolView, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "gruppe"), (Language.ENGLISH, "group")),
            help="group",
            run=self.run,
            topic=Topic.GROUPS,
            offered=to_who_makes_groups,
        )

    async def run(self, request: Request) -> str:
        """Answers one request."""
        person, texts = request.person, request.texts
        decision = may_make(self._view.now.policy, person)
        if decision.reason is not None and not person.leadership:
            return texts.refusal(decision.reason)
        wish = read_wish(request.words, self._is_group)
        if wish is None:
            return texts.say("group.not_understood")
        answers = GroupAnswers(texts, today=self._clock().astimezone(self._view.zone).date())
        if wish.what is What.LIST:
            return answers.listed(await self._desk.own(person), is_leadership=person.leadership)
        if wish.what is What.MAKE:
            return await self._make(request, wish, answers)
        group = await self._group(request, wish)
        if isinstance(group, str):
            return group
        match wish.what:
            case What.RENAME:
                return answers.renamed(group, await self._desk.rename(person, group.id, wish.new_name))
            case What.KEEP:
                return answers.kept(await self._desk.keep(person, group.id))
            case What.END if not is_called(group, wish.name):
                return texts.say("group.end_exactly", group=group.name)
            case What.END:
                return answers.ended(await self._desk.end(person, group.id))
            case What.CHANGE | What.OWNERS:
                return await self._change(request, group, wish, answers)
            case _:
                return answers.shown(await self._desk.look(person, group.id))

    async def _make(self, request: Request, wish: Wish, answers: GroupAnswers) -> str:
        people = await self._people(request, wish, among=())
        if isinstance(people, str):
            return people
        add, remove = people
        members = [person for person in add if person not in remove]
        return answers.made(await self._desk.make(request.person, wish.name, members))

    async def _change(self, request: Request, group: Group, wish: Wish, answers: GroupAnswers) -> str:
        people = await self._people(request, wish, among=self._directory.members(group.id))
        if isinstance(people, str):
            return people
        add, remove = people
        if wish.what is What.OWNERS:
            done = await self._desk.change_owners(request.person, group.id, add=add, remove=remove)
            return answers.owners_changed(done)
        return answers.changed(await self._desk.change(request.person, group.id, add=add, remove=remove))

    async def _people(
        self, request: Request, wish: Wish, *, among: Sequence[Person]
    ) -> tuple[Sequence[Person], Sequence[Person]] | str:
        """Who is to come and who is to go; if that is not clear, what to say."""
        directory = self._directory
        words = MemberWords(directory)
        add = await asyncio.to_thread(words.read, wish.add)
        remove = await asyncio.to_thread(words.read, wish.remove, rather=among)
        if unclear := [*add.unclear, *remove.unclear]:
            return ask_back(unclear, directory, request.texts)
        return add.people, remove.people

    async def _group(self, request: Request, wish: Wish) -> Group | str:
        """The one group that is meant, rather one that somebody may change; if it is not clear, what to say."""
        own = [seen.group for seen in await self._desk.own(request.person)]
        others = [*self._directory.groups.values()]
        for known in (own, others):
            if exact := [group for group in find_groups(wish.name, known) if is_called(group, wish.name)]:
                return exact[0]
        return named_group(wish.name, own if find_groups(wish.name, own) else others, request.texts)

    def _is_group(self, name: str) -> bool:
        return any(is_called(group, name) for group in find_groups(name, self._directory.groups.values()))

    @property
    def _directory(self) -> Directory:
        return self._view.now.policy.directory
