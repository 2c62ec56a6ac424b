"""What `schulbote letters` does.

The order in which letters are made: codes are drawn and printed in memory; the file is written; then, in one
transaction, the codes take effect and the file gets its name. Whatever fails before the end, the codes that people had
still hold, and there is no file.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy.exc import IntegrityError

from appservice.first_codes import DraftedCodes, FirstCodes
from appservice.letters import Recipient, letter_to, recipients, render, sheet_of
from school.clock import Clock, utc_now
from school.config import Settings
from school.config.letters import LetterLanguage
from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import Person, Role, names_of
from school.errors import FailedError
from school.texts import Language, Texts
from schulbote.files import written_beside

_ACTOR: Final = "schulbote letters"
_NAMED: Final = 10


class NobodyError(FailedError):
    """There is nobody to write a letter to. The text says why."""


class ChangedMeanwhileError(FailedError):
    """Somebody for whom a code was made is gone by now. Nothing was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What was made. `last_day` is the last whole day on which the codes hold, None without codes."""

    written: Sequence[Person]
    left_out: Sequence[Person]
    last_day: date | None

    def lines(self, out: Path) -> list[str]:
        """For whoever has to print and hand out."""
        number = len(self.written)
        by_role = Counter(person.role for person in self.written)
        listed = ", ".join(f"{role} {count}" for role, count in sorted(by_role.items()))
        lines = [f"{out}: {number} letter{'s' if number > 1 else ''} ({listed})."]
        if self.last_day is not None:
            lines += [
                f"The codes hold until {self.last_day:%Y-%m-%d}; older codes of these people are over.",
                "Whoever has this file can sign in as these people: print it, then delete it.",
            ]
        return lines

    def doubts(self) -> list[str]:
        """For whom there is no letter, and why."""
        return [_why_left_out(self.left_out, with_codes=self.last_day is not None)] if self.left_out else []


def _why_left_out(people: Sequence[Person], *, with_codes: bool) -> str:
    named = ", ".join(names_of(people[:_NAMED])) + (f" and {len(people) - _NAMED} more" if people[_NAMED:] else "")
    why = "a password of their own already" if with_codes else "signed in already"
    return f"No letter for {len(people)} who have {why} (--all-new writes to them, too): {named}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which letters somebody wants. `all_new`: also for those who need none."""

    groups: Sequence[Group]
    role: Role | None = None
    language: LetterLanguage | None = None
    all_new: bool = False


async def write_letters(
    settings: Settings, codes: FirstCodes, directory: Directory, wish: Wish, out: Path, clock: Clock = utc_now
) -> Printed:
    """Makes codes and letters, and writes the letters to `out`.

    Raises:
        NobodyError: nobody needs one. CannotPrintError, NoWayInError: they cannot be printed.
        ConfigError: the key of the codes is missing. OSError: `out` cannot be written.
        In all of these cases nothing has changed.
    """
    asked = recipients(directory, wish.groups, wish.role)
    chosen = asked if wish.all_new else await _those_who_need_one(settings, codes, asked)
    people = [recipient.person for recipient in chosen]
    left_out = _without(people, asked)
    if not people:
        raise NobodyError(_why_nobody(wish, left_out, with_codes=settings.accounts.with_codes))
    draft = codes.draft(people) if settings.accounts.with_codes else None
    expires_at = None if draft is None else draft.expires_at
    sheet = sheet_of(settings, now=clock(), expires_at=expires_at, second=wish.language)
    texts, of = Texts(Language(settings.school.language)), {} if draft is None else draft.codes
    pages = render([letter_to(recipient, of.get(recipient.person.id), texts) for recipient in chosen], sheet)
    with written_beside(out, pages, mode=0o600) as put_in_place:
        if draft is None:
            put_in_place()
        else:
            await _take_effect(codes, draft, put_in_place)
    return Printed(written=people, left_out=left_out, last_day=sheet.valid_until)


async def _those_who_need_one(settings: Settings, codes: FirstCodes, asked: Sequence[Recipient]) -> Sequence[Recipient]:
    people = [recipient.person for recipient in asked]
    with_codes = settings.accounts.with_codes
    needy = await (codes.without_own_password(people) if with_codes else codes.waiting_for_first_login(people))
    ids = {person.id for person in needy}
    return [recipient for recipient in asked if recipient.person.id in ids]


def _without(people: Sequence[Person], asked: Sequence[Recipient]) -> list[Person]:
    ids = {person.id for person in people}
    return [recipient.person for recipient in asked if recipient.person.id not in ids]


async def _take_effect(codes: FirstCodes, draft: DraftedCodes, put_in_place: Callable[[], None]) -> None:
    try:
        await codes.put_in_force(draft, actor=_ACTOR, by_right=_ACTOR, at_last=put_in_place)
    except IntegrityError:  # somebody was erased between reading the directory and here
        raise ChangedMeanwhileError("The directory has changed meanwhile. Nothing was made; start again.") from None


def _why_nobody(wish: Wish, left_out: Sequence[Person], *, with_codes: bool) -> str:
    groups = ", ".join(group.name for group in wish.groups)
    who = f'with the role "{wish.role}" ' if wish.role else ""
    if not left_out:
        return f"Nobody {who}is in {groups} or belongs to somebody in it: there is no letter to write."
    return f"Nobody {who}in {groups} needs a letter. {_why_left_out(left_out, with_codes=with_codes)}"
