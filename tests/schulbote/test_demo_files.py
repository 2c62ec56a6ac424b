"""A demo's home: made whole, kept from start to start, never mistaken for somebody's work."""

import stat
from pathlib import Path

import pytest
import yaml

from school.config import ConfigError, load_settings, read_keys, read_secret
from schulbote.demo_bbb import simulated_routes
from schulbote.demo_files import SERVER_NAME, DemoHome


def prepared(folder: Path, *, register: Path | None = None, port: int = 18_008) -> DemoHome:
    home = DemoHome(folder)
    home.prepare(register=register or folder, port=port)
    return home


def test_a_home_is_made_with_everything_in_it(tmp_path: Path) -> None:
    home = prepared(tmp_path / "a" / "home")
    assert {str(path.relative_to(home.folder)) for path in home.folder.rglob("*") if path.is_file()} == {
        "school.yaml",
        "secrets/appservice_token",
        "secrets/code_key",
        "secrets/demo_passwords",
        "secrets/form_secret",
        "secrets/homeserver_token",
        "secrets/identity_key",
        "secrets/macaroon_secret_key",
        "secrets/message_keys",
        "secrets/task_keys",
        "secrets/web_key",
        "secrets/module_token",
        "secrets/simulated_bbb",
        "synapse/homeserver.yaml",
        "synapse/log.yaml",
        "synapse/registration.yaml",
        "synapse/signing.key",
    }
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.folder / "synapse").stat().st_mode) == 0o700


