"""How a school runs Synapse: the settings that the rights and the rest time rely on, and what a school needs besides.

One function makes them for a real installation and for the demo. The demo adds where its files are, and takes the
brakes out. Every key is explained in Synapse's configuration manual; what is said here is why a school wants it.
"""

from pathlib import Path
from typing import Any, Final

from school.config import Settings
from school.domain.conference_widget import BUILD
from school.domain.rooms import ROOM_VERSION
from school.school_widget import school_widget
from schulbote.sign_in_config import sign_in_modules, sign_in_settings

_NO_LIMIT: Final = {"per_second": 100_000, "burst_count": 100_000}


def school_settings(settings: Settings, *, registration: Path) -> dict[str, Any]:
    """The part of homeserver.yaml that makes a stock Synapse the school's."""
    return {
        # The school's own comes first: it knows who is in the register.
        "modules": [
            {"module": "synapse_modules.School", "config": {"school": str(settings.path)}},
            *sign_in_modules(settings),
        ],
        **sign_in_settings(settings),
        "app_service_config_files": [str(registration)],
        # Who comes back from single sign-on to our own pages needs not be asked whether they may.
        "sso": {"client_whitelist": [f"{settings.web.public_url}/login/sso/back"]},
        # Who is here comes from the register, and from nowhere else.
        "enable_registration": False,
        "allow_guest_access": False,
        "enable_3pid_changes": False,
        "enable_set_displayname": False,
        "enable_set_avatar_url": False,
        "allow_per_room_profiles": False,
        "autocreate_auto_join_rooms": False,
        # The school is an island: no other servers, no public lists, no previews fetched from outside.
        "federation_domain_whitelist": [],
        "send_federation": False,
        "allow_public_rooms_without_auth": False,
        "allow_public_rooms_over_federation": False,
        "enable_room_list_search": False,
        "room_list_publication_rules": [{"action": "deny"}],
        "alias_creation_rules": [{"action": "deny"}],
        "url_preview_enabled": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "report_stats": False,
        # Nobody sees when somebody is online; nobody looks up strangers.
        "presence": {"enabled": False},
        "require_auth_for_profile_requests": True,
        "limit_profile_requests_to_users_who_share_rooms": True,
        "include_profile_data_on_invite": True,
        "experimental_features": {"msc4263_limit_key_queries_to_users_who_share_rooms": True},
        "user_directory": {"enabled": True, "search_all_users": True, "prefer_local_users": True},
        "enable_authenticated_media": True,
        # What goes to the push services of Google and Apple says that there is something, never what.
        "push": {"include_content": False},
        # Held messages can be read by the server only; so encryption between people is off unless the school wants it.
        "encryption_enabled_by_default_for_room_type": "off",
        "extra_well_known_client_content": {
            "io.element.e2ee": {"default": False, "force_disable": not settings.encryption.roles},
            **_video_button(settings),
        },
        "default_room_version": ROOM_VERSION,
        # A whole class signs in from one address, in one minute.
        "rc_login": {
            "address": {"per_second": 5, "burst_count": 200},
            "account": {"per_second": 0.2, "burst_count": 10},
            "failed_attempts": {"per_second": 0.05, "burst_count": 5},
        },
        "rc_message": {"per_second": 2, "burst_count": 30},
        "rc_room_creation": {"per_second": 0.2, "burst_count": 20},
        "rc_invites": {
            "per_room": {"per_second": 5, "burst_count": 100},
            "per_user": {"per_second": 1, "burst_count": 100},
            "per_issuer": {"per_second": 2, "burst_count": 100},
        },
        "rc_joins": {"local": {"per_second": 5, "burst_count": 200}},
        "rc_joins_per_room": {"per_second": 20, "burst_count": 200},
        # What a role may send is less or equal, and the module asks for it.
        "max_upload_size": f"{settings.files.largest_megabytes}M",
        # The default holds too little for the state of a school's rooms.
        "event_cache_size": "50K",
    }


