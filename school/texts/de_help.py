"""Was der Bote kann, auf Deutsch: zu jedem Befehl eine Zeile für die Liste und ein längerer Text (`….more`)."""

from typing import Final

SENTENCES: Final = {
    "help.list": "Ich bin der Bote der Schule. Das kannst du mir schreiben:",
    "help.list_end": "Mehr zu einem Befehl, mit Beispielen: !hilfe und sein Name.",
    "help.unknown": "Diesen Befehl kenne ich nicht.",
    "help.not_for_you": "Dieser Befehl ist für andere gedacht. Mit !hilfe sage ich, was du mir schreiben kannst.",
    "help.also": "Geht auch als: {names}",
    "help.topic.general": "Allgemein",
    "help.topic.people": "Personen",
    "help.topic.groups": "Gruppen",
    "help.topic.rooms": "Räume",
    "help.topic.rest": "Ruhezeit",
    "help.topic.leadership": "Schulleitung",
    "help.help": "diese Liste",
    "help.help.more": (
        "!hilfe ruhe – alles über !ruhe, auch: !ruhe hilfe\nWas für andere gedacht ist, steht nicht in deiner Liste."
    ),
    "help.contacts": "wem du schreiben kannst, mit Links",
    "help.contacts.more": (
        "!kontakte – die Lehrkräfte deiner Gruppen und wer sonst darin ist\n"
        "!kontakte Müller – alle dieses Namens, denen du schreiben darfst; auch mit Tippfehlern\n"
        "!kontakte Müller 2 – die zweite Seite\n"
        "Tipp auf einen Namen, um zu schreiben. Das findet mehr als die Suche der App."
    ),
    "help.who": "wer in einer Gruppe ist",
    "help.who.more": (
        "!wer Klasse 8.1 – alle in der Gruppe; Lehrkräfte sehen auch, wer sich noch nie angemeldet hat\n"
        "Ein Teil des Namens genügt: !wer 8.1"
    ),
    "help.enter": "in den Raum einer Gruppe kommen",
    "help.enter.more": (
        "!betreten Klasse 9.2 – bringt dich in die Räume der Gruppe, auch wenn du nicht dazugehörst\n"
        "!verlassen Klasse 9.2 – und wieder hinaus"
    ),
    "help.leave": "den Raum einer Gruppe wieder verlassen",
    "help.leave.more": (
        "!verlassen Klasse 9.2 – bringt dich aus den Räumen einer Gruppe, die du besucht hast\n"
        "Deine eigenen Gruppen verlässt man nicht; du kannst sie stummschalten."
    ),
    "help.to": "einen Text in die Räume mehrerer Gruppen schreiben",
    "help.to.more": (
        "!an Klasse 8.1, Sorgeberechtigte 8.1: Morgen fällt die sechste Stunde aus.\n"
        "Der Text kommt in jeden Raum, als hättest du ihn dort geschrieben, auch über mehrere Zeilen. Vorher kläre ich "
        "alle Namen; danach sage ich, wohin er gegangen ist.\n"
        "Zum Zurücknehmen lösche die Nachricht in den Räumen."
    ),
    "help.teachers_only": "ob in einem Raum nur Lehrkräfte schreiben",
    "help.teachers_only.more": (
        "!nur-lehrkraefte an – in diesem Raum schreiben nur Lehrkräfte; alle lesen mit und können reagieren\n"
        "!nur-lehrkraefte aus – alle schreiben wieder\n"
        "!nur-lehrkraefte – wie es gerade ist\n"
        "Schreib es im Raum selbst, oder hier mit dem Namen deiner Gruppe: !nur-lehrkraefte an Klasse 8.1\n"
        "Es geht im Raum deiner Gruppe und in Räumen, die du angelegt hast. Sag es dort noch einmal, wenn eine "
        "Lehrkraft dazugekommen ist."
    ),
    "help.files": "Link zu den Dateien deiner Gruppen",
    "help.files.more": (
        "!dateien – ein Link, der eine halbe Stunde, einmal und nur für dich gilt. Dort liegt alles, was in den Räumen "
        "deiner Gruppen geteilt wurde."
    ),
    "help.appointments": "Link zu deinen Terminen",
    "help.appointments.more": (
        "!termine – ein Link, der eine halbe Stunde, einmal und nur für dich gilt. Dort antwortest du, machst Termine, "
        "wenn du eine Lehrkraft bist, und bekommst die Adresse für dein Kalenderprogramm."
    ),
    "help.account": "Link zu deinem Konto: was gespeichert ist, wo du angemeldet bist",
    "help.account.more": (
        "!konto – ein Link, der eine halbe Stunde, einmal und nur für dich gilt\n"
        "Dort meldest du auch Geräte ab, die du nicht mehr hast."
    ),
    "help.password": "Link zu der Seite, auf der du dein Passwort wählst; als Lehrkraft anderen hineinhelfen",
    "help.password.more": (
        "!passwort – ein Link, der eine halbe Stunde, einmal und nur für dich gilt\n"
        "!passwort Anna Koch – ein neuer Code für jemanden, der nicht mehr hineinkommt (für Lehrkräfte)\n"
        "Das alte Passwort und alle Geräte enden damit, und beide erfahren es. Den Code gibt es auch als Brief."
    ),
    "help.rest": "ob du Ruhezeit hast, und sie beginnen oder beenden",
    "help.rest.more": (
        "!ruhe – ob du gerade Ruhezeit hast und bis wann\n"
        "!ruhe 2h – Ruhezeit ab jetzt, auch 30s, 45min, 3 Tage oder 1 Woche\n"
        "!ruhe bis 7:30 – bis zum nächsten 7:30 Uhr\n"
        "!ruhe aus – Ruhezeit beenden\n"
        "!ruhe aus bis 18:00 – bis dahin erreichbar sein\n"
        "Während der Ruhezeit bewahre ich Nachrichten an dich auf und stelle sie danach zu."
    ),
    "help.away": "Tage eintragen, an denen du nicht da bist, mit Vertretung",
    "help.away.more": (
        "!abwesend 24.11.–28.11. Vertretung Frau Lange – wer dir schreibt, erfährt die Vertretung\n"
        "!abwesend morgen – auch: bis Freitag, 24.11., nächste Woche, ab 24.11.\n"
        "!abwesend – was eingetragen ist\n"
        "!abwesend aus – beendet die Abwesenheit, die läuft, oder nimmt die nächste zurück\n"
        "Warum du nicht da bist, fragt niemand."
    ),
    "help.waiting": "wie viele Nachrichten auf dich warten, und von wem",
    "help.waiting.more": (
        "!wartend – wie viele Nachrichten auf dich warten, von wem, seit wann, und wann die nächste kommt\n"
        "Was darin steht, sage ich in deiner Ruhezeit nicht."
    ),
    "help.outbox": "was von dir noch wartet",
    "help.outbox.more": (
        "!ausgang – deine Nachrichten, die noch warten, mit Nummern, und wann sie kommen\n"
        "!zurück 2 – nimmt die mit der Nummer 2 zurück\n"
        "Zum Ändern bearbeite die Nachricht im Gespräch."
    ),
    "help.withdraw": "eine Nachricht zurücknehmen, die noch wartet",
    "help.withdraw.more": (
        "!zurück 2 – nimmt zurück, was bei !ausgang die Nummer 2 hat; auch mehrere: !zurück 1 3\n"
        "Dasselbe geschieht, wenn du im Gespräch den Hinweis löschst."
    ),
    "help.sick": "dem Sekretariat sagen, wer fehlt",
    "help.sick.more": (
        "!krank Anna morgen – auch: heute, 24.11., bis Freitag, 24.11.–25.11.\n"
        "!krank morgen – wenn nur ein Kind gemeint sein kann\n"
        "Den Grund braucht niemand; nur Kind und Tage gehen an das Sekretariat."
    ),
    "help.urgent": "an der Ruhezeit vorbei schreiben",
    "help.urgent.more": (
        "!dringend Frau Lange (Rohrbruch): Bitte kommen Sie morgen erst um 10.\n"
        "In Klammern steht der Grund, er ist Teil der Nachricht. Sie kommt in dein Gespräch mit dieser Person und "
        "klingelt. Wer wem wann dringend geschrieben hat, wird festgehalten, nicht aber, was."
    ),
    "help.rest_room": "ob Nachrichten in einem Raum warten, solange seine Lehrkräfte Ruhezeit haben",
    "help.rest_room.more": (
        "!ruhe-raum halten – Nachrichten in diesem Raum warten, solange alle seine Lehrkräfte Ruhezeit haben\n"
        "!ruhe-raum stumm – sie kommen sofort an, still bei denen, die Ruhezeit haben\n"
        "!ruhe-raum – wie es gerade ist\n"
        "Schreib es im Raum selbst, oder hier mit dem Namen deiner Gruppe: !ruhe-raum halten Klasse 8.1"
    ),
    "help.rights": "was jemand darf und warum",
    "help.rights.more": (
        "!rechte Anna Koch – jedes Recht, und was es gibt oder nimmt\n"
        "!rechte Anna Koch an Ben Braun – ob die eine der anderen Person direkt schreiben darf\n"
        "Das ändert nichts; Rechte ändert die IT der Schule."
    ),
    "help.lock": "ein Konto sperren",
    "help.lock.more": (
        "!sperren Anna Koch – fragt nach, wer gemeint ist\n"
        "!sperren Anna Koch bestätigen – sperrt: sofort überall abgemeldet, Anmelden geht nicht mehr\n"
        "!entsperren Anna Koch – hebt es auf\n"
        "Ein Abgleich ändert daran nichts. Was schon geschrieben ist, bleibt und kommt an."
    ),
    "help.unlock": "ein gesperrtes Konto wieder öffnen",
    "help.unlock.more": "!entsperren Anna Koch – danach geht das Anmelden wieder, mit dem bisherigen Passwort",
    "help.sync": "dem Register folgen",
    "help.sync.more": (
        "!abgleich probe – was sich ändern würde\n"
        "!abgleich – gleicht jetzt ab und sagt, wie weit es ist\n"
        "!abgleich bestätigen – führt einen Plan aus, der viele Personen entfernt, nachdem du ihn gesehen hast"
    ),
    "help.group": "Gruppen anlegen und ändern, etwa eine AG",
    "help.group.more": (
        "!gruppe neu Theater-AG – du leitest sie, sie bekommt einen Raum\n"
        "!gruppe Theater-AG + Anna Koch, Klasse 8.1 - Ben Braun – aufnehmen und hinausnehmen, auch: Eltern von Anna "
        "Koch, Anna Koch mit Eltern. Plus und Minus stehen zwischen Leerzeichen.\n"
        "!gruppe Theater-AG – wer dabei ist, wer sie leitet und bis wann es sie gibt\n"
        "!gruppe – deine Gruppen\n"
        "!gruppe Theater-AG umbenennen in Schultheater\n"
        "!gruppe Theater-AG behalten – ein Schuljahr länger; sonst endet sie mit diesem, und ich sage vorher Bescheid\n"
        "!gruppe Theater-AG auflösen\n"
        "!gruppe Theater-AG leitung + Frau Lange - Herr Braun – wer sie leitet (für die Schulleitung)\n"
        "Wer sich noch nie angemeldet hat, kommt bei der ersten Anmeldung in den Raum. Wer später in die Klasse kommt, "
        "kommt nicht von selbst dazu."
    ),
    "help.invite": "eine ganze Gruppe in einen deiner Räume einladen",
    "help.invite.more": (
        "!einladen Klasse 8.1 in Projekt Bienen – alle aus der Klasse, die noch nicht da sind; auch mehrere Gruppen: "
        "Klasse 8.1, Klasse 8.2\n"
        "!einladen Klasse 8.1 – dasselbe, im Raum selbst geschrieben\n"
        "!einladen Klasse 8.1 in Projekt Bienen aktuell – der Raum folgt der Klasse: Wer neu ist, wird eingeladen, wer "
        "sie verlässt, ist nicht mehr im Raum\n"
        "!einladen Klasse 8.1 in Projekt Bienen aktuell aus – er folgt ihr nicht mehr, alle bleiben\n"
        "!einladen – welche deiner Räume einer Gruppe folgen\n"
        "Es geht in Räumen, die du angelegt hast oder leitest. Über jede Person wird einzeln entschieden."
    ),
}
