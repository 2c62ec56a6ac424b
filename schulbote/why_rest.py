"""`schulbote why rest PERSON [AT]`: whether somebody rests, until when, and by which line or word.

Asks the desk that Synapse's module asks; nothing of the precedence is written down here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from appservice.free_days import rule_of
from school.config import Settings
from school.domain.decisions import NO_RULE
from school.domain.intervals import end_of
from school.domain.people import Person
from school.domain.rest import OPEN_END, PersonalRest, Rest, RestCause
from school.standing import Standing
from schulbote.named import described
from schulbote.question import RestQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    """What the desk said, in words. `until` is None where somebody does not rest, or no end is known."""

    rests: bool
    told: str
    at: datetime
    until: datetime | None
    cause: str | None
    deputy: Person | None
    rules: tuple[str, ...]
    rule_in_words: str

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rests": self.rests,
            "told": self.told,
            "at": self.at.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "cause": self.cause,
            "deputy": None if self.deputy is None else self.deputy.id,
            "rules": list(self.rules),
            "words": self.rule_in_words,
        }

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{'Yes' if self.rests else 'No'}: {self.told}",
            *([f"Cause: {self.cause}"] if self.cause else []),
            *(f"Rule: {rule}" for rule in self.rules),
            f"  {self.rule_in_words}",
            *([f"Deputy: {described(self.deputy)}"] if self.deputy else []),
        ]


def answer_about_rest(question: RestQuestion, standing: Standing, settings: Settings) -> RestAnswer:
    """What the desk says."""
    person, at = question.person, question.at
    rest = standing.desk.look(person.user_id, at)
    rules, words = _rules(question, rest, standing, settings)
    until = None if rest is None else rest.until
    zone = settings.zone
    doing = "does not rest" if rest is None else "rests"
    end = "" if rest is None else f" until {_when(until, zone)}" if until else ", without an end that is known"
    return RestAnswer(
        rests=rest is not None,
        told=f"{described(person)} {doing} on {_when(at, zone)}{end}.",
        at=at.astimezone(zone),
        until=None if until is None else until.astimezone(zone),
        cause=None if rest is None else rest.cause,
        deputy=None if rest is None or rest.deputy is None else standing.policy.directory.person_by_id(rest.deputy),
        rules=rules,
        rule_in_words=words,
    )


def _rules(
    question: RestQuestion, rest: Rest | None, standing: Standing, settings: Settings
) -> tuple[tuple[str, ...], str]:
    """What decides, and what it says."""
    person, at, desk = question.person, question.at, standing.desk
    said = standing.snapshot.rest.personal.get(person.user_id) or PersonalRest()
    if not desk.has_rest(person.user_id):
        return (settings.rest.line("roles"),), f"Rest time is for {' and '.join(settings.rest.roles)}."
    hours = desk.calendars.rules_of(person)
    whose = _whose(hours, person, settings)
    match None if rest is None else rest.cause:
        case RestCause.OWN:
            return ("own",), "They set it themselves (`!ruhe`)."
        case RestCause.ABSENT:
            return ("absence",), " ".join(_absences(said, at, settings.zone))
        case RestCause.FREE_DAY:
            return _free_day(question, standing, settings)
        case RestCause.MINIMUM:
            return (settings.rest.line("minimum"),), "It is in the school's minimum, which nobody undercuts."
        case RestCause.OUTSIDE_HOURS:
            return hours, f"It is outside {whose} hours."
    if desk.may_shorten and end_of(said.pauses, at) is not None:
        return ("pause",), "They said themselves that they can be reached (`!ruhe aus`)."
    if not hours:
        return (NO_RULE,), "There are no hours for them: only what they say themselves gives them rest."
    return hours, f"It is in {whose} hours."


def _whose(hours: tuple[str, ...], person: Person, settings: Settings) -> str:
    own = settings.rest.own_days.get(person.id)
    if own is not None and own.hours is not None:
        return "their own"
    return "the school's" if hours == (settings.rest.line("reachable"),) else "their groups'"


def _absences(said: PersonalRest, at: datetime, zone: tzinfo) -> Iterator[str]:
    for absence in said.absences:
        if absence.span.start <= at < absence.span.end:
            end = "" if absence.span.end == OPEN_END else f" until {_when(absence.span.end, zone)}"
            yield f"They said that they are absent (`!abwesend`), from {_when(absence.span.start, zone)}{end}."


def _free_day(question: RestQuestion, standing: Standing, settings: Settings) -> tuple[tuple[str, ...], str]:
    day = question.at.astimezone(settings.zone).date()
    own = settings.rest.own_days.get(question.person.id)
    if own is not None and day in own.free_days:
        return (settings.rest.line("persons", question.person.id, "free_days"),), "It is a free day of theirs."
    name = standing.snapshot.rest.free_days.get(day)
    rule = rule_of(day, settings, day)
    told = f'It is a free day: "{name}".' if name else "It is a free day of the school."
    return (rule,) if rule else (), told


def _when(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M}"
