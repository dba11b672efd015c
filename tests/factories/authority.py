"""A timestamp authority (RFC 3161) of the tests' own: OpenSSL's `ts`, with certificates made here."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from answerable.infra.egress import Response

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampingAuthority:
    """What answers timestamp queries; its root lies in `root.pem`."""

    folder: Path

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    async def post(self, _url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        assert headers["content-type"] == "application/timestamp-query"
        return Response(
            status=200, headers={"content-type": "application/timestamp-reply"}, body=self.answer(body)
        )

    def answer(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        command = [
            "openssl",
            "ts",
            "-reply",
            "-config",
            f"{self.folder}/conf",
            "-queryfile",
            f"{self.folder}/query",
        ]
        subprocess.run([*command, "-out", f"{self.folder}/reply"], check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()

    def verify(self, token: bytes, data: bytes) -> bool:
        """What an auditor runs who has neither our code nor our word."""
        (self.folder / "token.tsr").write_bytes(token)
        (self.folder / "head").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-in", "token.tsr", "-data", "head", "-CAfile", "root.pem"]
        return subprocess.run(command, check=False, capture_output=True, cwd=self.folder).returncode == 0


def make_authority(folder: Path, *, digests: str = "sha256", usage: bool = True) -> StampingAuthority:
    folder.mkdir(parents=True)
    root_key, tsa_key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root = _certificate("Root", root_key, "Root", root_key, is_authority=True, usage=False)
    tsa = _certificate("Stamps", tsa_key, "Root", root_key, is_authority=False, usage=usage)
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.pem").write_bytes(tsa.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        tsa_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "serial").write_text("01\n")
    (folder / "conf").write_text(_CONFIG.format(folder=folder, digests=digests))
    return StampingAuthority(folder=folder)


def _certificate(
    name: str,
    key: EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: EllipticCurvePrivateKey,
    *,
    is_authority: bool,
    usage: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if usage:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
