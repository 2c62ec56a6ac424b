"""Where BigBlueButton is, and how a request to it is signed.

The checksum is a hash over the name of the call, the query as it is sent, byte for byte, and the secret (API reference,
"Security"). Whoever has an address with its checksum can use it; so such addresses stand in no log.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode


class Algorithm(StrEnum):
    """Which hash the server accepts (`supportedChecksumAlgorithms`)."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


@dataclass(frozen=True, slots=True, kw_only=True)
class BbbServer:
    """A server, or a load balancer in front of several. `url` ends where `/api` begins."""

    url: str
    secret: str = field(repr=False)
    algorithm: Algorithm = Algorithm.SHA256
    timeout_seconds: float = 10.0

    def address(self, call: str) -> str:
        """Of a call, without a query."""
        return f"{self.url.rstrip('/')}/api/{call}"

    def signed(self, call: str, parameters: Mapping[str, str]) -> str:
        """The query of a call with its checksum."""
        query = urlencode(parameters)
        signed = hashlib.new(self.algorithm, f"{call}{query}{self.secret}".encode()).hexdigest()
        return f"{query}&checksum={signed}" if query else f"checksum={signed}"
