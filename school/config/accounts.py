"""The section `accounts` of school.yaml: how people sign in, and who helps them when they cannot."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from school.config.section import FilePath, Section, Text, WebAddress


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


class LdapAccounts(Section):
    """Who sets passwords in the directory server of `register.ldap`, if it is another account than the one that reads
    the register."""

    bind_dn: Text
    bind_secret: FilePath


class OidcAccounts(Section):
    """The school's single sign-on (OpenID Connect)."""

    name: Text
    issuer: WebAddress
    client_id: Text
    client_secret_file: FilePath
    login_claim: Text = "preferred_username"
    scopes: tuple[Text, ...] = ("openid", "profile")
    passwords_at: WebAddress | None = None


class AccountSettings(Section):
    """How people sign in."""

    sign_in: SignIn = SignIn.CODES
    code_days: Annotated[int, Field(ge=1, le=366)] = 30
    resets: Resets = Resets.ALL
    ldap: LdapAccounts | None = None
    oidc: OidcAccounts | None = None

    @model_validator(mode="after")
    def _single_sign_on_is_named(self) -> "AccountSettings":
        if self.sign_in is SignIn.OIDC and self.oidc is None:
            raise ValueError("says sign_in: oidc, but not where that is; add accounts.oidc.")
        return self

    @property
    def code_lifetime(self) -> timedelta:
        """For how long a first code can be used."""
        return timedelta(days=self.code_days)

    @property
    def with_codes(self) -> bool:
        """Whether people begin with a first code."""
        return self.sign_in is SignIn.CODES
