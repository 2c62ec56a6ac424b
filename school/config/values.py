"""Reads the texts in school.yaml that mean more than text: hours, days, addresses.

Every function returns the value or raises ValueError with the end of a sentence that begins with the key
("rest.free_days must be …"). No sentence repeats a text that could hold a password.
"""

import re
from datetime import date, timedelta
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OTHER_NAMES: Final = (
    ("mo", "di", "mi", "do", "fr", "sa", "so"),
    ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
_MEANT: Final = {name: day for names in _OTHER_NAMES for name, day in zip(names, WEEKDAYS, strict=True)}
_MINUTES_OF_A_DAY: Final = 24 * 60
_WINDOW: Final = re.compile(r"(\d{1,2}):(\d{2}) *[-\u2013] *(\d{1,2}):(\d{2})", re.ASCII)
_LONGEST_RANGE: Final = timedelta(days=366)
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.ASCII)
_LOCALPART: Final = re.compile(r"[a-z0-9._=/+-]+", re.ASCII)
_ROLE: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9*][a-z0-9*.+_-]*/[a-z0-9*][a-z0-9*.+_-]*")
_SAMPLE_HOST: Final = re.compile(r"(.+\.)?example(\.(org|com|net))?", re.ASCII)


def days(value: object) -> tuple[int, ...]:
    """`mon`, `mon-fri` or `mon, wed` as weekdays, 0 being Monday."""
    result: list[int] = []
    for part in _text(value).split(","):
        first, dash, last = (name.strip() for name in part.partition("-"))
        start = _weekday(first)
        span = (_weekday(last) - start) % 7 if dash else 0
        result += [(start + offset) % 7 for offset in range(span + 1)]
    if len(set(result)) < len(result):
        raise ValueError("names a day twice; name it once.")
    return tuple(result)


def _weekday(name: str) -> int:
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    meant = _MEANT.get(name.lower()) or next(iter(get_close_matches(name.lower(), WEEKDAYS, 1)), None)
    hint = f' Did you mean "{meant}"?' if meant else ""
    raise ValueError(f'is no weekday; days are {", ".join(WEEKDAYS)}, or a span such as "mon-fri".{hint}')


def window(value: object) -> tuple[int, int]:
    """`07:30-17:00` as minutes since midnight. An end that is not after the start is on the next day."""
    text = _text(value)
    found = _WINDOW.fullmatch(text.strip())
    if not found:
        raise ValueError(f'must be a span of time such as "07:30-17:00"; it is "{text}".')
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or start >= _MINUTES_OF_A_DAY or end > _MINUTES_OF_A_DAY:
        raise ValueError(f'must lie between 00:00 and 24:00; it is "{text}".')
    if start == end:
        raise ValueError(f'has no length; it is "{text}". Write "00:00-24:00" for a whole day.')
    return start, end if end > start else end + _MINUTES_OF_A_DAY


def dates(value: object) -> frozenset[date]:
    """`2026-05-15`, or `2026-05-15..2026-05-18` with both ends."""
    text = _text(value)
    first_text, dots, last_text = (part.strip() for part in text.partition(".."))
    try:
        first = date.fromisoformat(first_text)
        last = date.fromisoformat(last_text) if dots else first
    except ValueError:
        raise ValueError(f'must be dates such as 2026-05-15 or 2026-05-15..2026-05-18; it is "{text}".') from None
    if not timedelta() <= last - first <= _LONGEST_RANGE:
        raise ValueError(f'must run forward, for a year at most; it is "{text}".')
    return frozenset(first + timedelta(days=day) for day in range((last - first).days + 1))


def day_of_year(text: str) -> str:
    """`07-31`, the 31st of July: a month and a day that every year has."""
    try:
        month, day = map(int, text.split("-"))
        date(2001, month, day)
    except ValueError:
        raise ValueError(f'must be a month and a day of every year, such as "07-31"; it is "{text}".') from None
    return text


def some_text(text: str) -> str:
    """Text that is there, on one line."""
    if not text.strip() or not text.isprintable():
        raise ValueError("must be text on one line, and not empty.")
    return text.strip()


def pattern(value: object) -> re.Pattern[str]:
    """A regular expression."""
    text = _text(value)
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise ValueError(f'must be a regular expression; "{text}" is none.') from None


def role(text: str) -> str:
    """The name of a role, as it stands in the database."""
    if not _ROLE.fullmatch(text):
        raise ValueError(f'must be small letters without blanks, such as "staff"; it is "{text}".')
    return text


