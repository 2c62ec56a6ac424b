"""What has to do with one's own account, put together: the pages, links to them, the greeting, `!passwort NAME`."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.account_command import AccountCommands
from appservice.bot.commands import Command
from appservice.bot.greeting import Greetings, GreetingWords
from appservice.bot.sync_news import Tell
from appservice.bot.taking_back import TakingBack
from appservice.direct_rooms import DirectRooms
from appservice.first_codes import FirstCodes
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView, keep_trying
from appservice.web.ports import NoFirstCodes
from school.clock import Clock
from school.config import Settings
from school.domain.people import UserId
from school.texts import Language, Texts
from schulbote.pages import WebPages
from schulbote.reset_words import letter_printer, reset_command, reset_desk

_GREETINGS_SECONDS: Final = 1.0
_SECRETS_SECONDS: Final = 30.0


class OwnPages:
    """The parts that others need. `tell` is asked for when something is said: the control rooms are made later."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        codes: FirstCodes,
        direct_rooms: DirectRooms,
        is_silent: Callable[[UserId], bool],
        is_busy: Callable[[], bool],
        tell: Callable[[], Tell],
        clock: Clock,
    ) -> None:
        texts = Texts(Language(settings.school.language))
        codes_here = codes if settings.accounts.with_codes else NoFirstCodes()

        async def tell_later(user_id: UserId, text: str, *, txn_id: str) -> bool:
            return await tell()(user_id, text, txn_id=txn_id)

        desk = reset_desk(
            settings, engine=engine, homeserver=homeserver, view=view, codes=codes, tell=tell_later, clock=clock
        )
        self.pages = WebPages(
            settings,
            engine=engine,
            homeserver=homeserver,
            view=view,
            codes=codes_here,
            resets=desk,
            print_letter=letter_printer(settings, clock),
            texts=texts,
            tell=tell_later,
            clock=clock,
        )
        reset = reset_command(settings, desk=desk, view=view, links=self.pages.links, clock=clock)
        self._commands = AccountCommands(links=self.pages.links, directory=self.pages.directory, reset=reset.run)
        self._taking_back = TakingBack(
            engine=engine,
            homeserver=homeserver,
            person_of=lambda person_id: self.pages.directory().person_by_id(person_id),
            clock=clock,
        )
        self._greetings = Greetings(
            engine=engine,
            homeserver=homeserver,
            direct_rooms=direct_rooms,
            words=GreetingWords(texts=texts, links=self.pages.links, codes=codes_here).for_newcomer,
            is_silent=is_silent,
            is_busy=is_busy,
            clock=clock,
        )

    def commands(self) -> Iterator[Command]:
        """All that are asked in control rooms."""
        yield from self._commands.commands()

    def background(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on by itself."""
        yield keep_trying("greetings", self._greetings.greet, pause=_GREETINGS_SECONDS)
        yield keep_trying("secrets", self._taking_back.look, pause=_SECRETS_SECONDS)
