"""What the simulation says, in two languages."""

from collections.abc import Mapping
from typing import Final

from school.texts import Language

WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.GERMAN: {
        "simulated": "Das ist nur nachgestellt: kein echtes BigBlueButton, ohne Ton und Bild, zum Ausprobieren.",
        "inside": "Du bist in der Konferenz.",
        "lobby": "Du bist in der Lobby. Bitte warte, bis dich jemand hereinlässt.",
        "denied": "Du wurdest nicht hereingelassen.",
        "left": "Du hast die Konferenz verlassen.",
        "over": "Die Konferenz ist zu Ende.",
        "people": "Wer da ist",
        "in_lobby": "In der Lobby",
        "accept": "Hereinlassen",
        "deny": "Abweisen",
        "leave": "Verlassen",
        "end": "Für alle beenden",
        "back": "Zurück",
    },
    Language.ENGLISH: {
        "simulated": "This is only a simulation: no real BigBlueButton, without sound and picture, for trying out.",
        "inside": "You are in the conference.",
        "lobby": "You are in the lobby. Please wait until somebody lets you in.",
        "denied": "You were not let in.",
        "left": "You have left the conference.",
        "over": "The conference is over.",
        "people": "Who is there",
        "in_lobby": "In the lobby",
        "accept": "Let in",
        "deny": "Turn away",
        "leave": "Leave",
        "end": "End for everybody",
        "back": "Back",
    },
}