def registration(settings: Settings, *, as_token: str, hs_token: str) -> dict[str, Any]:
    """The appservice's registration: it may act as everybody, and is asked for nobody's permission (the namespace is
    not exclusive, so people keep their own logins)."""
    return {
        "id": APPSERVICE_ID,
        "url": f"http://{settings.web.listen_host}:{settings.web.listen_port}",
        "as_token": as_token,
        "hs_token": hs_token,
        "sender_localpart": settings.matrix.bot,
        "rate_limited": False,
        "namespaces": {
            "users": [{"exclusive": False, "regex": f"@.*:{_escaped(settings.matrix.server_name)}"}],
            "aliases": [],
            "rooms": [],
        },
    }


def _video_button(settings: Settings) -> dict[str, Any]:
    """Element's video button starts the school's conferences; in a room of two it goes on calling."""
    if school_widget(settings) is None:
        return {}
    return {"io.element.call_behaviour": {"widget_build_url": f"{settings.web.public_url}{BUILD}", "ignore_dm": True}}


APPSERVICE_ID: Final = "schulbote"


def _escaped(server_name: str) -> str:
    return server_name.replace(".", r"\.")


def demo_settings(settings: Settings, *, home: Path, port: int, registration: Path) -> dict[str, Any]:
    """A whole homeserver.yaml for a school on this machine. It lifts Synapse's limits, spends little on passwords
    that everybody may read anyway, and may push to a gateway on this machine."""
    synapse = home / "synapse"
    limits = {
        "rc_login": {"address": _NO_LIMIT, "account": _NO_LIMIT, "failed_attempts": _NO_LIMIT},
        "rc_message": _NO_LIMIT,
        "rc_room_creation": _NO_LIMIT,
        "rc_invites": {"per_room": _NO_LIMIT, "per_user": _NO_LIMIT, "per_issuer": _NO_LIMIT},
        "rc_joins": {"local": _NO_LIMIT, "remote": _NO_LIMIT},
        "rc_joins_per_room": _NO_LIMIT,
        "rc_admin_redaction": _NO_LIMIT,
        "rc_registration": _NO_LIMIT,
        "rc_presence": {"per_user": _NO_LIMIT},
        "rc_profile": _NO_LIMIT,
        "rc_delayed_event_mgmt": _NO_LIMIT,
        "rc_reports": _NO_LIMIT,
        "rc_user_directory": _NO_LIMIT,
        "rc_media_create": _NO_LIMIT,
        "rc_key_requests": _NO_LIMIT,
        "rc_third_party_invite": _NO_LIMIT,
        "rc_3pid_validation": _NO_LIMIT,
    }
    return (
        school_settings(settings, registration=registration)
        | limits
        | {
            "server_name": settings.matrix.server_name,
            "public_baseurl": f"{settings.matrix.public_url}/",
            "listeners": [
                {
                    "port": port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client", "openid", "metrics"], "compress": False}],
                }
            ],
            "enable_metrics": True,
            "database": {"name": "sqlite3", "args": {"database": str(synapse / "homeserver.db")}},
            "media_store_path": str(synapse / "media"),
            "signing_key_path": str(synapse / "signing.key"),
            "log_config": str(synapse / "log.yaml"),
            "macaroon_secret_key_path": str(settings.secrets.folder / "macaroon_secret_key"),
            "form_secret_path": str(settings.secrets.folder / "form_secret"),
            "bcrypt_rounds": 4,
            "background_updates": {"sleep_enabled": False},
            "ip_range_whitelist": ["127.0.0.1"],
        }
    )


def log_settings(log_file: Path) -> dict[str, Any]:
    """Synapse's log: warnings of Synapse, what the modules say, no message text."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {
            "file": {
                "class": "logging.handlers.RotatingFileHandler",
                "formatter": "line",
                "filename": str(log_file),
                "maxBytes": 20_000_000,
                "backupCount": 2,
                "encoding": "utf-8",
            }
        },
        "loggers": {"synapse_modules": {"level": "INFO"}, "school": {"level": "INFO"}},
        "root": {"level": "WARNING", "handlers": ["file"]},
    }
