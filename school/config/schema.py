"""The keys of school.yaml: names, types, defaults. Every section is one class, every key one field.

All of it is frozen. A key that is not here is an error. docs/configuration.md explains each key, and a test
compares both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)
from sqlalchemy import URL

from school.config import values
from school.config.accounts import AccountSettings, SignIn
from school.config.conferences import BbbSettings, ConferenceSettings
from school.config.keep import KeepSettings
from school.config.letters import LetterSettings
from school.config.register import RegisterSettings
from school.config.rest import RestSettings
from school.config.secret_files import read_secret
from school.config.section import FilePath, RoleName, Section, Text, WebAddress, frozen, source_of
from school.config.source import Source, dotted
from school.config.tasks import TaskSettings
from school.domain.files import FileLimits, FileRules
from school.domain.groups import GroupKind
from school.domain.layout import NAME
from school.domain.people import BUILT_IN_ROLES, Role, UserId
from school.domain.rights import Level, Right, Rule
from school.domain.school_groups import SchoolYear


def _database_url(text: str, info: ValidationInfo) -> str:
    return values.database_url(source_of(info).folder, text)


_Grants = Annotated[Mapping[Right, bool], AfterValidator(frozen)]
_GrantsByName = Annotated[Mapping[Text, _Grants], AfterValidator(frozen)]


class SchoolSettings(Section):
    """Who the school is."""

    name: Text
    language: Literal["de", "en"] = "de"
    time_zone: Annotated[str, AfterValidator(values.time_zone)] = "Europe/Berlin"


class MatrixSettings(Section):
    """The homeserver."""

    server_name: Annotated[str, AfterValidator(values.server_name)]
    homeserver_url: WebAddress
    public_url: WebAddress = Field(default_factory=lambda others: others.get("homeserver_url", "http://unknown"))
    bot: Annotated[str, AfterValidator(values.localpart)] = "schulbote"

    @property
    def bot_user_id(self) -> UserId:
        """The Matrix id of the bot."""
        return UserId(f"@{self.bot}:{self.server_name}")


def _own_address(others: Mapping[str, Any]) -> str:
    host, port = others.get("listen_host", "unknown"), others.get("listen_port", 80)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class WebSettings(Section):
    """The web pages, and where Synapse reaches the appservice."""

    listen_host: Annotated[str, AfterValidator(values.listen_host)] = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=1, le=65535)] = 8009
    public_url: WebAddress = Field(default_factory=_own_address)
    element_url: WebAddress | None = None
    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(values.networks)] = ("127.0.0.0/8", "::1")


class DatabaseSettings(Section):
    """The database of the school (not the one of Synapse)."""

    url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///schulbote.db"
    password_file: FilePath | None = None

    @model_validator(mode="after")
    def _password_has_a_use(self) -> "DatabaseSettings":
        if self.password_file and self.url.startswith("sqlite:"):
            raise ValueError("has a password_file, which SQLite does not need; take the line out.")
        return self

    def sqlalchemy_url(self, driver: Literal["sync", "async"]) -> URL:
        """The address with its driver and the password from its file.

        Raises:
            ConfigError: the file with the password cannot be used.
        """
        url = values.sqlalchemy_url(self.url, asynchronous=driver == "async")
        return url.set(password=read_secret(self.password_file)) if self.password_file else url


class SecretsSettings(Section):
    """Where the secrets are. The properties name the files; nothing here reads them."""

    folder: FilePath = Path("secrets")

    @property
    def appservice_token(self) -> Path:
        """With which the appservice shows itself to Synapse (`as_token`)."""
        return self.folder / "appservice_token"

    @property
    def homeserver_token(self) -> Path:
        """With which Synapse shows itself to the appservice (`hs_token`)."""
        return self.folder / "homeserver_token"

    @property
    def module_token(self) -> Path:
        """With which the module inside Synapse shows itself to the appservice."""
        return self.folder / "module_token"

    @property
    def message_keys(self) -> Path:
        """The keys that seal held messages and sign released ones, one a line, the newest first."""
        return self.folder / "message_keys"

    @property
    def web_key(self) -> Path:
        """With which the web pages sign what they give to browsers."""
        return self.folder / "web_key"

    @property
    def identity_key(self) -> Path:
        """The key of the hashes that stand for persons whom the register gives no id."""
        return self.folder / "identity_key"

    @property
    def task_keys(self) -> Path:
        """With which the keys of tasks' files are wrapped, one a line, the newest first."""
        return self.folder / "task_keys"

    @property
    def code_key(self) -> Path:
        """The key of the digests that are kept of first codes."""
        return self.folder / "code_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightLine(Rule):
    """One right as school.yaml has it. `subject` is a role, a pattern of group names or a person's id in the register;
    `id` names the line of the file."""


