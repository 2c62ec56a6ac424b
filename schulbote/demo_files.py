"""The files of a demo's home: a school.yaml, secrets, and a Synapse that runs from it."""

from io import StringIO
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from school.config import Settings, load_settings
from schulbote.demo_bbb import SIMULATED_BBB
from schulbote.files import ensure_secret, new_signing_key, write_whole, write_yaml
from schulbote.homeserver_config import demo_settings, log_settings
from schulbote.new_school import ensure_secrets, write_registration

SERVER_NAME: Final = "schule.localhost"
KEPT: Final = (
    *("accounts", "rights", "files", "rooms", "groups", "encryption", "register", "module", "keep"),
    *("bbb", "conferences"),
)
"""Sections of a demo's school.yaml that outlive its next start; of `register` all but the folder."""
_KEPT_OF: Final = {"rest": ("office", "urgent_per_day"), "web": ("element_url", "public_url")}
"""Keys of other sections that outlive it, too: of `rest` those that are no hours, of `web` those that the demo does not
choose."""

_SCHOOL_YAML: Final = """\
# Written anew at every start of `schulbote demo`. A demo keeps no school hours, so that it can be tried at night.
# To try out rights, add sections {kept} below; they are kept. So are rest.office,
# web.element_url and web.public_url.
# Video conferences are simulated; with a bbb section of your own they are real.
demo: true
school:
  name: Demo-Schule
  language: de
matrix:
  server_name: {server_name}
  homeserver_url: http://127.0.0.1:{port}
web:
  listen_host: 127.0.0.1
  listen_port: {web_port}
database:
  url: sqlite:///schulbote.db
register:
  folder: {register}
bbb:
  url: {bbb}
  secret_file: secrets/simulated_bbb
"""


class DemoHome:
    """Where a demo keeps everything. Nothing is made before `prepare`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.school_yaml = folder / "school.yaml"
        self.demo_json = folder / "demo.json"
        self.processes = folder / "processes.json"
        self.lock = folder / "demo.lock"
        self.homeserver_yaml = folder / "synapse" / "homeserver.yaml"
        self.synapse_database = folder / "synapse" / "homeserver.db"
        self.password_key = folder / "secrets" / "demo_passwords"

    @property
    def is_demo(self) -> bool:
        """Whether an earlier demo made this folder."""
        return self.school_yaml.is_file() and "\ndemo: true\n" in self.school_yaml.read_text(encoding="utf-8")

    @property
    def is_free(self) -> bool:
        """Whether there is nothing that a demo could destroy."""
        return not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir()))

    def prepare(self, *, register: Path, port: int) -> Settings:
        """Writes every file; keys and databases of an earlier start are kept."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        synapse = self.folder / "synapse"
        synapse.mkdir(mode=0o700, exist_ok=True)
        text = _SCHOOL_YAML.format(
            kept=", ".join(KEPT),
            server_name=SERVER_NAME,
            port=port,
            web_port=port + 1,
            register=_quoted(str(register)),
            bbb=f"http://127.0.0.1:{port + 1}{SIMULATED_BBB}",
        )
        write_whole(self.school_yaml, self._with_own_sections(text))
        settings = load_settings(self.school_yaml)
        ensure_secrets(settings)
        for name in ("macaroon_secret_key", "form_secret", "simulated_bbb", self.password_key.name):
            ensure_secret(settings.secrets.folder / name)
        ensure_secret(synapse / "signing.key", new_signing_key())
        registration = synapse / "registration.yaml"
        write_registration(settings, registration)
        write_yaml(synapse / "log.yaml", log_settings(synapse / "homeserver.log"))
        homeserver = demo_settings(settings, home=self.folder, port=port, registration=registration)
        write_yaml(self.homeserver_yaml, homeserver, mode=0o600)
        return settings

    def _with_own_sections(self, text: str) -> str:
        """A new school.yaml, with what somebody wrote into that of an earlier start to try it out.

        Raises:
            ConfigError: it cannot be used; the sentence says where and why.
        """
        if not self.school_yaml.exists():
            return text
        load_settings(self.school_yaml)
        yaml = YAML()  # keeps comments
        new, written = yaml.load(text), yaml.load(self.school_yaml.read_text(encoding="utf-8"))
        if str((written.get("bbb") or {}).get("url")).endswith(SIMULATED_BBB):
            del written["bbb"]  # the demo's own, perhaps with another port
        new |= {key: written[key] for key in KEPT if key in written and key != "register"}
        new["register"] = dict(written.get("register") or {}) | dict(new["register"])
        for section, keys in _KEPT_OF.items():
            values = written.get(section) or {}
            if kept := {key: values[key] for key in keys if key in values}:
                new[section] = dict(new.get(section) or {}) | kept
        whole = StringIO()
        yaml.dump(new, whole)
        return whole.getvalue()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
