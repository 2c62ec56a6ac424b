"""The section `tasks` of school.yaml: what tasks are like, and where their files lie."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from school.config.section import FilePath, Section


def _scanner(address: str) -> str:
    if address.startswith("/") or re.fullmatch(r"[^\s/]+:\d{1,5}", address):
        return address
    raise ValueError('has to say where clamd listens: a path such as "/run/clamav/clamd.ctl", or "127.0.0.1:3310".')


class TaskSettings(Section):
    """What tasks are like."""

    folder: FilePath = Path("task-files")
    max_megabytes: Annotated[int, Field(ge=1, le=10_000)] = 50
    most_files: Annotated[int, Field(ge=1, le=500)] = 20
    clamd: Annotated[str, AfterValidator(_scanner)] | None = None
    grace_minutes: Annotated[int, Field(ge=0, le=1440)] = 5
    guardians_see: bool = False

    @property
    def grace(self) -> timedelta:
        """How long after it was due a hand-in is not late yet."""
        return timedelta(minutes=self.grace_minutes)

    @property
    def max_bytes(self) -> int:
        """How large a file may be."""
        return self.max_megabytes * 1024 * 1024
