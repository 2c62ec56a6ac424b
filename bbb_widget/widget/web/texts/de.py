"""Die Sätze des Widgets auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "widget.title": "Videokonferenz",
    # What the script says by itself.
    "widget.asking": "Einen Moment. Fragt Element, ob diese Seite wissen darf, wer du bist? Sag bitte Ja.",
    "widget.outside": "Diese Seite gehört in das Fenster von Element. Öffne dort den Raum.",
    "widget.no_answer": "Element antwortet nicht. Lade es bitte neu.",
    "widget.refused": "Diese Seite darf nicht wissen, wer du bist. Ohne das geht es hier nicht weiter.",
    "widget.not_known": "Die Schule kennt dieses Konto nicht. Melde dich in Element mit deinem Schulkonto an.",
    "widget.no_cookies": (
        "Dein Browser merkt sich hier nichts. Nimm den Link zur Konferenz, der im Raum steht, oder erlaube Cookies für "
        "diese Seite."
    ),
    "widget.offline": "Gerade ist keine Verbindung da. Ich versuche es gleich wieder.",
    "widget.again": "Noch einmal versuchen",
    "widget.opens": "Die Konferenz öffnet sich in einem neuen Tab. Nichts passiert?",
    "widget.here": "Hier geht es hinein",
    # What goes on.
    "widget.who": "Du bist hier als {name}.",
    "widget.stranger": "Du bist nicht in diesem Raum. Konferenzen siehst du in deinen Räumen.",
    "widget.not_offered": "Videokonferenzen gibt es hier noch nicht.",
    "widget.none": "Gerade ist hier keine Konferenz.",
    "widget.sight.planned": "Geplant: {when}",
    "widget.sight.planned_weekly": "Jede Woche, das nächste Mal: {when}",
    "widget.sight.wait": "Sie beginnt, sobald jemand da ist, der sie leitet. Bleib einfach hier.",
    "widget.sight.open": "Sie läuft.",
    "widget.sight.down": "Der Server für Konferenzen antwortet gerade nicht. Es geht gleich weiter.",
    "widget.calendar": "In meinen Kalender eintragen",
    "widget.do.start": "Konferenz starten",
    "widget.do.join": "Teilnehmen",
    "widget.do.begin": "Jetzt beginnen",
    "widget.do.end": "Beenden",
    "widget.do.call_off": "Absagen",
    "widget.sure.end": "Für alle beenden?",
    "widget.sure.call_off": "Wirklich absagen?",
    # What became of a press.
    "widget.over": "Diese Konferenz ist beendet.",
    "widget.rests": "🌙 Gerade haben Lehrkräfte Ruhezeit: {number}. Bei ihnen klingelt nichts.",
    "widget.trouble.not_offered": "Videokonferenzen gibt es hier noch nicht.",
    "widget.trouble.down": "Der Server für Konferenzen antwortet nicht. Versuch es bitte in einigen Minuten wieder.",
}
