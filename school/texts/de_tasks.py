"""Was über Aufgaben gesagt wird, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "tasks.line": "• {title}, fällig {due}: {state}. {link}",
    "tasks.line_of_teacher": "• {title}, fällig {due}: {handed_in} von {learners} abgegeben. {link}",
    "tasks.none": "Für dich gibt es gerade keine Aufgaben.",
    "tasks.all": "Alle Aufgaben: {link}",
    "tasks.set": (
        "Die Aufgabe „{title}“ ist gestellt, fällig {due}. Text und Material kannst du hier ergänzen: {link}"
    ),
    "tasks.unclear.how": (
        "Schreib zum Beispiel: !aufgabe neu Gedicht lernen bis Freitag 18:00 für Klasse 8.1. Oder "
        "hier, mit allem: {link}"
    ),
    "tasks.unclear.when": (
        "Bis wann? Schreib einen Tag, mit oder ohne Uhrzeit: bis Freitag, bis 8. Mai 18:00. Oder hier: {link}"
    ),
    "tasks.unclear.past": (
        "Dieser Termin ist schon vorbei. Schreib einen späteren, oder stell die Aufgabe hier: {link}"
    ),
    "tasks.trouble.title": "Gib der Aufgabe bitte einen Titel mit höchstens 120 Zeichen.",
    "tasks.trouble.nobody": "In dieser Gruppe ist niemand, der Aufgaben abgibt.",
    "tasks.doubt.weekend": "Der Termin ist an einem Wochenende. War das so gemeint?",
    "tasks.doubt.free_day": "Der Termin ist an einem freien Tag. War das so gemeint?",
    "tasks.state.new": "neu",
    "tasks.state.begun": "begonnen",
    "tasks.state.handed_in": "abgegeben",
    "tasks.state.late": "verspätet",
    "tasks.state.returned": "zurückgegeben",
    "tasks.state.closed": "abgeschlossen",
    "help.tasks": "deine Aufgaben",
    "help.tasks.more": (
        "!aufgaben – was du zu tun hast und bis wann, mit Links; Lehrkräfte sehen auch, was sie gestellt haben"
    ),
    "help.task": "eine Aufgabe stellen",
    "help.task.more": (
        "!aufgabe neu Gedicht lernen bis Freitag 18:00 für Klasse 8.1\nEs gehen mehrere Gruppen "
        "und einzelne Personen, mit Kommas dazwischen. Ohne Uhrzeit ist sie am Ende des Tages "
        "fällig. Text, Material und alles Weitere kommt auf ihre Seite."
    ),
    "tasks.posted": "📝 Aufgabe „{title}“, fällig {due}: {link}",
    "tasks.changed": "📝 Geändert: Aufgabe „{title}“, fällig {due}: {link}",
    "tasks.closed": "📝 Die Aufgabe „{title}“ ist geschlossen.",
    "tasks.not_yours": "📝 Die Aufgabe „{title}“ ist nicht mehr für diese Gruppe.",
    "tasks.soon": "⏰ Morgen fällig: Aufgabe „{title}“: {link}",
    "tasks.came_in": "Abgegeben für „{title}“: {number}.",
    "tasks.reminder": "⏰ Aufgabe „{title}“, fällig {due}: {link}",
    "refused.no_tasks": "Aufgaben kannst du hier nicht stellen oder abgeben. Frag bitte eine Lehrkraft.",
    "refused.not_your_task": (
        "Diese Aufgabe ist für andere. Wenn du sie bearbeiten sollst, frag die Lehrkraft, die sie gestellt hat."
    ),
    "refused.task_not_open": "Diese Aufgabe beginnt erst später. Dann kannst du hier abgeben.",
    "refused.task_is_over": "Die Zeit für diese Aufgabe ist vorbei. Wenn du mehr Zeit brauchst, frag deine Lehrkraft.",
    "refused.hand_in_stays": (
        "Du hast schon abgegeben. Wenn du etwas ändern möchtest, bitte deine Lehrkraft, dir die Aufgabe zurückzugeben."
    ),
    "refused.team_too_large": "So viele können diese Aufgabe nicht zusammen abgeben. Bildet bitte kleinere Teams.",
    "refused.in_another_team": "Jemand von euch gibt schon allein oder in einem anderen Team ab.",
}
