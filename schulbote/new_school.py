"""`schulbote init DIR`: the files of a new school."""

import json
from pathlib import Path

from school.config import Settings, load_settings, read_secret
from school.errors import WrongUseError
from schulbote.files import ensure_secret, new_key, write_whole, write_yaml
from schulbote.homeserver_config import registration, school_settings


class FolderInUseError(WrongUseError):
    """There is something in the way. The text says what to do."""


def ensure_secrets(settings: Settings) -> None:
    """Makes the secrets that are missing; existing ones are kept."""
    folder = settings.secrets.folder
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in (
        settings.secrets.appservice_token,
        settings.secrets.homeserver_token,
        settings.secrets.module_token,
    ):
        ensure_secret(path)
    keys = (
        settings.secrets.message_keys,
        settings.secrets.web_key,
        settings.secrets.identity_key,
        settings.secrets.code_key,
        settings.secrets.task_keys,
    )
    for path in keys:
        ensure_secret(path, new_key())


def write_registration(settings: Settings, path: Path) -> None:
    """The appservice's registration, for Synapse only."""
    content = registration(
        settings,
        as_token=read_secret(settings.secrets.appservice_token),
        hs_token=read_secret(settings.secrets.homeserver_token),
    )
    write_yaml(path, content, mode=0o600)


def init(folder: Path, *, name: str, server_name: str, homeserver_url: str, public_url: str) -> list[Path]:
    """Makes school.yaml, the secrets, the registration and the homeserver snippet; returns what was made.

    Raises:
        FolderInUseError: there is a school.yaml already.
        ConfigError: the values given do not make a school.yaml that can be used.
    """
    school_yaml = folder / "school.yaml"
    if school_yaml.exists():
        raise FolderInUseError(
            f"{school_yaml} is there already and is not overwritten. Choose another folder, or move it away."
        )
    if not folder.is_dir() and folder.exists():
        raise FolderInUseError(f"{folder} is a file. Name a folder; it is made if it is missing.")
    sample = (samples() / "school.yaml").read_text(encoding="utf-8")
    text = _with_values(
        sample,
        {
            "name": name,
            "server_name": server_name,
            "homeserver_url": homeserver_url,
            "public_url": public_url,
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(school_yaml, text)
    try:
        settings = load_settings(school_yaml)
    except Exception:
        school_yaml.unlink()
        raise
    ensure_secrets(settings)
    return [school_yaml, settings.secrets.folder, *_write_for_synapse(settings)]


def write_for_synapse(folder: Path) -> list[Path]:
    """Makes the registration and the homeserver snippet of a school.yaml that is there anew; returns what was made.

    Raises:
        ConfigError: there is no school.yaml, or it cannot be used.
    """
    settings = load_settings(folder / "school.yaml")
    ensure_secrets(settings)
    return _write_for_synapse(settings)


def _write_for_synapse(settings: Settings) -> list[Path]:
    folder = settings.path.parent
    registration_file, snippet = folder / "registration.yaml", folder / "homeserver-schulbote.yaml"
    write_registration(settings, registration_file)
    write_yaml(snippet, school_settings(settings, registration=registration_file))
    return [registration_file, snippet]


def samples() -> Path:
    """The commented samples: inside the package when it is installed, beside it in a checkout."""
    packaged = Path(__file__).parent / "samples"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "config"


def _with_values(sample: str, values: dict[str, str]) -> str:
    """The commented sample with the values of one school, so that its explanations are at hand."""
    lines = []
    for line in sample.splitlines():
        key, colon, _ = line.strip().removeprefix("#").partition(":")
        if colon and key in values:
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}{key}: {json.dumps(values.pop(key), ensure_ascii=False)}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
