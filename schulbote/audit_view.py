"""What `schulbote audit` shows, and which entries."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from school.database.audit_reading import moment_of
from school.database.everybody import KnownPerson
from school.domain.audit_about import names_one_of
from school.domain.audit_chain import Entry, Known
from school.domain.directory import Directory
from school.errors import WrongUseError
from schulbote.named import NotMeantError, find_person

_AGO: Final = re.compile(r"(\d{1,4}) *([dh])", re.ASCII)
_HASH: Final = re.compile(r"(\d{1,9}):([0-9a-f]{64})", re.ASCII)
_LONGEST: Final = 120


class NotReadError(WrongUseError):
    """A time or a hash on the command line that is none. The text says how it is written."""


def read_since(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """`2026-05-01`, `2026-05-01 10:00`, `30d` or `12h` (ago).

    Raises:
        NotReadError: it is none of these.
    """
    if found := _AGO.fullmatch(text.strip()):
        number = int(found[1])
        return now - (timedelta(days=number) if found[2] == "d" else timedelta(hours=number))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotReadError(
            f'--since is a day, a time or how long ago, such as 2026-05-01, "2026-05-01 10:00", 30d or 12h; "{text}" '
            "is none."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_known(text: str) -> Known:
    """`NUMBER:HASH`, as `schulbote audit verify` and the log say it.

    Raises:
        NotReadError: it is something else.
    """
    found = _HASH.fullmatch(text.strip())
    if found is None:
        raise NotReadError(
            f"--known is the number of an entry and its hash, as an earlier `audit verify` or the log said it: "
            f'NUMBER:HASH; "{text}" is none.'
        )
    return Known(number=int(found[1]), hash=found[2])


def about(entries: Iterable[Entry], words: str, everybody: Sequence[KnownPerson]) -> Iterator[Entry]:
    """The entries that name somebody; also by an id that is nobody's any more.

    Raises:
        NotMeantError: nobody is meant, or more than one.
    """
    ids, unknown = {words}, None
    try:
        person = find_person(Directory(known.person for known in everybody), words)
        ids = {person.id, person.user_id}
    except NotMeantError as error:
        unknown = error
    nothing = True
    for entry in entries:
        if names_one_of(entry, ids):
            nothing = False
            yield entry
    if nothing and unknown is not None:
        raise unknown


def as_line(entry: Entry, names: Mapping[str, str], zone: ZoneInfo) -> str:
    """One entry for people; long details are cut off."""
    at = f"{moment_of(entry).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    shown = details if len(details) <= _LONGEST else f"{details[:_LONGEST]}…"
    actor, target = (f"{id_} ({names[id_]})" if names.get(id_) else id_ for id_ in (entry.actor, entry.target))
    return f"{entry.number}  {at}  {actor}: {entry.action} {target}  [{entry.by_right}]  {shown}".rstrip()


def as_json(entry: Entry) -> dict[str, Any]:
    """One entry for programs."""
    return {
        "number": entry.number,
        "at": moment_of(entry).isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "by_right": entry.by_right,
        "details": dict(entry.details),
        "hash": entry.hash,
    }


def names_of_everybody(everybody: Iterable[KnownPerson]) -> dict[str, str]:
    """Names by every id of theirs."""
    return {id_: known.person.display_name for known in everybody for id_ in (known.person.id, known.person.user_id)}
