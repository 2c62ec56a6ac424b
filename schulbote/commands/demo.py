"""`schulbote demo`."""

import asyncio
from pathlib import Path

import click
from rich.console import Console

from schulbote.demo import DemoOptions, run_demo
from schulbote.new_school import samples


@click.command()
@click.option("--home", type=click.Path(path_type=Path), default=Path("demo-home"), show_default=True)
@click.option("--register", type=click.Path(path_type=Path), help="A folder with IServ or OneRoster CSV files.")
@click.option("--port", type=int, default=8008, show_default=True, help="Synapse's port; the web pages take the next.")
@click.option("--reset", is_flag=True, help="Begin anew: forget everything in the demo's home.")
def command(home: Path, register: Path | None, port: int, reset: bool) -> None:
    """Run a whole school on this machine, to try it out."""
    options = DemoOptions(
        home=home.absolute(),
        register=(register or samples() / "sample-register").absolute(),
        port=port,
        reset=reset,
    )
    asyncio.run(run_demo(options, Console()))
