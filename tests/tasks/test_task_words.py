"""What stands behind `!aufgabe`."""

from datetime import UTC, datetime

import pytest
from builders import BERLIN, NOON

from tasks.task_words import NewTask, Unclear, read_task_words

FRIDAY_18 = datetime(2026, 5, 8, 16, 0, tzinfo=UTC)
FRIDAY_END = datetime(2026, 5, 8, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "title", "whom", "due"),
    [
        ("neu Gedicht bis Freitag 18:00 für Klasse 8.1", "Gedicht", "Klasse 8.1", FRIDAY_18),
        ("neu Gedicht für Klasse 8.1 bis Freitag 18:00", "Gedicht", "Klasse 8.1", FRIDAY_18),
        ("neu Gedicht bis Freitag um 18 Uhr für 8.1, 8.2", "Gedicht", "8.1, 8.2", FRIDAY_18),
        ("neu Gedicht bis Freitag für 8.1", "Gedicht", "8.1", FRIDAY_END),
        ("neu Gedicht bis zum 8. Mai für 8.1", "Gedicht", "8.1", FRIDAY_END),
        ("neu Gedicht bis 8.5. 18:00 für 8.1", "Gedicht", "8.1", FRIDAY_18),
        ("NEU Gedicht bis 08.05.2026 für 8.1", "Gedicht", "8.1", FRIDAY_END),
        ("new Poem until Friday 6 pm for 8.1", "Poem", "8.1", FRIDAY_18),
        ("new Poem for 8.1 by 8 May", "Poem", "8.1", FRIDAY_END),
        ("neu Vom Anfang bis zum Ende bis Freitag für 8.1", "Vom Anfang bis zum Ende", "8.1", FRIDAY_END),
        ("neu Material für Chemie bis Freitag für Ben Groß", "Material für Chemie", "Ben Groß", FRIDAY_END),
        ("neu Gedicht bis heute 18:00 für 8.1", "Gedicht", "8.1", datetime(2026, 5, 5, 16, 0, tzinfo=UTC)),
        ("neu Gedicht bis 18:00 für 8.1", "Gedicht", "8.1", datetime(2026, 5, 5, 16, 0, tzinfo=UTC)),
        ("neu Gedicht bis Dienstag 8:00 für 8.1", "Gedicht", "8.1", datetime(2026, 5, 12, 6, 0, tzinfo=UTC)),
        ("neu Gedicht bis 24.12. 24:00 für 8.1", "Gedicht", "8.1", datetime(2026, 12, 24, 23, 0, tzinfo=UTC)),
    ],
)
def test_what_is_understood(words: str, title: str, whom: str, due: datetime) -> None:
    assert read_task_words(words, now=NOON, zone=BERLIN) == NewTask(title=title, whom=whom, due=due)


@pytest.mark.parametrize(
    ("words", "unclear"),
    [
        ("", Unclear.HOW),
        ("Gedicht bis Freitag für 8.1", Unclear.HOW),
        ("neu", Unclear.HOW),
        ("neu Gedicht", Unclear.HOW),
        ("neu Gedicht bis Freitag", Unclear.HOW),
        ("neu Gedicht für 8.1", Unclear.HOW),
        ("neu bis Freitag für 8.1", Unclear.HOW),
        ("neu Gedicht bis irgendwann für 8.1", Unclear.WHEN),
        ("neu Gedicht bis Freitag 25:00 für 8.1", Unclear.WHEN),
        ("neu Gedicht bis 31. Februar für 8.1", Unclear.WHEN),
        ("neu Gedicht bis heute 8:00 für 8.1", Unclear.PAST),
        ("neu Gedicht bis 4.5.2026 für 8.1", Unclear.PAST),
    ],
)
def test_what_is_not(words: str, unclear: Unclear) -> None:
    assert read_task_words(words, now=NOON, zone=BERLIN) is unclear


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param(
            datetime(2026, 3, 27, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 16, 0, tzinfo=UTC), id="into summer time"
        ),
        pytest.param(
            datetime(2026, 10, 23, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 17, 0, tzinfo=UTC), id="into winter time"
        ),
    ],
)
def test_six_in_the_evening_is_that_on_the_wall(now: datetime, due: datetime) -> None:
    said = read_task_words("neu Gedicht bis Sonntag 18:00 für 8.1", now=now, zone=BERLIN)
    assert isinstance(said, NewTask)
    assert said.due == due
