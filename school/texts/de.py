"""Die Sätze auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    # Why something is refused (school.domain.decisions.Reason), with the way out.
    "refused.unknown_person": "Dein Konto gehört zu niemandem an dieser Schule. Das Sekretariat hilft weiter.",
    "refused.unknown_recipient": (
        "Diese Person gibt es an dieser Schule nicht (mehr). Schau in der Personensuche nach oder frag im Sekretariat."
    ),
    "refused.invitations_blocked": (
        "Diese Person nimmt gerade keine Einladungen an. Schreib in einer gemeinsamen Gruppe."
    ),
    "refused.no_common_group": (
        "An diese Person kannst du nicht direkt schreiben, weil ihr keine gemeinsame Gruppe habt. "
        "Schreib in deinen Gruppen oder an eine Lehrkraft."
    ),
    "refused.no_common_group.ask_in": (
        "An diese Person kannst du nicht direkt schreiben. Du kannst in {group} fragen oder an eine Lehrkraft "
        "schreiben."
    ),
    "refused.would_bridge_groups": (
        "In diesem Raum ist jemand, der dieser Person nicht schreiben darf. Bitte eine Lehrkraft, einen gemeinsamen "
        "Raum zu öffnen."
    ),
    "refused.people_grew_apart": (
        "In diesem Raum sind Personen, die sich nicht mehr schreiben dürfen, deshalb kann man ihn nur noch lesen. "
        "Eine Lehrkraft kann einen neuen öffnen."
    ),
    "refused.people_grew_apart.ask_in": (
        "In diesem Raum sind Personen, die sich nicht mehr schreiben dürfen, deshalb kann man ihn nur noch lesen. "
        "Du kannst in {group} schreiben."
    ),
    "refused.no_rooms": (
        "Eigene Räume kannst du nicht anlegen. Bitte eine Lehrkraft darum, oder schreib in deiner Klasse."
    ),
    "refused.no_rooms.ask_in": (
        "Eigene Räume kannst du nicht anlegen. Du kannst in {group} schreiben oder eine Lehrkraft um einen Raum bitten."
    ),
    "refused.no_groups": "Gruppen kannst du nicht anlegen. Bitte eine Lehrkraft darum.",
    "refused.group_from_register": (
        "Diese Gruppe kommt aus dem Register der Schule. Wer darin ist, ändert das Sekretariat."
    ),
    "refused.not_an_owner": (
        "Diese Gruppe ändern die, die sie leiten, und die Schulleitung. Bitte sie mit einer Nachricht darum."
    ),
    "refused.leadership_only": "Wer eine Gruppe leitet, legt die Schulleitung fest. Bitte sie darum.",
    "refused.may_not_own": "Diese Person darf keine Gruppe leiten. Nenn bitte eine Lehrkraft.",
    "refused.no_group_invitations": (
        "Ganze Gruppen kannst du nicht einladen. Lade die Personen einzeln ein, oder bitte eine Lehrkraft darum."
    ),
    "refused.no_conferences": "Anrufe und Konferenzen beginnt hier eine Lehrkraft. Bitte sie per Nachricht darum.",
    "refused.not_encrypted": (
        "Verschlüsselte Nachrichten gibt es in diesem Raum nicht. Schalte die Verschlüsselung aus und schreib noch "
        "einmal."
    ),
    "refused.no_spaces": "Bereiche und Gruppenräume legt nur die Schule an. Eine Lehrkraft kann einen Raum öffnen.",
    "refused.not_in_group": (
        "Dieser Raum gehört zu einer Gruppe, in der du nicht bist. Eine Lehrkraft der Gruppe hilft dir weiter."
    ),
    "refused.not_invited": "In diesen Raum kommt man nur mit Einladung. Bitte jemanden im Raum darum.",
    "refused.direct_room_is_for_two": (
        "Ein direktes Gespräch ist für zwei Personen und hat keinen eigenen Namen. Für mehr Personen "
        "braucht es einen Raum."
    ),
    "refused.room_stays_private": (
        "Räume an dieser Schule bleiben privat: ohne öffentliche Adresse und ohne Eintrag im Verzeichnis. "
        "Lade die Personen einzeln ein."
    ),
    "refused.no_knocking": "Anklopfen gibt es hier nicht. Bitte jemanden im Raum um eine Einladung.",
    "refused.group_is_kept": (
        "Wer in diesem Gruppenraum ist, richtet sich nach der Gruppe. Du kannst den Raum stummschalten."
    ),
    "refused.not_in_room": "Diese Person ist nicht in diesem Raum.",
    "refused.not_a_moderator": "Das können nur die, die diesen Raum leiten. Bitte sie mit einer Nachricht darum.",
    "refused.others_words": "Was andere geschrieben haben, löscht hier nur eine Lehrkraft. Bitte sie darum.",
    "refused.no_teacher_left": (
        "In diesem Raum ist keine Lehrkraft mehr, deshalb kann man ihn nur noch lesen. "
        "Eine Lehrkraft kann einen neuen öffnen."
    ),
    "refused.no_teacher_left.ask_in": (
        "In diesem Raum ist keine Lehrkraft mehr, deshalb kann man ihn nur noch lesen. Du kannst in {group} schreiben."
    ),
    "refused.read_only": "Hier schreiben nur die Lehrkräfte oder die Schule. Schreib im Raum der Gruppe.",
    "refused.not_offered": "Das gibt es an dieser Schule nicht. Schreib stattdessen eine Nachricht.",
    "refused.rules_are_fixed": (
        "Diese Einstellung des Raums legt die Schule fest. Frag eine Lehrkraft, wenn etwas nicht stimmt."
    ),
    "refused.too_large": "Die Nachricht ist zu lang, um sie bis zum Ende der Ruhezeit aufzuheben. Teile sie bitte auf.",
    "refused.file_too_large": "Diese Datei ist größer, als du senden darfst. Verkleinere oder teile sie bitte.",
    "refused.file_type": "Dateien dieser Art darfst du nicht senden. Bilder und PDF gehen meistens.",
    "refused.malformed": "Diese Anfrage ist nicht zu verstehen. Bitte aktualisiere deine App.",
    "refused.too_many": "Das war gerade sehr oft. Bitte warte eine Weile und versuche es dann noch einmal.",
    "refused.no_resets": "Passwörter setzt eine Lehrkraft zurück. Bitte sie darum, oder frag im Sekretariat.",
    "refused.not_of_staff": (
        "Hier werden nur Passwörter von Schüler/innen und Sorgeberechtigten zurückgesetzt. Bei allen anderen hilft die "
        "IT-Betreuung der Schule."
    ),
    "refused.not_own_pupil": (
        "An dieser Schule setzt du Passwörter nur in deinen eigenen Gruppen zurück. Bitte eine Lehrkraft der Klasse."
    ),
    "refused.must_wait": "Das geht erst nach der Ruhezeit. Eine Nachricht kannst du schon jetzt schreiben.",
    "try_again": "Das hat gerade nicht geklappt. Bitte gleich noch einmal versuchen.",
    "not_delivered": "⛔ Nicht zugestellt: {why}",
    "too_many_refusals": "Das wurde gerade mehrmals nicht zugestellt. Bitte warte ein paar Minuten.",
    # Rest time.
    "held": "🌙 {name} hat bis {until} Ruhezeit. Diese Nachricht wird dann zugestellt.",
    "held.many": "🌙 Hier haben gerade alle Lehrkräfte Ruhezeit, bis {until}. Diese Nachricht wird dann zugestellt.",
    "held.no_end": "🌙 {name} hat Ruhezeit. Diese Nachricht wird danach zugestellt.",
    "held.draining": "🌙 Diese Nachricht wird gleich zugestellt, nach denen, die schon warten.",
    "held.deputy": "Vertretung: {name}.",
    "held.receipt": "🌙 Geschrieben {written}, Zustellung {due} ✓",
    "held.receipt.no_end": "🌙 Geschrieben {written}, Zustellung nach der Ruhezeit ✓",
    "held.receipt.soon": "🌙 Geschrieben {written}, Zustellung gleich ✓",
    "held.refused": "⛔ Geschrieben {written}, nicht zugestellt: {why}",
    "held.lost": "Sie lässt sich nicht mehr öffnen. Bitte schreib sie noch einmal.",
    # The bot.
    "bot.name": "Schulbote",
    "bot.unknown": "Das habe ich nicht verstanden. Schreib !hilfe, dann sage ich, was ich kann.",
    "bot.unknown_near": "Das habe ich nicht verstanden. Meinst du !{near}? Mit !hilfe sage ich, was ich kann.",
    "bot.failed": "Das hat gerade nicht geklappt. Bitte gleich noch einmal versuchen.",
    "rest.teachers_only": "Ruhezeiten gibt es für Lehrkräfte. Deine Nachrichten bekommst du immer sofort.",
    "rest.now_until": "🌙 Du hast Ruhezeit bis {until} ({why}).",
    "rest.now_no_end": "🌙 Du hast Ruhezeit ({why}).",
    "rest.none": "Du hast gerade keine Ruhezeit.",
    "rest.none_next": "Du hast gerade keine Ruhezeit. Die nächste beginnt {next}.",
    "rest.started": "🌙 Ruhezeit bis {until}. Nachrichten an dich bewahre ich so lange auf.",
    "rest.ended": "☀️ Deine Ruhezeit ist beendet. Was gewartet hat, kommt jetzt.",
    "rest.paused_until": "☀️ Deine Ruhezeit ruht bis {until}. Was gewartet hat, kommt jetzt.",
    "rest.cause.own": "von dir gesetzt",
    "rest.cause.absent": "abwesend",
    "rest.cause.free_day": "freier Tag",
    "rest.cause.outside_hours": "außerhalb der Schulzeit",
    "rest.cause.minimum": "Mindestruhe der Schule",
    "rest.not_understood": (
        "Diese Zeit habe ich nicht verstanden. So geht es: !ruhe 2h, !ruhe 45min, !ruhe bis 7:30, !ruhe aus"
    ),
    "rest.too_long": "So lange geht es auf einmal nicht: höchstens {days} Tage.",
    "rest.school_keeps_it": (
        "Die Ruhezeit der Schule lässt sich hier nicht verkürzen. Was du selbst gesetzt hattest, ist beendet. "
        "Schreiben kannst du jederzeit."
    ),
    "rest.minimum": (
        "Bis {until} gilt die Mindestruhe der Schule, die lässt sich nicht verkürzen. Schreiben kannst du jederzeit."
    ),
    "absence.none": (
        "Für dich ist keine Abwesenheit eingetragen. So geht es: !abwesend 24.11.–28.11. Vertretung Frau Lange"
    ),
    "absence.listed": "Eingetragen ist:\n{lines}\nMit !abwesend aus endet, was läuft oder als Nächstes kommt.",
    "absence.entered": (
        "🌙 Eingetragen: {what}. Nachrichten an dich bewahre ich so lange auf. Mit !abwesend aus endet es früher."
    ),
    "absence.ended": "☀️ Deine Abwesenheit ist beendet. Was gewartet hat, kommt, sobald du keine Ruhezeit hast.",
    "absence.taken_back": "Zurückgenommen: {what}.",
    "absence.days": "{first} bis {last}",
    "absence.open": "ab {first}, ohne festes Ende",
    "absence.with_deputy": "{days}, Vertretung: {name}",
    "absence.not_understood": (
        "Diese Tage habe ich nicht verstanden. So geht es: !abwesend 24.11.–28.11. Vertretung Frau Lange, auch: "
        "morgen, bis Freitag, ab 24.11."
    ),
    "absence.backward": (
        "Das Ende liegt vor dem Anfang. Falls es so gemeint ist, schreib bitte die Jahre dazu, wie 1.8.2027–31.7.2028."
    ),
    "absence.over": "Diese Tage sind schon vorbei. Bitte sieh noch einmal nach dem Datum.",
    "absence.deputy_unknown": (
        "Diese Vertretung finde ich unter den Lehrkräften nicht, eingetragen ist nichts. Schreib bitte Vor- und "
        "Nachnamen."
    ),
    "absence.deputy_near": (
        "{name} finde ich unter den Lehrkräften nicht, eingetragen ist nichts. Meinst du {near}? Schreib es bitte so "
        "noch einmal."
    ),
    "absence.deputy_several": (
        "Damit können mehrere gemeint sein: {names}. Eingetragen ist nichts; schreib bitte den ganzen Namen oder den "
        "in Klammern."
    ),
    "absence.deputy_self": "Dich selbst kannst du nicht vertreten. Nenn bitte jemand anderen, oder lass es weg.",
    "room_rest.which": (
        "Schreib !ruhe-raum halten oder !ruhe-raum stumm in dem Raum, um den es geht. Für den Raum einer deiner "
        "Gruppen geht es auch hier: !ruhe-raum halten Klasse 8.1"
    ),
    "room_rest.not_here": "Das geht in Gruppenräumen und in Räumen mit mehreren Personen. Hier ändert sich nichts.",
    "room_rest.teachers_only": (
        "Ob Nachrichten hier warten, sagen die Lehrkräfte dieses Raums. Bitte eine von ihnen darum."
    ),
    "room_rest.not_understood": "So geht es: !ruhe-raum halten oder !ruhe-raum stumm",
    "room_rest.set.hold": (
        "🌙 Ab jetzt warten Nachrichten in diesem Raum, solange alle Lehrkräfte hier Ruhezeit haben. Was Lehrkräfte "
        "schreiben, kommt sofort."
    ),
    "room_rest.set.silent": (
        "🌙 Ab jetzt kommen Nachrichten in diesem Raum sofort an. Bei Lehrkräften in Ruhezeit klingelt nichts."
    ),
    "room_rest.now.hold": (
        "🌙 Nachrichten in diesem Raum warten, solange alle Lehrkräfte hier Ruhezeit haben. Ändern: !ruhe-raum stumm"
    ),
    "room_rest.now.silent": (
        "🌙 Nachrichten in diesem Raum kommen sofort an, bei Lehrkräften in Ruhezeit still. Ändern: !ruhe-raum halten"
    ),
    "room_rest.now.by_itself": (
        "🌙 Nachrichten in diesem Raum warten, solange alle Lehrkräfte hier Ruhezeit haben und höchstens zwei andere "
        "dabei sind. Ändern: !ruhe-raum halten oder !ruhe-raum stumm"
    ),
    # Passwords.
    "reset.which": "Wessen Passwort? So geht es: !passwort Anna Koch",
    "reset.nobody": "{name} finde ich unter den Schüler/innen und Sorgeberechtigten nicht. Geändert ist nichts.",
    "reset.near": "{name} finde ich nicht. Meinst du {near}? Geändert ist nichts; schreib es bitte so noch einmal.",
    "reset.several": "Damit können mehrere gemeint sein. Geändert ist nichts; schreib bitte eines davon:\n{choices}",
    "reset.code": (
        "🔑 Neuer Code für {name} (Benutzername {user}):\n{code}\n"
        "Er gilt bis {until} als Passwort, in jeder App, bis ein eigenes gewählt ist. Das alte gilt nicht mehr, alle "
        "Geräte sind abgemeldet. Bitte gib den Code nur {name} selbst."
    ),
    "reset.password": (
        "🔑 Neues Passwort für {name} (Benutzername {user}):\n{code}\n"
        "Es gilt überall, wo das Schulpasswort gilt. Alle Geräte sind abgemeldet. Bitte gib es nur {name} selbst."
    ),
    "reset.goes": "Diese Nachricht lösche ich nach {minutes} Minuten.",
    "reset.letter": "So lange gibt es dazu einen Brief zum Ausdrucken: {link}",
    "reset.elsewhere": (
        "Das Passwort von {name} gehört zur zentralen Anmeldung der Schule und wird dort zurückgesetzt{where}."
    ),
    "reset.again_at": "Ab {when} geht es wieder.",
    "reset.told": (
        "🔑 {name} hat dein Passwort zurückgesetzt. Wenn du das nicht wolltest, sag bitte in der Schule Bescheid."
    ),
    # The greeting, and links to one's own pages.
    "greeting.hello": "Willkommen, {name}! Ich bin der Bote deiner Schule.",
    "greeting.password": (
        "Wähle jetzt dein eigenes Passwort, dann brauchst du den Code auf deinem Brief nicht mehr: {link}"
    ),
    "greeting.account": "Was über dich gespeichert ist und wo du angemeldet bist, siehst du hier: {link}",
    "greeting.link": "Der Link gilt einen Tag, einmal und nur für dich. Mit !konto bekommst du einen neuen.",
    "greeting.rooms": "Die Räume deiner Gruppen sind schon da. Dort kannst du lesen und schreiben.",
    "greeting.help": "Was ich sonst kann, sage ich dir mit !hilfe.",
    "account.link": "Hier ist dein persönlicher Link. Er gilt eine halbe Stunde, einmal und nur für dich: {link}",
    "account.password_chosen": (
        "🔑 Dein Passwort wurde gerade geändert. Warst du das nicht, sag bitte sofort einer Lehrkraft Bescheid."
    ),
    # What the bot says after a rest.
    "summary": "🌙 Während deiner Ruhezeit: {news}.",
    "summary.one": "1 neue Nachricht {where}",
    "summary.many": "{number} neue Nachrichten {where}",
    "summary.more_than": "mehr als {number}",
    "summary.from_person": "von {name}",
    "summary.elsewhere": "in weiteren Räumen",
    # The sync with the register.
    "sync.leadership_only": (
        "Den Abgleich mit dem Register startet die Schulleitung. Wenn in deinen Gruppen etwas nicht stimmt, sag bitte "
        "im Sekretariat Bescheid."
    ),
    "sync.not_understood": "So geht es: !abgleich, !abgleich probe, !abgleich bestätigen",
    "sync.running": "Ein Abgleich läuft schon. Bitte warte, bis er fertig ist.",
    "sync.busy": "Ein anderes Programm gleicht gerade ab. Bitte gleich noch einmal versuchen.",
    "sync.started": "⏳ Der Abgleich läuft.",
    "sync.progress": "⏳ Der Abgleich läuft: {stages}",
    "sync.stage.accounts": "Konten",
    "sync.stage.rooms": "Räume",
    "sync.stage.memberships": "Mitgliedschaften",
    "sync.stage.closing": "Abschluss",
    "sync.preview": "Das würde ein Abgleich jetzt tun:",
    "sync.nothing": "Es gibt nichts zu ändern.",
    "sync.counts": (
        "Personen: {people_added} neu, {people_changed} geändert, {people_left} weg\n"
        "Gruppen: {groups_added} neu, {groups_changed} geändert, {groups_ended} weg\n"
        "Mitgliedschaften: {memberships_added} neu, {memberships_removed} weg"
    ),
    "sync.done": "✅ Der Abgleich ist fertig.",
    "sync.done_in_part": "⚠️ Der Abgleich ist fertig, aber nicht alles hat geklappt.",
    "sync.failures": "Das versucht der nächste Abgleich noch einmal:",
    "sync.doubts": "Bitte im Register ansehen:",
    "sync.more": "… und {number} weitere",
    "sync.stopped": "⛔ Der Abgleich wartet auf das Wort eines Menschen, geändert ist nichts. {why}",
    "sync.would_stop": "⛔ Dieser Plan braucht das Wort eines Menschen. {why}",
    "sync.how_to_confirm": "Wenn das so richtig ist, schreib: !abgleich bestätigen",
    "sync.other_plan": "Der Plan ist inzwischen ein anderer. Bitte sieh ihn dir noch einmal an.",
    "sync.unreadable": "⛔ Das Register lässt sich so nicht verwenden, geändert ist nichts. {why}",
    "sync.failed": "⛔ Der Abgleich kam nicht zu Ende. Bitte starte ihn später noch einmal. ({why})",
    # In letters.
    "letters.child": "Kind: {names}",
}
