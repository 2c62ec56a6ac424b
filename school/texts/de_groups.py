"""Was der Bote zu Gruppen von Lehrkräften und zu Einladungen ganzer Gruppen sagt, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    # Groups that teachers make.
    "group.not_understood": (
        "So geht es: !gruppe neu Theater-AG, danach !gruppe Theater-AG + Anna Koch, Klasse 8.1 - Ben Braun\n"
        "Plus und Minus stehen zwischen Leerzeichen. Mehr sagt !hilfe gruppe"
    ),
    "group.none": "Du leitest noch keine Gruppe. So legst du eine an: !gruppe neu Theater-AG",
    "group.list": "Deine Gruppen:",
    "group.list_all": "Gruppen, die Lehrkräfte angelegt haben:",
    "group.line": "• {group}, Mitglieder: {number}, bis {day}, Leitung: {owners}",
    "group.list_end": "Mehr zu einer: !gruppe und ihr Name. Was alles geht: !hilfe gruppe",
    "group.leadership": "die Schulleitung",
    "group.shown": "{group}, bis {day}, Leitung: {owners}\nMitglieder ({number}): {names}",
    "group.made": (
        "✅ {group} ist angelegt, du leitest sie. Mitglieder: {number}, bis {day}.\n"
        "Der Raum entsteht gerade. Wer sich schon einmal angemeldet hat, ist gleich darin, alle anderen bei ihrer "
        "ersten Anmeldung."
    ),
    "group.how_to_add": "So kommen andere dazu: !gruppe {group} + Anna Koch, Klasse 8.1",
    "group.changed": "✅ {group}, Mitglieder jetzt: {number}",
    "group.unchanged": "{group}, Mitglieder: {number}. Geändert hat sich nichts.",
    "group.added": "• aufgenommen: {who}",
    "group.there_already": "• schon dabei: {who}",
    "group.removed": "• nicht mehr dabei: {who}",
    "group.not_there": "• auch vorher nicht dabei: {who}",
    "group.owners": "✅ {group}, Leitung: {owners}",
    "group.renamed": "✅ {before} heißt jetzt {group}.",
    "group.kept": "✅ {group} bleibt bis {day}.",
    "group.kept_anyway": "{group} bleibt ohnehin bis {day}.",
    "group.ended": "✅ {group} ist aufgelöst. Alle verlassen jetzt den Raum.",
    "group.end_exactly": "Meinst du {group}? Dann schreib bitte: !gruppe {group} auflösen",
    "group.gone": "Diese Gruppe gibt es nicht mehr.",
    "group.name_too_long": "Der Name ist zu lang. Bitte höchstens 60 Zeichen.",
    "group.name_unreadable": (
        "So kann eine Gruppe nicht heißen: bitte kein Komma, kein Semikolon, kein einzelnes Plus oder Minus und keine "
        "unsichtbaren Zeichen."
    ),
    "group.name_taken": "So heißt schon eine Gruppe. Nimm bitte einen anderen Namen.",
    "group.ends": (
        "📅 {group} endet mit dem Schuljahr: am {day}. Wenn es die Gruppe danach noch geben soll, schreib mir: "
        "!gruppe {group} behalten"
    ),
    "group.unowned": (
        "{group} leitet niemand mehr, sie gehört jetzt der Schulleitung. Neue Leitung: !gruppe {group} leitung + Frau "
        "Lange. Nicht mehr gebraucht: !gruppe {group} auflösen"
    ),
    # Lists of people and groups.
    "members.unclear": "Geändert ist nichts, weil noch nicht alle Namen klar sind:",
    "members.unknown": "• „{name}“ finde ich nicht.",
    "members.near": "• „{name}“ finde ich nicht. Meinst du {near}?",
    "members.several": "• „{name}“ kann mehrere meinen:",
    "members.more": "und {number} weitere",
    "members.again": "Schreib bitte alles noch einmal; von einer Auswahl genügt der Teil mit dem @.",
    # Whole groups into somebody's chats.
    "invite.how": (
        "So geht es: !einladen Klasse 8.1 in Projekt Bienen, oder im Raum selbst: !einladen Klasse 8.1\n"
        "Mit aktuell am Ende folgt der Raum der Gruppe. Mehr sagt !hilfe einladen"
    ),
    "invite.which_room": "In welchen Raum? So geht es: !einladen {group} in Projekt Bienen",
    "invite.no_such_room": "Einen Raum „{name}“, in den du einladen darfst, finde ich nicht. Deine Räume: {rooms}",
    "invite.no_rooms": (
        "Du hast noch keinen Raum, in den du einladen darfst. Leg in deiner App einen an und schreib es noch einmal."
    ),
    "invite.several_rooms": (
        "Mehrere deiner Räume können „{name}“ heißen. Schreib bitte im Raum selbst: !einladen {group}"
    ),
    "invite.not_here": (
        "Das geht in Räumen, die du angelegt hast oder leitest. Der Raum einer Gruppe folgt ihr von selbst."
    ),
    "invite.not_yours": "Ganze Gruppen lädt ein, wer den Raum angelegt hat oder leitet. Bitte sie oder ihn darum.",
    "invite.progress": "⏳ Ich lade ein: {done} von {number}",
    "invite.done": "✅ {group}, neu eingeladen: {number}",
    "invite.there": "• schon da oder eingeladen: {number}",
    "invite.resting": "• in Ruhezeit, bitte später noch einmal: {who}",
    "invite.refused": "• nicht eingeladen: {who}. {why}",
    "invite.failed": "• hat gerade nicht geklappt, bitte noch einmal: {who}",
    "invite.kept": (
        "Ab jetzt folgt der Raum {group}: Wer neu dazukommt, wird eingeladen, wer nicht mehr dazugehört, ist nicht "
        "mehr im Raum. Ende mit: aktuell aus"
    ),
    "invite.stopped": "Der Raum folgt {group} nicht mehr. Alle, die darin sind, bleiben.",
    "invite.not_kept": "Der Raum folgt {group} nicht. Geändert ist nichts.",
    "invite.follows": "• {room} folgt {group}. Ende mit: !einladen {group} in {room} aktuell aus",
    "invite.ended": "{room} folgt {group} nicht mehr, weil du dort nicht mehr einladen kannst.",
}
