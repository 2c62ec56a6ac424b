"""`schulbote init`."""

from pathlib import Path

import click

from schulbote.new_school import init


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="The school's name, as people see it.")
@click.option("--server-name", required=True, help="What stands behind the colon of every user id. For ever.")
@click.option("--homeserver-url", default="http://127.0.0.1:8008", show_default=True)
@click.option("--public-url", required=True, help="Where the messengers of the people reach Synapse.")
def command(folder: Path, name: str, server_name: str, homeserver_url: str, public_url: str) -> None:
    """Write school.yaml, the secrets, and Synapse's settings for a new school."""
    for path in init(
        folder.absolute(), name=name, server_name=server_name, homeserver_url=homeserver_url, public_url=public_url
    ):
        click.echo(f"made {path}")
    click.echo("Next: put the settings of homeserver-schulbote.yaml into Synapse's configuration and restart it.")
