"""A sync of one school, put together from its settings."""

from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.departures import Departures
from appservice.group_rooms import GroupRooms
from appservice.homeserver import Homeserver
from appservice.seats import Seats
from appservice.stages import Progress
from roster_sync.mirror import Mirror
from roster_sync.plan import Guard
from roster_sync.sources import DEFAULT_GROUP_KINDS, Reader, RegisterOptions, read_files
from roster_sync.sources.asv import read_asv
from roster_sync.sources.iserv import read_guardians
from roster_sync.sources.mapped_csv import read_mapped_csv
from roster_sync.sources.svws import read_svws
from roster_sync.sync import RosterSync
from school.clock import Clock, utc_now
from school.config import Settings, read_keys
from school.domain.layout import RoomLayout
from school.errors import WrongUseError
from school.school_widget import placed_widget
from school.standing import policy_of

RESERVED: Final = frozenset({"admin", "root", "postmaster", "abuse", "support", "security", "info"})
"""Localparts that nobody gets, besides the bot's."""


class NoRegisterError(WrongUseError):
    """school.yaml does not say where the register is, or there is nothing. The text says what to do."""


def readers_of(settings: Settings) -> tuple[Reader, ...]:
    """A reader for each source that school.yaml names.

    Raises:
        NoRegisterError: it names none, or a folder that is not there.
    """
    sources = settings.register
    readers: list[Reader] = []
    if sources.folder is not None:
        readers.append(partial(read_files, require_folder(sources.folder)))
    if sources.guardians is not None:
        readers.append(partial(read_guardians, sources.guardians))
    readers += [partial(read_mapped_csv, source) for source in sources.csv]
    if sources.svws is not None:
        readers.append(partial(read_svws, sources.svws))
    if sources.asv is not None:
        readers.append(partial(read_asv, sources.asv))
    if sources.ldap is not None:
        from schulbote.ldap_source import ldap_reader  # ldap3 is slow to come, and most schools need none

        readers.append(ldap_reader(sources.ldap))
    if not readers:
        raise NoRegisterError(f"{settings.path} names no register.folder: the folder with the files of your register.")
    return tuple(readers)


def require_folder(folder: Path) -> Path:
    """The folder itself, if it or a file is there; whether the file is a zip with a register, its reader says.

    Raises:
        NoRegisterError: there is neither.
    """
    if not folder.is_dir() and not folder.is_file():
        raise NoRegisterError(f"The register folder {folder} does not exist. Name a folder or a zip file that does.")
    return folder


def roster_sync(
    settings: Settings, engine: AsyncEngine, readers: tuple[Reader, ...], *, clock: Clock = utc_now
) -> RosterSync:
    """The sync of a school with its sources."""
    kinds = settings.register.group_kinds
    return RosterSync(
        engine=engine,
        server_name=settings.matrix.server_name,
        reserved=RESERVED | {settings.matrix.bot},
        readers=readers,
        options=RegisterOptions(
            identity_key=read_keys(settings.secrets.identity_key)[0],
            group_kinds=DEFAULT_GROUP_KINDS if kinds is None else tuple((kind.pattern, kind.kind) for kind in kinds),
            with_logins=not settings.accounts.with_codes,
            leadership_marks=frozenset(settings.register.leadership),
            added_roles=tuple(
                (pattern, role) for role, patterns in settings.register.roles.items() for pattern in patterns
            ),
        ),
        guard=Guard(people=settings.register.guard.people, share=settings.register.guard.share),
        by_login=not settings.accounts.with_codes,
        clock=clock,
    )


def group_rooms(settings: Settings, engine: AsyncEngine, homeserver: Homeserver) -> GroupRooms:
    """What makes the rooms of groups, as school.yaml lays them out."""
    return GroupRooms(
        engine=engine,
        homeserver=homeserver,
        server_name=settings.matrix.server_name,
        layouts={
            kind: RoomLayout(space=rooms.space, name=rooms.name, announcements=rooms.announcements)
            for kind, rooms in settings.rooms.items()
        },
        widget=placed_widget(settings),
    )


def mirror(
    settings: Settings,
    engine: AsyncEngine,
    homeserver: Homeserver,
    *,
    progress: Progress,
    clock: Clock = utc_now,
) -> Mirror:
    """The mirror of a school."""
    return Mirror(
        engine=engine,
        homeserver=homeserver,
        rooms=group_rooms(settings, engine, homeserver),
        seats=Seats(engine=engine, homeserver=homeserver, clock=clock),
        departures=Departures(engine=engine, homeserver=homeserver, clock=clock),
        erase_after_days=settings.register.erase_after_days,
        policy_of=partial(policy_of, settings),
        progress=progress,
    )
