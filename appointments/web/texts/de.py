"""Die Sätze der Seiten mit Terminen auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "appointments.way": "Termine",
    "appointments.title": "Termine",
    "appointments.none": "Gerade steht nichts an.",
    "appointments.new": "Neuer Termin",
    "appointments.change": "Termin ändern",
    "appointments.is_off": "Abgesagt",
    "appointments.back": "Alle Termine",
    # One appointment.
    "appointments.when": "Wann",
    "appointments.more": "und {count} weitere Male",
    "appointments.place": "Ort",
    "appointments.for": "Für",
    "appointments.change_it": "Ändern",
    "appointments.left_out": "Fällt aus",
    "appointments.one_time": "Ein einzelnes Mal",
    "appointments.leave_out": "Nur dieses Mal absagen",
    "appointments.call_off": "Termin absagen",
    "appointments.call_off_what": "Im Raum und in den Kalendern steht dann, dass er ausfällt.",
    # Answers.
    "appointments.asked": "Kommst du?",
    "appointments.your_answer": "Deine Antwort: {answer}. Du kannst sie ändern, bis der Termin beginnt.",
    "appointments.answer.yes": "Ja",
    "appointments.answer.maybe": "Vielleicht",
    "appointments.answer.no": "Nein",
    "appointments.answers": "Antworten",
    "appointments.answers_of": "{answer}: bisher {count}",
    "appointments.no_answer": "Noch keine Antwort: {count}",
    # The form.
    "appointments.form.title": "Was",
    "appointments.form.groups": "Für welche Gruppen",
    "appointments.form.other_groups": "Andere Gruppen",
    "appointments.form.whole_day": "Den ganzen Tag",
    "appointments.form.first_day": "Tag",
    "appointments.form.start": "Von",
    "appointments.form.end": "Bis",
    "appointments.form.last_day": "Letzter Tag, wenn er mehrere Tage dauert",
    "appointments.form.weeks": "Wiederholen",
    "appointments.form.weeks.0": "Nie",
    "appointments.form.weeks.1": "Jede Woche",
    "appointments.form.weeks.2": "Alle 2 Wochen",
    "appointments.form.weeks.3": "Alle 3 Wochen",
    "appointments.form.weeks.4": "Alle 4 Wochen",
    "appointments.form.until": "Zum letzten Mal am, wenn er sich wiederholt",
    "appointments.form.asks": "Um eine Antwort bitten: ja, nein oder vielleicht",
    "appointments.form.make": "Termin anlegen",
    "appointments.form.save": "Speichern",
    # What may be wrong.
    "appointments.wrong.no_title": "Schreib bitte in höchstens 120 Zeichen, was es ist, und wo.",
    "appointments.wrong.no_groups": "Wähle bitte mindestens eine Gruppe aus.",
    "appointments.wrong.not_allowed": "Für eine dieser Gruppen kannst du keinen Termin machen. Nimm sie bitte heraus.",
    "appointments.wrong.changed": "Inzwischen hat jemand diesen Termin geändert. Öffne ihn bitte noch einmal.",
    "appointments.wrong.no_day": "Wähle bitte einen Tag aus.",
    "appointments.wrong.no_time": "Schreib bitte eine Uhrzeit, oder wähle den ganzen Tag.",
    "appointments.wrong.ends_before": "Der Termin endet, bevor er beginnt. Sieh bitte nach den Uhrzeiten.",
    "appointments.wrong.too_long": "Ein Termin dauert höchstens 31 Tage.",
    "appointments.wrong.overlaps": "Der Termin käme schon wieder, bevor er vorbei ist.",
    "appointments.wrong.no_last_day": "An welchem Tag ist er zum letzten Mal? Wähle bitte einen Tag nach dem ersten.",
    "appointments.wrong.series_too_long": "Ein Termin wiederholt sich höchstens ein Jahr lang.",
    "appointments.wrong.in_the_past": "Das ist schon vorbei. Wähle bitte eine Zeit, die noch kommt.",
    "appointments.wrong.too_far": "So weit im Voraus geht es nicht: höchstens drei Jahre.",
    # One's own calendar.
    "appointments.calendar": "In deinem Kalender",
    "appointments.calendar_what": (
        "Mit einer Adresse, die nur du kennst, zeigt auch dein Kalenderprogramm Termine, Konferenzen und was "
        "du abgeben sollst. Namen von Kindern stehen nicht darin."
    ),
    "appointments.calendar_make": "Adresse machen",
    "appointments.calendar_again": "Neue Adresse machen",
    "appointments.calendar_address": (
        "Das ist die Adresse deines Kalenders. Sie steht nur jetzt hier. Gib sie niemandem weiter:"
    ),
    "appointments.calendar_there": "Dein Kalender hat eine Adresse. Eine neue macht die alte ungültig.",
    "appointments.calendar_remove": "Adresse zurücknehmen",
    # What was done.
    "appointments.done.made": "Der Termin ist angelegt. Gleich steht er auch im Raum.",
    "appointments.done.changed": "Der Termin ist geändert. Gleich steht es auch im Raum.",
    "appointments.done.off": "Der Termin ist abgesagt. Gleich steht es auch im Raum.",
    "appointments.done.left_out": "Dieses eine Mal ist abgesagt. Gleich steht es auch im Raum.",
    "appointments.done.answered": "Danke, deine Antwort ist angekommen.",
    "appointments.done.calendar_off": "Die Adresse deines Kalenders gilt nicht mehr.",
}
