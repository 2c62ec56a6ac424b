from dataclasses import replace

from rich.console import Console

from roster_sync.plan import Guard, Plan, make_plan
from school.domain.groups import GroupKind
from school.domain.people import STUDENT, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson
from schulbote.plan_view import show_plan


def person(name: str, *groups: str, role: Role = STUDENT) -> RosterPerson:
    given, family = name.split()
    keys = frozenset(map(GroupKey, groups))
    return RosterPerson(id=PersonId(given.lower()), given_name=given, family_name=family, role=role, groups=keys)


def roster(*people: RosterPerson, groups: tuple[str, ...] = ("8.1", "8.2")) -> Roster:
    kinds = {
        GroupKey(name): RosterGroup(key=GroupKey(name), name=f"Klasse {name}", kind=GroupKind.CLASS) for name in groups
    }
    return Roster(persons={one.id: one for one in people}, groups=kinds)


def shown(plan: Plan) -> str:
    console = Console(width=120, record=True, file=None, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        show_plan(plan, console)
    return captured.get()


KNOWN = roster(
    person("Ida Koch", "8.1", role=TEACHER), person("Ben Alt", "8.1"), person("Lea Weg", "8.2"), person("Max Da", "8.2")
)
NOW = roster(
    person("Ida Groß", "8.1", role=TEACHER), person("Ben Alt", "8.2"), person("Kim Neu", "8.1"), person("Max Da", "8.2")
)


def test_names_and_numbers_of_all_that_changes() -> None:
    text = shown(make_plan(NOW, KNOWN, Guard(people=5, share=1.0)))
    for line in (
        "New people (1)\n  Kim Neu, student (kim)\n",
        "People who leave (1)\n  Lea Weg, student (lea)\n",
        "People with another name (1)\n  Ida Groß, teacher (ida)\n",
        "Into groups (2)\n  Klasse 8.1: Kim Neu\n  Klasse 8.2: Ben Alt\n",
        "Out of groups (1)\n  Klasse 8.1: Ben Alt\n",
    ):
        assert line in text
    assert "Max" not in text


def test_a_plan_that_waits_for_a_word_says_why() -> None:
    assert "start the sync again with --confirm" in " ".join(shown(make_plan(NOW, KNOWN, Guard(people=0))).split())


def test_of_many_the_first_are_named_and_the_rest_counted() -> None:
    newcomers = [replace(person("Neu Kind", "8.1"), id=PersonId(f"n{number:03}")) for number in range(50)]
    text = shown(make_plan(roster(*KNOWN.persons.values(), *newcomers), KNOWN, Guard()))
    assert "New people (50)\n" in text
    assert text.count("Neu Kind, student") == 40
    assert "  and 10 more\n" in text
    assert "Klasse 8.1: Neu Kind, Neu Kind, Neu Kind, Neu Kind, Neu Kind and 45 more\n" in text


def test_nothing_is_said_of_nothing() -> None:
    assert shown(make_plan(KNOWN, KNOWN, Guard())) == "Nothing to change.\n"


def test_markup_in_a_name_is_text() -> None:
    assert "[red]Kim Neu[/red]" in shown(
        make_plan(roster(*KNOWN.persons.values(), person("[red]Kim Neu[/red]")), KNOWN, Guard())
    )
