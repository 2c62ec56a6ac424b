"""The part of an export that is about tasks."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from school.database.personal_data import Row


def task_tables(
    kept: Mapping[str, Sequence[Row]], word: Callable[[str], str], time: Callable[[str], str]
) -> Iterator[tuple[str, list[str], Sequence[Sequence[str]]]]:
    """What somebody set, what they handed in and what was said of it, and the names of their files."""
    yield _table(
        word, "tasks_set", ("title_of_it", "due_on"), [(row["title"], time(row["due_at"])) for row in kept["tasks_set"]]
    )
    handed_in = [(row["task"] or "", time(row["at"]), row["text"], _feedback(row)) for row in kept["handed_in"]]
    yield _table(word, "handed_in", ("title_of_it", "when", "words", "feedback"), handed_in)
    files = [(row["name"], time(row["at"]), row["sha256"]) for row in kept["files_of_tasks"]]
    yield _table(word, "files_of_tasks", ("file", "when", "sha256"), files)


def _feedback(row: Row) -> str:
    return " ".join(filter(None, (row["mark"], row["feedback"])))


def _table(
    word: Callable[[str], str], heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[str, list[str], Sequence[Sequence[str]]]:
    return word(heading), [*map(word, columns)], rows
