"""One small school that many tests ask about, and the few words that are needed to change it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from school.database.snapshot import RestBook, Snapshot
from school.domain.calendars import Calendars
from school.domain.directory import Directory
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.hold import RoomMode
from school.domain.intervals import Span
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person, PersonId, Role, UserId
from school.domain.policy import Policy
from school.domain.rest import Calendar, PersonalRest
from school.domain.rest_desk import RestDesk
from school.domain.rights import Rights, Rule, default_rules
from school.domain.rooms import Room, RoomKind, RoomStamp
from school.standing import Standing

BERLIN = ZoneInfo("Europe/Berlin")
STAFF = Role("staff")
NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)  # a Tuesday
EVENING = datetime(2026, 5, 5, 18, 0, tzinfo=UTC)


def user(name: str) -> UserId:
    return UserId(f"@{name}:school.test")


BOT = user("bote")
NOBODY = user("ghost")


def person(name: str, role: Role, *groups: str, leadership: bool = False) -> Person:
    return Person(
        id=PersonId(f"p-{name}"),
        user_id=user(name),
        given_name=name.title(),
        family_name="Groß",
        role=role,
        groups=frozenset(map(GroupId, groups)),
        leadership=leadership,
    )


def group(group_id: str, name: str = "", kind: GroupKind = GroupKind.CLASS) -> Group:
    return Group(id=GroupId(group_id), name=name or group_id, kind=kind)


IDA = person("ida", TEACHER, "5a")
OTTO = person("otto", TEACHER, "6b")
BEN = person("ben", STUDENT, "5a")
BEA = person("bea", STUDENT, "5a")
CARL = person("carl", STUDENT, "6b")
GABI = person("gabi", GUARDIAN, "parents-5a")
GERD = person("gerd", GUARDIAN, "parents-5a")
HANNA = person("hanna", GUARDIAN, "parents-6b")
ZOE = person("zoe", STAFF)
EVERYBODY = (IDA, OTTO, BEN, BEA, CARL, GABI, GERD, HANNA, ZOE)
GROUPS = (
    group("5a", "Klasse 5a"),
    group("6b", "Klasse 6b"),
    group("parents-5a", "Eltern Klasse 5a", GroupKind.GUARDIANS),
    group("parents-6b", "Eltern Klasse 6b", GroupKind.GUARDIANS),
)


def policy(*rules: Rule, people: Iterable[Person] = EVERYBODY) -> Policy:
    """The school's policy, with rules on top of the default ones."""
    return Policy(directory=Directory(people, GROUPS), rights=Rights([*default_rules(), *rules]), bot=BOT)


def room(kind: RoomKind, *members: Person | UserId, group: str | None = None, creator: UserId | None = None) -> Room:
    """A room of the first of its members, if nobody else is its creator."""
    ids = [member.user_id if isinstance(member, Person) else member for member in members]
    return Room(
        stamp=RoomStamp(kind=kind, group=None if group is None else GroupId(group)),
        creator=creator or (ids[0] if group is None else BOT),
        members=frozenset(ids),
    )


NO_HOURS = Calendar(zone=BERLIN, windows=None)


def resting(start: datetime = NOON, end: datetime = EVENING) -> PersonalRest:
    return PersonalRest(rests=(Span(start, end),))


def standing(
    *rules: Rule,
    people: Iterable[Person] = EVERYBODY,
    rests: Mapping[Person, PersonalRest] | None = None,
    draining: Iterable[str] = (),
    modes: Mapping[str, RoomMode] | None = None,
    calendar: Calendar = NO_HOURS,
) -> Standing:
    """The school as the programs see it; nobody rests who is not in `rests`."""
    asked = policy(*rules, people=people)
    personal = {resting_person.user_id: rest for resting_person, rest in (rests or {}).items()}
    return Standing(
        snapshot=Snapshot(
            versions={},
            directory=asked.directory,
            rest=RestBook(personal=personal, held_rooms=frozenset(draining), room_modes=modes or {}),
        ),
        policy=asked,
        desk=RestDesk(directory=asked.directory, calendars=Calendars(school=calendar), personal=personal.get),
    )