def media_types(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns of media types (RFC 6838, section 4.2), in small letters; `*` stands for anything."""
    for text in texts:
        if not _MEDIA_TYPE.fullmatch(text):
            raise ValueError(f'must name media types in small letters, such as "image/*"; "{text}" is none.')
    if not texts:
        raise ValueError("names no type, so no file could be sent; take the line out for all types.")
    return texts


def country(text: str) -> str:
    """A country's code of two letters (ISO 3166-1)."""
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValueError(f'must be the code of a country in two capital letters, such as "DE"; it is "{text}".')
    return text


def time_zone(text: str) -> str:
    """The name of a zone in the IANA database."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(text.title(), available_timezones(), 1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'must be a time zone such as "Europe/Berlin"; it is "{text}".{hint}') from None
    return text


def server_name(text: str) -> str:
    """A Matrix server name (Matrix spec, appendix "Server Name"), without IPv6 literals."""
    if not _HOST.fullmatch(text):
        raise ValueError('must be the bare name behind the colon of every user id, such as "schule-am-see.de".')
    return text


def localpart(text: str) -> str:
    """What stands between @ and : in a Matrix user id."""
    if not _LOCALPART.fullmatch(text):
        raise ValueError('must be small letters, digits and ._=/+- only, such as "schulbote".')
    return text


def listen_host(text: str) -> str:
    """An address or a name to listen on."""
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", text):
        raise ValueError('must be an address to listen on, such as "127.0.0.1"; use web.listen_port for the port.')
    return text


def networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses of machines, or of networks (`10.0.0.0/8`)."""
    for text in texts:
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise ValueError(
                f'must be addresses such as "10.0.0.7" or networks such as "10.0.0.0/8"; "{text}" is neither.'
            ) from None
    return texts


def web_address(text: str) -> str:
    """An http or https address, returned without a slash at its end."""
    parts = _split(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError('must be a web address that begins with "https://" (or "http://" on this machine).')
    if "@" in parts.netloc:
        raise ValueError("must not contain a user name or a password.")
    if parts.query or parts.fragment:
        raise ValueError('must end with the host or a path, without "?" and "#".')
    return text.rstrip("/")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises if it is no number
    except ValueError:
        raise ValueError("must be a web address; host and port of this one cannot be read.") from None
    return parts


def path_in(folder: Path, path: object) -> Path:
    """`path`, which is relative to `folder`."""
    if not isinstance(path, str | Path) or not str(path):
        raise ValueError("must be a path; put quotation marks around it.")
    if str(path).startswith("~"):
        raise ValueError("must be a whole path or one relative to school.yaml; `~` is not understood here.")
    if not str(path).isprintable():
        raise ValueError("must be a path; there is a character in it that no path contains.")
    return folder / path


_DATABASES: Final = 'must be "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"'


def database_url(folder: Path, text: str) -> str:
    """The address of the database, its file (if it is one) as an absolute path."""
    if text.startswith("sqlite:"):
        file = text.removeprefix("sqlite:///")
        if file == text or not file or file.startswith((":", "file:")) or "?" in file:
            raise ValueError(f"{_DATABASES}; with sqlite, three slashes and a file.")
        return f"sqlite:///{path_in(folder, file)}"
    _check_postgresql(text)
    return text


def _check_postgresql(text: str) -> None:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"{_DATABASES}.") from None
    if url.password is not None:
        raise ValueError(
            "must not contain a password; put it into a file of mode 0600 and name it in database.password_file."
        )
    if url.drivername.partition("+")[0] in {"postgres", "postgresql"} and url.drivername != "postgresql":
        raise ValueError(f'{_DATABASES}; begin with "postgresql://", the driver is chosen by itself.')
    if url.drivername != "postgresql":
        raise ValueError(f"{_DATABASES}; other databases are not supported.")
    if not url.database:
        raise ValueError(f"{_DATABASES}; the name of the database is missing.")
    if set(url.query) - {"sslmode"}:
        raise ValueError(f"{_DATABASES}; behind a ? only sslmode is understood.")


def sqlalchemy_url(text: str, *, asynchronous: bool) -> URL:
    """The address that SQLAlchemy wants, for a text that `database_url` has returned. Without a password."""
    if text.startswith("sqlite:"):
        driver = "sqlite+aiosqlite" if asynchronous else "sqlite+pysqlite"
        return URL.create(driver, database=text.removeprefix("sqlite:///"))
    url = make_url(text)
    if not asynchronous:
        return url.set(drivername="postgresql+psycopg2")
    # asyncpg knows libpq's sslmode as `ssl`.
    query = {"ssl": url.query["sslmode"]} if url.query else {}
    return url.set(drivername="postgresql+asyncpg", query=query)


def sample_host(text: str) -> str | None:
    """The host in `text` (an address or a bare name) if it is one of those reserved for samples (RFC 2606)."""
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        return None
    return host if host and _SAMPLE_HOST.fullmatch(host) else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be text; put quotation marks around it.")
