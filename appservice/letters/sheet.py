"""What all letters of one print have in common: the school, the languages, three steps, and until when codes are good.

The steps by how people sign in:
1. With codes: get the app, sign in with the code, choose a password.
2. With the password of a directory server: get the app, sign in, done.
3. With single sign-on: open Element Web (Element X knows no single sign-on), sign in, done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from appservice.letters.qr import element_web_link, element_x_link
from appservice.letters.texts import CATALOGUES, written_day
from school.config import Settings
from school.config.accounts import SignIn
from school.config.letters import LetterLanguage
from school.errors import WrongUseError

_DAY: Final = timedelta(days=1)
PASSWORD_PAGE: Final = "/password"  # noqa: S105 - a path
"""Where people choose a password, behind `web.public_url`."""


class NoWayInError(WrongUseError):
    """A letter could not say how to sign in. The text says what is missing in school.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: its sentences, an address to be typed, and a link for a camera. `button` is what one presses there."""

    sentences: Sequence[str]
    button: str = ""
    address: str | None = None
    link: str | None = None

    def said(self, language: LetterLanguage) -> str:
        """The step in words."""
        return " ".join(CATALOGUES[language][sentence].format(button=self.button) for sentence in self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What all letters say. `languages` are the school's and perhaps a second one; `valid_until` is the last whole day
    on which codes hold, None without codes."""

    school: str
    server_name: str
    languages: Sequence[LetterLanguage]
    steps: Sequence[Step]
    today: date
    valid_until: date | None
    ask: str | None = None

    def words(self, language: LetterLanguage) -> Mapping[str, object]:
        """All that stands in a letter in one language."""
        last_day = "" if self.valid_until is None else written_day(self.valid_until, language)
        steps = [step.said(language) for step in self.steps]
        return {**CATALOGUES[language], "last_day": last_day, "steps": steps}


def sheet_of(
    settings: Settings, *, now: datetime, expires_at: datetime | None = None, second: LetterLanguage | None = None
) -> Sheet:
    """The sheet of a school. `expires_at` is when the codes are over, None where there are none. Without `second` the
    second language is the one of school.yaml, if there is one.

    Raises:
        NoWayInError: with single sign-on, school.yaml names no Element Web.
    """
    own = LetterLanguage(settings.school.language)
    languages = dict.fromkeys(filter(None, (own, second or settings.letters.second_language)))
    return Sheet(
        school=settings.school.name,
        server_name=settings.matrix.server_name,
        languages=tuple(languages),
        steps=tuple(_steps(settings)),
        today=now.astimezone(settings.zone).date(),
        valid_until=None if expires_at is None else (expires_at - _DAY).astimezone(settings.zone).date(),
        ask=settings.letters.ask,
    )


def _steps(settings: Settings) -> Iterator[Step]:
    web = settings.web.element_url
    if (oidc := settings.accounts.oidc) and settings.accounts.sign_in is SignIn.OIDC:
        if web is None:
            raise NoWayInError(
                "With accounts.sign_in: oidc people sign in with Element Web, and a letter has to name its address; "
                "write it into school.yaml as web.element_url."
            )
        yield Step(sentences=["only_browser"], address=web, link=element_web_link(web))
        yield Step(sentences=["sign_in_oidc"], button=oidc.name)
        yield Step(sentences=["rooms"])
        return
    yield Step(sentences=["app"], link=element_x_link(settings.matrix.server_name))
    sign_in = f"sign_in_{settings.accounts.sign_in}"
    if web is None:
        yield Step(sentences=[sign_in])
    else:
        yield Step(sentences=[sign_in, "browser"], address=web, link=element_web_link(web))
    if settings.accounts.with_codes:
        page = settings.web.public_url + PASSWORD_PAGE
        yield Step(sentences=["own_password"], address=page, link=page)
    else:
        yield Step(sentences=["rooms"])
