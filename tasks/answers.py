"""What the desks of tasks are asked and answer, as values: for the pages and the bot alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from school.database.task_files import File, Upload
from school.domain.decisions import Decision
from school.domain.groups import GroupId
from school.domain.hand_ins import HandIn, Standing, Version
from school.domain.people import Person, PersonId
from school.domain.task_dates import DateDoubt, Dates
from school.domain.tasks import Part, Task


class Trouble(StrEnum):
    """Why something is not done, though nobody refuses it."""

    UNKNOWN = "unknown"
    """There is no such task, hand-in or file."""
    TITLE = "title"
    """It has no title, or too long a one."""
    TOO_LONG = "too_long"
    NOBODY = "nobody"
    """It is for nobody who could hand it in."""
    OPENS_TOO_LATE = "opens_too_late"
    ENDS_TOO_EARLY = "ends_too_early"
    IN_THE_PAST = "in_the_past"
    TEAM_SIZE = "team_size"
    NOTHING = "nothing"
    """There is nothing to hand in."""
    HANDED_IN = "handed_in"
    """It is handed in, and nobody has begun to change it."""
    UNFINISHED = "unfinished"
    """Files are on their way still."""
    DAYS = "days"
    """So many days nobody adds."""
    NOT_LATER = "not_later"
    """More time would be less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A task as somebody wants it. `published_at` None: a draft."""

    title: str
    dates: Dates
    text: str = ""
    groups: frozenset[GroupId] = frozenset()
    people: frozenset[PersonId] = frozenset()
    published_at: datetime | None = None
    team_size: int = 1
    feedback_together: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of it. Without trouble and refusal it is done; `doubt` is something to think of."""

    decision: Decision | None = None
    trouble: Trouble | None = None
    task: Task | None = None
    doubt: DateDoubt | None = None

    @property
    def is_done(self) -> bool:
        return self.trouble is None and bool(self.decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A task as its learner sees it in the list."""

    task: Task
    dates: Dates
    standing: Standing
    has_news: bool = False
    """There is feedback that closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A task as its teacher sees it in the list."""

    task: Task
    learners: int
    handed_in: int
    late: int
    missing: int
    unchecked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfChild:
    """What a guardian sees of a child's task."""

    child: Person
    title: str
    dates: Dates
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A task as somebody may see it. `files` are those of their own hand-in; without feedback that is not shown."""

    decision: Decision | None = None
    part: Part | None = None
    task: Task | None = None
    dates: Dates | None = None
    material: Sequence[File] = ()
    standing: Standing | None = None
    hand_in: HandIn | None = None
    members: Sequence[Person] = ()
    files: Sequence[File] = ()
    unfinished: Sequence[Upload] = ()
    may_hand_in: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was handed in when: the version, and its files with their hashes."""

    version: Version
    files: Sequence[File]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What became of handing in."""

    decision: Decision | None = None
    trouble: Trouble | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One learner in the overview of a task."""

    person: Person
    standing: Standing
    dates: Dates
    hand_in: HandIn | None = None
    seen_at: datetime | None = None
    is_former: bool = False
    """They handed something in, and are not among those any more for whom it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everybody for whom a task is, and how far they are."""

    decision: Decision | None = None
    task: Task | None = None
    rows: Sequence[Row] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCheck:
    """One hand-in on a teacher's desk, and those before and after it."""

    decision: Decision | None = None
    task: Task | None = None
    hand_in: HandIn | None = None
    members: Sequence[Person] = ()
    standing: Standing | None = None
    files: Sequence[File] = ()
    before: str | None = None
    after: str | None = None
    number: int = 0
    of: int = 0
