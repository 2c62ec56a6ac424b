"""Resetting passwords, put together as the school has it: with first codes, its directory server, or single sign-on."""

import asyncio
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.reset_command import ResetCommand
from appservice.bot.sync_news import Tell
from appservice.desks.handing_out import MINUTES
from appservice.desks.resets import ResetDesk
from appservice.first_codes import FirstCodes
from appservice.homeserver import Homeserver
from appservice.letters import letter_for, render, sheet_of
from appservice.new_way_in import NewWaysIn, Passwords, WayIn
from appservice.school_view import SchoolView
from appservice.web.links import Links
from appservice.web.pages.reset import PrintLetter, path_of
from school.clock import Clock, utc_now
from school.config import Settings
from school.config.accounts import Resets, SignIn
from school.config.letters import LetterLanguage
from school.domain.people import Person, UserId
from school.texts import Language, Texts

_SECOND_MS: Final = 1000


def reset_desk(
    settings: Settings,
    *,
    engine: AsyncEngine,
    homeserver: Homeserver,
    view: SchoolView,
    codes: FirstCodes,
    tell: Tell,
    clock: Clock,
) -> ResetDesk:
    """What the command and the page ask.

    Raises:
        ConfigError: the secret of the directory server cannot be used.
    """
    texts = Texts(Language(settings.school.language))

    async def tell_person(user_id: UserId, resetter: Person, at: datetime) -> None:
        """Both are told: who asked by the answer, and here whose password it is."""
        said = texts.say("reset.told", name=resetter.display_name)
        txn_id = f"reset-{user_id}-{int(at.timestamp() * _SECOND_MS)}"
        await tell(user_id, said, txn_id=txn_id)

    return ResetDesk(
        engine=engine,
        homeserver=homeserver,
        view=view,
        ways_in=new_ways_in(settings, engine=engine, homeserver=homeserver, codes=codes, clock=clock),
        own_groups_only=settings.accounts.resets is Resets.OWN_GROUPS,
        tell=tell_person,
        clock=clock,
    )


def reset_command(settings: Settings, *, desk: ResetDesk, view: SchoolView, links: Links, clock: Clock) -> ResetCommand:
    """`!passwort NAME`."""

    async def link_to_letter(user_id: UserId, handed_out: str) -> str:
        return await links.personal(user_id, path_of(handed_out), lasts=MINUTES)

    oidc = settings.accounts.oidc
    return ResetCommand(
        desk=desk,
        view=view,
        zone=settings.zone,
        link=link_to_letter,
        where=None if oidc is None else oidc.passwords_at,
        clock=clock,
    )


def letter_printer(settings: Settings, clock: Clock = utc_now) -> PrintLetter:
    """What prints the letter of one person, in memory."""

    async def printed(person: Person, way_in: WayIn, second: LetterLanguage | None) -> bytes:
        sheet = sheet_of(settings, now=clock(), expires_at=way_in.expires_at, second=second)
        return await asyncio.to_thread(render, [letter_for(person, way_in.code)], sheet)

    return printed


def new_ways_in(
    settings: Settings, *, engine: AsyncEngine, homeserver: Homeserver, codes: FirstCodes, clock: Clock = utc_now
) -> NewWaysIn:
    """What makes new ways in, as the school has them.

    Raises:
        ConfigError: the secret of the directory server cannot be used.
    """
    return NewWaysIn(
        engine=engine,
        homeserver=homeserver,
        accounts=settings.accounts,
        codes=codes,
        passwords=_passwords(settings),
        clock=clock,
    )


def _passwords(settings: Settings) -> Passwords | None:
    if settings.accounts.sign_in is not SignIn.LDAP:
        return None
    from schulbote.ldap_source import ldap_passwords  # ldap3 is slow to come, and most schools need none

    return ldap_passwords(settings)
