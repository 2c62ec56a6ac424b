"""Die Sätze der Seite, auf der Lehrkräfte Passwörter zurücksetzen, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "start.reset": "Jemandem wieder hineinhelfen",
    "reset.title": "Passwort zurücksetzen",
    "reset.what": (
        "Für Schüler/innen und Sorgeberechtigte, die nicht mehr hineinkommen. Du bekommst für sie etwas Neues zum "
        "Anmelden, auf Wunsch als Brief. Was bisher galt, gilt dann nicht mehr."
    ),
    "reset.name": "Wer kommt nicht hinein?",
    "reset.name_hint": "Vorname und Nachname, zum Beispiel Anna Koch",
    "reset.search": "Suchen",
    "reset.which": "Schreib bitte einen Namen.",
    "reset.nobody": "{name} finde ich unter denen nicht, deren Passwort du zurücksetzen darfst.",
    "reset.near": "{name} finde ich nicht. Hast du das gemeint?",
    "reset.who": "Wen meinst du?",
    "reset.choose": "Auswählen",
    "reset.choose_whom": "Auswählen: {name}, Benutzername {user}",
    "reset.more": "Es gibt noch mehr. Schreib bitte auch den Vornamen.",
    "reset.other_name": "Anderer Name",
    "reset.sure": "Passwort von {name} zurücksetzen?",
    "reset.sure_what": (
        "Alle Geräte dieses Kontos werden abgemeldet, und das alte Passwort gilt nicht mehr. Wem es gehört, erfährt, "
        "dass du es warst. Du tust es, weil jemand dich darum gebeten hat, den du kennst."
    ),
    "reset.do": "Ja, zurücksetzen",
    "reset.unchanged": "Geändert ist nichts.",
    "reset.again_at": "Ab {when} geht es wieder.",
    "reset.elsewhere": "Das Passwort von {name} gehört zum Schulkonto und wird dort zurückgesetzt.",
    "reset.failed": (
        "Der Verzeichnisdienst der Schule hat das nicht angenommen. Das alte Passwort gilt noch. Bitte versuch es "
        "später, oder frag, wer die Schulkonten betreut."
    ),
    "reset.done_title": "Passwort zurückgesetzt",
    "reset.done": "Das Passwort von {name} ist zurückgesetzt, alle Geräte sind abgemeldet.",
    "reset.code": "Neuer Code",
    "reset.password": "Neues Passwort",
    "reset.good_until": "Gilt bis",
    "reset.once": "Das steht nur dieses Mal hier. Schreib es ab oder nimm den Brief, und gib es nur {name} selbst.",
    "reset.was_shown": "Das Neue zum Anmelden stand schon einmal hier. Jetzt gibt es noch den Brief.",
    "reset.letter": "Als Brief",
    "reset.letter_what": (
        "Eine Seite zum Ausdrucken, mit allem, was man zum Anmelden braucht. Es gibt sie bis {until}, danach ist sie "
        "weg. Lösch die Datei, wenn sie gedruckt ist."
    ),
    "reset.letter_language": "Zweite Sprache auf dem Brief",
    "reset.as_usual": "wie an dieser Schule üblich",
    "reset.get_letter": "Brief herunterladen (PDF)",
    "reset.cannot_print": "Der Brief lässt sich hier nicht drucken. Wer den Server betreibt, findet den Grund im Log.",
    "reset.another": "Noch jemandem helfen",
    "reset.gone_title": "Das ist nicht mehr hier",
    "reset.gone": (
        "Was man neu zum Anmelden bekommt, steht nur ein paar Minuten hier, und nur für die, die es gemacht hat. Ist "
        "es verloren gegangen? Dann setz das Passwort bitte noch einmal zurück."
    ),
}
