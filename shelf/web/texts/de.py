"""Die Sätze der Dateiablagen auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "shelf.way": "Dateien deiner Gruppen",
    "shelf.title": "Dateien",
    "shelf.all_what": "Alles, was in den Räumen deiner Gruppen geteilt wurde.",
    "shelf.none": "Noch bist du in keinem Raum einer Gruppe. Sobald du in einem bist, findest du hier seine Dateien.",
    "shelf.heading": "Dateien: {group}",
    # Looking for something.
    "shelf.words": "Datei oder Person",
    "shelf.order": "Sortieren nach",
    "shelf.order.newest": "Neueste zuerst",
    "shelf.order.name": "Name der Datei",
    "shelf.order.person": "Person",
    "shelf.order.kind": "Art",
    "shelf.show": "Anzeigen",
    "shelf.count": "{count} Dateien",
    "shelf.count_one": "1 Datei",
    "shelf.empty": "Hier liegt noch nichts. Was im Raum geteilt wird, erscheint hier von selbst.",
    "shelf.nothing_found": "Nichts gefunden. Versuch es mit einem kürzeren Wort.",
    "shelf.pages": "Seiten der Liste",
    "shelf.page": "Seite {number} von {pages}",
    "shelf.newer": "Zurück",
    "shelf.older": "Weiter",
    # A file.
    "shelf.kind.picture": "Bild",
    "shelf.kind.video": "Video",
    "shelf.kind.sound": "Ton",
    "shelf.kind.document": "Dokument",
    "shelf.kind.other": "Datei",
    "shelf.nobody": "Unbekannt",
    "shelf.of": "Von",
    "shelf.when": "Geteilt am",
    "shelf.size": "Größe",
    "shelf.kind": "Art",
    "shelf.folder": "Ordner",
    "shelf.no_folder": "Kein Ordner",
    "shelf.take": "Herunterladen",
    "shelf.view": "Im Browser ansehen",
    "shelf.back": "Zurück zu {group}",
    "shelf.delete_how": (
        "Löschen kann man eine Datei im Messenger, mit ihrer Nachricht. Dann verschwindet sie auch hier."
    ),
    "shelf.put": "In diesen Ordner legen",
    # Sharing.
    "shelf.share": "Etwas teilen",
    "shelf.share_what": "Die Dateien erscheinen im Raum der Gruppe, in deinem Namen, und hier.",
    "shelf.files": "Dateien auswählen",
    "shelf.share_now": "Teilen",
    "shelf.done.shared": "Geteilt. Im Raum ist es auch zu sehen.",
    "shelf.done.waits": (
        "Angekommen. Im Raum ist gerade Ruhezeit: Danach wird es zugestellt und erscheint dann auch hier."
    ),
    "shelf.no_file": "Wähle zuerst mindestens eine Datei aus.",
    "shelf.refused": "„{name}“ wurde nicht geteilt. {why}",
    "shelf.too_large": "Die Datei ist zu groß, höchstens {most} MB gehen.",
    "shelf.later": "Der Server antwortet gerade nicht. Versuch es bitte in ein paar Minuten noch einmal.",
    # Folders.
    "shelf.folders": "Ordner",
    "shelf.all_files": "Alle Dateien",
    "shelf.tidy": "Ordner verwalten",
    "shelf.new_folder": "Neuer Ordner",
    "shelf.make_folder": "Anlegen",
    "shelf.rename": "Ordner umbenennen",
    "shelf.rename_now": "Umbenennen",
    "shelf.remove": "Ordner „{folder}“ auflösen",
    "shelf.remove_what": "Die Dateien darin bleiben liegen, nur der Ordner verschwindet.",
    "shelf.folder_name": (
        "So kann der Ordner nicht heißen. Nimm einen Namen mit höchstens {most} Zeichen, den es noch nicht gibt."
    ),
    "shelf.done.made": "Der Ordner ist angelegt.",
    "shelf.done.renamed": "Der Ordner hat einen neuen Namen.",
    "shelf.done.removed": "Der Ordner ist aufgelöst. Seine Dateien liegen weiter hier.",
    "shelf.done.put": "Die Datei liegt jetzt dort.",
}
