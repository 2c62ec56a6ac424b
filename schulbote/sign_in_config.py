"""How Synapse asks another program who somebody is: the directory server (by matrix-synapse-ldap3), or the school's
single sign-on (OpenID Connect).

Accounts come from the register only: single sign-on makes none; the directory server is asked for nobody else than the
register is. Both let in by the login, which is why accounts are named by it (`roster_sync.logins`).
"""

import ssl
from typing import Any

from school.config import Settings
from school.config.accounts import OidcAccounts, SignIn
from school.config.register_ldap import LdapSource


def sign_in_modules(settings: Settings) -> list[dict[str, Any]]:
    """Modules beside the school's own."""
    source = settings.register.ldap
    if settings.accounts.sign_in is not SignIn.LDAP or source is None:
        return []
    return [{"module": "ldap_auth_provider.LdapAuthProviderModule", "config": _ldap(source)}]


def sign_in_settings(settings: Settings) -> dict[str, Any]:
    """Keys of homeserver.yaml."""
    oidc = settings.accounts.oidc
    if settings.accounts.sign_in is not SignIn.OIDC or oidc is None:
        return {}
    return {"oidc_providers": [_oidc(oidc)]}


def _ldap(source: LdapSource) -> dict[str, Any]:
    from schulbote.ldap_source import mapping_of  # ldap3 is slow to come, and most schools need none

    people = mapping_of(source).people
    bound = {} if source.bind_dn is None else {"bind_dn": source.bind_dn, "bind_password_file": str(source.bind_secret)}
    trust = {} if source.ca_file is None else {"ca_certs_file": str(source.ca_file)}
    return {
        "enabled": True,
        "mode": "search",
        "uri": source.url,
        "start_tls": source.url.startswith("ldap:") and source.start_tls,
        "tls_options": {"validate": int(ssl.CERT_REQUIRED), **trust},
        "base": people.base or source.base,
        "attributes": {"uid": people.login, "name": "cn", "mail": "mail"},
        # Who is left out of the register may get in, and is nobody here. A "not" would leave out everybody on a server
        # that does not know one of its attributes.
        "filter": people.filter,
        **bound,
    }


def _oidc(oidc: OidcAccounts) -> dict[str, Any]:
    return {
        "idp_id": "school",
        "idp_name": oidc.name,
        "issuer": oidc.issuer,
        "client_id": oidc.client_id,
        "client_secret_path": str(oidc.client_secret_file),
        "scopes": list(oidc.scopes),
        "allow_existing_users": True,
        "enable_registration": False,
        "user_mapping_provider": {"config": {"localpart_template": _localpart(oidc)}},
    }


def _localpart(oidc: OidcAccounts) -> str:
    """A template of Synapse's (Jinja2)."""
    return "{{ user." + oidc.login_claim + " | lower }}"
