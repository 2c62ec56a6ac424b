"""The video conferences of a school.yaml, put together."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.sync_news import Tell
from appservice.calendar.feeds import Feeds
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from bbb_widget.announcing import Announcing
from bbb_widget.api import Algorithm, Bbb, BbbServer
from bbb_widget.calendar_entries import ConferenceEntries
from bbb_widget.callbacks import callback_routes
from bbb_widget.circles import Circles
from bbb_widget.conference_command import ConferenceCommand
from bbb_widget.desk import ConferenceDesk
from bbb_widget.guest_desk import GuestDesk
from bbb_widget.keys import ConferenceKeys
from bbb_widget.meetings import Meetings
from bbb_widget.slides import SlidesDesk
from bbb_widget.watching import ConferenceWatch
from bbb_widget.web.calendar_file import CalendarFile
from bbb_widget.web.parts import PageParts
from bbb_widget.web.routes import page_routes
from bbb_widget.widget.room_desk import RoomDesk
from bbb_widget.widget.web.page import ConferenceWidget
from bbb_widget.widget.web.routes import widget_routes
from school.clock import Clock, utc_now
from school.config import Settings, read_keys, read_secret
from school.database.room_rests import rooms_of_groups
from school.domain.groups import GroupId
from school.domain.people import UserId
from school.school_widget import widget_for_the_button
from school.sealing import Keyring
from school.texts import Language
from schulbote.pages import WebPages

_API: Final = "/api"
_PROBE: Final = "schulbote-check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conferences:
    """The parts that others need."""

    desk: ConferenceDesk
    guests: GuestDesk
    watch: ConferenceWatch
    command: ConferenceCommand
    slides: SlidesDesk
    calendar: CalendarFile
    widget: ConferenceWidget
    page_parts: PageParts
    leads_to: str
    """Where a browser is led to BigBlueButton: its scheme. Which server it is in the end a load balancer decides."""

    def routes(self, pages: WebPages) -> list[web.RouteDef]:
        """What BigBlueButton and browsers ask."""
        return [
            *callback_routes(self.desk),
            *self.slides.routes(),
            *widget_routes(pages.host, self.widget, self.calendar),
            *page_routes(
                pages.host, self.page_parts, self.calendar, misses=pages.limits.proofs, leads_to=self.leads_to
            ),
        ]


@asynccontextmanager
async def open_bbb(settings: Settings) -> AsyncIterator[Bbb | None]:
    """The connection to the school's BigBlueButton; None if school.yaml names none.

    Raises:
        ConfigError: the secret cannot be read.
    """
    bbb = settings.bbb
    if bbb.url is None or bbb.secret_file is None:
        yield None
        return
    server = BbbServer(
        url=bbb.url.removesuffix(_API),
        secret=read_secret(bbb.secret_file),
        algorithm=Algorithm(bbb.checksum.value),
        timeout_seconds=bbb.timeout_seconds,
    )
    async with Bbb(server) as opened:
        yield opened


async def bbb_in_words(settings: Settings) -> str:
    """Whether BigBlueButton answers; in a sentence for whoever runs the server.

    Raises:
        BbbError: it does not, or not as it should.
        ConfigError: the secret cannot be read.
    """
    async with open_bbb(settings) as bbb:
        if bbb is None:
            return "No BigBlueButton is named (bbb.url): no video conferences are offered."
        await bbb.is_running(_PROBE)
    return f"{settings.bbb.url} answers, and accepts our checksums."


def conferences_of(
    settings: Settings,
    *,
    bbb: Bbb | None,
    engine: AsyncEngine,
    homeserver: Homeserver,
    view: SchoolView,
    keyring: Keyring,
    tell: Callable[[], Tell],
    is_silent: Callable[[UserId], bool],
    stamps: RoomStamps,
    feeds: Feeds,
    clock: Clock = utc_now,
) -> Conferences:
    """Everything about conferences. `tell` gives what speaks in control rooms, once it is there."""
    keys = ConferenceKeys(read_keys(settings.secrets.identity_key)[0])
    school = settings.conferences
    meetings = Meetings(
        bbb=bbb,
        school=school,
        keys=keys,
        public_url=settings.web.public_url,
        patience_seconds=settings.bbb.timeout_seconds,
    )

    async def rooms_of(groups: Collection[GroupId]) -> Collection[str]:
        async with engine.connect() as connection:
            return await rooms_of_groups(connection, groups)

    circles = Circles(view=view, room_members=homeserver.room_members, rooms_of=rooms_of)
    desk = ConferenceDesk(
        engine=engine, view=view, meetings=meetings, circles=circles, keys=keys, school=school, clock=clock
    )
    guests = GuestDesk(engine=engine, desk=desk, school=school, clock=clock)
    announcing = Announcing(
        engine=engine,
        homeserver=homeserver,
        view=view,
        keyring=keyring,
        meetings=meetings,
        circles=circles,
        zone=settings.zone,
        tell=tell,
        clock=clock,
    )
    desk.occasions.on_end.append(announcing.ended)
    watch = ConferenceWatch(
        engine=engine,
        view=view,
        desk=desk,
        circles=circles,
        keys=keys,
        school=school,
        remind=announcing.remind,
        clock=clock,
    )
    entries = ConferenceEntries(
        view=view,
        desk=desk,
        circles=circles,
        zone=settings.zone,
        language=Language(settings.school.language),
        clock=clock,
    )
    feeds.add(entries.of)
    slides = SlidesDesk(engine=engine, view=view, files=homeserver, desk=desk, keys=keys, clock=clock)
    command = ConferenceCommand(
        engine=engine,
        view=view,
        desk=desk,
        guests=guests,
        announcing=announcing,
        feeds=feeds,
        slides=slides,
        zone=settings.zone,
        tell=tell,
        is_silent=is_silent,
        clock=clock,
    )
    room_desk = RoomDesk(
        desk=desk,
        circles=circles,
        view=view,
        announcing=announcing,
        stamp_of=lambda room_id, user_id: stamps.of(room_id, seen_by=user_id),
        language=Language(settings.school.language),
    )
    return Conferences(
        widget=ConferenceWidget(room_desk, build_answer=widget_for_the_button(settings)),
        desk=desk,
        guests=guests,
        watch=watch,
        command=command,
        slides=slides,
        calendar=CalendarFile(entries, feeds),
        page_parts=PageParts(desk=desk, guests=guests, school=school, view=view, clock=clock),
        leads_to="" if settings.bbb.url is None else f"{urlsplit(settings.bbb.url).scheme}:",
    )
