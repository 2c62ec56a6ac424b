"""The pages of an export: an index with everything by its heading, and a page for each room. Only words and tables,
for any browser, in the school's language."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from appservice.own_data import OwnMessage, OwnRoom
from school.database.personal_data import Row, Topic
from school.domain.people import PersonId, UserId
from school.texts import CATALOGUES, Language
from school.texts.privacy import KEPT_WORDS, KeptWords, Periods
from schulbote.export_tasks import task_tables
from schulbote.export_words import WORDS

_TEMPLATES: Final = Path(__file__).parent / "templates"
Table: TypeAlias = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""A heading (may be empty), the headings of the columns, the rows."""


_Shown: TypeAlias = tuple[Sequence[str], Sequence[tuple[str, str]], Sequence[Table]]
"""Lines, facts, tables."""
_SHOWN: Final = frozenset(
    {"person", "groups", "children", "guardians", "account", "first_codes", "held_messages", "rests"}
    | {"deputy_for_somebody", "waiting_words", "audit_log", "brought_into", "left_rooms", "rooms_with_the_bot"}
    | {"conferences", "took_part_in"}
)
"""What has a place of its own on the page; everything else stands there as it is stored."""


def _as_it_is(name: str, rows: Sequence[Row]) -> Table:
    columns = [*rows[0]]
    return name, columns, [[str(row[column]) for column in columns] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomTold:
    """A room, and what of it is in the archive."""

    room: OwnRoom
    number: int
    messages: int = 0

    @property
    def page(self) -> str:
        """Its page, seen from the index."""
        return f"rooms/{self.number:03}.html"

    @property
    def data(self) -> str:
        """The same for programs."""
        return f"rooms/{self.number:03}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """All that the index tells."""

    person_id: PersonId
    user_id: UserId
    name: str
    made_at: datetime
    kept: Mapping[Topic, Mapping[str, Sequence[Row]]]
    account: Mapping[str, Any] | None = None
    devices: Sequence[Mapping[str, Any]] = ()
    files: Sequence[Mapping[str, Any]] = ()
    rooms: Sequence[RoomTold] = ()
    held: Sequence[Row] = ()
    waiting_for_you: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    topic: Topic
    words: KeptWords
    lines: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Writes the pages of one school. `name_of` knows names by user id."""

    language: Language
    zone: ZoneInfo
    school: str
    periods: Periods
    name_of: Callable[[UserId], str]
    _jinja: Environment = field(init=False, repr=False)

    def __post_init__(self) -> None:
        jinja = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        css = (_TEMPLATES / "export.css").read_text(encoding="utf-8")
        jinja.globals |= {"word": self.word, "language": self.language.value, "css": css}
        object.__setattr__(self, "_jinja", jinja)

    def word(self, name: str, /, **values: object) -> str:
        """The word of this name."""
        return WORDS[self.language][name].format(**values)

    def index(self, told: Everything) -> str:
        """The page with everything."""
        return self._jinja.get_template("export_index.html").render(
            name=told.name,
            school=self.school,
            when=self._at(told.made_at),
            parts=[self._part(topic, told) for topic in Topic],
        )

    def room(self, room: OwnRoom, messages: Iterable[OwnMessage], files: Mapping[str, str | None]) -> str:
        """The page of a room. `files` says where in the archive a message's file is; None: it is not there any more."""
        rows = [
            {
                "when": self._at(message.sent_at),
                "words": message.body,
                "file": files.get(message.event_id),
                "file_missing": files.get(message.event_id, "") is None,
            }
            for message in messages
        ]
        return self._jinja.get_template("export_room.html").render(title=self.title(room), messages=rows)

    def title(self, room: OwnRoom) -> str:
        """What a room is called here."""
        kind = self.word(f"kind.{room.kind}")
        named = room.name or self.word("with", names=", ".join(map(self.name_of, room.others))) * bool(room.others)
        return f"{named} ({kind})" if room.name else f"{kind} {named}".strip() or room.id

    def _part(self, topic: Topic, told: Everything) -> _Part:
        words = KEPT_WORDS[self.language][topic].with_periods(self.periods)
        kept = told.kept.get(topic, {})
        lines, facts, tables = self._shown(topic, kept, told)
        further = [_as_it_is(name, rows) for name, rows in kept.items() if name not in _SHOWN and rows]
        return _Part(topic=topic, words=words, lines=lines, facts=facts, tables=[*tables, *further])

    def _shown(self, topic: Topic, kept: Mapping[str, Sequence[Row]], told: Everything) -> _Shown:
        match topic:
            case Topic.REGISTER:
                return (), [*self._from_register(kept)], ()
            case Topic.ACCOUNT:
                devices = [self._device(device) for device in told.devices]
                table = self._table("device", "last_seen", "address", heading="devices", rows=devices)
                return (), [*self._account(kept, told)], [table]
            case Topic.ROOMS:
                return (), (), [self._table("room", "state", "messages", rows=[*map(self._room, told.rooms)])]
            case Topic.MESSAGES:
                line = self.word("number_of_messages", number=sum(one.messages for one in told.rooms))
                return [line], [(self.word("files"), str(len(told.files)))], ()
            case Topic.HELD:
                lines = [self.word("waiting_for_you", number=told.waiting_for_you)] if told.waiting_for_you else []
                return lines, (), [self._table("written", "due", "state", "words", rows=[*map(self._held, told.held)])]
            case Topic.REST:
                return (), (), [self._table("what", "from", "to", rows=[*self._rests(kept)])]
            case Topic.BOT:
                said = [(self._time(row["at"]), row["body"]) for row in kept["waiting_words"]]
                return (), (), [self._table("when", "words", rows=said)]
            case Topic.CONFERENCES:
                return (), (), [*self._conferences(kept)]
            case Topic.TASKS:
                return (), (), [*task_tables(kept, self.word, self._time)]
            case Topic.APPOINTMENTS:
                made = [
                    (str(row["title"]), str(row["first_day"]), str(row["place"])) for row in kept["appointments_made"]
                ]
                answered = [
                    (str(row["title"] or ""), str(row["answer"]), self._time(row["answered_at"]))
                    for row in kept["answers_to_appointments"]
                ]
                return (
                    (),
                    (),
                    [
                        self._table("title_of_it", "from", "place", heading="appointments_made", rows=made),
                        self._table("title_of_it", "answer", "when", heading="answers", rows=answered),
                    ],
                )
            case Topic.AUDIT:
                entries = [self._entry(row, told) for row in kept["audit_log"]]
                return (), (), [self._table("when", "who", "what", "whom", "by_right", rows=entries)]

    def _table(self, *columns: str, rows: Sequence[Sequence[str]], heading: str = "") -> Table:
        return self.word(heading) if heading else "", [*map(self.word, columns)], rows

    def _room(self, one: RoomTold) -> Sequence[str]:
        link = Markup('<a href="{}">{}</a>').format(one.page, one.messages)
        return self.title(one.room), self.word("is_in" if one.room.is_in else "was_in"), link

    def _from_register(self, kept: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
        for row in kept["person"]:
            yield self.word("name"), f"{row['given_name']} {row['family_name']}".strip()
            yield self.word("id"), row["id"]
            yield self.word("user_id"), row["user_id"]
            yield self.word("role"), CATALOGUES[self.language].get(f"role.{row['role']}", row["role"])
            if row["leadership"]:
                yield self.word("leadership"), self.word("yes")
            if row["left_at"]:
                yield self.word("left_at"), self._time(row["left_at"])
        if kept["groups"]:
            yield self.word("groups"), ", ".join(row["name"] for row in kept["groups"])
        if kept["children"]:
            yield (
                self.word("children"),
                ", ".join(f"{row['given_name']} {row['family_name']}" for row in kept["children"]),
            )
        if kept["guardians"]:
            yield self.word("guardians"), self.word("number_of_guardians", number=len(kept["guardians"]))

    def _account(self, kept: Mapping[str, Sequence[Row]], told: Everything) -> Iterator[tuple[str, str]]:
        for row in kept["account"]:
            if row["in_use_since"]:
                yield self.word("in_use_since"), self._time(row["in_use_since"])
        if told.account is not None:
            if told.account.get("last_seen_ts"):
                yield self.word("last_seen"), self._ms(told.account["last_seen_ts"])
            if told.account.get("locked"):
                yield self.word("locked"), self.word("yes")
        for row in kept.get("first_codes", ()):
            made, used = self._time(row["made_at"]), row["used_at"]
            if used:
                yield self.word("code"), self.word("code_used", made=made, used=self._time(used))
            else:
                yield self.word("code"), self.word("code_made", made=made, expires=self._time(row["expires_at"]))

    def _device(self, device: Mapping[str, Any]) -> Sequence[str]:
        seen = device.get("last_seen_ts")
        name = device.get("display_name") or device.get("device_id") or ""
        return str(name), self._ms(seen) if seen else "", str(device.get("last_seen_ip") or "")

    def _held(self, row: Row) -> Sequence[str]:
        due = self._time(row["due_at"]) if row["due_at"] else ""
        return self._time(row["written_at"]), due, self.word(f"state.{row['state']}"), self._words(row)

    def _words(self, row: Row) -> str:
        if "content" not in row:
            return ""
        content = row["content"]
        if content is None:
            return self.word("seal_closed")
        message = OwnMessage(event_id="", type=row["event_type"], sent_at=datetime.now(UTC), content=content)
        return message.body

    def _rests(self, kept: Mapping[str, Sequence[Row]]) -> Iterator[Sequence[str]]:
        for row in kept["rests"]:
            yield self.word(row["kind"]), self._time(row["starts_at"]), self._time(row["ends_at"])
        for row in kept["deputy_for_somebody"]:
            yield self.word("deputy_for"), self._time(row["starts_at"]), self._time(row["ends_at"])

    def _conferences(self, kept: Mapping[str, Sequence[Row]]) -> Iterator[Table]:
        started = [
            (
                row["title"],
                *(self._time(row[key]) if row[key] else "" for key in ("planned_at", "begun_at", "ended_at")),
            )
            for row in kept["conferences"]
        ]
        yield self._table("title_of_it", "planned", "from", "to", heading="started", rows=started)
        attended = [(self._time(row["came_at"]), self._time(row["left_at"])) for row in kept["took_part_in"]]
        yield self._table("from", "to", heading="attended", rows=attended)

    def _entry(self, row: Row, told: Everything) -> Sequence[str]:
        own = {told.person_id, told.user_id}
        who, whom = (self.word("you") if one in own else one for one in (row["actor"], row["target"]))
        return self._time(row["at"]), who, row["action"], whom, row["by_right"]

    def _time(self, iso: str) -> str:
        return self._at(datetime.fromisoformat(iso))

    def _ms(self, milliseconds: int) -> str:
        return self._at(datetime.fromtimestamp(milliseconds / 1000, UTC))

    def _at(self, moment: datetime) -> str:
        return str(format_datetime(moment.astimezone(self.zone), "medium", locale=self.language.value))
