"""`!krank KIND TAG` / `!sick CHILD DAY`: guardians, and pupils for themselves, say who will be absent.

Words that are no child and no day are not passed on, so no diagnosis goes anywhere by mistake.
"""

from collections.abc import Sequence
from datetime import date
from secrets import token_hex

from appservice.bot.commands import Command, Request
from appservice.bot.date_words import Days, NoDays, read_days
from appservice.bot.help_words import Topic
from appservice.bot.offers import Asker
from appservice.bot.people_words import find_by_name, told_apart
from appservice.desks.office import DAYS_AHEAD, OfficeDesk, Reported
from school.domain.people import GUARDIAN, Person, names_of
from school.texts import Language, Texts


class SickCommand:
    """Passes on who will be absent."""

    def __init__(self, *, desk: OfficeDesk) -> None:
        self._desk = desk

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "krank"), (Language.ENGLISH, "sick")),
            help="sick",
            run=self.run,
            topic=Topic.GENERAL,
            offered=self._is_offered,
        )

    def _is_offered(self, asker: Asker) -> bool:
        return bool(self._desk.children_of(asker.person))

    async def run(self, request: Request) -> str:
        """Answers one request."""
        texts, children, today = request.texts, self._desk.children_of(request.person), self._desk.today
        if not children:
            is_guardian = request.person.role == GUARDIAN
            return texts.say("sick.no_child") if is_guardian else texts.say("sick.not_for_staff")
        if not await self._desk.has_office():
            return texts.say("sick.call")
        read = _read(request.words, children, today)
        match read:
            case NoDays.NOT_UNDERSTOOD:
                return texts.say("sick.how")
            case NoDays.BACKWARD:
                return texts.say("sick.backward")
            case NoDays.OVER:
                return texts.say("sick.over")
        found, days = read
        if len(found) != 1:
            return _ask_back(found or children, texts)
        told = texts.days(days.first, days.last, today=today)
        request_id = request.event_id or token_hex(8)
        match await self._desk.report(request.person, found[0], days.first, days.last, request_id=request_id):
            case Reported.TOLD:
                return texts.say("sick.done", name=found[0].display_name, days=told)
            case Reported.TOO_FAR:
                return texts.say("sick.too_far", days=told, most=DAYS_AHEAD)
            case Reported.TOO_MANY:
                return texts.say("sick.too_many")
            case Reported.NO_OFFICE | Reported.NOT_ONES_OWN:
                return texts.say("sick.call")


def _read(words: str, children: Sequence[Person], today: date) -> tuple[Sequence[Person], Days] | NoDays:
    """Which child, and which days: "Anna morgen", "Anna 24. bis 25. November". Whoever has one child may leave out
    whose days they are. More or less than one: it is not clear which is meant."""
    written = words.rstrip(" .!").replace(":", " ").replace(",", " ").split()
    otherwise: tuple[Sequence[Person], Days] | NoDays = NoDays.NOT_UNDERSTOOD
    for length in [*range(1, len(written)), 0]:
        days = read_days(" ".join(written[length:]), today=today)
        if days is NoDays.NOT_UNDERSTOOD:
            continue
        found = find_by_name(" ".join(written[:length]), children) if length else children
        if isinstance(days, NoDays):
            otherwise = days
        elif found:
            return found, days
        else:
            otherwise = (), days
    return otherwise


def _ask_back(children: Sequence[Person], texts: Texts) -> str:
    names = names_of(children)
    are_different = len(set(names)) == len(names)
    return texts.say("sick.which", names=", ".join(names) if are_different else told_apart(children))
