"""The section `accounts` of school.yaml: how people sign in, and who helps them when they cannot."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from school.config.section import Section


class SignIn(StrEnum):
    """With what people show who they are."""

    CODES = "codes"
    """A first code, later a password of their own."""
    LDAP = "ldap"
    """The password of the directory server."""
    OIDC = "oidc"
    """The school's single sign-on."""


class Resets(StrEnum):
    """Whose passwords a teacher resets."""

    ALL = "all"
    OWN_GROUPS = "own_groups"


class AccountSettings(Section):
    """How people sign in."""

    sign_in: SignIn = SignIn.CODES
    code_days: Annotated[int, Field(ge=1, le=366)] = 30
    resets: Resets = Resets.ALL

    @property
    def code_lifetime(self) -> timedelta:
        """For how long a first code can be used."""
        return timedelta(days=self.code_days)

    @property
    def with_codes(self) -> bool:
        """Whether people begin with a first code."""
        return self.sign_in is SignIn.CODES
