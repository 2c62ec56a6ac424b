"""Was der Bote über Videokonferenzen sagt, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "refused.not_in_conference": "Diese Konferenz ist für andere. Wer dabei sein soll, ist im Raum oder in der Gruppe.",
    "conference.guest_mark": "Gast",
    "conference.untitled": "Konferenz",
    "conference.widget": "Videokonferenz",
    "conference.begins": "📹 Konferenz „{title}“: {link}",
    "conference.planned": "📅 Konferenz „{title}“, {when}: {link}",
    "conference.planned_weekly": "📅 Konferenz „{title}“, jede Woche, das nächste Mal {when}: {link}",
    "conference.soon": "⏰ Gleich, {when}: Konferenz „{title}“: {link}",
    "conference.over": "Die Konferenz „{title}“ ist beendet.",
    "conference.over_until": "Die Konferenz „{title}“ ist für heute beendet. Das nächste Mal {when}: {link}",
    "conference.rests": "🌙 Zu dieser Zeit haben Lehrkräfte Ruhezeit: {number}. Bei ihnen klingelt nichts.",
    "conference.no_cameras": "Kameras haben nur die, die leiten.",
    "conference.no_microphones": "Mikrofone haben nur die, die leiten.",
    "conference.everybody_waits": "Alle kommen zuerst in die Lobby; wer leitet, lässt sie herein.",
    "conference.not_offered": (
        "Videokonferenzen gibt es hier noch nicht. Wer den Server betreibt, kann BigBlueButton in school.yaml nennen."
    ),
    "conference.down": "Der Server für Konferenzen antwortet gerade nicht. Versuch es bitte in einigen Minuten wieder.",
    "conference.which": (
        "Für wen? So geht es: !konferenz Mathe mit Klasse 8.1, Klasse 8.2. In einem Raum reicht: !konferenz Mathe"
    ),
    "conference.groups_elsewhere": (
        "Hier ist eine Konferenz für alle in diesem Raum. Für Gruppen schreib es in unserem Gespräch oder im Raum "
        "einer Gruppe."
    ),
    "conference.none_here": "Hier ist gerade keine Konferenz, auch keine geplante.",
    "conference.none_of_yours": "Von dir ist gerade keine Konferenz bekannt.",
    "conference.no_time": "Um wie viel Uhr? Zum Beispiel: !konferenz Mathe am Freitag um 14:00",
    "conference.time_not_understood": "Diese Uhrzeit verstehe ich nicht. Zum Beispiel: um 14:00",
    "conference.past": "Das ist schon vorbei. Schreib bitte eine Zeit, die noch kommt.",
    "conference.guest_name": "Wie heißt der Gast? Zum Beispiel: !konferenz gast Petra Lehmann",
    "conference.guest_link": (
        "Dieser Link ist nur für {name}, für die Konferenz „{title}“, bis {until}. Er führt in die Lobby: {link}\n"
        "Zurücknehmen: !konferenz gast weg {name}"
    ),
    "conference.guest_gone": "Der Link für {name} gilt nicht mehr.",
    "conference.no_such_guest": "Einen Gast „{name}“ finde ich nicht.",
    "conference.told_alone": "Das schreibe ich dir in unserem Gespräch.",
    "conference.ask_alone": "Das ist nur für dich: Schreib mir bitte dasselbe in einem Gespräch mit mir.",
    "conference.list": "In der Konferenz „{title}“ waren:",
    "conference.was_there": "• {name}: {came} bis {left}",
    "conference.nobody_there": "Wer in der Konferenz „{title}“ war, ist nicht bekannt.",
    "conference.slides_how": (
        "Antworte damit im Raum auf die Nachricht mit der PDF-Datei: !konferenz folien. Sie gehört dann zur geplanten "
        "Konferenz."
    ),
    "conference.slides_for_planned": "Folien gibt es für geplante Konferenzen, und hier ist keine geplant.",
    "conference.slides_attached": "Die Konferenz „{title}“ beginnt mit {name}.",
    "conference.way_in": "„{title}“: {link} – gilt eine Minute und einmal, nur für dich.",
    "conference.wait": "„{title}“: Es ist noch niemand da, der leitet. Frag bitte gleich noch einmal.",
    "conference.nothing_goes_on": "Gerade ist keine Konferenz, in die du kommen kannst.",
    "conference.nothing_planned": "Es ist keine Konferenz für dich geplant.",
    "conference.calendar": (
        "Dein Kalender mit geplanten Konferenzen: {link}\nDer Link ist nur für dich. Ein neuer beendet den alten; "
        "zurücknehmen: !konferenz kalender aus"
    ),
    "conference.calendar_ended": "Der Link zu deinem Kalender gilt nicht mehr.",
    "conference.calendar_none": "Du hast keinen Link zu einem Kalender.",
    "help.conference": "eine Videokonferenz beginnen, planen, beenden",
    "help.conference.more": (
        "!konferenz Mathe – beginnt eine in dem Raum, in dem du es schreibst\n"
        "!konferenz Mathe mit Klasse 8.1, Klasse 8.2 – hier geschrieben: für Gruppen\n"
        "!konferenz Mathe am Freitag um 14:00 – plant eine; auch: morgen um 8:00, jeden Freitag um 14:00\n"
        "… ohne Kameras, ohne Mikrofone, mit Lobby – dahinter geschrieben: gilt für alle, die nicht leiten\n"
        "!konferenz ende – beendet sie für alle, oder sagt die geplante ab\n"
        "!konferenz gast Petra Lehmann – ein Link für jemanden von außen; gast weg Petra Lehmann nimmt ihn zurück\n"
        "!konferenz beitreten – ein Link für dich allein, der eine Minute gilt\n"
        "!konferenz liste – wer da war\n"
        "!konferenz folien – als Antwort auf eine PDF-Datei: Damit beginnt die geplante Konferenz des Raums\n"
        "!konferenz geplant – was für dich geplant ist; kalender – ein Link dafür für deinen Kalender"
    ),
}