def test_what_is_secret_is_the_owners(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    for path in (
        *(home.folder / "secrets").iterdir(),
        home.homeserver_yaml,
        home.folder / "synapse" / "registration.yaml",
        home.folder / "synapse" / "signing.key",
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_settings_are_those_of_a_school_without_hours(tmp_path: Path) -> None:
    register = tmp_path / "register"
    register.mkdir()
    home = prepared(tmp_path / "home", register=register, port=18_100)
    settings = load_settings(home.school_yaml)
    assert settings.demo
    assert settings.rest.windows is None
    assert settings.school.language == "de"
    assert settings.matrix.server_name == SERVER_NAME
    assert settings.matrix.homeserver_url == "http://127.0.0.1:18100"
    assert (settings.web.listen_host, settings.web.listen_port) == ("127.0.0.1", 18_101)
    assert settings.register.folder == register
    assert settings.database.url.startswith("sqlite:///")
    assert read_keys(settings.secrets.message_keys)
    assert read_secret(home.password_key)


def test_conferences_are_simulated_at_the_port_of_the_pages(tmp_path: Path) -> None:
    for port in (18_100, 18_200):  # a second start with another port
        settings = load_settings(prepared(tmp_path / "home", port=port).school_yaml)
        assert settings.bbb.url == f"http://127.0.0.1:{port + 1}/demo-bbb"
        assert settings.bbb.url == f"{settings.web.public_url}/demo-bbb"
        assert settings.bbb.secret_file is not None
        assert read_secret(settings.bbb.secret_file)
        assert len(simulated_routes(settings)) > 1


def test_a_bigbluebutton_of_ones_own_is_kept_and_not_simulated(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    (home.folder / "own").write_text("a secret")
    (home.folder / "own").chmod(0o600)
    for own in ("bbb: {url: 'https://bbb.schule.de/bigbluebutton', secret_file: own}\n", "bbb: {}\n"):
        written = home.school_yaml.read_text().partition("bbb:")[0]
        home.school_yaml.write_text(written + own)
        settings = load_settings(prepared(home.folder).school_yaml)
        assert settings.bbb.url == (None if own == "bbb: {}\n" else "https://bbb.schule.de/bigbluebutton")
        assert simulated_routes(settings) == []


@pytest.mark.parametrize("name", ["it's here", 'so-called "register"', "a: b", "#1", "ä ö", "{x}", "%s", "back\\slash"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    home = DemoHome(tmp_path / name / "home")
    assert home.prepare(register=tmp_path / name, port=18_008).register.folder == tmp_path / name
    synapse = yaml.safe_load(home.homeserver_yaml.read_text())
    assert synapse["database"]["args"]["database"] == str(home.synapse_database)


def test_a_second_start_keeps_every_secret_and_takes_the_new_port(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    secret = [*(home.folder / "secrets").iterdir(), home.folder / "synapse" / "signing.key"]
    before = {path: path.read_text() for path in secret}
    prepared(tmp_path / "home", port=19_000)
    assert {path: path.read_text() for path in secret} == before
    assert yaml.safe_load(home.homeserver_yaml.read_text())["listeners"][0]["port"] == 19_000


def test_a_second_start_keeps_the_sections_that_somebody_tries_out(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home", register=tmp_path / "old")
    rights = "rights: {added_roles: [staff], roles: {student: {create_rooms: true}}}  # an attempt\n"
    accounts = "accounts: {resets: own_groups}\n"
    written = home.school_yaml.read_text() + rights + accounts + "rest: {reachable: {mon: ['8:00-9:00']}}\n"
    home.school_yaml.write_text(written.replace("register:\n", "register:\n  roles: {staff: [Büro]}\n"))
    for _ in range(2):
        settings = home.prepare(register=tmp_path / "new", port=18_200)
        assert settings.rights.roles == {"student": {"create_rooms": True}}
        assert settings.register.roles == {"staff": ("Büro",)}
        assert settings.accounts.resets == "own_groups"
        assert settings.register.folder == tmp_path / "new"
        assert settings.web.listen_port == 18_201
        assert settings.rest.reachable is None
        assert "# an attempt" in home.school_yaml.read_text()
        assert home.is_demo


def test_of_the_rest_time_the_office_and_the_urgent_messages_are_kept(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    rest = "rest: {reachable: {mon: ['8:00-9:00']}, office: Lehrer, urgent_per_day: 3}\n"
    home.school_yaml.write_text(home.school_yaml.read_text() + rest)
    for _ in range(2):
        settings = home.prepare(register=tmp_path, port=18_200)
        assert (settings.rest.office, settings.rest.urgent_per_day, settings.rest.reachable) == ("Lehrer", 3, None)


def test_of_the_web_pages_where_element_is_is_kept(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    text = home.school_yaml.read_text()
    home.school_yaml.write_text(text.replace("web:\n", "web:\n  element_url: http://127.0.0.1:8080\n"))
    for _ in range(2):
        settings = home.prepare(register=tmp_path, port=18_200)
        assert (settings.web.element_url, settings.web.listen_port) == ("http://127.0.0.1:8080", 18_201)
        assert settings.web.public_url == "http://127.0.0.1:18201"
    home.school_yaml.write_text(
        home.school_yaml.read_text().replace("web:\n", "web:\n  public_url: https://bote.test\n")
    )
    assert home.prepare(register=tmp_path, port=18_200).web.public_url == "https://bote.test"


def test_a_mistake_in_a_demos_school_yaml_is_a_sentence_with_its_line(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    home.school_yaml.write_text(home.school_yaml.read_text() + "rights: {roles: {student: {create_roms: true}}}\n")
    with pytest.raises(ConfigError, match=r'school\.yaml, line \d+: .*did you mean "create_rooms"'):
        home.prepare(register=tmp_path, port=18_100)


def test_the_tokens_of_synapse_are_those_of_the_appservice(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    registration = yaml.safe_load((home.folder / "synapse" / "registration.yaml").read_text())
    secrets = load_settings(home.school_yaml).secrets
    assert registration["as_token"] == read_secret(secrets.appservice_token)
    assert registration["hs_token"] == read_secret(secrets.homeserver_token)
    assert registration["url"] == "http://127.0.0.1:18009"


def test_a_free_folder_is_missing_or_empty(tmp_path: Path) -> None:
    assert DemoHome(tmp_path / "missing").is_free
    assert DemoHome(tmp_path).is_free
    (tmp_path / ".hidden").touch()
    assert not DemoHome(tmp_path).is_free
    assert not DemoHome(tmp_path / ".hidden").is_free


def test_a_demo_is_told_from_a_real_school(tmp_path: Path) -> None:
    assert not DemoHome(tmp_path).is_demo
    (tmp_path / "school.yaml").write_text(
        "# Written by `schulbote demo`. Never set it by hand.\n#demo: true\nschool: {}\n"
    )
    assert not DemoHome(tmp_path).is_demo
    assert prepared(tmp_path / "home").is_demo
