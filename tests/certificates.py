"""A certificate authority of our own, for as long as a test needs it."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates. `pem` is its own."""

    def __init__(self) -> None:
        self._key = generate_private_key(SECP256R1())
        self._name = _name("CA of a test")
        own = x509.BasicConstraints(ca=True, path_length=0)
        self.pem = self._signed(self._name, self._key, (own, True), days=1)

    def certificate(self, host: str, *, days: int = 1) -> tuple[bytes, bytes]:
        """A certificate for a host and its key, both PEM. With no days it has run out."""
        key = generate_private_key(SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        pem = self._signed(_name(host), key, (names, False), days=days)
        return pem, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def _signed(
        self, name: x509.Name, key: EllipticCurvePrivateKey, extension: tuple[x509.ExtensionType, bool], *, days: int
    ) -> bytes:
        now = datetime.now(UTC)
        public = key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(days=days, minutes=-1))
            .add_extension(extension[0], critical=extension[1])
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        return builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
