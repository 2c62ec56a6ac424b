"""What a school.yaml names, opened: the database, the homeserver, and what follows the register with both."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.first_codes import FirstCodes, random_for
from appservice.homeserver import Homeserver
from roster_sync.runner import Runner
from roster_sync.sync import RosterSync
from school.clock import Clock, utc_now
from school.config import Settings, read_keys, read_secret
from school.database.migrate import upgrade
from school.database.writer import open_writer
from school.domain.people import Person
from school.sealing import audit_key
from schulbote.syncing import mirror


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database, with all tables that this program needs."""
    key = audit_keys(settings)[0]
    await asyncio.to_thread(upgrade, settings.database.sqlalchemy_url("sync"), audit_key=key)
    engine = open_writer(settings.database.sqlalchemy_url("async"), audit_key=key)
    try:
        yield engine
    finally:
        await engine.dispose()


def audit_keys(settings: Settings) -> tuple[bytes, ...]:
    """The keys of the audit log's chain, the newest first.

    Raises:
        ConfigError: the identity key is missing.
    """
    return tuple(map(audit_key, read_keys(settings.secrets.identity_key)))


def open_homeserver(settings: Settings) -> Homeserver:
    """The connection to Synapse as the appservice."""
    return Homeserver(
        base_url=settings.matrix.homeserver_url,
        token=read_secret(settings.secrets.appservice_token),
        bot=settings.matrix.bot_user_id,
    )


def open_first_codes(
    settings: Settings,
    engine: AsyncEngine,
    *,
    random: Callable[[Person], bytes] = random_for,
    clock: Clock = utc_now,
) -> FirstCodes:
    """The first codes of the school. Their key is read when codes are made."""
    return FirstCodes(
        engine=engine,
        read_key=lambda: read_keys(settings.secrets.code_key)[0],
        lifetime=settings.accounts.code_lifetime,
        random=random,
        clock=clock,
    )


def open_runner(
    settings: Settings,
    engine: AsyncEngine,
    homeserver: Homeserver,
    *,
    sync: Callable[[], RosterSync],
    clock: Clock = utc_now,
) -> Runner:
    """What runs the syncs of a school."""
    return Runner(
        engine=engine,
        sync=sync,
        mirror=lambda progress: mirror(settings, engine, homeserver, progress=progress, clock=clock),
        clock=clock,
    )
