"""Programs that others wrote for BigBlueButton: bbblb, a load balancer that checks checksums by code of its own, in
front of our stand-in, and bbbctl, a command line. `make setup` installs them, in an environment of their own."""

import json
import os
import secrets
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority

from acceptance.bbb import Bbb
from acceptance.client import wait_until
from acceptance.running import free_ports, is_listening

BIN = Path(__file__).parents[1] / "conferences" / "counterparts" / ".venv" / "bin"


def need_counterparts() -> None:
    """Skips the story where they are not installed; in CI nothing is left out."""
    if (BIN / "bbblb").exists():
        return
    reason = "bbblb and bbbctl are not installed (make setup)"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing is left out")
    pytest.skip(reason)


class Bbblb:
    """The load balancer, with a stand-in behind it; both speak TLS, and both trust an authority of this test only.
    `secret_file` is what school.yaml names, `port` where it listens, `environment` what a program needs to trust it."""

    def __init__(self, folder: Path, postgresql: Path) -> None:
        self._folder = folder
        authority, certificate, key = Authority(), folder / "server.pem", folder / "server.key"
        self.authority_file = folder / "ca.pem"
        self.authority_file.write_bytes(authority.pem)
        for path, content in zip((certificate, key), authority.certificate("localhost"), strict=True):
            path.write_bytes(content)
        self._tls = (str(certificate), str(key))
        self.environment = {"SSL_CERT_FILE": str(self.authority_file)}
        self.backend = Bbb(folder, tls=self._tls, environment=self.environment)
        self.port = free_ports()
        self.url = f"https://localhost:{self.port}/bigbluebutton"
        self.secret = secrets.token_hex(16)
        self.secret_file = folder / "tenant_secret"
        self.secret_file.touch(mode=0o600)
        self.secret_file.write_text(self.secret)
        self._own = os.environ | self.environment
        self._own |= {
            "BBBLB_DOMAIN": "localhost",
            "BBBLB_SECRET": secrets.token_hex(16),
            "BBBLB_PATH_DATA": str(folder),
            "BBBLB_POLL_INTERVAL": "1",
            "BBBLB_POLL_RECOVER": "1",
            "BBBLB_DB": f"postgresql://school@/bbblb_{secrets.token_hex(4)}",
            "PGHOST": str(postgresql),
        }

    @property
    def trust(self) -> ssl.SSLContext:
        """For a client in this process."""
        return ssl.create_default_context(cafile=self.authority_file)

    @contextmanager
    def running(self) -> Iterator["Bbblb"]:
        with self.backend.running(), (self._folder / "bbblb.log").open("wb") as log:
            self._administer("tenant", "create", "--realm", f"localhost:{self.port}", "--secret", self.secret, "schule")
            self._administer("server", "create", "--secret", self.backend.secret, f"localhost:{self.backend.port}")
            self._administer("server", "enable", f"localhost:{self.backend.port}")
            certificate, key = self._tls
            where = ("--host", "127.0.0.1", "--port", str(self.port))
            server = subprocess.Popen(
                [BIN / "uvicorn", "bbblb.asgi:app", *where, "--ssl-certfile", certificate, "--ssl-keyfile", key],
                env=self._own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                wait_until(lambda: is_listening(self.port), 30)
                # It looks at its servers a few times before it uses one.
                wait_until(lambda: not self._ctl("meeting", "create", "probe", "probe").returncode, 60)
                yield self
            finally:
                server.terminate()
                server.wait()

    def ctl(self, *words: str) -> list[dict[str, Any]]:
        """What bbbctl sees."""
        done = self._ctl(*words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line]

    def _ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        where = ("--server", f"{self.url}/api/", "--secret", self.secret, "--format", "jsonline")
        return subprocess.run(
            [BIN / "bbbctl", *where, *words],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _administer(self, *words: str) -> None:
        done = subprocess.run(
            [BIN / "bbblb", *words], env=self._own, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