class RightsSettings(Section):
    """What differs from the default rights."""

    added_roles: tuple[RoleName, ...] = ()
    roles: Annotated[Mapping[Role, _Grants], AfterValidator(frozen)] = {}
    groups: _GrantsByName = Field(default={})
    roles_in_groups: Annotated[Mapping[RoleName, _GrantsByName], AfterValidator(frozen)] = {}
    persons: _GrantsByName = Field(default={})

    _lines: tuple[RightLine, ...] = PrivateAttr()

    @property
    def all_roles(self) -> frozenset[Role]:
        """The roles that people can have."""
        return BUILT_IN_ROLES | set(self.added_roles)

    def model_post_init(self, context: Any) -> None:
        self._lines = tuple(self._right_lines(context))

    @property
    def lines(self) -> tuple[RightLine, ...]:
        """Every right in the file: roles first, then groups, then persons."""
        return self._lines

    def _right_lines(self, source: Source) -> Iterator[RightLine]:
        parts: list[tuple[Level, Role | None, tuple[str, ...], Mapping[Any, Mapping[Right, bool]]]] = [
            (Level.ROLE, None, ("roles",), self.roles),
            (Level.GROUP, None, ("groups",), self.groups),
            *(
                (Level.GROUP, role, ("roles_in_groups", role), by_group)
                for role, by_group in self.roles_in_groups.items()
            ),
            (Level.PERSON, None, ("persons",), self.persons),
        ]
        for level, role, key, by_subject in parts:
            for subject, grants in by_subject.items():
                for right, allow in grants.items():
                    place = ("rights", *key, subject, right.value)
                    line_id = f"{source.path.name}:{source.line_of(place)} {dotted(place)}"
                    yield RightLine(level=level, subject=subject, right=right, allow=allow, id=line_id, role=role)


def _with_group_name(text: str) -> str:
    if "{" in text.replace(NAME, "") or "}" in text.replace(NAME, ""):
        raise ValueError(f'can hold {NAME} for the name of the group, and no other brackets; write "{NAME}".')
    return values.some_text(text)


_RoomName = Annotated[str, AfterValidator(_with_group_name)]


class RoomLayoutSettings(Section):
    """The rooms of the groups of one kind."""

    space: bool = True
    name: _RoomName = NAME
    announcements: _RoomName | None = None


class GroupSettings(Section):
    """Groups that teachers make."""

    year_ends: Annotated[str, AfterValidator(values.day_of_year)] = "07-31"
    tell_days_before: Annotated[int, Field(ge=1, le=180)] = 56

    @property
    def school_year(self) -> SchoolYear:
        """When school years end."""
        month, day = self.year_ends.split("-")
        return SchoolYear(month=int(month), day=int(day), notice=timedelta(days=self.tell_days_before))


_Megabytes = Annotated[int, Field(ge=1, le=10_000)]
_MediaTypes = Annotated[tuple[str, ...], AfterValidator(values.media_types)]
_BYTES: Final = 1024 * 1024


class FileLimitsOfRole(Section):
    """What differs for the files of one role."""

    max_megabytes: _Megabytes | None = None
    types: _MediaTypes | None = None


class FileSettings(Section):
    """How large files may be, and of which types."""

    max_megabytes: _Megabytes = 50
    types: _MediaTypes | None = None
    roles: Annotated[Mapping[RoleName, FileLimitsOfRole], AfterValidator(frozen)] = {}

    @property
    def rules(self) -> FileRules:
        """The limits, ready to be asked. What a role says nothing of is as for everybody."""
        return FileRules(
            everybody=_limits(self.max_megabytes, self.types, "files"),
            roles=frozen(
                {
                    role: _limits(
                        self.max_megabytes if own.max_megabytes is None else own.max_megabytes,
                        self.types if own.types is None else own.types,
                        f"files.roles.{role}",
                    )
                    for role, own in self.roles.items()
                }
            ),
        )

    @property
    def largest_megabytes(self) -> int:
        """What anybody may send at most."""
        return max([self.max_megabytes, *(own.max_megabytes or 0 for own in self.roles.values())])


def _limits(megabytes: int, types: tuple[str, ...] | None, rule: str) -> FileLimits:
    return FileLimits(max_bytes=megabytes * _BYTES, types=types, rule=rule)


class EncryptionSettings(Section):
    """Among which roles rooms may be encrypted end to end."""

    roles: tuple[RoleName, ...] = ()


class ModuleSettings(Section):
    """The module inside Synapse."""

    directory_max_age_seconds: Annotated[int, Field(ge=1)] = 600


class Settings(Section):
    """All of school.yaml."""

    school: SchoolSettings
    matrix: MatrixSettings
    web: WebSettings
    database: DatabaseSettings
    secrets: SecretsSettings
    accounts: AccountSettings
    letters: LetterSettings
    rights: RightsSettings
    rest: RestSettings
    files: FileSettings
    rooms: Annotated[Mapping[GroupKind, RoomLayoutSettings], AfterValidator(frozen)] = Field(default={})
    groups: GroupSettings
    encryption: EncryptionSettings
    register_section: RegisterSettings = Field(alias="register")  # ABCMeta has a `register`: pydantic warns of the name
    module: ModuleSettings
    bbb: BbbSettings
    conferences: ConferenceSettings
    tasks: TaskSettings
    keep: KeepSettings
    demo: bool = False

    _path: Path = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        self._path = context.path

    @model_validator(mode="after")
    def _directory_server_is_named(self) -> "Settings":
        if self.accounts.sign_in is SignIn.LDAP and self.register_section.ldap is None:
            raise ValueError("says accounts.sign_in: ldap, but not which directory server; add register.ldap.")
        return self

    @property
    def path(self) -> Path:
        """The file that all of this was read from."""
        return self._path

    @property
    def register(self) -> RegisterSettings:
        """Where people and groups come from."""
        return self.register_section

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the school."""
        return ZoneInfo(self.school.time_zone)

    @property
    def bot_user_id(self) -> UserId:
        """The Matrix id of the bot."""
        return self.matrix.bot_user_id
