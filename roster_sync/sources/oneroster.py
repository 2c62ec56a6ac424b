"""A OneRoster bundle of CSV files: 1.1 (the role stands in users.csv) and 1.2 (the roles stand in roles.csv).

Only complete ("bulk") bundles are read: a "delta" cannot say who is gone. Rows with the status `tobedeleted` and users
with `enabledUser` false are left out. A user whose role has no place in a school's messenger is left out and a doubt
says so. An id that stands nowhere in the bundle is an error: then half of another file is missing.
Begin and end dates are not looked at: a reader has no clock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from roster_sync.sources.csv_files import Row, Table, by_id, read_table
from roster_sync.sources.extract import Extract
from roster_sync.sources.files import Place
from roster_sync.sources.options import RegisterOptions, enumerate_briefly
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, RegisterError, RosterGroup, RosterPerson

ONEROSTER_FILES: Final = ("manifest.csv", "users.csv", "classes.csv", "enrollments.csv")

_ID: Final = "sourcedId"
_USER, _CLASS, _AGENTS = "userSourcedId", "classSourcedId", "agentSourcedIds"
_COLUMNS: Final = {
    "users": (_ID, "givenName", "familyName"),
    "classes": (_ID, "title"),
    "enrollments": (_CLASS, _USER),
    "roles": (_USER, "role"),
}

# OneRoster's role -> role at the school, leadership. Of several roles of one user the first listed here counts.
_ROLES: Final[Mapping[str, tuple[Role, bool]]] = {
    "administrator": (TEACHER, True),  # 1.1
    "principal": (TEACHER, True),  # 1.2
    "siteadministrator": (TEACHER, True),  # 1.2
    "teacher": (TEACHER, False),
    "aide": (TEACHER, False),
    "student": (STUDENT, False),
    "guardian": (GUARDIAN, False),
    "parent": (GUARDIAN, False),
    "relative": (GUARDIAN, False),
}


def read_oneroster(folder: Place, options: RegisterOptions) -> Extract:
    """Read users, their roles, classes and enrollments.

    Raises:
        RegisterError: a file is missing, not complete, or cannot be used as it is.
    """
    tables = {name: _table(folder, name) for name in _files(folder)}
    doubts = [doubt for table in tables.values() for doubt in table.doubts]
    users, classes = by_id((_ID,), tables["users"]), by_id((_ID,), tables["classes"])
    role_rows = _current(tables.get("roles", tables["users"]).rows)
    words = _role_words(role_rows, _USER if "roles" in tables else _ID, users)
    enabled = {ident for ident, row in users.items() if _is_enabled(row)}
    roles = {ident: _ROLES[word] for ident, word in words.items() if word in _ROLES and ident in enabled}
    if others := [users[ident].number for ident in users if ident in enabled and ident not in roles]:
        rows = enumerate_briefly(others)
        doubts.append(f"users.csv, rows {rows}: left out, because their role has no place in the messenger.")
    groups = {GroupKey(row.cell(_ID)): _group(row, options) for row in _current(classes.values())}
    memberships = _memberships(tables["enrollments"], users, classes)
    wards = _wards(users, roles)
    persons = {
        PersonId(ident): RosterPerson(
            id=PersonId(ident),
            given_name=users[ident].required("givenName"),
            family_name=users[ident].required("familyName"),
            role=role,
            groups=frozenset(memberships[ident] & groups.keys()),
            leadership=leadership,
            wards=frozenset(wards[ident]),
            login=options.login(users[ident].text("username")),
        )
        for ident, (role, leadership) in roles.items()
    }
    places = {ident: users[ident].row for ident in persons}
    return Extract(source=folder.name, persons=persons, groups=groups, doubts=tuple(doubts), places=places)


def _files(folder: Place) -> Iterable[str]:
    """The files to read, by the version that the manifest names; every one must be in the bundle as a whole."""
    manifest = read_table(folder / "manifest.csv", separator=",", required=("propertyName", "value"))
    rows = {row.cell("propertyName").casefold(): row for row in manifest.rows}

    def said(key: str) -> str:
        if (row := rows.get(key.casefold())) is None:
            raise RegisterError(f"manifest.csv, column propertyName: {key} is missing; export the bundle anew.")
        return row.cell("value").casefold()

    versions = {
        "1.1": ("users", "classes", "enrollments"),
        "1.2": ("users", "classes", "enrollments", "roles"),
    }
    if (version := said("oneroster.version")) not in versions:
        row = rows["oneroster.version"]
        raise row.error("value", "this version of OneRoster is not known; export version 1.1 or 1.2")
    for name in versions[version]:
        if said(f"file.{name}") != "bulk":
            advice = f"{name}.csv must be there as a whole; export it as bulk, not as delta or absent"
            raise rows[f"file.{name}"].error("value", advice)
    return versions[version]


def _table(folder: Place, name: str) -> Table:
    return read_table(folder / f"{name}.csv", separator=",", required=_COLUMNS[name])


def _current(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.cell("status").casefold() not in ("tobedeleted", "inactive")]


def _is_enabled(row: Row) -> bool:
    return bool(_current([row])) and row.cell("enabledUser").casefold() != "false"


def _role_words(rows: Iterable[Row], id_column: str, users: Mapping[str, Row]) -> Mapping[str, str]:
    """What each user is: the primary role, else the one that comes first in `_ROLES`."""
    ranks = {word: rank for rank, word in enumerate(_ROLES)}
    found = defaultdict(list)
    for row in rows:
        word = row.required("role").casefold()
        is_secondary = row.cell("roleType").casefold() == "secondary"
        found[_known(row, id_column, users)].append((word not in ranks, is_secondary, ranks.get(word, 0), word))
    return {ident: min(words)[-1] for ident, words in found.items()}


def _known(row: Row, column: str, others: Mapping[str, Row]) -> str:
    if (ident := row.required(column)) not in others:
        raise row.error(column, "this ID stands nowhere in the bundle; export all its files anew, together")
    return ident


def _group(row: Row, options: RegisterOptions) -> RosterGroup:
    """The kind stands in `subjects`; else a homeroom is a class; else the title tells."""
    title = row.required("title")
    kinds = [GroupKind(word) for word in row.several("subjects", ",") if word in set(GroupKind)]
    if row.cell("classType").casefold() == "homeroom":
        kinds.append(GroupKind.CLASS)
    kind = kinds[0] if kinds else options.kind_of(title)
    return RosterGroup(key=GroupKey(row.required(_ID)), name=title, kind=kind)


def _memberships(table: Table, users: Mapping[str, Row], classes: Mapping[str, Row]) -> defaultdict[str, set[GroupKey]]:
    found: defaultdict[str, set[GroupKey]] = defaultdict(set)
    for row in _current(table.rows):
        found[_known(row, _USER, users)].add(GroupKey(_known(row, _CLASS, classes)))
    return found


def _wards(users: Mapping[str, Row], roles: Mapping[str, tuple[Role, bool]]) -> defaultdict[str, set[PersonId]]:
    """Whose guardian somebody is; the bundle may say so in the guardian's row or in the child's."""
    role_of = {ident: role for ident, (role, _) in roles.items()}
    found: defaultdict[str, set[PersonId]] = defaultdict(set)
    for ident, row in users.items():
        for other in row.several(_AGENTS, ","):
            if other not in users:
                raise row.error(_AGENTS, "an ID in this cell stands nowhere in users.csv; export it anew")
            for guardian, child in ((ident, other), (other, ident)):
                if role_of.get(guardian) == GUARDIAN and role_of.get(child) == STUDENT:
                    found[guardian].add(PersonId(child))
    return found
