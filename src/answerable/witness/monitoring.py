"""A monitor: what a tenant runs anywhere to see that its log only grows and shows everybody the same history.

It keeps the head that it saw last, follows the log and the root log from there, cosigns what holds, and raises
alarm about what does not. It believes nobody: a head counts once all its new leaves lead to its root.
"""

import json
import math
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from answerable import tlog
from answerable.audit import rooting
from answerable.tlog import VerifierKey
from answerable.witness.errors import MonitorRefused
from answerable.witness.following import (
    FORKS,
    Alarm,
    Alarmed,
    Fetch,
    Followed,
    entries_from,
    follow,
    hashes_from,
    read_signed,
)
from answerable.witness.memory import Memory, Watched

GRACE_S: Final = 120
"""So long a head may take to enter the root log."""

_LOG: Final = "/v1/audit/tlog"
_ROOT: Final = "/v1/audit/root"
_MOST_HEADS: Final = 1_000

Bring = Callable[[bytes], Awaitable[None]]
"""Hands a cosigned head in: its text, and one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a log found."""

    origin: str
    size: int
    added: int
    root_size: int
    published: int
    """Heads that were found in the root log."""
    cosigned: bool
    alarms: tuple[str, ...]
    code: int
    """0; 20 when the head is old, 40 when something does not verify, 41 when there is another history."""


class Monitor:
    """Looks at one log, again and again; its memory is on disk before anybody hears of it."""

    def __init__(
        self, memory: Memory, fetch: Fetch, bring: Bring, *, now: Callable[[], float], max_age_s: int | None
    ) -> None:
        self._memory = memory
        self._fetch = fetch
        self._bring = bring
        self._now = now
        self._max_age_s = max_age_s

    async def look(self, *, key: str | None = None) -> Look:
        """Follow both logs to their newest heads, cosign, and say what was found.

        `key` is the log's verifier key where it is known from elsewhere; else the first one seen is kept.

        Errors:  MonitorUnreachable, MonitorRefused.
        """
        watched = self._memory.load() or await self._begin(key)
        notes: list[bytes] = [watched.log.note]
        try:
            return await self._follow(watched, notes)
        except Alarmed as alarmed:
            self._memory.keep_evidence(alarmed.alarm.value, alarmed.detail, notes)
            return Look(
                origin=watched.log.key.name,
                size=watched.log.frontier.size,
                added=0,
                root_size=watched.root.frontier.size,
                published=0,
                cosigned=False,
                alarms=(str(alarmed),),
                code=41 if alarmed.alarm in FORKS else 40,
            )

    async def _begin(self, key: str | None) -> Watched:
        log = _own_key(await self._fetch("/v1/audit/policy"))
        if key is not None and str(log) != key.strip():
            raise MonitorRefused("The log signs with another key than the one that you have.")
        label = json.loads(await self._fetch(f"{_ROOT}/label"))
        return Watched(
            log=Followed(key=log),
            root=Followed(key=_own_key(await self._fetch(f"{_ROOT}/policy"))),
            label_key=b64decode(label["key"]),
        )

    async def _follow(self, watched: Watched, notes: list[bytes]) -> Look:
        # The root log first: every head that it holds by then is among those that are read afterwards.
        taken: list[bytes] = []
        root_note = await self._fetch(f"{_ROOT}/checkpoint")
        root = await follow(watched.root, root_note, entries_from(self._fetch, _ROOT, taken))
        note = await self._fetch(f"{_LOG}/checkpoint")
        notes.append(note)
        heads = await self._list_heads(watched, upto=read_signed(watched.log.key, note).size)
        step = await follow(watched.log, note, hashes_from(self._fetch, _LOG), at=list(heads))
        pending = {**watched.pending, **self._commitments(watched, heads, step.roots)}
        published = self._match(watched, taken, pending)
        self._require_published(pending)
        cosigned = self._memory.cosign(step.checkpoint, at=int(self._now()))
        after = replace(watched, log=step.followed, root=root.followed, pending=pending)
        # On disk before it is said: whoever comes back from a crash says nothing that contradicts it.
        self._memory.save(after)
        await self._bring(step.checkpoint.text() + b"\n" + cosigned)
        is_old = self._is_old(note, watched)
        return Look(
            origin=step.checkpoint.origin,
            size=step.checkpoint.size,
            added=step.added,
            root_size=root.checkpoint.size,
            published=published,
            cosigned=True,
            alarms=(f"{Alarm.STALE.value}: the newest head is older than asked for",) if is_old else (),
            code=20 if is_old else 0,
        )

    async def _list_heads(self, watched: Watched, *, upto: int) -> dict[int, bytes]:
        """The signed heads since the last look, by their sizes."""
        heads: dict[int, bytes] = {}
        after = watched.log.frontier.size
        while True:
            answer = json.loads(await self._fetch(f"/v1/audit/heads?after={after}&limit={_MOST_HEADS}"))
            found: list[dict[str, Any]] = answer["items"]
            heads |= {one["size"]: one["note"].encode() for one in found if after < one["size"] <= upto}
            if len(found) < _MOST_HEADS or found[-1]["size"] <= after:
                return heads
            after = found[-1]["size"]

    def _commitments(
        self, watched: Watched, heads: dict[int, bytes], roots: dict[int, bytes]
    ) -> dict[str, float]:
        """What the root log must hold of these heads, each with the time from which it is late."""
        due: dict[str, float] = {}
        # Those of before the first look may be older than the root log itself.
        late_from = self._now() + GRACE_S if watched.log.note else math.inf
        for size, note in heads.items():
            checkpoint = read_signed(watched.log.key, note)
            if (checkpoint.size, checkpoint.root) != (size, roots.get(size)):
                raise Alarmed(Alarm.FORK, f"a signed head of {size} entries has another root than they have")
            due[rooting.commit(watched.label_key, checkpoint.text()).hex()] = late_from
        return due

    def _match(self, watched: Watched, taken: list[bytes], pending: dict[str, float]) -> int:
        label, found = rooting.label_of(watched.label_key), 0
        for body in taken:
            try:
                entry = rooting.parse_entry(body)
            except tlog.Refused as error:
                raise Alarmed(Alarm.REFUSED, f"an entry of the root log: {error}") from error
            if entry.label != label:
                continue
            if pending.pop(entry.head.hex(), None) is None and watched.log.note:
                raise Alarmed(Alarm.HEAD_UNKNOWN, "a head of this log in the root log that was never shown")
            found += 1
        return found

    def _require_published(self, pending: dict[str, float]) -> None:
        late = sum(due < self._now() for due in pending.values())
        if late:
            raise Alarmed(Alarm.HEAD_NOT_IN_ROOT, f"{late} signed heads are not in the root log")

    def _is_old(self, note: bytes, watched: Watched) -> bool:
        if self._max_age_s is None:
            return False
        origin = watched.log.key.name
        stated = [
            int.from_bytes(one.payload[:8], "big")
            for one in tlog.parse_note(note).signatures
            if one.name == f"{origin}/clock"
        ]
        return self._now() - max(stated, default=0) > self._max_age_s


def _own_key(policy: bytes) -> VerifierKey:
    try:
        logs = tlog.parse_policy(policy).logs
    except tlog.Refused as error:
        raise MonitorRefused(f"Its policy is none: {error}.") from error
    if len(logs) != 1:
        raise MonitorRefused("Nothing of this log is signed yet.")
    return logs[0]
