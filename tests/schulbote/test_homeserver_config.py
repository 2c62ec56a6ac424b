"""How a school runs Synapse: the installed Synapse knows every key, accepts the whole, and it says what it should."""

import json
import ssl
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Template

from roster_sync.sources.ldap_presets import PRESETS
from school.config import Settings, load_settings
from school.domain.conference_widget import BUILD
from schulbote.demo_files import DemoHome
from schulbote.homeserver_config import demo_settings, log_settings, school_settings
from schulbote.new_school import init, samples

needs_synapse = pytest.mark.skipif(find_spec("synapse") is None, reason="Synapse is not installed")

# Lets Synapse read a homeserver.yaml, and prints which keys it never asked for, and a few things that it understood.
READ_WITH_SYNAPSE = """
import json, sys, yaml
from synapse.config.homeserver import HomeServerConfig

asked = set()

class Asked(dict):
    def __init__(self, values, path):
        super().__init__({key: watched(value, (*path, key)) for key, value in values.items()})
        self.path = path
    def get(self, key, *default):
        asked.add((*self.path, key))
        return super().get(key, *default)
    def __getitem__(self, key):
        asked.add((*self.path, key))
        return super().__getitem__(key)
    def __contains__(self, key):
        asked.add((*self.path, key))
        return super().__contains__(key)
    def pop(self, key, *default):
        asked.add((*self.path, key))
        return super().pop(key, *default)

def watched(value, path):
    if isinstance(value, dict):
        return Asked(value, path)
    return [watched(one, path) for one in value] if isinstance(value, list) else value

def keys(value, path=()):
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            for key, below in one.items():
                yield (*path, key)
                yield from keys(below, (*path, key))

file = sys.argv[1]
HomeServerConfig.load_config("test", ["-c", file])
values = yaml.safe_load(open(file))
config = HomeServerConfig()
config.parse_config_dict(Asked(values, ()), config_dir_path="/", data_dir_path="/")
print(json.dumps({
    "never asked for": [path for path in keys(values) if path not in asked],
    "registration": config.registration.enable_registration,
    "guests": config.registration.allow_guest_access,
    "3pid": config.registration.enable_3pid_changes,
    "names": config.registration.enable_set_displayname,
    "pictures": config.registration.enable_set_avatar_url,
    "names in rooms": config.server.allow_per_room_profiles,
    "federation with": sorted(config.federation.federation_domain_whitelist),
    "sends to others": config.worker.send_federation,
    "key servers": config.key.key_servers,
    "presence": config.server.presence_enabled,
    "room version": config.server.default_room_version.identifier,
    "encrypted presets": sorted(config.room.encryption_enabled_by_default_for_room_presets),
    "words in pushes": config.push.push_include_content,
    "event cache": config.caches.event_cache_size,
    "sentry": config.metrics.sentry_enabled,
    "statistics": config.metrics.report_stats,
    "metrics": config.metrics.enable_metrics,
    "searches everybody": config.userdirectory.user_directory_search_all_users,
    "profiles need a login": config.server.require_auth_for_profile_requests,
    "profiles of strangers": not config.server.limit_profile_requests_to_users_who_share_rooms,
    "keys of strangers": not config.experimental.msc4263_limit_key_queries_to_users_who_share_rooms,
    "previews": config.media.url_preview_enabled,
    "largest file": config.media.max_upload_size,
    "modules": [module.__name__ for module, _ in config.modules.loaded_modules],
    "appservices": config.appservice.app_service_config_files,
}))
"""

WANTED = {
    "registration": False,
    "guests": False,
    "3pid": False,
    "names": False,
    "pictures": False,
    "names in rooms": False,
    "federation with": [],
    "sends to others": False,
    "key servers": [],
    "presence": False,
    "room version": "12",
    "encrypted presets": [],
    "words in pushes": False,
    "event cache": 50 * 1024,
    "sentry": False,
    "statistics": False,
    "metrics": False,
    "searches everybody": True,
    "profiles need a login": True,
    "profiles of strangers": False,
    "keys of strangers": False,
    "previews": False,
    "largest file": 50 * 1024 * 1024,
    "modules": ["School"],
}


