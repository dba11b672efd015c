"""Servers on this machine that misbehave as a test asks, and certificates made for the occasion."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """A running server and what it was asked."""

    port: int = 0
    requests: list[str] = field(default_factory=list[str])


@contextlib.asynccontextmanager
async def serve(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Server]:
    """A server on 127.0.0.1 that hands each request's head to `answer`."""
    server = Server()
    answering: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.create_task(respond(reader, writer)))

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            server.requests.append(head)
            await answer(head, writer)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)


def reply(body: bytes = b"", *, status: int = 200, headers: str = "") -> Answer:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {status} X\r\n{headers}content-length: {len(body)}\r\n"
            "connection: close\r\n\r\n".encode()
            + body
        )

    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate authority that lives for one test run."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> Path:
        return self.folder / "authority.pem"

    def server_tls(self, host: str, *, days: int = 1, own_signature: bool = False) -> ssl.SSLContext:
        """A server's side of TLS with a certificate for a host, expired when `days` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = _name(host) if own_signature else self.certificate.subject
        certificate = (
            _certificate(_name(host), issuer, key, days=days)
            .add_extension(x509.SubjectAlternativeName([_san(host)]), critical=False)
            .sign(key if own_signature else self.key, hashes.SHA256())
        )
        path = self.folder / f"{host}-{days}-{own_signature}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def make_authority(folder: Path) -> Authority:
    """A new authority whose certificate lies in a folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Test authority")
    certificate = (
        _certificate(name, name, key, days=1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Authority(folder=folder, key=key, certificate=certificate)
    made.pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=3))
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
