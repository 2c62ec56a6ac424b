"""`schulbote check`."""

import asyncio
from datetime import datetime
from pathlib import Path

import click

from appservice.homeserver import Homeserver, RefusedError
from appservice.proofs import Proofs
from school.config import Settings, load_settings, read_keys
from school.errors import FailedError
from school.school_widget import school_widget
from schulbote.conferences import bbb_in_words
from schulbote.connections import open_homeserver
from schulbote.rest_doubts import doubts_of_days, names_rest, office_in_doubt, rest_for_nobody
from schulbote.rights_table import lines_for_nobody, names_some
from schulbote.standing_now import NoDirectoryError, read_standing


class NotAdministeredError(FailedError):
    """The homeserver answers, but it is not set up for Schulbote. The text says what to do."""


class NoCodesError(FailedError):
    """People sign in with first codes, and these cannot work. The text says what to do."""


@click.command()
@click.pass_obj
def command(config: Path) -> None:
    """Read the configuration and say whether the homeserver answers."""
    settings = load_settings(config)
    click.echo(f"{settings.path} can be used.")
    for doubt in doubts_of_days(settings, datetime.now(settings.zone).date()):
        click.echo(doubt, err=True)
    if names_some(settings) or names_rest(settings):
        _warn_of_lines_for_nobody(settings)
    _warn_of_missing_tasks(settings)
    if settings.accounts.with_codes:
        _require_code_key(settings)
    asyncio.run(_check(settings))


def _warn_of_lines_for_nobody(settings: Settings) -> None:
    try:
        directory = read_standing(settings).policy.directory
    except NoDirectoryError:
        return  # nobody is there yet whom a line could mean
    for doubts in (lines_for_nobody, rest_for_nobody, office_in_doubt):
        for line in doubts(settings, directory):
            click.echo(line, err=True)


def _warn_of_missing_tasks(settings: Settings) -> None:
    """An installation that is older than tasks has no key for their files."""
    path = settings.secrets.task_keys
    if not path.exists():
        click.echo(
            f"{path} is missing, so there are no tasks. Make it with `umask 077; openssl rand -base64 32 > {path}` as "
            "the user that Schulbote runs as, then restart it.",
            err=True,
        )
        return
    read_keys(path)


def _require_code_key(settings: Settings) -> None:
    """An installation that is older than first codes has no key for them."""
    path = settings.secrets.code_key
    if not path.exists():
        raise NoCodesError(
            f"{path} is missing, so no first code can be made or accepted. Make it with `umask 077; openssl rand "
            f"-base64 32 > {path}` as the user that Synapse and Schulbote run as, then restart both."
        )
    read_keys(path)


async def _require_openid(settings: Settings, homeserver: Homeserver) -> None:
    """The page in Element's window asks the homeserver who is looking."""
    if not await Proofs(homeserver, server_name=settings.matrix.server_name).serves_widgets():
        raise NotAdministeredError(
            f"{settings.matrix.homeserver_url} does not say whose OpenID token a widget has, so nobody is let in from "
            "Element's window. Give its listener for this machine the resource `openid` (resources: [{names: [client, "
            "openid]}]) and restart Synapse, or take web.element_url out of school.yaml."
        )
    click.echo("It says whose OpenID token a widget has.")


async def _check(settings: Settings) -> None:
    async with open_homeserver(settings) as homeserver:
        if settings.accounts.with_codes and "m.login.password" not in await homeserver.login_types():
            raise NoCodesError(
                f"{settings.matrix.homeserver_url} signs nobody in with a password, so no first code is accepted. "
                "Switch `password_config` on in its configuration, or say in school.yaml with what people sign in "
                "(accounts.sign_in)."
            )
        try:
            updates = await homeserver.background_updates()
        except RefusedError as error:
            raise NotAdministeredError(
                f"{settings.matrix.homeserver_url} answers, but does not let the bot administer it ({error}). Its "
                "configuration needs the module and the registration that `schulbote init` wrote, and "
                "`schulbote run` has to have run once."
            ) from error
        click.echo(f"{settings.matrix.homeserver_url} answers, and the bot may administer it.")
        if school_widget(settings) is not None:
            await _require_openid(settings, homeserver)
    if updates:
        click.echo(f"It is still doing {updates} background updates of its database.")
    click.echo(await bbb_in_words(settings))
