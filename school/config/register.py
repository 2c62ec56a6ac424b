"""The section `register` of school.yaml: where people and groups come from, and when."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from school.config import values
from school.config.cron import cron
from school.config.register_csv import CsvSource
from school.config.register_ldap import LdapSource
from school.config.section import FilePath, RoleName, Section, Text, frozen
from school.domain.groups import GroupKind


class GroupKindPattern(Section):
    """Groups whose name begins with what `pattern` fits are of `kind`; the first entry that fits counts."""

    pattern: Annotated[re.Pattern[str], PlainValidator(values.pattern)]
    kind: GroupKind


class GuardSettings(Section):
    """How large a removal a sync applies without asking: neither more people nor a larger share of all than this."""

    people: Annotated[int, Field(ge=0)] = 10
    share: Annotated[float, Field(ge=0, le=1)] = 0.05


class RegisterSettings(Section):
    """Where people and groups come from."""

    folder: FilePath | None = None
    guardians: FilePath | None = None
    csv: tuple[CsvSource, ...] = ()
    ldap: LdapSource | None = None
    svws: FilePath | None = None
    asv: FilePath | None = None
    group_kinds: tuple[GroupKindPattern, ...] | None = None
    leadership: tuple[Text, ...] = ("Schulleitung",)
    roles: Annotated[Mapping[RoleName, tuple[Text, ...]], AfterValidator(frozen)] = {}
    guard: GuardSettings = GuardSettings()
    schedule: Annotated[str, AfterValidator(cron)] | None = None
    watch: bool = False
    erase_after_days: Annotated[int, Field(ge=0)] = 90
