"""`!einladen` / `!invite`: a whole group into one of somebody's chats, once or as long as the chat is to follow it.

Written in the chat itself, or in the control room with the name of the chat: `!einladen Klasse 8.1 in Projekt Bienen
aktuell`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from appservice.bot.commands import Command, Request, Show
from appservice.bot.group_words import ask_which, find_each_group
from appservice.bot.help_words import Topic
from appservice.bot.in_rooms import RoomCommand, RoomRequest
from appservice.bot.offers import with_right
from appservice.bot.room_words import find_rooms
from appservice.chats import Chat
from appservice.desks.invitations import InvitationsDesk
from appservice.inviting import Invited
from appservice.school_view import SchoolView
from school.domain.decisions import Decision, Reason
from school.domain.groups import Group
from school.domain.people import Person, names_of
from school.domain.rights import Right
from school.domain.rooms import RoomKind
from school.texts import Language, Texts

_FLAGS: Final = re.IGNORECASE | re.DOTALL
_NO_MORE: Final = re.compile(r"(.*?)\s*\b(?:aktuell\s+aus|nicht\s+mehr\s+aktuell|current\s+off)", _FLAGS)
_KEEP: Final = re.compile(r"(.*?)\s*\b(?:aktuell|current)", _FLAGS)
_INTO: Final = re.compile(r"\s+(?:in|into)\s+(?:(?:den|the)\s+)?", re.IGNORECASE)
_NAMED: Final = 5
_ROOMS: Final = 10
_EVERY: Final = 10
"""After so many invitations it is told how far it is."""


class InviteCommand:
    """Reads, asks the desk, answers."""

    def __init__(self, *, desk: InvitationsDesk, view: SchoolView) -> None:
        self._desk = desk
        self._view = view

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "einladen"), (Language.ENGLISH, "invite")),
            help="invite",
            run=self.run,
            topic=Topic.ROOMS,
            offered=with_right(Right.INVITE_GROUPS),
        )

    def in_room(self) -> RoomCommand:
        """To be heard in rooms."""
        return RoomCommand(command=self.command(), answer=self._in_room)

    async def run(self, request: Request) -> str:
        """Answers one request in the control room, where the chat has to be named."""
        person, texts = request.person, request.texts
        if (decision := self._desk.may_invite(person)).reason is not None:
            return texts.refusal(decision.reason)
        words, wish = _wish(request.words)
        if not words:
            return await self._say_what_follows(person, texts)
        read = self._groups_and_room(words, texts)
        if isinstance(read, str):
            return read
        groups, name = read
        if not name:
            return texts.say("invite.which_room", group=groups[0].name)
        rooms = await self._desk.rooms_of(person)
        found = find_rooms(name, rooms)
        if len(found) != 1:
            return _ask_which_room(name, found, rooms, groups, texts)
        return await self._do(person, found[0].room_id, groups, wish, texts, show=request.show, room=found[0].name)

    async def _in_room(self, request: RoomRequest) -> str:
        person, texts = request.person, request.texts
        if (decision := self._desk.may_invite(person)).reason is not None:
            return texts.refusal(decision.reason)
        words, wish = _wish(request.words)
        if request.stamp.kind is not RoomKind.CHAT or not words:
            return texts.say("invite.not_here") if words else texts.say("invite.how")
        groups = self._groups(words, texts)
        if isinstance(groups, str):
            return groups
        return await self._do(person, request.room_id, groups, wish, texts)

    async def _do(
        self,
        person: Person,
        room_id: str,
        groups: Sequence[Group],
        wish: bool | None,
        texts: Texts,
        *,
        show: Show | None = None,
        room: str = "",
    ) -> str:
        """`show` and the name of the room: in the control room. In the chat itself others read the answer, so nobody
        is named there."""
        names = ", ".join(group.name for group in groups)
        if wish is False:
            ended = await self._desk.follow_no_more(person, room_id, groups)
            if isinstance(ended, Decision):
                return _refusal(ended, texts)
            return texts.say("invite.stopped", group=names) if ended else texts.say("invite.not_kept", group=names)

        async def progress(done: int, number: int) -> None:
            if show is not None and done % _EVERY == 0 and done < number:
                await show(texts.say("invite.progress", done=done, number=number))

        done = await self._desk.invite(person, room_id, groups, progress, keep=bool(wish))
        if isinstance(done, Decision):
            return _refusal(done, texts)
        lines = [texts.say("invite.done", group=names, number=len(done.invited)), *_rest(done, texts, named=bool(room))]
        if wish:
            lines.append(texts.say("invite.kept", group=names))
        return "\n".join(lines)

    async def _say_what_follows(self, person: Person, texts: Texts) -> str:
        followed = await self._desk.followed_by(person)
        lines = [texts.say("invite.follows", group=one.group.name, room=one.room) for one in followed]
        return "\n".join((*lines, texts.say("invite.how")))

    def _groups_and_room(self, words: str, texts: Texts) -> tuple[Sequence[Group], str] | str:
        """The groups, and the name of the room if there is one; names of both may have an "in" of their own."""
        problem = None
        for into in _INTO.finditer(words):
            groups = self._groups(words[: into.start()], texts)
            if not isinstance(groups, str):
                return groups, words[into.end() :].strip()
            problem = problem or groups
        if problem:
            return problem
        groups = self._groups(words, texts)
        return groups if isinstance(groups, str) else (groups, "")

    def _groups(self, words: str, texts: Texts) -> Sequence[Group] | str:
        known = self._view.now.policy.directory.groups.values()
        named = find_each_group(words, known)
        for one in named:
            if one.group is None:
                return ask_which(one, known, texts)
        return list({one.group.id: one.group for one in named if one.group}.values()) or texts.say("invite.how")


def _wish(words: str) -> tuple[str, bool | None]:
    """The words without what they say about following: True begins it, False ends it, None says nothing."""
    if match := _NO_MORE.fullmatch(words.strip()):
        return match[1], False
    if match := _KEEP.fullmatch(words.strip()):
        return match[1], True
    return words.strip(), None


def _refusal(decision: Decision, texts: Texts) -> str:
    if decision.reason is Reason.NOT_A_MODERATOR or decision.reason is None:
        return texts.say("invite.not_yours")
    return texts.refusal(decision.reason)


def _ask_which_room(
    name: str, found: Sequence[Chat], rooms: Sequence[Chat], groups: Sequence[Group], texts: Texts
) -> str:
    listed = ", ".join(sorted(chat.name for chat in rooms if chat.name)[:_ROOMS])
    if found:
        return texts.say("invite.several_rooms", name=name, group=groups[0].name)
    if not listed:
        return texts.say("invite.no_rooms")
    return texts.say("invite.no_such_room", name=name, rooms=listed)


def _rest(done: Invited, texts: Texts, *, named: bool) -> Iterable[str]:
    """What else there is to say: who was there, and who could not be invited, and why."""
    if done.there:
        yield texts.say("invite.there", number=len(done.there))
    if done.resting:
        yield texts.say("invite.resting", who=_some(done.resting, named=named))
    by_reason: dict[Reason, list[Person]] = {}
    for person, reason in done.refused:
        by_reason.setdefault(reason, []).append(person)
    for reason, people in by_reason.items():
        yield texts.say("invite.refused", who=_some(people, named=named), why=texts.refusal(reason))
    if done.failed:
        yield texts.say("invite.failed", who=_some(done.failed, named=named))


def _some(people: Sequence[Person], *, named: bool) -> str:
    return ", ".join(names_of(people)) if named and len(people) <= _NAMED else str(len(people))
