"""The vault, measured: `python -m benchmarks vault`.

Single values are sealed and opened without the database; many with it, in a transaction of their own.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from answerable import vault
from answerable.infra.db import Db, Unaudited
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.vault import Keys, rules
from answerable.vault.values import DataClass, KeyId, Place, Plain, Stored, Subject, SubjectKind
from benchmarks.tables import percentile, print_conditions, print_table
from benchmarks.throwaway import add_tenant, execute, open_throwaway

SIZES = (100, 2_000, 8_000)
TURNS = 5
SLICE_S = 0.2
BATCHES = (1, 10, 100)
BATCH_REPEATS = 30
SUBJECT_KEYS = 10_000
SLOT = "message.text"


async def main() -> None:
    """Print the tables."""
    async with open_throwaway() as installation:
        print_conditions(
            "VAULT",
            {
                "PostgreSQL": installation.server.version,
                "durable": "yes (fsync, synchronous commit)",
                "repetitions": f"{TURNS} x {SLICE_S} s a size, {BATCH_REPEATS} batches, one rotation",
            },
        )
        await asyncio.to_thread(_measure_values)
        tenant_id = await add_tenant(installation)
        await _measure_batches(installation, tenant_id)
        await _measure_rotation(installation, tenant_id)


def _measure_values() -> None:
    rows: list[tuple[object, ...]] = []
    key, key_id = rules.make_key(), KeyId(uuid7())
    place = Place(tenant_id=TenantId(uuid7()), record_id=uuid7(), slot=SLOT)
    cipher = AESGCM(key)
    for size in SIZES:
        content = secrets.token_bytes(size)
        nonce = secrets.token_bytes(12)
        sealed = rules.seal(key, place, content, key_id=key_id)
        ciphertext = cipher.encrypt(nonce, content, None)
        seals, encrypts, opens, decrypts = _rates(
            (
                lambda content=content: rules.seal(key, place, content, key_id=key_id),
                lambda content=content, nonce=nonce: cipher.encrypt(nonce, content, None),
                lambda sealed=sealed: rules.open_sealed(key, place, sealed),
                lambda ciphertext=ciphertext, nonce=nonce: cipher.decrypt(nonce, ciphertext, None),
            )
        )
        rows.append((f"{size:,} B", seals, encrypts, encrypts / seals, opens, decrypts, decrypts / opens))
    print_table(
        "one value without the database, per second; the peer is bare AES-256-GCM of `cryptography`",
        ("content", "seal", "encrypt", "ratio", "open", "decrypt", "ratio"),
        rows,
    )


def _rates(calls: Sequence[Callable[[], object]]) -> list[float]:
    """How often a second each can be called: the middle of several slices, taken in turns."""
    rates: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for call, found in zip(calls, rates, strict=True):
            found.append(_rate(call))
    return [sorted(found)[TURNS // 2] for found in rates]


def _rate(call: Callable[[], object]) -> float:
    number = 0
    began = time.perf_counter()
    while time.perf_counter() - began < SLICE_S:
        # Several at a time, so that reading the clock does not count.
        for _ in range(50):
            call()
        number += 50
    return number / (time.perf_counter() - began)


async def _measure_batches(installation: Installation, tenant_id: TenantId) -> None:
    rows: list[tuple[object, ...]] = []
    keys = Keys(folder=installation.settings.keys)
    for size in BATCHES:
        subject = Subject(kind=SubjectKind.CONTACT, id=uuid7())
        plains = [_plain(subject) for _ in range(size)]
        async with _session(installation, tenant_id) as db:
            db.unaudited(Unaudited.PROGRESS)
            sealed = await vault.seal_many(db, keys, plains)
        stored = [
            Stored(record_id=plain.record_id, slot=SLOT, envelope=each.envelope)
            for plain, each in zip(plains, sealed, strict=True)
        ]

        async def seal_known(db: Db, plains: Sequence[Plain] = plains) -> None:
            await vault.seal_many(db, keys, plains)

        async def seal_new(db: Db, plains: Sequence[Plain] = plains) -> None:
            subject = Subject(kind=SubjectKind.CONTACT, id=uuid7())
            await vault.seal_many(db, keys, [replace(plain, subject=subject) for plain in plains])

        async def open_all(db: Db, stored: Sequence[Stored] = stored) -> None:
            await vault.open_many(db, keys, stored)

        async def nothing(db: Db) -> None:
            await db.connection()

        works = (nothing, seal_known, seal_new, open_all)
        empty, *times = [await _time(installation, tenant_id, work) for work in works]
        rows.append((size, empty, *times, 1000 * size / times[0], 1000 * size / times[2]))
    print_table(
        "values of 2,000 B of one person in a transaction, p50 ms and values per second",
        ("values", "empty", "seal_many", "with a new key", "open_many", "sealed/s", "opened/s"),
        rows,
    )


async def _time(
    installation: Installation, tenant_id: TenantId, work: Callable[[Db], Awaitable[None]]
) -> float:
    took: list[float] = []
    for _ in range(BATCH_REPEATS):
        began = time.perf_counter()
        async with _session(installation, tenant_id) as db:
            db.unaudited(Unaudited.PROGRESS)
            await work(db)
        took.append(time.perf_counter() - began)
    return percentile(took, 50)


async def _measure_rotation(installation: Installation, tenant_id: TenantId) -> None:
    keys = Keys(folder=installation.settings.keys)
    people = [Subject(kind=SubjectKind.CONTACT, id=uuid7()) for _ in range(SUBJECT_KEYS)]
    for start in range(0, SUBJECT_KEYS, 1000):
        async with _session(installation, tenant_id) as db:
            db.unaudited(Unaudited.PROGRESS)
            await vault.seal_many(db, keys, [_plain(each) for each in people[start : start + 1000]])
    async with _session(installation, tenant_id) as db:
        db.unaudited(Unaudited.PROGRESS)
        await vault.destroy(db, people[0])
    await asyncio.to_thread(execute, installation, "VACUUM ANALYZE subject_key")
    limit = await asyncio.to_thread(_rewrap_bare)
    began = time.perf_counter()
    report = await vault.rotate(installation.database, keys)
    took = time.perf_counter() - began
    (rotation,) = report.rotated
    print_table(
        "rotation of one tenant; the limit is decrypting and encrypting as many keys, nothing else",
        ("subject keys", "seconds", "keys per second", "limit, seconds", "ratio"),
        [(rotation.rewrapped, took, rotation.rewrapped / took, limit, took / limit)],
    )


def _rewrap_bare() -> float:
    old, new = AESGCM(rules.make_key()), AESGCM(rules.make_key())
    nonce = secrets.token_bytes(12)
    wrapped = [old.encrypt(nonce, rules.make_key(), None) for _ in range(SUBJECT_KEYS)]
    began = time.perf_counter()
    for each in wrapped:
        new.encrypt(nonce, old.decrypt(nonce, each, None), None)
    return time.perf_counter() - began


def _plain(subject: Subject) -> Plain:
    return Plain(
        subject=subject,
        data_class=DataClass.CONVERSATION,
        record_id=uuid7(),
        slot=SLOT,
        content=secrets.token_bytes(2_000),
    )


def _session(installation: Installation, tenant_id: TenantId) -> AbstractAsyncContextManager[Db]:
    return installation.database.tenant_session(Actor(tenant_id=tenant_id, kind=ActorKind.SYSTEM))