def read_with_synapse(file: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", READ_WITH_SYNAPSE, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def settings_of(folder: Path) -> Settings:
    init(
        folder,
        name="Schule am See",
        server_name="schule-am-see.de",
        homeserver_url="http://127.0.0.1:8008",
        public_url="https://matrix.schule-am-see.de",
    )
    return load_settings(folder / "school.yaml")


def settings_with(folder: Path, section: str) -> Settings:
    """The settings of a school whose school.yaml has one section more."""
    path = settings_of(folder).path
    path.write_text(f"{path.read_text()}\n{section}\n")
    return load_settings(path)


LDAP = """
accounts: {sign_in: ldap}
register:
  ldap:
    url: ldaps://ldap.schule-am-see.de
    ca_file: ca.pem
    base: dc=schule-am-see,dc=de
    bind_dn: cn=reader,dc=schule-am-see,dc=de
    bind_secret: reader.secret
"""
OIDC = """
accounts:
  sign_in: oidc
  oidc: {name: IServ, issuer: "https://iserv.schule-am-see.de", client_id: matrix, client_secret_file: oidc.secret}
"""


@needs_synapse
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Twisted's own, as soon as it is imported
def test_a_school_with_a_directory_server_lets_it_say_who_somebody_is(tmp_path: Path) -> None:
    settings = settings_with(tmp_path / "school", LDAP)
    (settings.path.parent / "reader.secret").write_text("only for tests")
    (settings.path.parent / "reader.secret").chmod(0o600)
    config = school_settings(settings, registration=tmp_path / "school" / "registration.yaml")
    ours, ldap = config["modules"]
    assert ours["module"] == "synapse_modules.School"
    assert ldap["config"]["attributes"]["uid"] == "uid"
    assert ldap["config"]["filter"] == PRESETS["ucsschool"].people.filter
    assert ldap["config"]["tls_options"] == {
        "validate": ssl.CERT_REQUIRED,
        "ca_certs_file": str(settings.path.parent / "ca.pem"),
    }
    assert "only for tests" not in json.dumps(config)
    assert "oidc_providers" not in config
    from ldap_auth_provider import LdapAuthProviderModule

    parsed = LdapAuthProviderModule.parse_config(ldap["config"])
    assert (parsed.bind_password, parsed.start_tls, parsed.enabled) == ("only for tests", False, True)


def test_a_school_with_single_sign_on_makes_no_accounts_by_it(tmp_path: Path) -> None:
    settings = settings_with(tmp_path / "school", OIDC)
    [provider] = school_settings(settings, registration=tmp_path / "registration.yaml")["oidc_providers"]
    assert (provider["enable_registration"], provider["allow_existing_users"]) == (False, True)
    template = Template(provider["user_mapping_provider"]["config"]["localpart_template"])
    assert template.render(user={"preferred_username": "Anna.Koch"}) == "anna.koch"


def opaque(path: list[str]) -> bool:
    """What Synapse passes on whole: words for clients, the database driver's arguments, arguments of a class."""
    whole = (["database", "args"], ["listeners", "resources"])
    return path[0] == "extra_well_known_client_content" or path[:2] in whole


@needs_synapse
def test_synapse_accepts_the_demos_homeserver_yaml_and_knows_every_key(tmp_path: Path) -> None:
    home = DemoHome(tmp_path / "home")
    home.prepare(register=tmp_path, port=18_008)
    read = read_with_synapse(home.homeserver_yaml)
    assert [path for path in read.pop("never asked for") if not opaque(path)] == []
    assert read == WANTED | {
        "metrics": True,  # on this machine, like all of the demo
        "appservices": [str(tmp_path / "home" / "synapse" / "registration.yaml")],
    }


@needs_synapse
def test_synapse_accepts_a_schools_snippet_in_a_plain_homeserver_yaml(tmp_path: Path) -> None:
    settings_of(tmp_path)
    snippet = yaml.safe_load((tmp_path / "homeserver-schulbote.yaml").read_text())
    (tmp_path / "signing.key").write_text("ed25519 a_test AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
    plain = {
        "server_name": "schule-am-see.de",
        "listeners": [{"port": 8008, "type": "http", "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": ":memory:"}},
        "media_store_path": str(tmp_path / "media"),
        "signing_key_path": str(tmp_path / "signing.key"),
        "macaroon_secret_key": "only for tests",
        "form_secret": "only for tests",
    }
    assert not plain.keys() & snippet.keys()
    (tmp_path / "homeserver.yaml").write_text(yaml.safe_dump(plain | snippet))
    read = read_with_synapse(tmp_path / "homeserver.yaml")
    assert [path for path in read.pop("never asked for") if not opaque(path)] == []
    assert read == WANTED | {"appservices": [str(tmp_path / "registration.yaml")]}


EVERY_SCHOOL = {
    "enable_registration": False,
    "allow_guest_access": False,
    "enable_3pid_changes": False,
    "enable_set_displayname": False,
    "enable_set_avatar_url": False,
    "allow_per_room_profiles": False,
    "federation_domain_whitelist": [],
    "send_federation": False,
    "allow_public_rooms_without_auth": False,
    "allow_public_rooms_over_federation": False,
    "enable_room_list_search": False,
    "room_list_publication_rules": [{"action": "deny"}],
    "alias_creation_rules": [{"action": "deny"}],
    "url_preview_enabled": False,
    "trusted_key_servers": [],
    "report_stats": False,
    "presence": {"enabled": False},
    "require_auth_for_profile_requests": True,
    "limit_profile_requests_to_users_who_share_rooms": True,
    "user_directory": {"enabled": True, "search_all_users": True, "prefer_local_users": True},
    "enable_authenticated_media": True,
    "push": {"include_content": False},
    "encryption_enabled_by_default_for_room_type": "off",
    "extra_well_known_client_content": {"io.element.e2ee": {"default": False, "force_disable": True}},
    "default_room_version": "12",
    "max_upload_size": "50M",
    "event_cache_size": "50K",
}


@pytest.mark.parametrize("key", EVERY_SCHOOL)
def test_what_the_rights_and_the_rest_time_rely_on(tmp_path: Path, key: str) -> None:
    settings = settings_of(tmp_path)
    assert school_settings(settings, registration=tmp_path / "r.yaml")[key] == EVERY_SCHOOL[key]
    demo = demo_settings(settings, home=tmp_path, port=1, registration=tmp_path / "r.yaml")
    assert demo[key] == EVERY_SCHOOL[key]


@pytest.mark.parametrize(
    ("files", "largest"),
    [
        pytest.param("{max_megabytes: 100}", 100, id="for everybody"),
        pytest.param("{max_megabytes: 20, roles: {teacher: {max_megabytes: 200}}}", 200, id="a role may send more"),
        pytest.param("{max_megabytes: 20, roles: {student: {max_megabytes: 5}}}", 20, id="a role may send less"),
        pytest.param("{roles: {student: {types: ['image/*']}}}", 50, id="a role may send the same"),
    ],
)
def test_synapse_takes_the_largest_file_that_anybody_may_send(tmp_path: Path, files: str, largest: int) -> None:
    settings = settings_with(tmp_path, f"files: {files}")
    made = school_settings(settings, registration=tmp_path / "r.yaml")
    assert made["max_upload_size"] == f"{largest}M"
    limits = [settings.files.rules.everybody, *settings.files.rules.roles.values()]
    assert max(one.max_bytes or 0 for one in limits) == largest * 1024 * 1024
    demo = demo_settings(settings, home=tmp_path, port=1, registration=tmp_path / "r.yaml")
    assert demo["max_upload_size"] == f"{largest}M"


@pytest.mark.parametrize(("roles", "off"), [("[]", True), ("[teacher]", False)])
def test_clients_are_told_to_leave_encryption_alone_unless_somebody_may_use_it(
    tmp_path: Path, roles: str, off: bool
) -> None:
    settings = settings_with(tmp_path, f"encryption: {{roles: {roles}}}")
    made = school_settings(settings, registration=tmp_path / "r.yaml")
    assert made["extra_well_known_client_content"] == {"io.element.e2ee": {"default": False, "force_disable": off}}
    assert made["encryption_enabled_by_default_for_room_type"] == "off"


CONFERENCES = """
bbb: {url: "https://bbb.schule-am-see.de/bigbluebutton", secret_file: bbb.secret}
"""


def test_elements_video_button_starts_conferences_where_there_are_some(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, CONFERENCES)
    told = school_settings(settings, registration=tmp_path / "r.yaml")["extra_well_known_client_content"]
    assert "io.element.call_behaviour" not in told, "no Element may show the widget"
    with settings.path.open("a") as file:
        file.write('web: {element_url: "https://element.schule-am-see.de"}\n')
    made = school_settings(load_settings(settings.path), registration=tmp_path / "r.yaml")
    build = {"widget_build_url": f"{settings.web.public_url}/widget/conference/build", "ignore_dm": True}
    assert made["extra_well_known_client_content"]["io.element.call_behaviour"] == build


def test_the_sample_for_element_names_the_addresses_of_the_sample_school() -> None:
    element = json.loads((samples() / "element.json").read_text())
    assert element["widget_build_url"].endswith(BUILD)
    assert element["widget_build_url_ignore_dm"] is True


def test_nothing_is_told_to_anybody_outside(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    for made in (
        school_settings(settings, registration=tmp_path / "r.yaml"),
        demo_settings(settings, home=tmp_path, port=1, registration=tmp_path / "r.yaml"),
    ):
        assert not {"sentry", "tracing", "opentracing", "email", "turn_uris", "oidc_providers", "redis"} & made.keys()


def test_a_class_may_log_in_from_one_address_in_one_minute(tmp_path: Path) -> None:
    limits = school_settings(settings_of(tmp_path), registration=tmp_path / "r.yaml")["rc_login"]["address"]
    assert limits["burst_count"] + 60 * limits["per_second"] >= 300


@needs_synapse
def test_the_demo_lifts_every_limit_that_synapse_has(tmp_path: Path) -> None:
    names = subprocess.run(
        [
            sys.executable,
            "-c",
            "import inspect, re; from synapse.config import ratelimiting; "
            "print(*set(re.findall(r'\"(rc_[a-z0-9_]+)', inspect.getsource(ratelimiting))))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    # Other names of rc_message; other servers; accounts that people make, which nobody may.
    elsewhere = {
        "rc_messages",
        "rc_messages_per_second",
        "rc_message_burst_count",
        "rc_federation",
        "rc_remote_media_downloads",
        "rc_registration_token_validity",
    }
    demo = demo_settings(settings_of(tmp_path), home=tmp_path, port=1, registration=tmp_path / "r.yaml")
    assert set(names) - elsewhere <= demo.keys()

    def slowest(value: Any) -> float:
        if "per_second" in value:
            return min(value["per_second"], value["burst_count"])
        return min(map(slowest, value.values()))

    assert all(slowest(value) >= 100_000 for key, value in demo.items() if key.startswith("rc_"))


def test_the_demo_is_reached_from_this_machine_only(tmp_path: Path) -> None:
    demo = demo_settings(settings_of(tmp_path), home=tmp_path, port=18_008, registration=tmp_path / "r.yaml")
    assert [listener["bind_addresses"] for listener in demo["listeners"]] == [["127.0.0.1"]]
    assert [resource["names"] for listener in demo["listeners"] for resource in listener["resources"]] == [
        ["client", "openid", "metrics"]
    ]


def test_the_log_holds_warnings_and_what_the_modules_say(tmp_path: Path) -> None:
    log = log_settings(tmp_path / "homeserver.log")
    assert log["root"]["level"] == "WARNING"
    assert log["loggers"] == {"synapse_modules": {"level": "INFO"}, "school": {"level": "INFO"}}
    assert log["handlers"]["file"]["maxBytes"] * (log["handlers"]["file"]["backupCount"] + 1) <= 100_000_000
