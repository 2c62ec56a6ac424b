"""`!konferenz [Titel] [mit Klasse 8.1, 8.2] [am Freitag um 14:00] [ohne Kameras]` / `!conference …`: starts a
conference, plans one, ends it, invites guests, lists who was there.

Said in a room it is for that room; said in the control room it names groups. Links of guests and lists of names are
told in the control room only, wherever they were asked for: a room has many readers.
"""

from collections.abc import Callable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import ask_which, find_each_group, named_group
from appservice.bot.help_words import Topic
from appservice.bot.in_rooms import RoomCommand, RoomRequest
from appservice.bot.offers import with_right
from appservice.bot.sync_news import Tell
from appservice.calendar.feeds import Feeds
from appservice.desks.reach import groups_in_reach
from appservice.school_view import SchoolView
from bbb_widget.announcing import Announcing
from bbb_widget.conference_answers import ConferenceAnswers, chosen, refusal, refused, rests, unclear
from bbb_widget.conference_words import Does, Said, Unclear, read_words, split_groups
from bbb_widget.conferences import Place, Wish
from bbb_widget.desk import ConferenceDesk
from bbb_widget.guest_desk import GuestDesk
from bbb_widget.slides import SlidesDesk
from school.clock import Clock, utc_now
from school.database.conferences import Conference, Message, conferences_started_by
from school.database.room_rests import room_of_group
from school.domain.conferences import ConferenceState
from school.domain.decisions import Decision
from school.domain.groups import Group
from school.domain.people import Person, UserId
from school.domain.rights import Right
from school.domain.rooms import RoomStamp
from school.texts import Language, Texts

_LONGEST_TITLE: Final = 60
_OF_ONESELF: Final = frozenset({Does.JOIN, Does.PLANNED, Does.CALENDAR, Does.NO_CALENDAR})


