"""Was der Bote dazu sagt, was wartet, was nicht warten darf und wer fehlen wird, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "waiting.teachers_only": (
        "Auf dich wartet nichts: Deine Nachrichten bekommst du immer sofort. Was von dir wartet, zeigt !ausgang."
    ),
    "waiting.none": "Auf dich wartet keine Nachricht.",
    "waiting.one": "🌙 Auf dich wartet 1 Nachricht:",
    "waiting.many": "🌙 Auf dich warten {number} Nachrichten:",
    "waiting.from": "• {number} von {name}, seit {since}",
    "waiting.more": "… und von {number} weiteren Personen",
    "waiting.next": "Die nächste kommt {when}.",
    "waiting.next.soon": "Die nächste kommt gleich.",
    "waiting.next.after_rest": "Sie kommen nach deiner Ruhezeit.",
    "outbox.none": "Von dir wartet keine Nachricht.",
    "outbox.listed": "🌙 Das wartet:\n{lines}\nZurücknehmen: !zurück {number}, auch mehrere Nummern auf einmal.",
    "outbox.line": "{number}. an {to}, geschrieben {written}, Zustellung {due}: {words}",
    "outbox.older": "(… davor {number} ältere)",
    "outbox.due.soon": "gleich",
    "outbox.due.after_rest": "nach der Ruhezeit",
    "outbox.more_people": "{names} und {number} weitere",
    "outbox.nobody": "einen Raum, in dem niemand mehr ist",
    "outbox.words": "„{words}“",
    "outbox.change": "Änderung in {words}",
    "outbox.closed": "(lässt sich gerade nicht öffnen)",
    "withdraw.how": "So geht es: !zurück 2, auch mehrere: !zurück 1 3. Die Nummern zeigt !ausgang.",
    "withdraw.not_shown": (
        "Was {numbers} ist, habe ich dir nicht gezeigt; geändert ist nichts. Schreib bitte erst !ausgang."
    ),
    "withdraw.done": "Zurückgenommen: {numbers}. Niemand wird es lesen.",
    "withdraw.delivered": "Schon zugestellt: {numbers}. Im Gespräch kannst du es löschen.",
    "withdraw.gone": "Wartet nicht mehr: {numbers}.",
    "urgent.leadership_only": (
        "Dringende Nachrichten sendet die Schulleitung. Im Notfall ruf bitte in der Schule an oder wähle 112."
    ),
    "urgent.not_here": "Dringende Nachrichten sind an dieser Schule ausgeschaltet. Bitte ruf an.",
    "urgent.how": "So geht es: !dringend Frau Lange (Rohrbruch): Bitte kommen Sie morgen erst um 10.",
    "urgent.reason_missing": (
        "Bitte schreib in Klammern einen Grund dazu, er steht dann in der Nachricht: "
        "!dringend Frau Lange (Rohrbruch): Bitte kommen Sie morgen erst um 10. Gesendet ist nichts."
    ),
    "urgent.too_long": (
        "Gesendet ist nichts: Der Grund hat höchstens {reason} Zeichen und die Nachricht höchstens {text}."
    ),
    "urgent.several": (
        "Damit können mehrere gemeint sein: {names}. Gesendet ist nichts; schreib bitte den ganzen Namen oder den in "
        "Klammern."
    ),
    "urgent.near": "{name} finde ich nicht, gesendet ist nichts. Meinst du {near}? Schreib es bitte so noch einmal.",
    "urgent.unknown": (
        "{name} finde ich unter denen, die Ruhezeit haben, nicht; gesendet ist nichts. Anderen kannst du einfach "
        "schreiben."
    ),
    "urgent.to_oneself": "Dir selbst brauchst du nichts Dringendes zu schicken.",
    "urgent.too_many": (
        "Gesendet ist nichts: In 24 Stunden gehen höchstens {number} dringende Nachrichten. Bitte ruf an."
    ),
    "urgent.refused": "An {name} konnte ich das nicht senden. {why}",
    "urgent.uncertain": (
        "Es ist nicht sicher, ob das bei {name} angekommen ist. Sieh bitte in eurem Gespräch nach, bevor du es noch "
        "einmal sendest."
    ),
    "urgent.sent": (
        "❗ Gesendet an {name}, es klingelt auch in der Ruhezeit. In den nächsten 24 Stunden gehen noch {left}."
    ),
    "urgent.message": "❗ Dringend ({reason}): {text}",
    "sick.how": (
        "So geht es: !krank Anna morgen, auch: 24.11., bis Freitag, 24.11.–25.11. Schreib nur das Kind und den Tag; "
        "den Grund brauche ich nicht. Gemeldet ist noch nichts."
    ),
    "sick.which": "Wer ist gemeint: {names}? Schreib bitte den Namen vor den Tag. Gemeldet ist noch nichts.",
    "sick.backward": "Das Ende liegt vor dem Anfang. Bitte sieh noch einmal nach den Tagen, gemeldet ist nichts.",
    "sick.over": "Diese Tage sind schon vorbei, gemeldet ist nichts. Bitte ruf im Sekretariat an.",
    "sick.too_far": "Ist {days} gemeint? Gemeldet ist nichts; es geht höchstens {most} Tage im Voraus.",
    "sick.too_many": "Das waren heute schon viele Meldungen, diese ging nicht hinaus. Bitte ruf im Sekretariat an.",
    "sick.no_child": "Bei dir ist kein Kind eingetragen. Bitte ruf im Sekretariat an, dort hilft man dir weiter.",
    "sick.not_for_staff": "Damit melden Sorgeberechtigte und Schüler/innen sich ab. Für dich selbst: !abwesend morgen",
    "sick.call": (
        "Abmeldungen nimmt der Bote hier gerade nicht an. Bitte ruf im Sekretariat der Schule an. Gute Besserung!"
    ),
    "sick.done": "✅ Gemeldet: {name} fehlt {days}. Das Sekretariat liest es, mehr brauchst du nicht zu tun.",
    "sick.to_office": "Fehlt {days}: {name}. Gemeldet von {by}.",
    "sick.to_office.oneself": "Fehlt {days}: {name}. Selbst gemeldet.",
}
