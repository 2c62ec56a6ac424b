"""`!passwort NAME`, put together as the school has it: with first codes, its directory server, or single sign-on."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.control_rooms import ControlRooms
from appservice.bot.reset_command import ResetCommand
from appservice.desks.resets import Passwords, ResetDesk
from appservice.first_codes import FirstCodes
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from school.clock import Clock
from school.config import Settings
from school.config.accounts import SignIn
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
    control: ControlRooms,
    clock: Clock,
) -> ResetCommand:
    """The command and its desk.

    Raises:
        ConfigError: the secret of the directory server cannot be used.
    """
    texts = Texts(Language(settings.school.language))

    async def tell(user_id: UserId, resetter: Person) -> None:
        """Both are told: who asked by the answer, and here whose password it is."""
        said = texts.say("reset.told", name=resetter.display_name)
        txn_id = f"reset-{user_id}-{int(clock().timestamp() * _SECOND_MS)}"
        await control.tell(user_id, said, txn_id=txn_id)

    desk = ResetDesk(
        engine=engine,
        homeserver=homeserver,
        view=view,
        accounts=settings.accounts,
        codes=codes,
        tell=tell,
        passwords=_passwords(settings),
        clock=clock,
    )
    oidc = settings.accounts.oidc
    return ResetCommand(
        desk=desk, view=view, zone=settings.zone, where=None if oidc is None else oidc.passwords_at, clock=clock
    )


def _passwords(settings: Settings) -> Passwords | None:
    if settings.accounts.sign_in is not SignIn.LDAP:
        return None
    from schulbote.ldap_source import ldap_passwords  # ldap3 is slow to come, and most schools need none

    return ldap_passwords(settings)
