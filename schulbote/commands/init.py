"""`schulbote init`."""

from pathlib import Path

import click

from schulbote.new_school import init, write_for_synapse

_NEXT = "Next: put the settings of homeserver-schulbote.yaml into Synapse's configuration and restart it."


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="The school's name, as people see it.")
@click.option("--server-name", help="What stands behind the colon of every user id. For ever.")
@click.option("--homeserver-url", default="http://127.0.0.1:8008", show_default=True)
@click.option("--public-url", help="Where the messengers of the people reach Synapse.")
@click.option("--again", is_flag=True, help="Write what Synapse needs anew, from the school.yaml that is there.")
def command(
    folder: Path, name: str | None, server_name: str | None, homeserver_url: str, public_url: str | None, again: bool
) -> None:
    """Write school.yaml, the secrets, and Synapse's settings for a new school."""
    if again:
        made = write_for_synapse(folder.absolute())
    elif name is None or server_name is None or public_url is None:
        raise click.UsageError("A new school needs --name, --server-name and --public-url.")
    else:
        made = init(
            folder.absolute(), name=name, server_name=server_name, homeserver_url=homeserver_url, public_url=public_url
        )
    for path in made:
        click.echo(f"made {path}")
    click.echo(_NEXT)
