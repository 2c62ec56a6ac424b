"""The reader of a directory server, put together from school.yaml."""

from dataclasses import replace
from functools import partial

from roster_sync.sources import Reader
from roster_sync.sources.ldap import LdapRegister, read_ldap
from roster_sync.sources.ldap_presets import PRESETS
from roster_sync.sources.ldap_server import LdapServer
from school.config import read_secret
from school.config.register_ldap import LdapSource


def ldap_reader(source: LdapSource) -> Reader:
    """A reader of the directory server that school.yaml describes.

    Raises:
        ConfigError: the file with the secret cannot be used.
    """
    return partial(read_ldap, ldap_register(source))


def ldap_register(source: LdapSource) -> LdapRegister:
    """A directory server as school.yaml describes it, with its secret.

    Raises:
        ConfigError: the file with the secret cannot be used.
    """
    preset = PRESETS[source.preset]
    return LdapRegister(
        server=LdapServer(
            url=source.url,
            start_tls=source.start_tls,
            ca_file=source.ca_file,
            bind_dn=source.bind_dn,
            bind_password=read_secret(source.bind_secret) if source.bind_secret else None,
            timeout_seconds=source.timeout_seconds,
        ),
        base=source.base,
        people=replace(preset.people, **source.people.written),
        groups=replace(preset.groups, **source.groups.written),
    )
