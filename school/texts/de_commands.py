"""Was der Bote zu den Befehlen über Personen, Gruppen und Räume sagt, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "role.teacher": "Lehrkraft",
    "role.teacher.many": "Lehrkräfte",
    "role.student": "Schüler/in",
    "role.student.many": "Schüler/innen",
    "role.guardian": "Sorgeberechtigte/r",
    "role.guardian.many": "Sorgeberechtigte",
    "right.message_everyone": "allen direkt schreiben",
    "right.message_teachers": "Lehrkräften direkt schreiben",
    "right.message_own_groups": "in eigenen Gruppen einander direkt schreiben",
    "right.create_rooms": "Räume anlegen",
    "right.create_groups": "eigene Gruppen anlegen",
    "right.invite_groups": "ganze Gruppen einladen",
    "right.write_to_groups": "jede Gruppe betreten und dort schreiben",
    "right.set_tasks": "Aufgaben stellen",
    "right.submit_tasks": "Aufgaben bearbeiten und abgeben",
    "right.start_conferences": "Konferenzen beginnen",
    "right.join_conferences": "an Konferenzen teilnehmen",
    "right.reset_passwords": "Passwörter von Schüler/innen und Sorgeberechtigten zurücksetzen",
    # People, as people name them.
    "people.unknown": "{name} finde ich nicht. Schreib bitte Vor- und Nachnamen.",
    "people.near": "{name} finde ich nicht. Meinst du {near}? Schreib es bitte so noch einmal.",
    "people.several": ("„{name}“ kann mehrere meinen: {people}. Schreib bitte den ganzen Namen oder den in Klammern."),
    # Who may do what.
    "rights.leadership_only": (
        "Die Rechte anderer sieht die Schulleitung. Warum bei dir etwas nicht geht, sage ich dir, wenn du es versuchst."
    ),
    "rights.how": (
        "So geht es: !rechte Anna Koch. Ob die eine der anderen Person schreiben darf: !rechte Anna Koch an Ben Braun"
    ),
    "rights.leads": "Gehört zur Schulleitung.",
    "rights.locked": "🔒 Das Konto ist von der Schulleitung gesperrt.",
    "rights.by_default": "so vorgesehen für diese Rolle",
    "rights.by_role": "von der Schule für diese Rolle festgelegt ({rule})",
    "rights.by_group": "festgelegt für {group} ({rule})",
    "rights.by_person": "für diese Person festgelegt ({rule})",
    "rights.nothing": "nichts erlaubt es",
    "rights.changed_by_it": "Ändern kann das nur die IT der Schule, in school.yaml.",
    "rights.may_write": "✅ {person} darf {other} direkt schreiben.",
    "rights.may_not_write": "⛔ {person} darf {other} nicht direkt schreiben.",
    "rights.rule": "Das sagt die Regel {rule}.",
    # Locked accounts.
    "lock.leadership_only": "Konten sperrt die Schulleitung. Wenn etwas passiert ist, sag ihr bitte Bescheid.",
    "lock.how": "Wen? So geht es: !sperren Anna Koch",
    "lock.confirm": (
        "Soll dieses Konto gesperrt werden? {person}\nDann ist es sofort überall abgemeldet. Wenn das so richtig ist, "
        "schreib: !sperren {sign} bestätigen"
    ),
    "lock.done": "🔒 Das Konto von {name} ist gesperrt und überall abgemeldet. Aufheben: !entsperren {sign}",
    "lock.is_locked": "🔒 Das Konto von {name} war schon gesperrt.",
    "lock.oneself": "Dein eigenes Konto kannst du nicht sperren und nicht entsperren.",
    "lock.admin": "{name} verwaltet den Server; dieses Konto kann hier niemand sperren.",
    "unlock.how": "Wen? So geht es: !entsperren Anna Koch",
    "unlock.done": "🔓 Das Konto von {name} ist wieder offen. Anmelden geht mit dem bisherigen Passwort.",
    "unlock.is_open": "Das Konto von {name} hat die Schulleitung nicht gesperrt.",
    # Groups, as people name them.
    "groups.unknown": "Eine Gruppe „{name}“ finde ich nicht. Schreib bitte den Namen, wie er in deiner Liste steht.",
    "groups.near": "Eine Gruppe „{name}“ finde ich nicht. Meinst du {groups}? Schreib es bitte so noch einmal.",
    "groups.several": "„{name}“ kann mehrere Gruppen meinen: {groups}. Schreib bitte den ganzen Namen.",
    "groups.many": "„{name}“ kann viele Gruppen meinen: {groups} und andere. Schreib bitte den ganzen Namen.",
    "groups.no_room": "{group} hat noch keinen Raum. Er kommt gleich, spätestens mit dem nächsten Abgleich.",
    # Entering and leaving.
    "enter.which": "Wohin möchtest du? So geht es: !betreten Klasse 9.2",
    "enter.came": "Du bist jetzt in {group}. Mit !verlassen {group} gehst du wieder.",
    "enter.is_there": "Du bist schon in {group}.",
    "leave.which": "Welche Gruppe möchtest du verlassen? So geht es: !verlassen Klasse 9.2",
    "leave.left": "Du hast {group} verlassen.",
    "leave.not_there": "In {group} bist du nicht.",
    # One text to several groups.
    "to.how": "So geht es: !an Klasse 8.1, Sorgeberechtigte 8.1: Morgen fällt die sechste Stunde aus.",
    "to.not_for_you": (
        "In beliebige Gruppen schreiben hier die Lehrkräfte. Schreib in deinen Gruppen selbst oder an eine Lehrkraft."
    ),
    "to.no_text": "Nach dem Doppelpunkt fehlt noch der Text. Gesendet ist nichts.",
    "to.nothing_sent": "Gesendet ist noch nichts.",
    "to.too_many": (
        "Das sind zu viele auf einmal: In einer Stunde geht es an höchstens {most} Gruppen, gerade noch an {left}. "
        "Gesendet ist nichts."
    ),
    "to.sending": "⏳ Ich schreibe in die Gruppen: {number}",
    "to.sent": "✅ Gesendet an {groups}.",
    "to.held": "🌙 Wartet bis zum Ende der Ruhezeit: {groups}.",
    "to.no_room": "⛔ Noch ohne Raum, nicht gesendet: {groups}.",
    "to.refused": "⛔ In {group} nicht gesendet: {why}",
    "to.entered": "Dafür bist du jetzt in {groups}. Hinaus geht es mit !verlassen und dem Namen der Gruppe.",
    "to.later": (
        "⏳ Das hat noch nicht überall geklappt. Ich sende den Rest, sobald es geht, und sage dir dann Bescheid. "
        "Schreib es bitte nicht noch einmal."
    ),
    # Rooms in which only teachers write.
    "teachers_only.which": (
        "Schreib !nur-lehrkraefte an oder !nur-lehrkraefte aus in dem Raum, um den es geht. Für den Raum einer deiner "
        "Gruppen geht es auch hier: !nur-lehrkraefte an Klasse 8.1"
    ),
    "teachers_only.not_here": "Das geht im Raum einer Gruppe und in Räumen mit mehreren Personen.",
    "teachers_only.not_you": (
        "Das sagen die Lehrkräfte der Gruppe, und in anderen Räumen die Lehrkraft, die den Raum angelegt hat. Bitte "
        "sie darum."
    ),
    "teachers_only.not_understood": "So geht es: !nur-lehrkraefte an oder !nur-lehrkraefte aus",
    "teachers_only.set.on": "🔇 Ab jetzt schreiben hier nur Lehrkräfte. Alle lesen mit und können reagieren.",
    "teachers_only.set.off": "🔊 Ab jetzt schreiben hier wieder alle.",
    "teachers_only.now.on": "🔇 Hier schreiben nur Lehrkräfte. Ändern: !nur-lehrkraefte aus",
    "teachers_only.now.off": "🔊 Hier schreiben alle. Ändern: !nur-lehrkraefte an",
    # Who is in a group.
    "who.which": "Um welche Gruppe geht es? So geht es: !wer Klasse 8.1",
    "who.group": "{group}, Personen: {number}",
    "who.never": "Noch nie angemeldet ({number}):",
    "who.all_signed_in": "Alle haben sich schon einmal angemeldet.",
    "who.more": "und {number} weitere",
    # Whom somebody may write to.
    "contacts.everybody": "Du kannst allen an der Schule schreiben, zum Beispiel:",
    "contacts.teachers_and_groups": "Du kannst allen Lehrkräften schreiben und denen, die in deinen Gruppen sind:",
    "contacts.groups": "Du kannst denen schreiben, die in deinen Gruppen sind:",
    "contacts.own_teachers": "Lehrkräfte deiner Gruppen:",
    "contacts.how_to_search": "Andere findest du mit ihrem Namen: !kontakte Müller",
    "contacts.nobody": (
        "Unter denen, denen du schreiben darfst, finde ich {name} nicht. Vielleicht ist der Name anders geschrieben?"
    ),
    "contacts.near": "{name} finde ich nicht. Meinst du vielleicht:",
    "contacts.page": "Seite {page} von {pages}, gefunden: {number}. Weiter mit: {ask}",
}
