"""`schulbote init`: what it makes can be used as it is."""

import stat
from pathlib import Path

import pytest
import yaml

from school.config import ConfigError, load_settings, read_keys, read_secret
from schulbote.new_school import FolderInUseError, init, samples, write_for_synapse

VALUES = {
    "name": "Schule am See",
    "server_name": "schule-am-see.de",
    "homeserver_url": "http://127.0.0.1:8008",
    "public_url": "https://matrix.schule-am-see.de",
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_tells_what_it_made(tmp_path: Path) -> None:
    made = init(tmp_path, **VALUES)
    assert made == [
        tmp_path / name for name in ("school.yaml", "secrets", "registration.yaml", "homeserver-schulbote.yaml")
    ]
    assert sorted(made) == sorted(tmp_path.iterdir())


def test_the_school_yaml_can_be_used(tmp_path: Path) -> None:
    init(tmp_path / "a" / "school", **VALUES)
    settings = load_settings(tmp_path / "a" / "school" / "school.yaml")
    assert settings.school.name == VALUES["name"]
    assert settings.matrix.server_name == VALUES["server_name"]
    assert settings.matrix.homeserver_url == VALUES["homeserver_url"]
    assert settings.matrix.public_url == VALUES["public_url"]
    assert settings.web.public_url == "http://127.0.0.1:8009"
    assert not settings.demo


def test_the_school_yaml_keeps_the_samples_explanations(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    written = (tmp_path / "school.yaml").read_text().splitlines()
    sample = (samples() / "school.yaml").read_text().splitlines()
    assert len(written) == len(sample)
    assert sum(one != other for one, other in zip(written, sample, strict=True)) == len(VALUES)


@pytest.mark.parametrize(
    "name", ['Schule "Am See"', "Schule: See", "Back\\slash", "#1-Schule", "Grund- & Oberschule „Löcknitz“", "{see}"]
)
def test_a_name_may_have_any_signs(tmp_path: Path, name: str) -> None:
    init(tmp_path, **VALUES | {"name": name})
    assert load_settings(tmp_path / "school.yaml").school.name == name


def test_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    secrets = tmp_path / "secrets"
    assert mode(secrets) == 0o700
    assert {path.name: oct(mode(path)) for path in secrets.iterdir()} == dict.fromkeys(
        (
            "appservice_token",
            "homeserver_token",
            "module_token",
            "message_keys",
            "web_key",
            "identity_key",
            "code_key",
            "task_keys",
        ),
        "0o600",
    )
    assert mode(tmp_path / "registration.yaml") == 0o600


def test_secrets_can_be_read_and_are_different_ones(tmp_path: Path) -> None:
    for school in ("one", "two"):
        init(tmp_path / school, **VALUES)
    tokens, keys = set(), set()
    for school in ("one", "two"):
        secrets = load_settings(tmp_path / school / "school.yaml").secrets
        tokens |= {read_secret(path) for path in (secrets.appservice_token, secrets.homeserver_token)}
        tokens.add(read_secret(secrets.module_token))
        keys |= {*read_keys(secrets.message_keys), *read_keys(secrets.identity_key), *read_keys(secrets.code_key)}
        keys |= {*read_keys(secrets.task_keys)}
    assert len(tokens) == 6
    assert len(keys) == 8
    assert all(len(token) >= 43 for token in tokens)


def test_no_secret_is_in_a_file_that_others_may_read(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    values = [path.read_text().strip() for path in (tmp_path / "secrets").iterdir()]
    for path in tmp_path.glob("*.yaml"):
        if mode(path) & 0o077:
            assert not any(value in path.read_text() for value in values), path.name


def test_the_registration_belongs_to_the_school(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    registration = yaml.safe_load((tmp_path / "registration.yaml").read_text())
    secrets = load_settings(tmp_path / "school.yaml").secrets
    assert registration == {
        "id": "schulbote",
        "url": "http://127.0.0.1:8009",
        "as_token": read_secret(secrets.appservice_token),
        "hs_token": read_secret(secrets.homeserver_token),
        "sender_localpart": "schulbote",
        "rate_limited": False,
        "namespaces": {
            "users": [{"exclusive": False, "regex": r"@.*:schule-am-see\.de"}],
            "aliases": [],
            "rooms": [],
        },
    }


def test_the_snippet_names_both_files(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    snippet = yaml.safe_load((tmp_path / "homeserver-schulbote.yaml").read_text())
    assert snippet["modules"][0]["config"] == {"school": str(tmp_path / "school.yaml")}
    assert snippet["app_service_config_files"] == [str(tmp_path / "registration.yaml")]


def test_a_school_is_never_overwritten(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    with pytest.raises(FolderInUseError, match="not overwritten"):
        init(tmp_path, **VALUES | {"name": "Another"})
    assert load_settings(tmp_path / "school.yaml").school.name == VALUES["name"]


def test_secrets_of_an_earlier_school_are_kept(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    before = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    (tmp_path / "school.yaml").unlink()
    init(tmp_path, **VALUES)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == before


def test_a_value_that_cannot_be_used_leaves_no_school_yaml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        init(tmp_path, **VALUES | {"server_name": "two words"})
    assert list(tmp_path.iterdir()) == []


def test_what_synapse_needs_is_written_anew_from_the_school_that_is_there(tmp_path: Path) -> None:
    init(tmp_path, **VALUES)
    school_yaml, snippet = tmp_path / "school.yaml", tmp_path / "homeserver-schulbote.yaml"
    tokens = (tmp_path / "registration.yaml").read_text()
    school_yaml.write_text(f"{school_yaml.read_text()}\nfiles: {{max_megabytes: 7}}\n")
    assert write_for_synapse(tmp_path) == [tmp_path / "registration.yaml", snippet]
    assert "7M" in snippet.read_text()
    assert (tmp_path / "registration.yaml").read_text() == tokens
    with pytest.raises(ConfigError):
        write_for_synapse(tmp_path / "nowhere")
