"""A sync of one school, put together from its settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.group_rooms import GroupRooms
from appservice.homeserver import Homeserver
from appservice.seats import Seats
from roster_sync.mirror import Mirror, Progress
from roster_sync.plan import Guard
from roster_sync.sources import DEFAULT_GROUP_KINDS, RegisterOptions
from roster_sync.sync import RosterSync
from school.config import Settings, read_keys
from school.domain.people import PersonId

RESERVED: Final = frozenset({"admin", "root", "postmaster", "abuse", "support", "security", "info"})
"""Localparts that nobody gets, besides the bot's."""


class NoRegisterError(Exception):
    """school.yaml does not say where the register is, or there is nothing. The text says what to do."""


def register_folder(settings: Settings) -> Path:
    """Where the register's files are.

    Raises:
        NoRegisterError: nowhere.
    """
    folder = settings.register.folder
    if folder is None:
        raise NoRegisterError(f"{settings.path} names no register.folder: the folder with the files of your register.")
    return require_folder(folder)


def require_folder(folder: Path) -> Path:
    """The folder itself, if it is one.

    Raises:
        NoRegisterError: it is not.
    """
    if not folder.is_dir():
        raise NoRegisterError(f"The register folder {folder} does not exist or is no folder. Name one that does.")
    return folder


def roster_sync(settings: Settings, engine: AsyncEngine) -> RosterSync:
    """The sync of a school."""
    kinds = settings.register.group_kinds
    return RosterSync(
        engine=engine,
        server_name=settings.matrix.server_name,
        reserved=RESERVED | {settings.matrix.bot},
        options=RegisterOptions(
            identity_key=read_keys(settings.secrets.identity_key)[0],
            group_kinds=DEFAULT_GROUP_KINDS if kinds is None else tuple((kind.pattern, kind.kind) for kind in kinds),
            leadership_marks=frozenset(settings.register.leadership),
            added_roles=tuple(
                (pattern, role) for role, patterns in settings.register.roles.items() for pattern in patterns
            ),
        ),
        guard=Guard(people=settings.register.guard.people, share=settings.register.guard.share),
    )


def mirror(
    settings: Settings,
    engine: AsyncEngine,
    homeserver: Homeserver,
    *,
    progress: Progress,
    password_for: Callable[[PersonId], str | None] = lambda _: None,
) -> Mirror:
    """The mirror of a school."""
    return Mirror(
        engine=engine,
        homeserver=homeserver,
        rooms=GroupRooms(engine=engine, homeserver=homeserver, server_name=settings.matrix.server_name),
        seats=Seats(engine=engine, homeserver=homeserver),
        password_for=password_for,
        progress=progress,
    )
