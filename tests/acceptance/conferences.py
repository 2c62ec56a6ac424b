"""What stories of conferences do: say it in a room, ask the bot for the way in, press the button."""

import re
import secrets
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from acceptance.client import wait_until
from acceptance.people import Person

PAGE = re.compile(r"http://\S+/conference/([\w-]+)")


def title_for_one_story() -> str:
    return f"Mathe {secrets.token_hex(3)}"


def say_in_room(person: Person, room: str, words: str) -> str:
    """Writes a command in a room and returns what takes its place."""
    asked = person.send(room, words)
    return wait_until(lambda: person.receipt_of(room, asked), 15)


def way_in(person: Person, title: str) -> str | None:
    """The link that the bot gives somebody into a conference; None: they have to wait, or may not come in."""
    lines = [line for line in person.ask("!konferenz beitreten").split("\n") if title in line]
    found = re.search(r"http://\S+/conference/in/[\w-]+", lines[0]) if lines else None
    return found[0] if found else None


def press(url: str) -> tuple[int, str]:
    """What a browser gets for the button: status, and where it is led to."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    with closing(connection):
        connection.request("POST", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")


def forgeries(link: str) -> list[str]:
    """Sixty links that are like a right one, and are not it."""
    base, _, ticket = link.rpartition("/")
    changed = [ticket[:place] + ("A" if ticket[place] != "A" else "B") + ticket[place + 1 :] for place in range(30)]
    others = [secrets.token_urlsafe(24) for _ in range(20)]
    odd = [
        ticket.upper(),
        ticket.lower(),
        ticket[:-1],
        ticket + "A",
        ticket[::-1],
        "%00",
        "..",
        "%2e%2e",
        "",
        "x" * 900,
    ]
    return [f"{base}/{each}" for each in (*changed, *others, *odd) if each != ticket]
