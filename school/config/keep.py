"""The section `keep` of school.yaml: how long the school keeps what it does not need any more."""

from typing import Annotated

from pydantic import Field

from school.config.section import Section


class KeepSettings(Section):
    """Periods after which something is deleted."""

    audit_days: Annotated[int, Field(ge=30, le=3650)] = 365
    appointments_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    tasks_days: Annotated[int, Field(ge=1, le=3650)] | None = None
