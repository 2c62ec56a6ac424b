"""`python -m bench [NAME…]`: measures and prints a table. Without names: everything, in about twelve minutes."""

import argparse
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from bench import (
    codes,
    conferences,
    decisions,
    directory_server,
    first_login,
    hand_ins,
    joining,
    letters,
    messages,
    module_cost,
    release,
    start,
    syncing,
    tasks,
)
from bench.harness import BenchError, Lab, Row

BENCHES: dict[str, Callable[[Lab], Iterator[Row]]] = {
    "start": start.rows,
    "login": first_login.rows,
    "codes": codes.rows,
    "decisions": decisions.rows,
    "joins": joining.rows,
    "sync": syncing.rows,
    "directory": directory_server.rows,
    "letters": letters.rows,
    "messages": messages.rows,
    "release": release.rows,
    "conferences": conferences.rows,
    "module": module_cost.rows,
    "tasks": tasks.rows,
    "hand-ins": hand_ins.rows,
}


def main() -> int:
    """Prints the rows of the benches that are named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := sorted(set(names) - BENCHES.keys()):
        parser.error(f"there is no bench {', '.join(unknown)}; choose from {', '.join(BENCHES)}")
    console = Console(width=None if sys.stdout.isatty() else 150)
    prominent: list[str] = []
    try:
        with Lab(tell=lambda line: print(line, file=sys.stderr, flush=True)) as lab:
            console.print(lab.machine, highlight=False)
            for name in names:
                table = Table("figure", "", "what it shows", title=name, title_justify="left", expand=True)
                table.columns[1].justify = "right"
                table.columns[1].no_wrap = True
                table.columns[2].ratio = 2
                for row in BENCHES[name](lab):
                    table.add_row(row.figure, row.value, row.shows)
                    prominent += [row.prominent] if row.prominent else []
                console.print(table)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    for line in prominent:
        console.print(f"[bold]{line}[/bold]", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
