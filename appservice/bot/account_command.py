"""`!konto` / `!account`, `!passwort` / `!password`, `!dateien` / `!files`, `!termine` / `!appointments`: a personal
link to one's own pages.

The answer is written where the command was: in a control room, which nobody else reads.
"""

from collections.abc import Callable

from appservice.bot.commands import Command, Request, Run
from appservice.bot.replies import Reply
from appservice.web.links import Links
from school.domain.decisions import Reason
from school.domain.directory import Directory
from school.texts import Language


class AccountCommands:
    """Gives people links. `reset` is asked where a name stands behind `!passwort`."""

    def __init__(self, *, links: Links, directory: Callable[[], Directory], reset: Run | None = None) -> None:
        self._links = links
        self._directory = directory
        self._reset = reset

    def commands(self) -> list[Command]:
        """To be registered with the bot's commands."""
        return [
            Command(
                names=((Language.GERMAN, "konto"), (Language.ENGLISH, "account")), help="account", run=self.account
            ),
            Command(
                names=((Language.GERMAN, "passwort"), (Language.ENGLISH, "password")),
                help="password",
                run=self.password,
            ),
            Command(names=((Language.GERMAN, "dateien"), (Language.ENGLISH, "files")), help="files", run=self.files),
            Command(
                names=((Language.GERMAN, "termine"), (Language.ENGLISH, "appointments")),
                help="appointments",
                run=self.appointments,
            ),
        ]

    async def account(self, request: Request) -> str:
        """A link to what is stored about somebody, and where they are signed in."""
        return await self._link_to("/account", request)

    async def password(self, request: Request) -> str | Reply | None:
        """A link to where somebody chooses a password."""
        if request.words and self._reset is not None:
            return await self._reset(request)
        return await self._link_to("/password", request)

    async def files(self, request: Request) -> str:
        """A link to what was shared in the rooms of somebody's groups."""
        return await self._link_to("/shelf", request)

    async def appointments(self, request: Request) -> str:
        """A link to what is coming up for somebody."""
        return await self._link_to("/appointments", request)

    async def _link_to(self, path: str, request: Request) -> str:
        person = request.person
        if self._directory().person(person.user_id) is None:
            return request.texts.refusal(Reason.UNKNOWN_PERSON)
        link = await self._links.personal(person.user_id, path)
        return request.texts.say("account.link", link=link)
