"""What `!konferenz` answers about conferences that there are: it ends them, invites guests, tells who was there and
what is planned, shows the way in. And in which words it says no."""

from appservice.calendar.feeds import Feeds
from bbb_widget.announcing import Announcing
from bbb_widget.conference_words import Does, Said, Unclear
from bbb_widget.conferences import Gate, Started, Trouble
from bbb_widget.desk import ConferenceDesk
from bbb_widget.guest_desk import GuestDesk, name_of_guest
from bbb_widget.meeting_settings import Choices
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState
from school.domain.decisions import Decision
from school.domain.people import Person
from school.texts import Texts


class ConferenceAnswers:
    """Answers one person. Whether anybody else may read it is not known here."""

    def __init__(self, *, desk: ConferenceDesk, guests: GuestDesk, announcing: Announcing, feeds: Feeds) -> None:
        self._desk = desk
        self._guests = guests
        self._announcing = announcing
        self._feeds = feeds

    async def about(self, conference: Conference, said: Said, person: Person, texts: Texts) -> str | Decision:
        """Does something with one conference; a decision is a refusal."""
        match said.does:
            case Does.END:
                return await self._end(person, conference, texts)
            case Does.INVITE:
                return await self._invite(person, conference, said.text, texts)
            case Does.UNINVITE:
                return await self._uninvite(person, conference, said.text, texts)
            case _:
                return await self._list(person, conference, texts)

    async def of_oneself(self, does: Does, person: Person, texts: Texts) -> str:
        """What is planned for somebody, and the address of their calendar."""
        match does:
            case Does.JOIN:
                return await self._ways_in(person, texts)
            case Does.CALENDAR:
                return texts.say("conference.calendar", link=await self._feeds.make(person))
            case Does.NO_CALENDAR:
                ended = await self._feeds.end(person)
                return texts.say("conference.calendar_ended") if ended else texts.say("conference.calendar_none")
        planned = await self._desk.planned_for(person)
        return "\n".join(self._announcing.words(each, texts) for each in planned) or texts.say(
            "conference.nothing_planned"
        )

    async def _ways_in(self, person: Person, texts: Texts) -> str:
        """For people whose messenger is all they have: who writes to the bot is known already."""
        lines = []
        for conference in await self._desk.open_for(person):
            entrance = await self._desk.join(person, conference.id)
            match entrance.gate:
                case Gate.OPEN:
                    link = self._desk.way_in(entrance)
                    lines.append(texts.say("conference.way_in", title=conference.title, link=link))
                case Gate.WAIT:
                    lines.append(texts.say("conference.wait", title=conference.title))
                case Gate.TROUBLE if entrance.trouble is Trouble.NOT_OFFERED:
                    return texts.say("conference.not_offered")
                case Gate.TROUBLE:
                    return texts.say("conference.down")
        return "\n".join(lines) or texts.say("conference.nothing_goes_on")

    async def _end(self, person: Person, conference: Conference, texts: Texts) -> str:
        ended = await self._desk.end(person, conference.id)
        if isinstance(ended, Trouble):
            return texts.say("conference.down")
        if ended is not None and not ended:
            return refusal(ended, texts)
        return texts.say("conference.over", title=conference.title)

    async def _invite(self, person: Person, conference: Conference, words: str, texts: Texts) -> str | Decision:
        name = name_of_guest(words)
        if name is None:
            return texts.say("conference.guest_name")
        if conference.state is ConferenceState.ENDED:
            return texts.say("conference.over", title=conference.title)
        invited = await self._guests.invite(person, conference, name)
        if invited.guest is None:
            return invited.decision
        until, link = self._announcing.when(invited.guest.expires_at, texts), self._guests.link(invited)
        return texts.say("conference.guest_link", name=name, title=conference.title, until=until, link=link)

    async def _uninvite(self, person: Person, conference: Conference, words: str, texts: Texts) -> str | Decision:
        wanted = " ".join(words.casefold().split())
        guests = [guest for guest in await self._guests.guests(conference) if guest.name.casefold() == wanted]
        decision = await self._desk.may_moderate(conference, person)
        if not decision:
            return decision
        if not guests:
            return texts.say("conference.no_such_guest", name=words)
        for guest in guests:
            await self._guests.revoke(person, conference, guest.id)
        return texts.say("conference.guest_gone", name=guests[0].name)

    async def _list(self, person: Person, conference: Conference, texts: Texts) -> str | Decision:
        decision, there = await self._guests.attendance(person, conference)
        if not decision:
            return decision
        if not there:
            return texts.say("conference.nobody_there", title=conference.title)
        lines = [
            texts.say(
                "conference.was_there",
                name=each.name,
                came=self._announcing.when(each.came_at, texts),
                left=self._announcing.when(each.left_at, texts),
            )
            for each in there
        ]
        return "\n".join((texts.say("conference.list", title=conference.title), *lines))


def refused(started: Started, texts: Texts) -> str | None:
    """Why nothing was started; None: it was."""
    if not started.decision:
        return refusal(started.decision, texts)
    match started.trouble:
        case Trouble.NOT_OFFERED:
            return texts.say("conference.not_offered")
        case Trouble.DOWN:
            return texts.say("conference.down")
        case None:
            return None


def refusal(decision: Decision, texts: Texts) -> str:
    """Why something is refused."""
    return "" if decision.reason is None else texts.refusal(decision.reason)


def chosen(started: Started, texts: Texts) -> list[str]:
    """What its teacher chose for it. Whoever finds one that is there already hears what is so there."""
    choices = Choices(**({} if started.conference is None else started.conference.choices))
    return [
        *([] if choices.cameras else [texts.say("conference.no_cameras")]),
        *([] if choices.microphones else [texts.say("conference.no_microphones")]),
        *([texts.say("conference.everybody_waits")] if choices.lobby else []),
    ]


def rests(started: Started, texts: Texts) -> list[str]:
    """Who rests at its time."""
    number = started.others_rest + started.starter_rests
    return [texts.say("conference.rests", number=number)] if number else []


def unclear(why: Unclear, texts: Texts) -> str:
    """What to write instead."""
    match why:
        case Unclear.NO_TIME:
            return texts.say("conference.no_time")
        case Unclear.NOT_UNDERSTOOD:
            return texts.say("conference.time_not_understood")
        case Unclear.PAST:
            return texts.say("conference.past")
