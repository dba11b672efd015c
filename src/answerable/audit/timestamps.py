"""Timestamps by an authority that is neither ours nor the tenant's: that a head was there at a time.

Source:  RFC 3161. What is stamped is the text of a head of the root log, which covers the heads of all logs.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.x509 import Certificate, ObjectIdentifier, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from answerable.audit import signed
from answerable.audit.errors import CheckpointNotFound, TimestampRefused, TimestampRootsUnreadable
from answerable.audit.posting import MAX_ANSWER_BYTES, Post
from answerable.audit.rooting import ROOT_READER
from answerable.audit.witness_models import AuditTimestampRow
from answerable.infra.db import Database, Db, Unaudited
from answerable.infra.tables import table_of

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
_SHA256: Final = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_HEADERS: Final = MappingProxyType({"content-type": QUERY_TYPE, "accept": REPLY_TYPE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A token that was checked."""

    token: bytes
    """The authority's whole answer, DER."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who is asked, and whose certificates are believed."""

    url: str
    roots: tuple[Certificate, ...]


def read_roots(path: Path) -> tuple[Certificate, ...]:
    """The certificates of a PEM file.

    Errors:  TimestampRootsUnreadable.
    """
    try:
        return tuple(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise TimestampRootsUnreadable(str(path)) from error


def verify_timestamp(token: bytes, data: bytes, roots: Sequence[Certificate]) -> Timestamp:
    """The time of a token, if it is over SHA-256 of these bytes and its chain ends in one of the roots.

    Whether a certificate was revoked is not asked: that would need the network, at the time of the token.

    Errors:  TimestampRefused.
    """
    return _verified(token, data, roots, nonce=None)


async def ask_timestamp(post: Post, authority: Authority, data: bytes) -> Timestamp:
    """A fresh token over these bytes, checked.

    Errors:  TimestampRefused, and those of reaching the authority.
    """
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    answer = await post(authority.url, request.as_bytes(), _HEADERS)
    if answer.status != HTTPStatus.OK:
        raise TimestampRefused(f"It answered {answer.status}.")
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != REPLY_TYPE:
        raise TimestampRefused("It answered something else than a timestamp.")
    return _verified(answer.body, data, authority.roots, nonce=request.nonce)


async def stamp_root(database: Database, post: Post, authority: Authority) -> Timestamp | None:
    """Have the newest head of the root log stamped, and keep the token; nothing when it is stamped already.

    Errors:  TimestampRefused, DatabaseUnavailable, and those of reaching the authority.
    """
    async with database.tenant_session(ROOT_READER) as root:
        head = await signed.find_head(root)
        if head is None or await _is_stamped(root, head):
            return None
    stamp = await ask_timestamp(post, authority, head.text)
    async with database.tenant_session(ROOT_READER) as root:
        root.unaudited(Unaudited.COSIGNATURE)
        values = {
            "generation": head.generation,
            "size": head.size,
            "token": stamp.token,
            "stated_at": stamp.at,
        }
        await root.execute(insert(table_of(AuditTimestampRow)).values(values).on_conflict_do_nothing())
    return stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A head of the root log with its token."""

    head: signed.Head
    token: bytes
    at: datetime

    @property
    def text(self) -> bytes:
        """What was stamped."""
        return self.head.text


async def find_stamped(root: Db) -> Stamped | None:
    """The newest head of the root log that was stamped."""
    row = AuditTimestampRow
    statement = select(row.generation, row.size, row.token, row.stated_at)
    newest = statement.order_by(row.generation.desc(), row.size.desc()).limit(1)
    found = (await root.execute(newest)).first()
    head = None if found is None else await signed.find_head(root, size=found.size)
    # Under another name the same size is another head.
    if found is None or head is None or head.generation != found.generation:
        return None
    return Stamped(head=head, token=found.token, at=found.stated_at)


async def get_stamped(root: Db) -> Stamped:
    """As `find_stamped`.

    Errors:  CheckpointNotFound.
    """
    stamped = await find_stamped(root)
    if stamped is None:
        raise CheckpointNotFound
    return stamped


async def _is_stamped(root: Db, head: signed.Head) -> bool:
    row = AuditTimestampRow
    found = await root.scalar(
        select(row.size).where(row.generation == head.generation, row.size == head.size)
    )
    return found is not None


def _verified(token: bytes, data: bytes, roots: Sequence[Certificate], *, nonce: int | None) -> Timestamp:
    if len(token) > MAX_ANSWER_BYTES:
        raise TimestampRefused("It is longer than any token.")
    try:
        response = decode_timestamp_response(token)
        _require_sha256(response)
        builder = VerifierBuilder(roots=list(roots), nonce=nonce)
        builder.build().verify(response, hashlib.sha256(data).digest())
        at = response.tst_info.gen_time
    # Whatever the library makes of bytes that anybody may have sent, it is no timestamp.
    except Exception as error:
        if isinstance(error, TimestampRefused):
            raise
        raise TimestampRefused(f"{type(error).__name__}.") from error
    return Timestamp(token=token, at=at if at.tzinfo else at.replace(tzinfo=UTC))


def _require_sha256(response: TimeStampResponse) -> None:
    if response.tst_info.message_imprint.hash_algorithm != _SHA256:
        raise TimestampRefused("It is over another digest.")
