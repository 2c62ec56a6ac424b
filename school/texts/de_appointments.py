"""Was der Bote über Termine sagt, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "calendar.name": "Termine der Schule",
    "calendar.due": "Abgabe bis {time}: {task}",
    "calendar.task": "Aufgabe",
    "calendar.unnamed": "Termin",
    "appointment.room": "📅 {title}\n{when}\nMehr: {link}",
    "appointment.room_asks": "📅 {title}\n{when}\nBitte antworte: {link}",
    "appointment.room_off": "📅 Abgesagt: {title}\n{when}",
    "appointment.room_not_yours": "📅 Abgesagt: {title}",
    "appointment.left_out": "Fällt aus: {when}",
    "appointment.series": "jede Woche bis {until}",
    "appointment.series_weeks": "alle {weeks} Wochen bis {until}",
}
