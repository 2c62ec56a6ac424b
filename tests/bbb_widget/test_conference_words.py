from datetime import UTC, datetime

import pytest
from builders import BERLIN

from bbb_widget.conference_words import Does, Said, Unclear, read_words, split_groups
from bbb_widget.meeting_settings import Choices

NOW = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)  # a Tuesday, 14:00 in Berlin


def at(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def start(text: str = "", when: datetime | None = None, *, weekly: bool = False, **choices: bool) -> Said:
    return Said(does=Does.START, text=text, at=when, weekly=weekly, choices=Choices(**choices))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", start()),
        ("Mathe", start("Mathe")),
        ("Mathe mit Klasse 8.1", start("Mathe mit Klasse 8.1")),
        ("mit 8.1, 8.2", start("mit 8.1, 8.2")),
        ("Mathe um 15:30", start("Mathe", at(5, 15, 30))),
        ("Mathe um 15 Uhr", start("Mathe", at(5, 15))),
        ("Mathe 15.30 Uhr", start("Mathe", at(5, 15, 30))),
        ("Mathe 15:30", start("Mathe", at(5, 15, 30))),
        ("um 13:00", start("", at(6, 13))),
        ("Maths at 3 pm", start("Maths", at(5, 15))),
        ("Maths tomorrow at 9:15 am", start("Maths", at(6, 9, 15))),
        ("Mathe morgen um 8:00", start("Mathe", at(6, 8))),
        ("Mathe am Freitag 14:00", start("Mathe", at(8, 14))),
        ("Mathe am Freitag um 14 Uhr", start("Mathe", at(8, 14))),
        ("Mathe Freitag, 14:00", start("Mathe", at(8, 14))),
        ("Mathe am Dienstag um 13:00", start("Mathe", at(12, 13))),
        ("Mathe am Dienstag um 15:00", start("Mathe", at(5, 15))),
        ("Mathe am 24.6. um 15:00", start("Mathe", at(24, 15, month=6))),
        ("Mathe am 24. Juni 15:00", start("Mathe", at(24, 15, month=6))),
        ("Mathe mit Klasse 8.1 am Freitag um 14:00", start("Mathe mit Klasse 8.1", at(8, 14))),
        ("Elternabend mit Sorgeberechtigte 8.1 um 19:00", start("Elternabend mit Sorgeberechtigte 8.1", at(5, 19))),
        ("Mathe jede Woche am Freitag um 14:00", start("Mathe", at(8, 14), weekly=True)),
        ("Mathe am Freitag um 14:00 jede Woche", start("Mathe", at(8, 14), weekly=True)),
        ("Mathe jeden Freitag 14:00", start("Mathe", at(8, 14), weekly=True)),
        ("Maths every Friday at 14:00", start("Maths", at(8, 14), weekly=True)),
        ("Mathe wöchentlich 15:00", start("Mathe", at(5, 15), weekly=True)),
        ("Mathe ohne Kameras", start("Mathe", cameras=False)),
        ("Mathe ohne Kamera und Mikrofon", start("Mathe", cameras=False, microphones=False)),
        ("Mathe, ohne Mikrofone, ohne Kameras", start("Mathe", cameras=False, microphones=False)),
        ("ohne Mikros", start(microphones=False)),
        ("Maths without cameras or microphones", start("Maths", cameras=False, microphones=False)),
        ("Maths without mics with lobby", start("Maths", microphones=False, lobby=True)),
        ("Maths with a waiting room for everybody at 3 pm", start("Maths", at(5, 15), lobby=True)),
        ("Mathe mit Klasse 8.1 mit Lobby", start("Mathe mit Klasse 8.1", lobby=True)),
        ("Mathe mit Lobby, mit Klasse 8.1", start("Mathe, mit Klasse 8.1", lobby=True)),
        ("Mathe ohne Kameras am Freitag um 14:00", start("Mathe", at(8, 14), cameras=False)),
        ("Mathe jeden Freitag um 14:00 mit Lobby", start("Mathe", at(8, 14), weekly=True, lobby=True)),
        ("Lobby", start("Lobby")),
        ("Ohne Worte", start("Ohne Worte")),
        ("Film ohne Kamerateam", start("Film ohne Kamerateam")),
        ("Treffen mit Lobbyisten", start("Treffen mit Lobbyisten")),
        ("Guten Morgen", start("Guten Morgen")),
        ("Klasse 8.1", start("Klasse 8.1")),
        ("Jeden Tag ein Buch", start("Jeden Tag ein Buch")),
        ("morgen", Unclear.NO_TIME),
        ("Mathe am Freitag", Unclear.NO_TIME),
        ("Mathe jede Woche", Unclear.NO_TIME),
        ("Mathe um 25:00", Unclear.NOT_UNDERSTOOD),
        ("Mathe um 14:75", Unclear.NOT_UNDERSTOOD),
        ("Mathe heute um 13:00", Unclear.PAST),
        ("ende", Said(does=Does.END)),
        ("END", Said(does=Does.END)),
        ("ende Klasse 8.1", Said(does=Does.END, text="Klasse 8.1")),
        ("gast Petra Lehmann", Said(does=Does.INVITE, text="Petra Lehmann")),
        ("guest Petra", Said(does=Does.INVITE, text="Petra")),
        ("gast weg Petra Lehmann", Said(does=Does.UNINVITE, text="Petra Lehmann")),
        ("gast", start("gast")),
        ("liste", Said(does=Does.LIST)),
        ("attendance", Said(does=Does.LIST)),
        ("beitreten", Said(does=Does.JOIN)),
        ("Join us", start("Join us")),
        ("folien", Said(does=Does.SLIDES)),
        ("Folien schön machen", start("Folien schön machen")),
        ("geplant", Said(does=Does.PLANNED)),
        ("calendar", Said(does=Does.CALENDAR)),
        ("kalender aus", Said(does=Does.NO_CALENDAR)),
        ("Kalender basteln", start("Kalender basteln")),
        ("Liste der Bücher", start("Liste der Bücher")),
    ],
)
def test_what_is_meant(words: str, said: Said | Unclear) -> None:
    assert read_words(words, now=NOW, zone=BERLIN) == said


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("Mathe", []),
        ("mit 8.1", [("", "8.1")]),
        ("Mathe mit 8.1, 8.2", [("Mathe", "8.1, 8.2")]),
        ("Treffen mit Eltern für 8.1", [("Treffen mit Eltern", "8.1"), ("Treffen", "Eltern für 8.1")]),
    ],
)
def test_titles_and_groups_are_told_apart(text: str, ways: list[tuple[str, str]]) -> None:
    assert split_groups(text) == ways


@pytest.mark.parametrize("words", ["um", ":", "um 1:2:3", "\u200b", "mit", "am am am um 3", "9" * 400, "gast weg"])
def test_nothing_that_is_written_breaks_it(words: str) -> None:
    assert isinstance(read_words(words, now=NOW, zone=BERLIN), Said | Unclear)
