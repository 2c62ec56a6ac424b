"""What people are told of what is stored about them, and until when, for each heading of
`school.database.personal_data`.

`{erase_days}`, `{audit_days}` and `{attendance_days}` are the school's periods, which `Periods` holds. Nothing
else says how long something is kept.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from school.config import Settings
from school.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long a school keeps what, in days."""

    erase_days: int
    audit_days: int
    attendance_days: int

    @classmethod
    def of(cls, settings: Settings) -> "Periods":
        """What school.yaml says."""
        return cls(
            erase_days=settings.register.erase_after_days,
            audit_days=settings.keep.audit_days,
            attendance_days=settings.conferences.attendance_days,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWords:
    """One heading: what is stored, and until when."""

    title: str
    what: str
    until: str

    def with_periods(self, periods: Periods) -> "KeptWords":
        """The same with the periods of a school."""
        until = self.until.format(**asdict(periods))
        return KeptWords(title=self.title, what=self.what, until=until)


KEPT_WORDS: Final[Mapping[Language, Mapping[str, KeptWords]]] = {
    Language.GERMAN: {
        "register": KeptWords(
            title="Aus dem Register der Schule",
            what=(
                "Kennung, Vorname, Nachname, Rolle, Gruppen, ob jemand zur Schulleitung gehört; bei Sorgeberechtigten, "
                "wessen. Keine E-Mail-Adresse, keine Telefonnummer, keine Anschrift, kein Geburtstag."
            ),
            until=(
                "Solange du im Register stehst, danach {erase_days} Tage. Nur die Nutzerkennung bleibt, damit sie "
                "niemand anderes bekommt."
            ),
        ),
        "account": KeptWords(
            title="Konto und Anmeldungen",
            what=(
                "Wann du dich zuerst und zuletzt angemeldet hast, mit welchen Geräten und von welcher Adresse im Netz; "
                "wann ein Erstcode gemacht und benutzt wurde, nie der Code; seit wann du auf den Webseiten angemeldet "
                "bist; was deine App an Einstellungen ablegt."
            ),
            until=(
                "Geräte, bis du dich dort abmeldest; Adressen einen Monat; Webseiten einen halben Tag; alles Übrige, "
                "bis du {erase_days} Tage nicht mehr im Register stehst."
            ),
        ),
        "rooms": KeptWords(
            title="Räume",
            what="In welchen Räumen du bist und warst.",
            until="Solange es die Räume gibt.",
        ),
        "messages": KeptWords(
            title="Nachrichten und Dateien",
            what=(
                "Was du schreibst und sendest, mit Zeit und Raum. Lesen können es alle im Raum, und wer den Server "
                "betreibt."
            ),
            until=(
                "Bis du es löschst, oder bis die Schule den Raum löscht. Bist du gelöscht, lesen es nur noch die, die "
                "damals im Raum waren."
            ),
        ),
        "held": KeptWords(
            title="Zurückgehaltene Nachrichten",
            what=(
                "Von dem, was du in einer Ruhezeit geschrieben hast: Raum, Zeit, wann es zugestellt wird und was "
                "daraus wurde. Die Worte liegen versiegelt im Raum."
            ),
            until="Bis du {erase_days} Tage nicht mehr im Register stehst; was dann noch wartet, wird gelöscht.",
        ),
        "rest": KeptWords(
            title="Ruhezeit",
            what=(
                "Deine Ruhezeiten, Pausen und Abwesenheiten und wer dich vertritt, nie der Grund; seit wann deine "
                "Geräte still sind."
            ),
            until="Einen Tag nach ihrem Ende.",
        ),
        "bot": KeptWords(
            title="Was der Bote dir noch sagt",
            what="Was er dir nach der Ruhezeit zu sagen hat.",
            until="Bis er es gesagt hat.",
        ),
        "conferences": KeptWords(
            title="Videokonferenzen",
            what=(
                "Welche Konferenzen du begonnen oder geplant hast, und in welchen du von wann bis wann warst. Das "
                "sehen die Lehrkräfte der Konferenz. Ton und Bild werden nicht aufgezeichnet, wenn die Schule es nicht "
                "erlaubt."
            ),
            until="{attendance_days} Tage nach dem Ende der Konferenz.",
        ),
        "tasks": KeptWords(
            title="Aufgaben",
            what=(
                "Welche Aufgaben du gestellt hast; welche für dich sind, wann du sie zuerst gesehen und was du wann "
                "abgegeben hast, mit deinen Dateien, und was dir dazu gesagt wurde. Das sehen du, dein Team und die "
                "Lehrkräfte der Aufgabe."
            ),
            until=(
                "Bis zum Ende des Schuljahres, wenn die Schule nichts anderes festlegt; was du allein abgegeben hast, "
                "höchstens, bis du {erase_days} Tage nicht mehr im Register stehst."
            ),
        ),
        "appointments": KeptWords(
            title="Termine",
            what=(
                "Welche Termine du gemacht hast, und was du auf welchen geantwortet hast. Deine Antwort sehen die "
                "Lehrkräfte der Gruppen, für die er ist."
            ),
            until="Bis zum Ende des Schuljahres, in dem der Termin war, wenn die Schule nichts anderes festlegt.",
        ),
        "audit": KeptWords(
            title="Protokoll",
            what="Was du getan hast oder jemand mit dir, wann und nach welchem Recht. Keine Namen, keine Texte.",
            until="{audit_days} Tage, auch wenn du vorher gelöscht wirst.",
        ),
    },
    Language.ENGLISH: {
        "register": KeptWords(
            title="From the school's register",
            what=(
                "Id, given name, family name, role, groups, whether somebody is of the leadership; for guardians, "
                "whose. No email, no phone number, no address, no birthday."
            ),
            until=(
                "As long as you are in the register, and {erase_days} days more. Only the user id stays, so that "
                "nobody else gets it."
            ),
        ),
        "account": KeptWords(
            title="Account and sessions",
            what=(
                "When you signed in first and last, with which devices and from which network address; when a first "
                "code was made and used, never the code; since when you are signed in to the web pages; what your "
                "app stores of its settings."
            ),
            until=(
                "Devices until you sign out there; addresses for a month; web pages for half a day; everything else "
                "until you have not been in the register for {erase_days} days."
            ),
        ),
        "rooms": KeptWords(
            title="Rooms",
            what="In which rooms you are and were.",
            until="As long as the rooms exist.",
        ),
        "messages": KeptWords(
            title="Messages and files",
            what=(
                "What you write and send, with time and room. Everybody in the room can read it, and who runs the "
                "server."
            ),
            until=(
                "Until you delete it, or the school deletes the room. Once you are erased only those read it who were "
                "in the room then."
            ),
        ),
        "held": KeptWords(
            title="Held messages",
            what=(
                "Of what you wrote in somebody's rest time: room, time, when it is delivered and what became of it. "
                "The words lie sealed in the room."
            ),
            until="Until you have not been in the register for {erase_days} days; what still waits then is deleted.",
        ),
        "rest": KeptWords(
            title="Rest time",
            what=(
                "Your rests, pauses and absences and who is your deputy, never why; since when your devices are silent."
            ),
            until="A day after their end.",
        ),
        "bot": KeptWords(
            title="What the bot still has to say to you",
            what="What it has to say to you after the rest.",
            until="Until it has said it.",
        ),
        "conferences": KeptWords(
            title="Video conferences",
            what=(
                "Which conferences you started or planned, and in which you were from when until when. The teachers of "
                "the conference see that. Sound and picture are not recorded, unless the school allows it."
            ),
            until="{attendance_days} days after the end of the conference.",
        ),
        "tasks": KeptWords(
            title="Tasks",
            what=(
                "Which tasks you set; which are for you, when you saw them first and what you handed in when, with "
                "your files, and what was said of it. You, your team and the teachers of the task see that."
            ),
            until=(
                "Until the end of the school year, unless the school says otherwise; what you handed in alone at most "
                "until you have not been in the register for {erase_days} days."
            ),
        ),
        "appointments": KeptWords(
            title="Appointments",
            what=(
                "Which appointments you made, and what you answered to which. The teachers of the groups that it is "
                "for see your answer."
            ),
            until="Until the end of the school year in which it was, unless the school says otherwise.",
        ),
        "audit": KeptWords(
            title="Audit log",
            what="What you did, or somebody with you, when, and by which right. No names, no texts.",
            until="{audit_days} days, also if you are erased before.",
        ),
    },
}
"""By the language, then by the heading."""