class ConferenceCommand:
    """Conferences, as the bot hears of them."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        desk: ConferenceDesk,
        guests: GuestDesk,
        announcing: Announcing,
        feeds: Feeds,
        slides: SlidesDesk,
        zone: ZoneInfo,
        tell: Callable[[], Tell],
        is_silent: Callable[[UserId], bool] = lambda _: False,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._desk = desk
        self._announcing = announcing
        self._answers = ConferenceAnswers(desk=desk, guests=guests, announcing=announcing, feeds=feeds)
        self._slides = slides
        self._zone = zone
        self._tell = tell
        self._is_silent = is_silent
        self._clock = clock

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "konferenz"), (Language.ENGLISH, "conference")),
            help="conference",
            run=self.run,
            topic=Topic.GROUPS,
            offered=with_right(Right.START_CONFERENCES),
        )

    def in_room(self) -> RoomCommand:
        """To be heard in rooms."""
        return RoomCommand(command=self.command(), answer=self._in_room)

    # In the control room

    async def run(self, request: Request) -> str:
        """Answers one request in the control room, where groups have to be named."""
        texts, person = request.texts, request.person
        said = read_words(request.words, now=self._clock(), zone=self._zone)
        if isinstance(said, Unclear):
            return unclear(said, texts)
        if said.does is Does.START:
            return await self._start_for_groups(person, said, texts)
        if said.does in _OF_ONESELF:
            return await self._answers.of_oneself(said.does, person, texts)
        if said.does is Does.SLIDES:
            return texts.say("conference.slides_how")
        known = await self._of(person)
        if said.does is Does.END and said.text:
            group = named_group(said.text, groups_in_reach(self._view.now, person), texts)
            if isinstance(group, str):
                return group
            known = [each for each in known if group.id in each.groups]
        if not known:
            return texts.say("conference.none_of_yours")
        return await self._do(said, person, known[0], texts, here=True)

    async def _of(self, person: Person) -> list[Conference]:
        """Somebody's conferences: what goes on, what is planned, what was; in each the newest first."""
        async with self._engine.connect() as connection:
            own = await conferences_started_by(connection, person.id)
        order = {ConferenceState.PLANNED: 1, ConferenceState.ENDED: 2}
        return sorted(own, key=lambda each: order.get(each.state, 0))

    async def _start_for_groups(self, person: Person, said: Said, texts: Texts) -> str:
        known = groups_in_reach(self._view.now, person)
        title, groups = _with_groups(said.text, known)
        if groups is None:
            ways = split_groups(said.text)
            if not ways:
                return texts.say("conference.which")
            unknown = [each for each in find_each_group(ways[0][1], known) if each.group is None]
            return "\n".join(ask_which(each, known, texts) for each in unknown) or texts.say("conference.which")
        room_id = None
        if len(groups) == 1:
            async with self._engine.connect() as connection:
                room_id = await room_of_group(connection, groups[0].id)
        place = Place(room_id=room_id, groups=frozenset(group.id for group in groups))
        names = ", ".join(group.name for group in groups)
        started = await self._desk.start(person, self._wish(place, title or names, said, texts))
        if (why := refused(started, texts)) is not None or started.conference is None:
            return why or texts.say("bot.failed")
        lines = [self._announcing.words(started.conference, texts)]
        if not started.was_there:
            roomless = await self._announcing.in_groups(started.conference)
            lines += [texts.say("groups.no_room", group=group.name) for group in groups if group.id in roomless]
        return "\n".join((*lines, *chosen(started, texts), *rests(started, texts)))

    # In a room

    async def _in_room(self, request: RoomRequest) -> str:
        texts, person = request.texts, request.person
        said = read_words(request.words, now=self._clock(), zone=self._zone)
        if isinstance(said, Unclear):
            return unclear(said, texts)
        if said.does is Does.START or (said.does is Does.END and said.text):
            return await self._start_here(request, said)
        if said.does in _OF_ONESELF:
            return await self._alone(person, await self._answers.of_oneself(said.does, person, texts), texts)
        if said.does is Does.SLIDES:
            return await self._slides_for(request)
        here = await self._desk.in_room(request.room_id)
        if not here and said.does is Does.LIST:
            here = [each for each in await self._of(person) if each.room_id == request.room_id]
        if not here:
            return texts.say("conference.none_here")
        return await self._do(said, person, here[0], texts, here=False)

    async def _start_here(self, request: RoomRequest, said: Said) -> str:
        texts = request.texts
        text = request.words if said.does is Does.END else said.text
        own = request.stamp.group
        title, named = _with_groups(text, groups_in_reach(self._view.now, request.person))
        if named is not None and own is None:
            return texts.say("conference.groups_elsewhere")
        groups = frozenset((*(group.id for group in named or ()), *(() if own is None else (own,))))
        place = Place(room_id=request.room_id, groups=groups)
        wish = self._wish(place, title or self._name_of(request.stamp, texts), said, texts)
        started = await self._desk.start(request.person, wish)
        if (why := refused(started, texts)) is not None or started.conference is None:
            return why or texts.say("bot.failed")
        if not started.was_there:
            message = Message(room_id=request.room_id, event_id=request.event_id, by_starter=True)
            await self._announcing.keep(started.conference, [message])
            if named:
                conference = await self._desk.newest(started.conference)
                await self._announcing.in_groups(conference, but=request.room_id)
        words = self._announcing.words(started.conference, texts)
        return "\n".join((words, *chosen(started, texts), *rests(started, texts)))

    async def _slides_for(self, request: RoomRequest) -> str:
        texts = request.texts
        known = await self._desk.in_room(request.room_id)
        planned = [each for each in known if each.state is ConferenceState.PLANNED]
        if not planned:
            return texts.say("conference.slides_for_planned")
        slides = None
        if request.replies_to is not None:
            slides = await self._slides.in_message(request.room_id, request.replies_to, request.person)
        if slides is None:
            return texts.say("conference.slides_how")
        decision = await self._slides.attach(request.person, planned[0], slides)
        if decision is None:
            return texts.say("conference.slides_for_planned")
        title = planned[0].title
        return refusal(decision, texts) or texts.say("conference.slides_attached", name=slides.name, title=title)

    def _name_of(self, stamp: RoomStamp, texts: Texts) -> str:
        group = None if stamp.group is None else self._view.now.policy.directory.group(stamp.group)
        return texts.say("conference.untitled") if group is None else group.name

    def _wish(self, place: Place, title: str, said: Said, texts: Texts) -> Wish:
        title = " ".join(title.split())[:_LONGEST_TITLE]
        return Wish(
            place=place,
            title=title,
            language=texts.language,
            choices=said.choices,
            planned_at=said.at,
            weekly=said.weekly,
        )

    # Everything else

    async def _do(self, said: Said, person: Person, conference: Conference, texts: Texts, *, here: bool) -> str:
        """`here`: the answer is read by the person alone."""
        answer = await self._answers.about(conference, said, person, texts)
        if isinstance(answer, Decision):
            return refusal(answer, texts)
        return answer if here or said.does is Does.END else await self._alone(person, answer, texts)

    async def _alone(self, person: Person, answer: str, texts: Texts) -> str:
        """Tells somebody alone what they asked in a room; returns what the room reads."""
        name = f"conference-answer-{person.user_id}-{self._clock().timestamp()}"
        if self._is_silent(person.user_id):  # a word that waits would be kept with its link and its names
            return texts.say("conference.ask_alone")
        if await self._tell()(person.user_id, answer, txn_id=name):
            return texts.say("conference.told_alone")
        return texts.say("conference.ask_alone")


def _with_groups(text: str, known: Sequence[Group]) -> tuple[str, list[Group] | None]:
    """The title, and the groups that stand behind it; None: there are none."""
    for title, names in split_groups(text):
        named = find_each_group(names, known)
        if named and all(each.group is not None for each in named):
            return title, [each.group for each in named if each.group is not None]
    return text, None
