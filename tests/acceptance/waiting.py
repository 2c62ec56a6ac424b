"""What tests about waiting messages have in common."""

import secrets
import time

from acceptance.client import Json, wait_until
from acceptance.people import Person

RELEASE = 15
"""Seconds that a release may take on a busy machine, with processes that have to come up again."""


def words_of_their_own() -> str:
    """Words that stand nowhere else: one word of letters and digits, so that a search finds it whole."""
    return f"geheim{secrets.token_hex(6)}"


def hold(sender: Person, room: str, words: str, **more: object) -> str:
    """Sends a message to somebody who rests; returns the held event once its sender has the receipt."""
    held = sender.send(room, words, **more)
    assert "org.schulbote.held" in sender.event(room, held)["content"]
    wait_until(lambda: sender.receipt_of(room, held), 15)
    return held


def delivered(reader: Person, room: str, words: str) -> Json | None:
    """The one message with these words; None as long as there is none."""
    found = [event for event in reader.events(room) if event["content"].get("body") == words]
    assert len(found) < 2, "it came twice"
    return found[0] if found else None


def until_nothing_waits(sender: Person, room: str) -> None:
    """Until the room is drained, and messages go out at once. Asked rarely: each question that is held waits, too."""

    def goes_out() -> bool:
        time.sleep(1.5)
        return "org.schulbote.held" not in sender.event(room, sender.send(room, "Hallo?"))["content"]

    wait_until(goes_out, RELEASE)
