"""`!passwort NAME`, put together as the school has it: with first codes, its directory server, or single sign-on."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.reset_command import ResetCommand
from appservice.bot.sync_news import Tell
from appservice.desks.resets import ResetDesk
from appservice.first_codes import FirstCodes
from appservice.homeserver import Homeserver
from appservice.new_way_in import NewWaysIn, Passwords
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.config import Settings
from school.config.accounts import Resets, SignIn
from school.domain.people import Person, UserId
from school.texts import Language, Texts

_SECOND_MS: Final = 1000


def reset_command(
    settings: Settings,
    *,
    engine: AsyncEngine,
    homeserver: Homeserver,
    view: SchoolView,
    codes: FirstCodes,
    tell: Tell,
    clock: Clock,
) -> ResetCommand:
    """The command and its desk.

    Raises:
        ConfigError: the secret of the directory server cannot be used.
    """
    texts = Texts(Language(settings.school.language))

    async def tell_person(user_id: UserId, resetter: Person) -> None:
        """Both are told: who asked by the answer, and here whose password it is."""
        said = texts.say("reset.told", name=resetter.display_name)
        txn_id = f"reset-{user_id}-{int(clock().timestamp() * _SECOND_MS)}"
        await tell(user_id, said, txn_id=txn_id)

    desk = ResetDesk(
        engine=engine,
        homeserver=homeserver,
        view=view,
        ways_in=new_ways_in(settings, engine=engine, homeserver=homeserver, codes=codes, clock=clock),
        own_groups_only=settings.accounts.resets is Resets.OWN_GROUPS,
        tell=tell_person,
        clock=clock,
    )
    oidc = settings.accounts.oidc
    return ResetCommand(
        desk=desk, view=view, zone=settings.zone, where=None if oidc is None else oidc.passwords_at, clock=clock
    )


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
