"""Was der Bote über Videokonferenzen sagt, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "refused.not_in_conference": "Diese Konferenz ist für andere. Wer dabei sein soll, ist im Raum oder in der Gruppe.",
    "conference.guest_mark": "Gast",
}
