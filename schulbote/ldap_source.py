"""The reader of a directory server, put together from school.yaml."""

from dataclasses import replace
from functools import partial

from roster_sync.ldap_passwords import LdapPasswords
from roster_sync.sources import Reader
from roster_sync.sources.ldap import LdapRegister, read_ldap
from roster_sync.sources.ldap_presets import PRESETS, LdapMapping
from roster_sync.sources.ldap_server import LdapServer
from school.config import ConfigError, Settings, read_secret
from school.config.register_ldap import LdapSource


def ldap_reader(source: LdapSource) -> Reader:
    """A reader of the directory server that school.yaml describes.

    Raises:
        ConfigError: the file with the secret cannot be used.
    """
    return partial(read_ldap, ldap_register(source))


def ldap_passwords(settings: Settings) -> LdapPasswords:
    """What sets passwords in the school's directory server.

    Raises:
        ConfigError: the file with the secret cannot be used.
    """
    source, writer = settings.register.ldap, settings.accounts.ldap
    if source is None:
        raise ConfigError("school.yaml says accounts.sign_in: ldap, but not which directory server; add register.ldap.")
    register = ldap_register(source)
    if writer is not None:
        account = replace(register.server, bind_dn=writer.bind_dn, bind_password=read_secret(writer.bind_secret))
        register = replace(register, server=account)
    return LdapPasswords(register, active_directory=source.preset == "ad")


def ldap_register(source: LdapSource) -> LdapRegister:
    """A directory server as school.yaml describes it, with its secret.

    Raises:
        ConfigError: the file with the secret cannot be used.
    """
    mapping = mapping_of(source)
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
        people=mapping.people,
        groups=mapping.groups,
    )


def mapping_of(source: LdapSource) -> LdapMapping:
    """What the preset says, and school.yaml in its place."""
    preset = PRESETS[source.preset]
    return LdapMapping(
        people=replace(preset.people, **source.people.written), groups=replace(preset.groups, **source.groups.written)
    )
