"""Answers with people in them, who can be clicked on.

Each client makes a link of this form a person of its own, and opens it inside (Matrix spec, appendix "matrix.to
navigation"); nothing is asked of the host that it names. The same person as a `matrix:` link stays plain text in some
and leaves for the browser in others (docs/adr). Where no HTML is shown there is the full Matrix id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias
from urllib.parse import quote

from school.domain.people import Person

TAKEN_BACK_KEY: Final = "org.schulbote.taken_back"
"""Marks what is taken back, in the message."""
_LINK: Final = "https://matrix.to/#/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A text, and the same as HTML for clients that show it. A secret is taken back after some minutes."""

    body: str
    html: str
    is_secret: bool = False


Line: TypeAlias = Sequence[str | Person]


def reply(lines: Iterable[Line]) -> Reply:
    """Lines of words and people."""
    written = list(lines)
    return Reply(
        body="\n".join("".join(map(_plain, line)) for line in written),
        html="<br>".join("".join(map(_marked, line)) for line in written),
    )


def secret(text: str) -> Reply:
    """A text that nobody should find later (`appservice.bot.taking_back`)."""
    return Reply(body=text, html=_marked(text), is_secret=True)


def listed(people: Iterable[Person]) -> list[str | Person]:
    """`Ida Groß, Otto Groß`."""
    parts = [part for person in people for part in (", ", person)]
    return parts[1:]


def _plain(part: str | Person) -> str:
    return part if isinstance(part, str) else f"{part.display_name} ({part.user_id})"


def _marked(part: str | Person) -> str:
    if isinstance(part, str):
        return escape(part, quote=False).replace("\n", "<br>")
    return f'<a href="{_LINK}{quote(part.user_id, safe="@:")}">{escape(part.display_name)}</a>'
