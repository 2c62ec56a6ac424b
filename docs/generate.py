"""Writes the generated parts of docs/rules.md and docs/privacy.md and their German pages: `python docs/generate.py`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`. What the code knows (who holds
which right, every refusal with its sentences, what may be sent) comes from the code; what only people need (what a
right is for, what to do after a refusal) stands below, and a missing entry is an error.
`python docs/generate.py --check` changes nothing and says whether a page is stale.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from school.config.conferences import ConferenceSettings
from school.config.keep import KeepSettings
from school.config.register import RegisterSettings
from school.database.personal_data import Topic
from school.domain.decisions import Reason
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Role
from school.domain.rights import Level, Right, default_rules
from school.domain.rooms import (
    CALL_ANSWERS,
    CALLS,
    ENCRYPTED,
    HISTORY,
    MESSAGES,
    REMARKS,
    STATE_BY_PEOPLE,
    RoomKind,
)
from school.texts import Language, Texts
from school.texts.privacy import KEPT_WORDS, Periods
from schulbote.rule_words import FIXED_RULES

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = {Language.ENGLISH: ROOT / "docs" / "rules.md", Language.GERMAN: ROOT / "docs" / "de" / "regeln.md"}
PRIVACY_PAGES: Final = {
    Language.ENGLISH: ROOT / "docs" / "privacy.md",
    Language.GERMAN: ROOT / "docs" / "de" / "datenschutz.md",
}
_ROLES: Final = (TEACHER, STUDENT, GUARDIAN)
_PROGRAMS: Final = (
    "school",
    "synapse_modules",
    "appservice",
    "roster_sync",
    "bbb_widget",
    "shelf",
    "appointments",
    "schulbote",
)

RIGHTS: Final[Mapping[Right, tuple[str, str]]] = {
    Right.MESSAGE_EVERYONE: (
        "Write to anybody directly; bring anybody together in an own room",
        "Allen direkt schreiben; in eigenen Räumen alle zusammenbringen",
    ),
    Right.MESSAGE_TEACHERS: ("Write to any teacher directly", "Jeder Lehrkraft direkt schreiben"),
    Right.MESSAGE_OWN_GROUPS: (
        "Write directly to members of a group that both are in",
        "Mitgliedern einer gemeinsamen Gruppe direkt schreiben",
    ),
    Right.CREATE_ROOMS: ("Make chat rooms", "Eigene Räume anlegen"),
    Right.CREATE_GROUPS: ("Make groups and manage their members", "Gruppen anlegen und ihre Mitglieder verwalten"),
    Right.INVITE_GROUPS: ("Invite a whole group", "Eine ganze Gruppe einladen"),
    Right.WRITE_TO_GROUPS: (
        "Enter and write to the room of any group",
        "Jeden Gruppenraum betreten und dort schreiben",
    ),
    Right.SET_TASKS: ("Set tasks", "Aufgaben stellen"),
    Right.SUBMIT_TASKS: ("Work on tasks and hand them in", "Aufgaben bearbeiten und abgeben"),
    Right.START_CONFERENCES: ("Start video conferences", "Videokonferenzen beginnen"),
    Right.JOIN_CONFERENCES: ("Join video conferences", "An Videokonferenzen teilnehmen"),
    Right.RESET_PASSWORDS: (
        "Reset passwords of pupils and guardians",
        "Passwörter von Schüler/innen und Sorgeberechtigten zurücksetzen",
    ),
}
"""What each right is for, in English and in German."""

ADVICE: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_PERSON: (
        "Look whether the person is in the register, then start a sync. Accounts made by hand belong to nobody.",
        "Nachsehen, ob die Person im Register steht, dann abgleichen. Von Hand angelegte Konten gehören niemandem.",
    ),
    Reason.UNKNOWN_RECIPIENT: (
        "Check the name. People who left are gone; email addresses and phone numbers cannot be invited.",
        "Namen prüfen. Wer gegangen ist, ist weg; E-Mail-Adressen und Telefonnummern kann man nicht einladen.",
    ),
    Reason.INVITATIONS_BLOCKED: (
        "The other person switches it back on in their client.",
        "Die andere Person schaltet es in ihrer App wieder ein.",
    ),
    Reason.NO_COMMON_GROUP: (
        "Write in a common group's room, or ask a teacher. The school can give message_own_groups or message_everyone.",
        "In einem gemeinsamen Gruppenraum schreiben oder eine Lehrkraft fragen. Die Schule kann message_own_groups "
        "oder message_everyone geben.",
    ),
    Reason.WOULD_BRIDGE_GROUPS: (
        "A teacher makes the room and brings everybody in.",
        "Eine Lehrkraft legt den Raum an und holt alle dazu.",
    ),
    Reason.PEOPLE_GREW_APART: (
        "A teacher makes a new room. The room wakes up again when all of them share a group again.",
        "Eine Lehrkraft legt einen neuen Raum an. Der alte lebt wieder auf, wenn alle wieder eine Gruppe teilen.",
    ),
    Reason.NO_ROOMS: (
        "A teacher makes the room. The school can give create_rooms.",
        "Eine Lehrkraft legt den Raum an. Die Schule kann create_rooms geben.",
    ),
    Reason.NO_GROUPS: (
        "A teacher makes the group. The school can give create_groups.",
        "Eine Lehrkraft legt die Gruppe an. Die Schule kann create_groups geben.",
    ),
    Reason.GROUP_FROM_REGISTER: (
        "Change it in the register, then start a sync; or make a group of one's own.",
        "Im Register ändern, dann abgleichen; oder eine eigene Gruppe anlegen.",
    ),
    Reason.NOT_AN_OWNER: (
        "Ask one of its owners, or the leadership, who can make somebody an owner.",
        "Jemanden fragen, der sie leitet, oder die Schulleitung; sie kann die Leitung vergeben.",
    ),
    Reason.LEADERSHIP_ONLY: (
        "The leadership does it; the mark comes from the register.",
        "Die Schulleitung tut das; die Markierung kommt aus dem Register.",
    ),
    Reason.MAY_NOT_OWN: (
        "Name somebody who holds create_groups.",
        "Jemanden nennen, der create_groups hat.",
    ),
    Reason.NO_GROUP_INVITATIONS: (
        "Invite people one by one. The school can give invite_groups.",
        "Die Personen einzeln einladen. Die Schule kann invite_groups geben.",
    ),
    Reason.NO_CONFERENCES: (
        "A teacher starts it. The school can give start_conferences.",
        "Eine Lehrkraft beginnt. Die Schule kann start_conferences geben.",
    ),
    Reason.NOT_IN_CONFERENCE: (
        "Bring the person into the room, or into the group in the register; people from outside come as guests.",
        "Die Person in den Raum holen oder im Register in die Gruppe aufnehmen; von außen kommt man als Gast.",
    ),
    Reason.NO_TASKS: (
        "Ask a teacher; the school can give the rights `set_tasks` and `submit_tasks`.",
        "Eine Lehrkraft fragen; die Schule kann die Rechte `set_tasks` und `submit_tasks` geben.",
    ),
    Reason.NOT_YOUR_TASK: (
        "A teacher of the task can add people and teachers. Where no teacher is left, the leadership names one.",
        "Eine Lehrkraft der Aufgabe fügt Personen und Lehrkräfte hinzu. Ist keine da, benennt die Schulleitung eine.",
    ),
    Reason.TASK_NOT_OPEN: ("Wait until it opens.", "Warten, bis sie beginnt."),
    Reason.TASK_IS_OVER: (
        "A teacher of the task can give you more time.",
        "Eine Lehrkraft der Aufgabe kann mehr Zeit geben.",
    ),
    Reason.HAND_IN_STAYS: (
        "Ask a teacher of the task to return it.",
        "Eine Lehrkraft der Aufgabe bitten, sie zurückzugeben.",
    ),
    Reason.TEAM_TOO_LARGE: (
        "Make smaller teams. A teacher of the task says how large they may be.",
        "Kleinere Teams bilden. Wie groß sie sein dürfen, sagt eine Lehrkraft der Aufgabe.",
    ),
    Reason.IN_ANOTHER_TEAM: (
        "The other one leaves that team first, as long as nothing was handed in.",
        "Erst verlässt die andere Person jenes Team, solange nichts abgegeben ist.",
    ),
    Reason.NOT_ENCRYPTED: (
        "Make the room without encryption. The school can allow it among some roles (`encryption.roles`).",
        "Den Raum ohne Verschlüsselung anlegen. Die Schule kann sie unter Rollen erlauben (`encryption.roles`).",
    ),
    Reason.NO_SPACES: (
        "A teacher makes a group with the bot (`!group new …`); others come from the register.",
        "Eine Lehrkraft legt beim Boten eine Gruppe an (`!gruppe neu …`); andere kommen aus dem Register.",
    ),
    Reason.NOT_IN_GROUP: (
        "Put the person into the group in the register. The school can give write_to_groups.",
        "Die Person im Register in die Gruppe aufnehmen. Die Schule kann write_to_groups geben.",
    ),
    Reason.NO_RESETS: (
        "Ask a teacher. The school can give reset_passwords.",
        "Eine Lehrkraft darum bitten. Die Schule kann reset_passwords geben.",
    ),
    Reason.NOT_OF_STAFF: (
        "IT staff do it: `schulbote reset-password`, or the directory server.",
        "Das tut die IT-Betreuung: `schulbote reset-password`, oder der Verzeichnisdienst.",
    ),
    Reason.NOT_OWN_PUPIL: (
        "Ask a teacher of the class. The school can set `accounts.resets: all`.",
        "Eine Lehrkraft der Klasse bitten. Die Schule kann `accounts.resets: all` setzen.",
    ),
    Reason.NOT_INVITED: ("Ask somebody in the room for an invitation.", "Jemanden im Raum um eine Einladung bitten."),
    Reason.DIRECT_ROOM_IS_FOR_TWO: (
        "Who may make rooms makes one; others ask a teacher.",
        "Wer Räume anlegen darf, legt einen an; andere fragen eine Lehrkraft.",
    ),
    Reason.ROOM_STAYS_PRIVATE: (
        "Make the room without a public address, unlisted, by invitation.",
        "Den Raum ohne öffentliche Adresse und Verzeichniseintrag anlegen, nur mit Einladung.",
    ),
    Reason.NO_KNOCKING: ("Ask somebody in the room for an invitation.", "Jemanden im Raum um eine Einladung bitten."),
    Reason.GROUP_IS_KEPT: (
        "Mute the room. Who is in the group is changed in the register, or by the owners of a teacher's group.",
        "Den Raum stummschalten. Wer in der Gruppe ist, ändert man im Register; bei Gruppen von Lehrkräften, wer sie "
        "leitet.",
    ),
    Reason.NOT_IN_ROOM: (
        "Nothing to do: there is nobody to send away or let in again.",
        "Nichts zu tun: Da ist niemand, den man entfernen oder wieder zulassen könnte.",
    ),
    Reason.NOT_A_MODERATOR: (
        "In the room of a group its teachers do it; in a chat who made it, and whom they made moderators.",
        "Im Raum einer Gruppe tun das deren Lehrkräfte; sonst, wer den Raum angelegt hat, und wen sie dazu machen.",
    ),
    Reason.OTHERS_WORDS: (
        "A teacher in the room deletes it; in a direct room only who wrote it.",
        "Eine Lehrkraft im Raum löscht es; im direkten Gespräch nur, wer es geschrieben hat.",
    ),
    Reason.NO_TEACHER_LEFT: (
        "A teacher makes a new room.",
        "Eine Lehrkraft legt einen neuen Raum an.",
    ),
    Reason.READ_ONLY: ("Write in the group's room instead.", "Stattdessen in den Gruppenraum schreiben."),
    Reason.NOT_OFFERED: (
        "Write a message. Polls, locations and the like are not offered.",
        "Eine Nachricht schreiben. Umfragen, Standorte und dergleichen gibt es nicht.",
    ),
    Reason.RULES_ARE_FIXED: (
        "Nothing to do: the school decides this for all rooms.",
        "Nichts zu tun: Das legt die Schule für alle Räume fest.",
    ),
    Reason.TOO_LARGE: (
        "Split the message, or write after the rest time.",
        "Die Nachricht aufteilen oder nach der Ruhezeit schreiben.",
    ),
    Reason.FILE_TOO_LARGE: (
        "Make the file smaller, or put it elsewhere and send its address. The school sets `files.max_megabytes`.",
        "Die Datei verkleinern oder anderswo ablegen und die Adresse senden. Die Schule setzt `files.max_megabytes`.",
    ),
    Reason.FILE_TYPE: (
        "Send it as a picture or PDF. The school sets `files.types`.",
        "Als Bild oder PDF senden. Die Schule setzt `files.types`.",
    ),
    Reason.MALFORMED: (
        "A fault of the client: update it, or report it to its makers.",
        "Ein Fehler der App: sie aktualisieren oder ihren Entwicklern melden.",
    ),
    Reason.TOO_MANY: (
        "Wait a while: nobody does so much of this in a short time.",
        "Eine Weile warten: So viel davon tut niemand in kurzer Zeit.",
    ),
    Reason.MUST_WAIT: (
        "Write a message now, and do this after the rest time.",
        "Jetzt eine Nachricht schreiben und dies nach der Ruhezeit tun.",
    ),
}
"""What to do after each refusal, in English and in German."""

_KINDS: Final[Mapping[RoomKind, tuple[str, str]]] = {
    RoomKind.DIRECT: ("direct room: two people", "direktes Gespräch: zwei Personen"),
    RoomKind.CHAT: ("chat: a room that a person made", "Raum, den jemand angelegt hat"),
    RoomKind.GROUP: ("room of a group", "Raum einer Gruppe"),
    RoomKind.ANNOUNCEMENTS: (
        "announcements of a group: its teachers write",
        "Ankündigungen einer Gruppe: ihre Lehrkräfte schreiben",
    ),
    RoomKind.SPACE: ("space of a group", "Bereich einer Gruppe"),
    RoomKind.CONTROL: ("control room: one person and the bot", "Gespräch mit dem Boten"),
}
_HISTORY: Final[Mapping[str, tuple[str, str]]] = {
    "invited": ("from the invitation on", "ab der Einladung"),
    "joined": ("from joining on", "ab dem Beitritt"),
    "shared": ("everything, also from before", "alles, auch von vorher"),
}


def _in(language: Language, pair: tuple[str, str]) -> str:
    return pair[0] if language is Language.ENGLISH else pair[1]


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def asked_rights() -> frozenset[Right]:
    """The rights that some decision asks for today; the others are in the table already and wait for their feature."""
    texts = [
        path.read_text(encoding="utf-8")
        for program in _PROGRAMS
        for path in (ROOT / program).rglob("*.py")
        if path != ROOT / "school" / "domain" / "rights.py"
    ]
    return frozenset(right for right in Right if any(re.search(rf"\bRight\.{right.name}\b", text) for text in texts))


def _rights(language: Language) -> str:
    granted = {(rule.subject, rule.right) for rule in default_rules() if rule.level is Level.ROLE and rule.allow}
    asked = asked_rights()
    yes, not_yet = _in(language, ("yes", "ja")), _in(language, ("not yet", "noch nicht"))
    header = _in(
        language,
        (
            "right|what it allows|teacher|student|guardian|in use",
            "Recht|was es erlaubt|Lehrkraft|Schüler/in|Sorgeberechtigte|wirksam",
        ),
    )
    return _table(
        header.split("|"),
        (
            [
                f"`{right}`",
                _in(language, RIGHTS[right]),
                *(yes if (role, right) in granted else "" for role in _ROLES),
                yes if right in asked else not_yet,
            ]
            for right in Right
        ),
    )


def _reasons(language: Language) -> str:
    german, english = Texts(Language.GERMAN), Texts(Language.ENGLISH)
    header = _in(language, ("reason|what the person reads|what to do", "Grund|was die Person liest|was zu tun ist"))
    return _table(
        header.split("|"),
        (
            [
                f"`{reason}`",
                f"{german.refusal(reason)}<br>*{english.refusal(reason)}*",
                _in(language, ADVICE[reason]),
            ]
            for reason in Reason
        ),
    )


def _rooms(language: Language) -> str:
    nothing = _in(language, ("nothing", "nichts"))
    header = _in(
        language,
        (
            "room|kind in its stamp|what people may change|who comes later reads",
            "Raum|Art im Stempel|was Personen ändern dürfen|wer später kommt, liest",
        ),
    )
    return _table(
        header.split("|"),
        (
            [
                _in(language, _KINDS[kind]),
                f"`{kind}`",
                _codes(STATE_BY_PEOPLE[kind]) or nothing,
                _history(language, kind),
            ]
            for kind in RoomKind
        ),
    )


def _history(language: Language, kind: RoomKind) -> str:
    return _in(language, _HISTORY[HISTORY[kind]])


def _types(language: Language) -> str:
    return _in(
        language,
        (
            f"* Messages: {_codes(MESSAGES)}.\n"
            f"* Remarks: {_codes(REMARKS)}.\n"
            f"* To start a call, with `start_conferences`: {_codes(CALLS)}.\n"
            f"* To answer one, also with `join_conferences` if somebody else in the room holds `start_conferences`: "
            f"{_codes(CALL_ANSWERS)}.\n"
            f"* Encrypted, where `encryption.roles` allows it: {_codes([ENCRYPTED])}.",
            f"* Nachrichten: {_codes(MESSAGES)}.\n"
            f"* Anmerkungen: {_codes(REMARKS)}.\n"
            f"* Einen Anruf beginnen, mit `start_conferences`: {_codes(CALLS)}.\n"
            f"* Ihn annehmen, auch mit `join_conferences`, wenn jemand anderes im Raum `start_conferences` hat: "
            f"{_codes(CALL_ANSWERS)}.\n"
            f"* Verschlüsseltes, wo `encryption.roles` es erlaubt: {_codes([ENCRYPTED])}.",
        ),
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _rules(_language: Language) -> str:
    return _table(("id", "rule"), ((f"`{rule}`", words) for rule, words in FIXED_RULES.items()))


def _stored(role: Role) -> Callable[[Language], str]:
    """What is stored about somebody of a role, and until when, with the default periods."""

    def write(language: Language) -> str:
        periods = Periods(
            erase_days=RegisterSettings.model_fields["erase_after_days"].default,
            audit_days=KeepSettings.model_fields["audit_days"].default,
            attendance_days=ConferenceSettings.model_fields["attendance_days"].default,
        )
        told = [
            words.with_periods(periods)
            for topic in Topic
            if role == TEACHER or topic not in _ONLY_WHO_RESTS
            for words in [KEPT_WORDS[language][topic]]
        ]
        header = _in(language, ("|what|until when", "|was|bis wann")).split("|")
        return _table(header, ([f"**{words.title}**", words.what, words.until] for words in told))

    return write


_ONLY_WHO_RESTS: Final = frozenset({Topic.REST, Topic.BOT})
_PRIVACY_PARTS: Final[Mapping[str, Callable[[Language], str]]] = {role: _stored(role) for role in _ROLES}
_PARTS: Final[Mapping[str, Callable[[Language], str]]] = {
    "rights": _rights,
    "reasons": _reasons,
    "rooms": _rooms,
    "types": _types,
}
_ENGLISH_PARTS: Final = {"rules": _rules}
"""The German page names the English one for these."""


def generated(page: str, language: Language) -> str:
    """The page with every generated part as it should be now.

    Raises:
        ValueError: a part is missing on the page.
    """
    return _with_parts(page, language, dict(_PARTS) | (_ENGLISH_PARTS if language is Language.ENGLISH else {}))


def generated_privacy(page: str, language: Language) -> str:
    """The same for the page about privacy."""
    return _with_parts(page, language, _PRIVACY_PARTS)


def _with_parts(page: str, language: Language, parts: Mapping[str, Callable[[Language], str]]) -> str:
    for name, write in parts.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"the page has no part {begin} … {end}")
        page = f"{before}{begin}\n{write(language)}\n{end}{after}"
    return page


def main(arguments: list[str]) -> int:
    """Writes the pages; with `--check` only says which are stale. Returns the exit status."""
    stale = []
    for pages, write in ((PAGES, generated), (PRIVACY_PAGES, generated_privacy)):
        for language, path in pages.items():
            page = path.read_text(encoding="utf-8")
            new = write(page, language)
            if new != page:
                stale.append(path)
                if "--check" not in arguments:
                    path.write_text(new, encoding="utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is stale' if '--check' in arguments else 'was rewritten'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
