"""school.yaml: one good example, then one thing broken at a time."""

import json
import os
import pwd
import random
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from school.config import ConfigError, RightLine, Settings, load_settings, read_keys, read_secret
from school.config.accounts import Resets, SignIn
from school.config.sentences import KNOWN_ERRORS, explain, keys_of
from school.config.source import Source, dotted
from school.domain.files import FileLimits, FileRules
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, Role
from school.domain.rest import Window
from school.domain.rights import Level, Right
from school.domain.school_groups import SchoolYear

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "config" / "school.yaml"
DOCS = (ROOT / "docs" / "configuration.md", ROOT / "docs" / "de" / "konfiguration.md")
KEYS = sorted(dotted(place) for place in keys_of(Settings))

GOOD = """\
school:
  name: Gesamtschule am See
  language: en
  time_zone: Europe/Vienna
matrix:
  server_name: schule-am-see.de
  homeserver_url: http://127.0.0.1:8008/
  public_url: https://matrix.schule-am-see.de
  bot: bote
web:
  listen_host: 0.0.0.0
  listen_port: 9000
  public_url: https://web.schule-am-see.de/
database:
  url: postgresql://school@db.schule-am-see.de/school
  password_file: db_password
secrets:
  folder: hidden
rights:
  added_roles: [staff]
  roles:
    student: {create_rooms: true}
    staff:
      message_everyone: true
  groups:
    "Klasse 5.*": {message_own_groups: false}
  persons:
    00123: {create_rooms: false}
rest:
  reachable:
    mon-thu: ["7:30-12:00", "13:00-17:00"]
    fri: ["22:00-02:00"]
    sat: ["00:00-24:00"]
    sun: []
  roles: [teacher, staff]
  holidays: {country: DE, subdivision: BB}
  free_days: [2026-05-15, 2026-05-30..2026-06-01]
  colleagues_pass: true
register:
  folder: /srv/register
  group_kinds:
    - {pattern: "^AG ", kind: club}
  leadership: [Schulleitung, Stellvertretung]
  guard: {people: 20, share: 0}
module:
  directory_max_age_seconds: 300
files:
  max_megabytes: 100
  types: ["image/*", application/pdf, audio/vnd.x-1+2, "*/*"]
  roles:
    student: {max_megabytes: 20}
    guardian: {types: ["image/*"]}
    staff: {}
groups:
  year_ends: "07-15"
  tell_days_before: 42
encryption:
  roles: [teacher, staff]
accounts:
  sign_in: oidc
  code_days: 14
  resets: own_groups
  oidc: {name: IServ, issuer: "https://iserv.test", client_id: matrix, client_secret_file: oidc.secret}
"""
SHORT = """\
school:
  name: Gesamtschule am See
matrix:
  server_name: schule-am-see.de
  homeserver_url: http://127.0.0.1:8008
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str | bytes], Settings]:
    def load_text(text: str | bytes) -> Settings:
        path = tmp_path / "school.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_settings(path)

    return load_text


Load = Callable[[str | bytes], Settings]


def problems_of(load: Load, text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return caught.value.problems


# --- What a good file becomes -----------------------------------------------------------------------------------


def test_everything_that_stands_in_the_file_is_in_the_settings(load: Load, tmp_path: Path) -> None:
    settings = load(GOOD)
    assert settings.path == tmp_path / "school.yaml"
    assert (settings.school.name, settings.school.language) == ("Gesamtschule am See", "en")
    assert settings.zone == ZoneInfo("Europe/Vienna")
    assert settings.matrix.homeserver_url == "http://127.0.0.1:8008"
    assert settings.matrix.public_url == "https://matrix.schule-am-see.de"
    assert settings.bot_user_id == settings.matrix.bot_user_id == "@bote:schule-am-see.de"
    assert (settings.web.listen_host, settings.web.listen_port) == ("0.0.0.0", 9000)
    assert settings.web.public_url == "https://web.schule-am-see.de"
    assert settings.secrets.folder == tmp_path / "hidden"
    assert (settings.accounts.sign_in, settings.accounts.resets) == (SignIn.OIDC, Resets.OWN_GROUPS)
    assert settings.accounts.code_lifetime == timedelta(days=14)
    assert not settings.accounts.with_codes
    assert settings.rest.roles == ("teacher", "staff")
    assert settings.rest.colleagues_pass
    assert settings.rest.holidays is not None
    assert (settings.rest.holidays.country, settings.rest.holidays.subdivision) == ("DE", "BB")
    assert settings.rest.holidays.school_holidays
    assert settings.register.folder == Path("/srv/register")
    assert settings.register.leadership == ("Schulleitung", "Stellvertretung")
    assert (settings.register.guard.people, settings.register.guard.share) == (20, 0)
    assert settings.register.group_kinds is not None
    (kind,) = settings.register.group_kinds
    assert kind.pattern.search("AG Schach")
    assert kind.kind is GroupKind.CLUB
    assert settings.module.directory_max_age_seconds == 300
    assert settings.files.max_megabytes == 100
    assert settings.files.types == ("image/*", "application/pdf", "audio/vnd.x-1+2", "*/*")
    assert [*settings.files.roles] == ["student", "guardian", "staff"]
    assert settings.groups.school_year == SchoolYear(month=7, day=15, notice=timedelta(days=42))
    assert settings.encryption.roles == ("teacher", "staff")


def test_three_keys_are_enough_and_the_rest_has_defaults(load: Load, tmp_path: Path) -> None:
    settings = load(SHORT)
    assert (settings.school.language, settings.school.time_zone) == ("de", "Europe/Berlin")
    assert settings.matrix.public_url == "http://127.0.0.1:8008"
    assert settings.bot_user_id == "@schulbote:schule-am-see.de"
    assert settings.web.public_url == "http://127.0.0.1:8009"
    assert settings.database.url == f"sqlite:///{tmp_path}/schulbote.db"
    assert settings.secrets.folder == tmp_path / "secrets"
    assert (settings.rights.added_roles, settings.rights.lines) == ((), ())
    assert (settings.rest.windows, settings.rest.holidays, settings.rest.free_days) == (None, None, frozenset())
    assert (settings.rest.roles, settings.rest.colleagues_pass) == (("teacher",), False)
    assert (settings.register.folder, settings.register.group_kinds) == (None, None)
    assert settings.register.leadership == ("Schulleitung",)
    assert (settings.register.guard.people, settings.register.guard.share) == (10, 0.05)
    assert settings.module.directory_max_age_seconds == 600
    assert (settings.files.max_megabytes, settings.files.types, dict(settings.files.roles)) == (50, None, {})
    assert settings.groups.school_year == SchoolYear(month=7, day=31, notice=timedelta(days=56))
    assert settings.encryption.roles == ()
    assert settings.demo is False


def test_a_section_with_all_lines_commented_out_is_as_good_as_missing(load: Load) -> None:
    assert load(SHORT + "rest:\n#  colleagues_pass: true\nweb:\nregister:\n  guard:\n").rest.colleagues_pass is False


def test_every_right_knows_its_line(load: Load) -> None:
    assert load(GOOD).rights.lines == (
        RightLine(
            level=Level.ROLE,
            subject="student",
            right=Right.CREATE_ROOMS,
            allow=True,
            id="school.yaml:22 rights.roles.student.create_rooms",
        ),
        RightLine(
            level=Level.ROLE,
            subject="staff",
            right=Right.MESSAGE_EVERYONE,
            allow=True,
            id="school.yaml:24 rights.roles.staff.message_everyone",
        ),
        RightLine(
            level=Level.GROUP,
            subject="Klasse 5.*",
            right=Right.MESSAGE_OWN_GROUPS,
            allow=False,
            id="school.yaml:26 rights.groups.Klasse 5.*.message_own_groups",
        ),
        RightLine(
            level=Level.PERSON,
            subject="00123",
            right=Right.CREATE_ROOMS,
            allow=False,
            id="school.yaml:28 rights.persons.00123.create_rooms",
        ),
    )


def test_school_hours_become_minutes_and_may_cross_midnight(load: Load) -> None:
    morning_and_afternoon = [Window(day, *span) for day in range(4) for span in ((450, 720), (780, 1020))]
    assert load(GOOD).rest.windows == (*morning_and_afternoon, Window(4, 1320, 1560), Window(5, 0, 1440))


def test_a_span_of_days_may_cross_the_weekend(load: Load) -> None:
    windows = load(SHORT + "rest: {reachable: {sun-mon: ['08:00-09:00'], 'wed, fri': ['10:00-00:00']}}").rest.windows
    assert windows == (Window(0, 480, 540), Window(2, 600, 1440), Window(4, 600, 1440), Window(6, 480, 540))


def test_free_days_may_be_ranges_with_both_ends(load: Load) -> None:
    expected = {date(2026, 5, 15), date(2026, 5, 30), date(2026, 5, 31), date(2026, 6, 1)}
    assert load(GOOD).rest.free_days == expected


MEGABYTE = 1024 * 1024


def test_files_of_a_role_are_as_for_everybody_but_for_what_the_role_says(load: Load) -> None:
    everybody = ("image/*", "application/pdf", "audio/vnd.x-1+2", "*/*")
    assert load(GOOD).files.rules == FileRules(
        everybody=FileLimits(max_bytes=100 * MEGABYTE, types=everybody, rule="files"),
        roles={
            STUDENT: FileLimits(max_bytes=20 * MEGABYTE, types=everybody, rule="files.roles.student"),
            GUARDIAN: FileLimits(max_bytes=100 * MEGABYTE, types=("image/*",), rule="files.roles.guardian"),
            Role("staff"): FileLimits(max_bytes=100 * MEGABYTE, types=everybody, rule="files.roles.staff"),
        },
    )


def test_a_school_that_says_nothing_takes_files_of_any_type_up_to_50_megabytes(load: Load) -> None:
    assert load(SHORT).files.rules == FileRules(everybody=FileLimits(max_bytes=50 * MEGABYTE))


@pytest.mark.parametrize(
    ("files", "largest"),
    [("", 50), ("{max_megabytes: 5}", 5), ("{max_megabytes: 5, roles: {teacher: {max_megabytes: 9}, student: {}}}", 9)],
)
def test_the_largest_file_is_the_one_of_whoever_may_send_most(load: Load, files: str, largest: int) -> None:
    assert load(f"{SHORT}files: {files}\n").files.largest_megabytes == largest


def test_settings_cannot_be_changed(load: Load) -> None:
    settings: Any = load(GOOD)
    with pytest.raises(ValidationError):
        settings.school.name = "Andere Schule"
    for mapping in (
        settings.rights.roles,
        settings.rights.roles["student"],
        settings.rest.reachable,
        settings.files.roles,
        settings.files.rules.roles,
    ):
        with pytest.raises(TypeError):
            mapping["student"] = True


def test_an_ipv6_address_to_listen_on_becomes_an_address_with_brackets(load: Load) -> None:
    assert load(SHORT + "web: {listen_host: '::1'}").web.public_url == "http://[::1]:8009"


def test_an_alias_repeats_the_hours_of_another_day(load: Load) -> None:
    windows = load(SHORT + "rest:\n  reachable:\n    mon: &day ['08:00-16:00']\n    tue: *day\n").rest.windows
    assert windows == (Window(0, 480, 960), Window(1, 480, 960))


def test_relative_paths_are_relative_to_the_file_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "school.yaml").write_text(SHORT)
    monkeypatch.chdir(tmp_path.parent)
    settings = load_settings(Path(tmp_path.name) / "school.yaml")
    assert settings.secrets.message_keys == tmp_path / "secrets" / "message_keys"
    assert settings.path.is_absolute()


# --- The database -----------------------------------------------------------------------------------------------


def test_a_sqlite_address_gets_the_driver_for_each_world(load: Load, tmp_path: Path) -> None:
    database = load(SHORT + "database: {url: 'sqlite:///data/50%.db'}").database
    urls = [database.sqlalchemy_url("sync"), database.sqlalchemy_url("async")]
    assert [url.drivername for url in urls] == ["sqlite+pysqlite", "sqlite+aiosqlite"]
    assert {url.database for url in urls} == {f"{tmp_path}/data/50%.db"}


def test_a_postgresql_address_gets_driver_and_password_and_shows_none(load: Load, tmp_path: Path) -> None:
    database = load(GOOD).database
    password_file = tmp_path / "db_password"
    password_file.write_text("p@ss/w?rd\n")
    password_file.chmod(0o600)
    url = database.sqlalchemy_url("async")
    assert (url.drivername, url.password, url.database) == ("postgresql+asyncpg", "p@ss/w?rd", "school")
    assert database.sqlalchemy_url("sync").drivername == "postgresql+psycopg2"
    assert "p@ss" not in f"{url} {url!r} {database!r} {load(GOOD)!r}"


def test_postgresql_without_password_file_has_no_password(load: Load) -> None:
    database = load(SHORT + "database: {url: 'postgresql:///school?sslmode=require'}").database
    assert database.sqlalchemy_url("sync").query == {"sslmode": "require"}
    assert database.sqlalchemy_url("async").query == {"ssl": "require"}
    assert database.sqlalchemy_url("async").password is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://school:hunter2@db/school",
        "postgresql://school:@db/school",
        "postgresql://school@db/school?password=hunter2",
        "mysql://school:hunter2@db/school",
        "postgresql://school:hunter2@db:port/school",
        "postgresql+asyncpg://school:hunter2@db/school",
        "sqlite://hunter2",
        "hunter2",
    ],
)
def test_no_sentence_about_the_database_repeats_its_address(load: Load, url: str) -> None:
    (problem,) = problems_of(load, SHORT + f"database:\n  url: {url}\n")
    assert "line 7: database.url must " in problem
    assert "hunter2" not in problem


# --- One thing broken -------------------------------------------------------------------------------------------

BROKEN = {
    "an unknown key that is nearly one": (
        SHORT + "web:\n  listen_prt: 1\n",
        ["line 7", "web.listen_prt is no key", "Did you mean web.listen_port?"],
    ),
    "a key with a hyphen": (SHORT + "rest:\n  free-days: []\n", ["line 7", "Did you mean rest.free_days?"]),
    "a key in the wrong section": (SHORT + "language: en\n", ["line 6", "Did you mean school.language?"]),
    "an unknown key like nothing": (SHORT + "xyz: 1\n", ["line 6: xyz is no key that Schulbote knows."]),
    "an unknown key in a list": (
        SHORT + "register:\n  group_kinds:\n    - pattern: x\n      kinds: club\n      kind: club\n",
        ["line 9", "Did you mean register.group_kinds.kind?"],
    ),
    "a missing key": (
        SHORT.replace("  server_name: schule-am-see.de\n", ""),
        ["line 3", 'matrix.server_name is missing; add a line "server_name: …" under "matrix:"'],
    ),
    "a missing section": (SHORT.replace("school:\n  name: Gesamtschule am See\n", ""), ["school.name is missing"]),
    "a section that is text": (SHORT + "web: 8009\n", ["line 6: web must be keys with values"]),
    "a section that is a list": (SHORT + "rest: [a]\n", ["line 6: rest must be keys with values"]),
    "a key without a value": (SHORT + "web:\n  listen_port:\n", ["line 7", "web.listen_port has no value"]),
    "a boolean where text belongs": (
        SHORT.replace("Gesamtschule am See", "true"),
        ["line 2: school.name must be text; put quotation marks around it."],
    ),
    "an empty name": (SHORT.replace("Gesamtschule am See", "' '"), ["line 2", "not empty"]),
    "a yes where a boolean belongs": (
        SHORT + "rest:\n  colleagues_pass: yes\n",
        ["line 7: rest.colleagues_pass must be true or false"],
    ),
    "text where a number belongs": (SHORT + "web:\n  listen_port: '80'\n", ["line 7", "must be a whole number"]),
    "a fraction where a whole number belongs": (SHORT + "web: {listen_port: 8.5}\n", ["must be a whole number"]),
    "a port that does not exist": (SHORT + "web: {listen_port: 65536}\n", ["is too large; write 65535 at most"]),
    "no port at all": (SHORT + "web: {listen_port: 0}\n", ["is too small; write 1 or more"]),
    "a share above all": (SHORT + "register: {guard: {share: 5}}\n", ["register.guard.share is too large"]),
    "a share that is text": (SHORT + "register: {guard: {share: 5%}}\n", ["must be a number, such as 0.05"]),
    "a language without texts": (
        SHORT.replace("  name:", "  language: fr\n  name:"),
        ["line 2", 'school.language must be one of "de" or "en"'],
    ),
    "a zone in the wrong case": (
        SHORT.replace("  name:", "  time_zone: europe/berln\n  name:"),
        ["line 2: school.time_zone must be", 'Did you mean "Europe/Berlin"?'],
    ),
    "a zone that is a path": (SHORT.replace("  name:", "  time_zone: ../../etc\n  name:"), ["school.time_zone must"]),
    "a server name with a scheme": (
        SHORT.replace("schule-am-see.de", "https://schule-am-see.de"),
        ["line 4: matrix.server_name must be the bare name"],
    ),
    "a homeserver address without a scheme": (
        SHORT.replace("http://127.0.0.1:8008", "localhost:8008"),
        ["line 5: matrix.homeserver_url must be a web address"],
    ),
    "a homeserver address with an impossible port": (
        SHORT.replace(":8008", ":80808"),
        ["line 5: matrix.homeserver_url must be a web address; host and port"],
    ),
    "a web address with a question": (SHORT + "web: {public_url: 'https://x.de/?a'}", ['without "?" and "#"']),
    "a web address with a user": (SHORT + "web: {public_url: 'https://a:b@x.de'}", ["must not contain a user name"]),
    "a bot with capitals": (SHORT + "  bot: Bote\n", ["line 6: matrix.bot must be small letters"]),
    "a proxy that is no address": (
        SHORT + "web: {trusted_proxies: [proxy.local]}",
        ['must be addresses such as "10.0.0.7"', '"proxy.local" is neither'],
    ),
    "a listen address with a port": (SHORT + "web: {listen_host: 'http://x'}", ["use web.listen_port for the port"]),
    "another database": (SHORT + "database:\n  url: mysql://db/x\n", ["line 7", '"sqlite:///FILE" or "postgresql']),
    "a database of a wrong word": (SHORT + "database: {url: 'postgres://db/x'}", ['begin with "postgresql://"']),
    "a database with a password": (
        SHORT + "database: {url: 'postgresql://a:b@db/x'}",
        ["must not contain a password", "file of mode 0600 and name it in database.password_file"],
    ),
    "a database without a name": (SHORT + "database: {url: 'postgresql://a@db'}", ["name of the database is missing"]),
    "sqlite in memory": (SHORT + "database: {url: 'sqlite:///:memory:'}", ["three slashes and a file"]),
    "a password for sqlite": (SHORT + "database: {password_file: x}", ["line 6", "database has a password_file"]),
    "a path that is a number": (SHORT + "secrets: {folder: 5}", ["secrets.folder must be a path"]),
    "a path of the shell": (SHORT + "secrets: {folder: ~/x}", ["`~` is not understood"]),
    "an unknown right": (
        SHORT + "rights:\n  roles:\n    student:\n      fly: true\n",
        ["line 9", 'there is no right "fly"; rights are message_everyone, '],
    ),
    "a right that is nearly one": (
        SHORT + "rights: {roles: {student: {create_room: true}}}",
        ["line 6", 'there is no right "create_room"; did you mean "create_rooms"?'],
    ),
    "a right that is neither given nor taken": (
        SHORT + "rights:\n  groups:\n    5a:\n      create_rooms: no\n",
        ["line 9: rights.groups.5a.create_rooms must be true or false"],
    ),
    "an unknown role": (
        SHORT + "rights:\n  roles:\n    studnt: {create_rooms: true}\n",
        ["line 8", 'there is no role "studnt"', "rights.added_roles", 'did you mean "student"?'],
    ),
    "an unknown resting role": (SHORT + "rest:\n  roles: [teacher,\n    janitor]\n", ["line 8", 'no role "janitor"']),
    "an added role that is built in": (SHORT + "rights: {added_roles: [teacher]}", ['"teacher" is built in']),
    "a widget without conferences": (SHORT + "conferences: {widget: true}", ["line 6", "bbb.url", "web.element_url"]),
    "an added role with a capital": (SHORT + "rights: {added_roles: [Staff]}", ["must be small letters"]),
    "rights as a list": (SHORT + "rights: {roles: [student]}", ["line 6: rights.roles must be keys with values"]),
    "hours of a German day": (
        SHORT + "rest:\n  reachable:\n    Mo: []\n",
        ["line 8: rest.reachable.Mo is no weekday", 'Did you mean "mon"?'],
    ),
    "hours that are no list": (
        SHORT + "rest:\n  reachable:\n    mon: 08:00-16:00\n",
        ["line 8: rest.reachable.mon must be a list"],
    ),
    "hours without minutes": (
        SHORT + "rest:\n  reachable:\n    mon:\n      - 08:00-16:00\n      - 8-16\n",
        ["line 10: rest.reachable.mon must be a span of time", 'it is "8-16"'],
    ),
    "hours beyond the day": (SHORT + "rest: {reachable: {mon: ['08:00-25:00']}}", ["between 00:00 and 24:00"]),
    "hours without length": (SHORT + "rest: {reachable: {mon: ['08:00-08:00']}}", ["has no length"]),
    "hours that are a number": (SHORT + "rest: {reachable: {mon: [8]}}", ["must be text"]),
    "a day in two lines": (
        SHORT + "rest: {reachable: {mon-fri: ['8:00-9:00'], tue: ['9:00-10:00']}}",
        ['rest.reachable names "tue" twice'],
    ),
    "a day twice in one line": (SHORT + "rest: {reachable: {'mon,mon': []}}", ["names a day twice"]),
    "no hours at all": (SHORT + "rest: {reachable: {mon: []}}", ["nobody could ever be reached"]),
    "a limit of files that is nearly a key": (
        SHORT + "files:\n  max_megabyte: 5\n",
        ["line 7: files.max_megabyte is no key", "Did you mean files.max_megabytes?"],
    ),
    "a limit of a role that is nearly a key": (
        SHORT + "files:\n  roles:\n    student:\n      type: [image/*]\n",
        ["line 9: files.roles.student.type is no key"],
    ),
    "a limit of files with a unit": (
        SHORT + "files:\n  max_megabytes: 50M\n",
        ["line 7: files.max_megabytes must be a whole number"],
    ),
    "files of no size": (
        SHORT + "files: {max_megabytes: 0}",
        ["line 6", "max_megabytes is too small; write 1 or more"],
    ),
    "files of a role of no size": (
        SHORT + "files:\n  roles:\n    student:\n      max_megabytes: 0\n",
        ["line 9: files.roles.student.max_megabytes is too small"],
    ),
    "files of any size": (SHORT + "files: {max_megabytes: 10001}", ["is too large; write 10000 at most"]),
    "types that are no list": (SHORT + "files:\n  types: image/*\n", ["line 7: files.types must be a list"]),
    "no type at all": (
        SHORT + "files:\n  types: []\n",
        ["line 7: files.types names no type, so no file could be sent; take the line out"],
    ),
    "an ending where a type belongs": (
        SHORT + "files:\n  types: [image/*, .pdf]\n",
        ["line 7: files.types must name media types in small letters", '".pdf" is none'],
    ),
    "a type in capitals": (SHORT + "files: {types: [Image/PNG]}", ['"Image/PNG" is none']),
    "a type with a parameter": (SHORT + "files: {types: [text/plain; charset=utf-8]}", ['charset=utf-8" is none']),
    "a type of a role that is none": (
        SHORT + "files:\n  roles:\n    student:\n      types: [pdf]\n",
        ["line 9: files.roles.student.types must name media types", '"pdf" is none'],
    ),
    "an unknown role with files": (
        SHORT + "files:\n  roles:\n    studnt: {max_megabytes: 5}\n",
        ["line 8: files.roles.studnt:", 'there is no role "studnt"', 'did you mean "student"?'],
    ),
    "a role with files that is a number": (
        SHORT + "files:\n  roles:\n    student: 20\n",
        ["line 8: files.roles.student must be keys with values"],
    ),
    "an unknown role with encryption": (
        SHORT + "encryption:\n  roles: [teacher,\n    techer]\n",
        ["line 8: encryption.roles:", 'there is no role "techer"', 'did you mean "teacher"?'],
    ),
    "encryption that is switched on": (SHORT + "encryption: true\n", ["line 6: encryption must be keys with values"]),
    "encryption for one role without a list": (
        SHORT + "encryption:\n  roles: teacher\n",
        ["line 7: encryption.roles must be a list"],
    ),
    "a school year that ends on a day which most years do not have": (
        SHORT + 'groups:\n  year_ends: "02-29"\n',
        ["line 7: groups.year_ends must be a month and a day of every year", 'it is "02-29"'],
    ),
    "a school year that ends in a certain year": (SHORT + "groups: {year_ends: 2027-07-31}", ['it is "2027-07-31"']),
    "owners who are told half a year before": (SHORT + "groups: {tell_days_before: 200}", ["groups.tell_days_before"]),
    "a country in words": (SHORT + "rest: {holidays: {country: Germany}}", ['such as "DE"; it is "Germany"']),
    "a holiday without a country": (SHORT + "rest:\n  holidays: {}\n", ["line 7: rest.holidays.country is missing"]),
    "a free day of another order": (
        SHORT + "rest:\n  free_days:\n    - 2026-05-15\n    - 15.05.2026\n",
        ["line 9: rest.free_days must be dates such as 2026-05-15", '"15.05.2026"'],
    ),
    "a free day that does not exist": (SHORT + "rest: {free_days: [2026-02-30]}", ['it is "2026-02-30"']),
    "free days that run backward": (SHORT + "rest: {free_days: [2026-05-18..2026-05-15]}", ["must run forward"]),
    "a pattern that is none": (
        SHORT + "register:\n  group_kinds:\n    - pattern: '('\n      kind: club\n",
        ["line 8: register.group_kinds.pattern must be a regular expression"],
    ),
    "a kind that is none": (
        SHORT + "register:\n  group_kinds:\n    - {pattern: x, kind: team}\n",
        ["line 8: register.group_kinds.kind must be one of", '"club"'],
    ),
    "a sample server name": (
        SHORT.replace("schule-am-see.de", "schule.example"),
        ["line 4", 'school.yaml still holds the sample value "schule.example" for matrix.server_name'],
    ),
    "a sample address": (SHORT + "web: {public_url: 'https://www.example.org'}", ["line 6", '"www.example.org"']),
    "a sample school": (
        SHORT.replace("Gesamtschule am See", "Schule am Beispielweg"),
        ["line 2", "still holds the sample value", "school.name"],
    ),
    "a key twice": (
        SHORT + "web:\n  listen_port: 1\n  listen_host: x\n  listen_port: 1\n",
        ["line 9: web.listen_port stands here again; it is in line 7 already"],
    ),
    "a section twice": (SHORT + "school: {name: x}\n", ["line 6: school stands here again"]),
    "a list as key": (SHORT + "? [a]\n: 1\n", ["line 6: a key must be text"]),
    "a tag": (SHORT + "web: {public_url: !env X}\n", ["line 6: web.public_url has a tag"]),
    "half a character": (SHORT.replace("Gesamtschule am See", '"\\ud83c"'), ["line 2: school.name holds half"]),
    "an alias inside itself": (SHORT + "rest: {roles: &a [*a]}\n", ["line 6: rest.roles contains itself"]),
    "a tab": (SHORT + "web:\n\tlisten_port: 1\n", ["line 7: the line begins with a tab; indent with blanks."]),
    "an open bracket": (SHORT + "rest: {roles: [teacher}\n", ["line 6: this is not YAML"]),
    "a missing colon": (SHORT + "web\n", ["line", "this is not YAML"]),
    "two documents": (SHORT + "---\na: 1\n", ["line 6: this is not YAML"]),
    "deep brackets": ("[" * 500, ["nested too deeply"]),
    "a control character": (SHORT + "# \x01\n", ["line 6: there is a character that cannot be printed"]),
    "an empty file": ("# nothing\n", ["the file is empty; begin with a copy of config/school.yaml"]),
    "a list": ("- a\n", ["line 1: the file must consist of keys and values"]),
    "a word": ("Gesamtschule\n", ["line 1: the file must consist of keys and values"]),
    "a wrong encoding": (SHORT.replace("am See", "Müritz").encode("latin-1"), ["line 2: this is not UTF-8"]),
    "UTF-16": (SHORT.encode("utf-16"), ["line 1: this is not UTF-8"]),
}


@pytest.mark.parametrize(("text", "parts"), BROKEN.values(), ids=BROKEN.keys())
def test_one_thing_broken_is_one_sentence(load: Load, tmp_path: Path, text: str | bytes, parts: list[str]) -> None:
    (problem,) = problems_of(load, text)
    assert problem.startswith(str(tmp_path / "school.yaml"))
    assert problem.endswith((".", "?"))
    assert "\n" not in problem
    for part in parts:
        assert part in problem


@pytest.mark.parametrize(("written", "meant"), [("type", "types"), ("max-megabytes", "max_megabytes")])
def test_the_key_that_was_probably_meant_is_named_below_a_role_as_well(load: Load, written: str, meant: str) -> None:
    (problem,) = problems_of(load, SHORT + f"files: {{roles: {{student: {{{written}: 1}}}}}}\n")
    assert f"Did you mean files.roles.{meant}?" in problem


def test_several_problems_are_all_named_from_top_to_bottom(load: Load) -> None:
    text = SHORT.replace("schule-am-see.de", "schule.example") + "web:\n  port: 1\n  listen_port: x\n"
    problems = problems_of(load, text)
    assert [re.search(r"line (\d+)", problem)[1] for problem in problems] == ["4", "7", "8"]  # type: ignore[index]


def test_a_file_with_a_byte_order_mark_is_read(load: Load) -> None:
    assert load(SHORT.encode("utf-8-sig")).school.name == "Gesamtschule am See"


def test_a_missing_file_and_a_folder_are_one_sentence_each(tmp_path: Path) -> None:
    for path, part in (
        (tmp_path / "school.yaml", "there is no such file"),
        (tmp_path, "this is a folder"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (tmp_path / "a\0b", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=part):
            load_settings(path)


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may read everything, so who runs the tests as root is somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file_is_one_sentence() -> None:
    with TemporaryDirectory() as folder:  # not tmp_path, into which nobody else may look
        Path(folder).chmod(0o755)
        path = Path(folder) / "school.yaml"
        path.write_text(SHORT)
        path.chmod(0)
        with as_an_ordinary_user(), pytest.raises(ConfigError, match="this user may not read the file"):
            load_settings(path)


def test_a_demo_may_hold_sample_values(load: Load) -> None:
    assert load(SHORT.replace("schule-am-see.de", "schule.example") + "demo: true\n").demo


def test_a_demo_server_name_is_no_sample(load: Load) -> None:
    assert load(SHORT.replace("schule-am-see.de", "schule.localhost")).matrix.server_name == "schule.localhost"


# --- Whatever stands there, it is a sentence --------------------------------------------------------------------

ODD_VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    0.5,
    1e999,
    "",
    "x",
    "\0",
    [],
    [None],
    [[]],
    {},
    {"x": None},
    {"x": {"y": 1}},
]


def odd_files() -> list[dict[str, Any]]:
    """Data with one odd value at one place: each key, each entry of a list, each value of a mapping."""
    files: list[dict[str, Any]] = [{}]
    for place in keys_of(Settings):
        for value in ODD_VALUES:
            for wrapped in (value, [value], {"student": value}, {"student": {"create_rooms": value}}, {"mon": value}):
                data: Any = wrapped
                for depth in range(len(place) - 1, -1, -1):
                    data = {place[depth]: data}
                    if place[:depth] == ("register", "group_kinds"):
                        data = [data]
                files.append(data)
    return files


def test_every_error_that_can_occur_has_its_sentence_and_no_sentence_is_idle(tmp_path: Path) -> None:
    source = Source(tmp_path / "school.yaml", {}, {})
    occurred: set[str] = set()
    for data in odd_files():
        sections: dict[str, Any] = {str(place[0]): {} for place in keys_of(Settings) if len(place) == 2}
        try:
            Settings.model_validate_json(json.dumps(sections | data), context=source)
        except ValidationError as error:
            occurred |= {detail["type"] for detail in error.errors()}
    assert occurred == KNOWN_ERRORS


def test_an_error_that_nobody_thought_of_is_a_sentence_without_its_value(tmp_path: Path) -> None:
    error = ErrorDetails(type="date_parsing", loc=("database", "url"), msg="jargon", input="hunter2")
    line, sentence = explain(error, Source(tmp_path / "school.yaml", {}, {("database",): 7}), Settings)
    assert (line, sentence) == (7, "database.url cannot be used as it is; see docs/configuration.md.")


def test_files_cut_or_mixed_at_random_never_raise_anything_but_a_config_error(load: Load) -> None:
    chance = random.Random(2026)
    pieces = [*GOOD.splitlines(keepends=True), "\t", "*a", "&a ", "- ", "? ", "{", "]", "!!int ", "|\n", '"', "%", "\0"]
    for _ in range(100):
        lines = GOOD.splitlines(keepends=True)
        for _ in range(chance.randint(1, 3)):
            lines.insert(chance.randrange(len(lines)), chance.choice(pieces))
            del lines[chance.randrange(len(lines))]
        text = "".join(lines)
        try:
            load(text[: chance.randint(1, len(text))])
        except ConfigError:
            continue


# --- Secrets ----------------------------------------------------------------------------------------------------

KEY = b64encode(b"k" * 32).decode()


def secret_file(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def test_a_secret_is_the_one_line_of_its_file(tmp_path: Path) -> None:
    assert read_secret(secret_file(tmp_path, "\n t0ken \n")) == "t0ken"


def test_keys_come_newest_first_as_they_stand_there(tmp_path: Path) -> None:
    older = b64encode(b"o" * 32).decode()
    assert read_keys(secret_file(tmp_path, f"{KEY}\n\n{older}\n")) == (b"k" * 32, b"o" * 32)


@pytest.mark.parametrize("read", [read_secret, read_keys])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_secret_open_to_others_is_refused(tmp_path: Path, read: Callable[[Path], object], mode: int) -> None:
    path = secret_file(tmp_path, KEY, mode)
    with pytest.raises(ConfigError, match=re.escape(f"chmod 600 {path}")) as caught:
        read(path)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("read", [read_secret, read_keys])
@pytest.mark.parametrize(("text", "part"), [("", "is empty"), (" \n\n", "is empty"), (b"\xff\xfe", "is not text")])
def test_a_secret_that_is_none_is_refused(
    tmp_path: Path, read: Callable[[Path], object], text: str | bytes, part: str
) -> None:
    with pytest.raises(ConfigError, match=part):
        read(secret_file(tmp_path, text))


@pytest.mark.parametrize("read", [read_secret, read_keys])
def test_a_missing_secret_and_a_folder_are_one_sentence_each(tmp_path: Path, read: Callable[[Path], object]) -> None:
    for path, part in (
        (tmp_path / "none", "is missing"),
        (tmp_path, "something else"),
        (tmp_path / "a\0b", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=part):
            read(path)


def test_a_secret_of_two_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="single line"):
        read_secret(secret_file(tmp_path, "a\nb\n"))


@pytest.mark.parametrize("line", ["hunter2", b64encode(b"hunter2").decode(), "hünter2"])
def test_a_line_that_is_no_key_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match="line 2: this is no key") as caught:
        read_keys(secret_file(tmp_path, f"{KEY}\n{line}\n"))
    assert line not in str(caught.value)


def test_every_secret_has_its_file_in_the_folder(load: Load, tmp_path: Path) -> None:
    secrets = load(SHORT).secrets
    names = (
        "appservice_token",
        "homeserver_token",
        "module_token",
        "message_keys",
        "web_key",
        "identity_key",
        "code_key",
        "task_keys",
    )
    assert [getattr(secrets, name) for name in names] == [tmp_path / "secrets" / name for name in names]


# --- Documentation ----------------------------------------------------------------------------------------------


def all_of_the_sample() -> str:
    """The sample with every setting switched on: `#key: value` is a setting, `# text` a comment."""
    return re.sub(r"^( *)#(?=[^ #\n])", r"\1", SAMPLE.read_text(), flags=re.MULTILINE)


def test_the_sample_as_it_is_complains_of_sample_values_only(load: Load) -> None:
    problems = problems_of(load, SAMPLE.read_text())
    assert problems
    assert all("still holds the sample value" in problem for problem in problems)


def test_the_sample_has_every_key_and_can_be_loaded(load: Load) -> None:
    assert sorted(keys_written(load(all_of_the_sample()))) == KEYS


def keys_written(section: Any, prefix: str = "") -> set[str]:
    """The keys of a section that its file has, and of the sections in it, in a list of it or in a mapping of it."""
    written = set()
    for name in section.model_fields_set:
        key = prefix + (type(section).model_fields[name].alias or name)
        written.add(key)
        value = getattr(section, name)
        for inner in value if isinstance(value, tuple) else value.values() if isinstance(value, Mapping) else (value,):
            if hasattr(inner, "model_fields_set"):
                written |= keys_written(inner, f"{key}.")
    return written


def test_a_boolean_in_the_sample_is_the_opposite_of_its_default(load: Load) -> None:
    sample, short = load(all_of_the_sample()), load(SHORT)
    assert (sample.demo, sample.rest.colleagues_pass) == (not short.demo, not short.rest.colleagues_pass)
    assert sample.rest.holidays is not None
    assert not sample.rest.holidays.school_holidays


@pytest.mark.parametrize("path", DOCS, ids=["English", "German"])
def test_the_docs_have_one_row_for_every_key(path: Path) -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \|", path.read_text(), flags=re.MULTILINE)
    sections = {dotted(place[:-1]) for place in keys_of(Settings)}
    assert len(rows) == len(set(rows))
    assert set(KEYS) - sections <= set(rows) <= set(KEYS)


@pytest.mark.parametrize("path", DOCS, ids=["English", "German"])
def test_the_docs_name_the_defaults_that_the_schema_has(path: Path) -> None:
    text = path.read_text()
    for row in re.findall(r"^\| `.*\|$", text, flags=re.MULTILINE):
        key, _, default, _ = (cell.strip() for cell in row.strip("|").split(" | "))
        expected = default_of(key.strip("`"))
        if expected is not None:
            assert default == f"`{expected}`", key


def default_of(key: str) -> str | None:
    """How the docs write the default of a key; None where it is computed or there is none."""
    model: Any = Settings
    *sections, name = key.split(".")
    for section in sections:
        fields = {field.alias or field_name: field for field_name, field in model.model_fields.items()}
        model = next(
            (
                part
                for part in (fields[section].annotation, *getattr(fields[section].annotation, "__args__", ()))
                if hasattr(part, "model_fields")
            ),
            None,
        )
        if model is None:  # a list of sections: its keys have no defaults
            return None
    field = {field.alias or field_name: field for field_name, field in model.model_fields.items()}[name]
    if field.is_required() or field.default_factory or field.default is None:
        return None
    if isinstance(field.default, bool):
        return str(field.default).lower()
    if isinstance(field.default, tuple):
        return f"[{', '.join(field.default)}]"
    return str(field.default)


# --- Where it is loaded -----------------------------------------------------------------------------------------


def test_synapse_need_not_install_what_only_the_server_needs() -> None:
    code = (
        "import sys, school.config; print(*{'aiohttp', 'aiosqlite', 'mautrix', 'holidays', 'click'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == ""


# --- How people sign in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        (
            "{sign_in: ldap}",
            "school.yaml says accounts.sign_in: ldap, but not which directory server; add register.ldap.",
        ),
        ("{sign_in: oidc}", "accounts says sign_in: oidc, but not where that is; add accounts.oidc."),
    ],
)
def test_who_signs_in_elsewhere_says_where(load: Any, accounts: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(f"{SHORT}accounts: {accounts}\n")
