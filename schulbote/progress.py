"""Showing how far something is: bars on a terminal, one line for each finished stage elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from appservice.stages import Progress as Report


@contextmanager
def shown(console: Console) -> Iterator[Report]:
    """A function `(stage, done, total)` that shows it."""
    if not console.is_terminal:
        yield lambda stage, done, total: _line(console, stage, done, total)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total or 1)
            progress.update(tasks[stage], completed=done if total else 1, total=total or 1)

        yield show


def _line(console: Console, stage: str, done: int, total: int) -> None:
    if done == total:
        console.print(f"{stage}: {total}" if total else f"{stage}: nothing to do", highlight=False)
