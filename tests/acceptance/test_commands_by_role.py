"""Each command in the control room, by everybody who is somebody at a school: one table of who may and who may not, and
what is said to whom. What comes of the commands has its stories elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from acceptance.people import People, Person, says_why
from acceptance.running import Demo
from school.texts.de import SENTENCES as OF_THE_BOT
from school.texts.de_commands import SENTENCES as OF_COMMANDS
from school.texts.de_tasks import SENTENCES as OF_TASKS

LEADERSHIP, TEACHER, PUPIL, GUARDIAN = "leadership", "teacher", "pupil", "guardian"
ROLES = (LEADERSHIP, TEACHER, PUPIL, GUARDIAN)
CLASS, PARENTS, FOREIGN = "Klasse 10.1", "Sorgeberechtigte 10.1", "Klasse 10.3"
TEACHERS = frozenset({LEADERSHIP, TEACHER})
HEADS = frozenset({LEADERSHIP})
EVERYBODY = frozenset(ROLES)


@dataclass(frozen=True)
class Row:
    """A command: who may give it, what they read then, and why the others may not. `offered`: the command that
    `!hilfe` lists for those who may, if it is not for everybody."""

    words: str
    may: frozenset[str]
    done: str
    reason: str = ""
    sentence: str = ""
    offered: bool = True


LOCK_REFUSED = OF_COMMANDS["lock.leadership_only"]
TABLE = {
    "makes_a_group": Row("!gruppe neu Chor {role}", TEACHERS, "Chor {role} ist angelegt", reason="no_groups"),
    "changes_a_group": Row("!gruppe Chor {role} + {pupil}", TEACHERS, "• aufgenommen:", reason="no_groups"),
    "ends_a_group": Row("!gruppe Chor {role} auflösen", TEACHERS, "ist aufgelöst", reason="no_groups"),
    "changes_a_group_of_the_register": Row(
        "!gruppe Klasse 10.1 + {pupil}", frozenset(), "", reason="group_from_register|no_groups"
    ),
    "invites_a_whole_group": Row(
        "!einladen Klasse 10.1 in Nirgendwo", TEACHERS, "in den du einladen darfst", reason="no_group_invitations"
    ),
    "enters_a_group": Row("!betreten Klasse 10.3", TEACHERS, "Du bist jetzt in Klasse 10.3", reason="not_in_group"),
    "leaves_it_again": Row("!verlassen Klasse 10.3", TEACHERS, "verlassen", reason="not_in_group", offered=False),
    "writes_to_groups": Row(
        "!an Klasse 10.1, Sorgeberechtigte 10.1: Guten Morgen",
        TEACHERS,
        "Gesendet an Klasse 10.1, Sorgeberechtigte 10.1",
        sentence=OF_COMMANDS["to.not_for_you"],
    ),
    "asks_who_is_in_a_group": Row("!wer Klasse 10.3", TEACHERS, "Klasse 10.3, Personen: ", sentence="finde ich nicht"),
    "asks_who_is_in_an_own_group": Row("!wer {own}", EVERYBODY, "{own}, Personen: "),
    "asks_for_tasks": Row("!aufgaben", EVERYBODY, "Aufgaben"),
    "sets_a_task": Row(
        "!aufgabe neu Probe {role} bis 24.12.2029 für Klasse 10.3",
        TEACHERS,
        "ist gestellt",
        sentence=OF_TASKS["refused.no_tasks"],
    ),
    "resets_a_password": Row("!passwort {nobody}", TEACHERS, "finde ich unter den", reason="no_resets", offered=False),
    "lets_only_teachers_write": Row(
        "!nur-lehrkraefte aus {own}", TEACHERS, "schreiben hier wieder alle", sentence="Das sagen die Lehrkräfte"
    ),
    "starts_a_sync": Row(
        "!abgleich probe", HEADS, OF_THE_BOT["sync.nothing"], sentence=OF_THE_BOT["sync.leadership_only"]
    ),
    "locks_an_account": Row("!sperren {guardian}", HEADS, "!sperren {guardian} bestätigen", sentence=LOCK_REFUSED),
    "opens_an_account": Row("!entsperren {guardian}", HEADS, "nicht gesperrt", sentence=LOCK_REFUSED),
    "sees_rights": Row(
        "!rechte {pupil}", HEADS, "Lehrkräften direkt schreiben", sentence=OF_COMMANDS["rights.leadership_only"]
    ),
    "finds_contacts": Row("!kontakte", EVERYBODY, "Du kannst"),
    "asks_for_their_pages": Row("!konto", EVERYBODY, "/link/"),
    "asks_for_the_files_of_their_groups": Row("!dateien", EVERYBODY, "/link/"),
    "asks_for_their_appointments": Row("!termine", EVERYBODY, "/link/"),
    "asks_to_choose_a_password": Row("!passwort", EVERYBODY, "/link/"),
}


@pytest.fixture(scope="module")
def cast(people: People) -> Iterator[dict[str, Person]]:
    cast = {
        LEADERSHIP: people.by_id("T00001"),
        TEACHER: people.teacher(CLASS, not_of=FOREIGN),
        PUPIL: people.pupil(CLASS),
        GUARDIAN: people.guardian(PARENTS),
    }
    yield cast
    for role in TEACHERS:  # whoever wrote to a group is in it since
        for group in {CLASS, PARENTS}.difference(cast[role].groups):
            cast[role].ask(f"!verlassen {group}")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("what", TABLE)
def test_who(demo: Demo, cast: dict[str, Person], what: str, role: str) -> None:
    row, person = TABLE[what], cast[role]
    own = {LEADERSHIP: "Klasse 8.1", GUARDIAN: PARENTS}.get(role, CLASS)
    names = {who: somebody.user_id.partition(":")[0] for who, somebody in cast.items()}
    names |= {"role": role, "own": own, "nobody": "Xaver Xylophon"}
    answer = person.ask(row.words.format(**names))
    if role in row.may:
        assert any(done in answer for done in row.done.format(**names).split("|")), answer
    elif row.reason:
        assert any(says_why(answer, reason) for reason in row.reason.split("|")), answer
    else:
        assert row.sentence in answer, answer
        assert bool(row.sentence)


@pytest.mark.parametrize("role", ROLES)
def test_help_lists_what_somebody_may_and_nothing_else(cast: dict[str, Person], role: str) -> None:
    told = cast[role].ask("!hilfe")
    offered = {row.words.partition(" ")[0]: row for row in TABLE.values() if row.may and row.offered}
    listed = {command for command in offered if f"{command} " in told or f"{command}\n" in told}
    assert listed == {
        command for command, row in offered.items() if role in row.may or command in ("!wer", "!passwort")
    }
