"""A whole log, verified in its database: read once from its first entry to its last signed head."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from cryptography.x509 import Certificate
from sqlalchemy import RowMapping

from answerable import tlog
from answerable.audit import signed, witnesses
from answerable.audit.guards import list_missing_guards
from answerable.audit.heads import Head
from answerable.audit.signer import MMD_S
from answerable.audit.verifying import reading
from answerable.audit.verifying.bodies import Entry, Malformed, read_entry
from answerable.audit.verifying.notes import find_broken, find_fault, read_pinned
from answerable.audit.verifying.numbers import Numbers, SignedSize, Times
from answerable.audit.verifying.roots import check_heads, check_timestamp
from answerable.audit.verifying.schemas import Schemas
from answerable.audit.verifying.slots import Slots
from answerable.audit.verifying.tree import Regrowth
from answerable.audit.verifying.values import Assurance, Fault, Finding, Report
from answerable.audit.vouching import assess
from answerable.infra.db import Db
from answerable.tlog.policies import NONE

MOST_FINDINGS: Final = 1_000
"""Of each kind; what is wrong everywhere is not told a million times."""

Progress = Callable[[int, int], None]
"""Takes how many entries were read and how many there are."""

_NOT_CHECKED: Final = (
    "whether others were shown the same log: pin a checkpoint, or have witnesses cosign it",
    "whether what an entry says is true: a lie that was written down is kept as faithfully as anything else",
)


class _Follower(Protocol):
    """What looks at one entry after the other."""

    def follow(self, index: int, entry: Entry) -> Iterable[Finding]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be verified beyond the log itself."""

    pinned: bytes | None = None
    """A checkpoint that was kept from before."""

    policy: bytes | None = None
    """Whose cosignatures count (c2sp.org/tlog-policy); else the log's own key alone."""

    require: Assurance = Assurance.SIGNED
    max_age_s: int | None = None
    signer_head: Head | None = None
    """What the signer itself says it signed last, where its folder is at hand."""

    opens: bool = False
    """Whether sealed values are also opened; nothing is shown."""

    root: Db | None = None
    """A session of the log over all logs; without it that is not looked at."""

    certificates: Sequence[Certificate] = ()
    """The roots of timestamp authorities that are believed."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))


async def verify(
    db: Db, asked: Asked | None = None, *, progress: Progress = lambda _read, _all: None
) -> Report:
    """Verify the log of the session's tenant; the caller records that it was done.

    Errors:  none for what is wrong with the log: that is in the report. DatabaseUnavailable.
    """
    return await _Verification(db, asked or Asked(), progress).run()


class _Verification:
    def __init__(self, db: Db, asked: Asked, progress: Progress) -> None:
        self.db = db
        self.asked = asked
        self.progress = progress
        self.findings: list[Finding] = []
        self._told: dict[Fault, int] = defaultdict(int)
        self.roots: dict[int, list[tuple[bytes, Fault, str]]] = defaultdict(list)
        self.recoveries = 0
        self.not_checked: list[str] = list(_NOT_CHECKED)

    def found(self, finding: Finding) -> None:
        """Take in a finding."""
        self._told[finding.finding] += 1
        if self._told[finding.finding] <= MOST_FINDINGS:
            self.findings.append(finding)

    def tell(self, fault: Fault, detail: str, *, event: UUID | None = None) -> None:
        """Take in a finding that is not about one place."""
        self.found(Finding(finding=fault, detail=detail, event=event))

    async def run(self) -> Report:
        """Everything, in the order in which it builds on each other."""
        logs = {row["generation"]: row for row in await reading.list_logs(self.db)}
        heads = await reading.list_heads(self.db)
        size = await reading.tree_size(self.db)
        newest = self._check_heads(logs, heads, size)
        self._expect_what_others_say(logs, newest, size)
        covered = min(size, newest["size"]) if newest else 0
        states = await self._read_entries(covered, heads)
        await self._check_completeness()
        receipts = await self._check_receipts(logs)
        await self._check_root_log()
        if len(logs) > 1 and self.recoveries < len(logs) - 1:
            self.tell(Fault.FORK, "the log goes on under another name, and nothing in it declares why")
        assurance = await self._assure(newest)
        return Report(
            findings=tuple(self.findings),
            assurance=assurance,
            leaves=covered,
            waiting=await reading.count_waiting(self.db) + size - covered,
            origin=logs[newest["generation"]]["origin"] if newest else None,
            size=newest["size"] if newest else 0,
            root=bytes(newest["root"]).hex() if newest else None,
            signed_at=newest["signed_at"].isoformat() if newest else None,
            generations=len(logs),
            checkpoints=len(heads),
            receipts=receipts,
            slots=dict(states),
            not_checked=tuple(self.not_checked),
        )

    def _check_heads(
        self, logs: Mapping[int, RowMapping], heads: Sequence[RowMapping], size: int
    ) -> RowMapping | None:
        if not heads:
            self.tell(Fault.CHECKPOINT_MISSING, "nothing of this log is signed")
            return None
        generation = max(head["generation"] for head in heads)
        for head in heads:
            if (wrong := find_fault(logs[head["generation"]], head)) is not None:
                self.found(wrong)
            if head["generation"] != generation:
                continue
            if head["size"] > size:
                self.tell(Fault.ROLLBACK, f"{size} entries, where {head['size']} were signed")
            else:
                detail = f"the first {head['size']} entries lead to another root than the one that was signed"
                self.roots[head["size"]].append((bytes(head["root"]), Fault.ROOT_MISMATCH, detail))
        if generation > 1:
            self.not_checked.append("heads from before a declared recovery: what they covered may be lost")
        return max((head for head in heads if head["generation"] == generation), key=lambda one: one["size"])

    def _expect_what_others_say(
        self, logs: Mapping[int, RowMapping], newest: RowMapping | None, size: int
    ) -> None:
        own = self.asked.signer_head
        if own is not None and newest is not None and own.generation == newest["generation"]:
            self._expect(own.size, own.root, size, "the signer itself has signed")
        if self.asked.pinned is not None:
            try:
                pinned = read_pinned(self.asked.pinned, list(logs.values()))
            except tlog.Refused as refused:
                self.tell(Fault.CHECKPOINT_REFUSED, f"the pinned checkpoint: {refused}")
            else:
                self._expect(pinned.size, pinned.root, size, "a pinned checkpoint says")

    def _expect(self, signed: int, root: bytes, size: int, who: str) -> None:
        if signed > size:
            self.tell(Fault.ROLLBACK, f"{size} entries, where {who} {signed}")
        else:
            detail = f"the first {signed} entries have another root than {who}"
            self.roots[signed].append((root, Fault.FORK, detail))

    async def _read_entries(self, size: int, heads: Sequence[RowMapping]) -> Mapping[str, int]:
        tree, numbers = Regrowth(), Numbers()
        schemas = Schemas(stored=await reading.list_schemas(self.db))
        times = Times([SignedSize(size=head["size"], at=head["signed_at"]) for head in _by_size(heads)])
        slots = Slots(
            db=self.db,
            found=self.found,
            destroyed=await reading.list_destroyed(self.db),
            opens=self.asked.opens,
        )
        self._compare_root(tree)
        async for rows in reading.list_entries(self.db, size):
            entries: list[tuple[int, Entry]] = []
            filled: list[tuple[int, int, bytes]] = []
            for row in rows:
                filled += self._add(tree, row)
                if row["body"] is not None and (entry := self._read(row)) is not None:
                    entries.append((row["index"], entry))
            await self._compare_tiles(filled)
            self._follow(entries, (schemas, numbers, times))
            await slots.follow(entries)
            self.progress(tree.size, size)
        if tree.size < size:
            detail = f"{tree.size} entries, where {size} were signed"
            self.found(Finding(finding=Fault.ENTRY_MISSING, detail=detail, leaf=tree.size))
            self._compare_all_roots()
        for finding in numbers.end():
            self.found(finding)
        slots.end()
        if schemas.before:
            self.not_checked.append(f"the form of {schemas.before} entries from before the log declared any")
        return slots.states

    def _follow(self, entries: Sequence[tuple[int, Entry]], followers: Sequence[_Follower]) -> None:
        for index, entry in entries:
            self.recoveries += entry.type == "log.recovered"
            for follower in followers:
                for finding in follower.follow(index, entry):
                    self.found(finding)

    def _add(self, tree: Regrowth, row: RowMapping) -> list[tuple[int, int, bytes]]:
        if row["index"] != tree.size or row["body"] is None:
            detail = "the entry is gone"
            self.found(
                Finding(finding=Fault.ENTRY_MISSING, detail=detail, leaf=tree.size, event=row["event_id"])
            )
        leaf = bytes(row["placed"]) if row["body"] is None else tlog.hash_leaf(bytes(row["body"]))
        if leaf != bytes(row["placed"]):
            detail = "the entry has another hash than its place"
            self.found(
                Finding(finding=Fault.LEAF_MISMATCH, detail=detail, leaf=row["index"], event=row["event_id"])
            )
        filled = tree.add(leaf)
        self._compare_root(tree)
        return filled

    def _compare_root(self, tree: Regrowth) -> None:
        for root, fault, detail in self.roots.pop(tree.size, ()):
            if tree.root() != root:
                self.found(Finding(finding=fault, detail=detail, leaf=max(tree.size - 1, 0)))

    def _compare_all_roots(self) -> None:
        for size in sorted(self.roots):
            for _, fault, detail in self.roots[size]:
                self.found(Finding(finding=fault, detail=detail, leaf=size - 1))

    async def _compare_tiles(self, filled: Sequence[tuple[int, int, bytes]]) -> None:
        if not filled:
            return
        stored = await reading.read_full_tiles(self.db, [(level, index) for level, index, _ in filled])
        for level, index, hashes in filled:
            found = stored.get((level, index))
            first = index << (8 * (level + 1))
            if found is None:
                detail = f"tile {level}/{index} is gone"
                self.found(Finding(finding=Fault.TILE_MISSING, detail=detail, leaf=first))
            elif found != hashes:
                detail = f"tile {level}/{index} has another hash than the entries"
                at = next(one for one in range(256) if found[32 * one :][:32] != hashes[32 * one :][:32])
                leaf = first + (at << (8 * level))
                self.found(Finding(finding=Fault.TILE_MISMATCH, detail=detail, leaf=leaf))

    def _read(self, row: RowMapping) -> Entry | None:
        try:
            entry = read_entry(bytes(row["body"]))
        except Malformed as malformed:
            detail = str(malformed)
            self.found(
                Finding(finding=Fault.BODY_MALFORMED, detail=detail, leaf=row["index"], event=row["event_id"])
            )
            return None
        repeated = (
            (entry.event_id, row["event_id"]),
            (entry.type, row["type"]),
            (entry.at, row["at"]),
            (entry.subject_kind, row["subject_kind"]),
            (entry.subject_id, row["subject_id"]),
            (entry.actor_kind, row["actor_kind"]),
            (entry.actor_id, row["actor_id"]),
            (entry.conversation, row["conversation_id"]),
            (entry.writer, row["writer_id"]),
            (entry.number or None, row["writer_number"]),
        )
        if any(said != stored for said, stored in repeated):
            detail = "a column says something else than the entry"
            self.found(
                Finding(
                    finding=Fault.COLUMN_MISMATCH, detail=detail, leaf=row["index"], event=row["event_id"]
                )
            )
        return entry

    async def _check_completeness(self) -> None:
        for event_id in await reading.list_orphans(self.db, mmd_s=MMD_S):
            self.tell(Fault.ORPHAN_EVENT, "an event that is in no place of the log", event=event_id)
        for event_id in await reading.list_twice(self.db):
            self.tell(Fault.DUPLICATE_EVENT, "an event in two places", event=event_id)
        for detail, ids in (await reading.list_unpaired(self.db)).items():
            for row_id in ids:
                self.tell(Fault.PAIR_MISSING, f"{detail}: {row_id}")
        for key_id, event_id in await reading.list_revived(self.db):
            self.tell(Fault.KEY_REVIVED, f"key {key_id} was destroyed and is there again", event=event_id)
        for alarm in await reading.list_alarms(self.db):
            detail = f"the signer refuses: {alarm['signed_size']} entries signed, {alarm['found_size']} found"
            self.tell(Fault(alarm["finding"]), detail)
        for guard in await list_missing_guards(self.db):
            self.tell(Fault.GUARD_MISSING, guard)

    async def _check_root_log(self) -> None:
        root = self.asked.root
        if root is None:
            self.not_checked.append("the log over all logs of the installation")
            return
        findings, not_checked = await check_timestamp(root, self.asked.certificates)
        for finding in [*await check_heads(self.db, root, now=self.asked.now), *findings]:
            self.found(finding)
        self.not_checked += not_checked

    async def _check_receipts(self, logs: Mapping[int, RowMapping]) -> int:
        count = 0
        keys = [tlog.parse_key(log["receipt_key"]) for log in logs.values()]
        async for rows in reading.list_receipts(self.db):
            for row in rows:
                count += 1
                if (wrong := find_broken(row, keys, now=self.asked.now)) is not None:
                    self.tell(Fault.RECEIPT_BROKEN, wrong, event=row["event_id"])
        return count

    async def _assure(self, newest: RowMapping | None) -> Assurance:
        """Who vouches for the log; what was asked for and is not there is a finding."""
        if newest is None:
            return Assurance.NONE
        vouched = await signed.find_head(self.db, covering=0)
        assurance = Assurance.SIGNED if vouched is None else await self._weigh(vouched)
        if vouched is not None and assurance is not Assurance.SIGNED and vouched.size < newest["size"]:
            count = newest["size"] - vouched.size
            self.not_checked.append(
                f"whether witnesses have seen the newest {count} entries: none has said so yet"
            )
        order = list(Assurance)
        if order.index(assurance) < order.index(self.asked.require):
            self.tell(Fault.LEVEL_MISSED, f"{assurance} instead of {self.asked.require}")
        age_s = (self.asked.now - newest["signed_at"]).total_seconds()
        if self.asked.max_age_s is not None and age_s > self.asked.max_age_s:
            self.tell(Fault.STALE, f"the newest signed head is {age_s:.0f} seconds old")
        return assurance

    async def _weigh(self, head: signed.Head) -> Assurance:
        """The level of a head under the policy that was given, or else under the log's own and the root log's."""
        if self.asked.policy is None and self.asked.root is not None:
            return (await assess(self.db, self.asked.root, head)).level
        try:
            policy = tlog.parse_policy(self.asked.policy or await witnesses.render_policy(self.db))
            verified = tlog.verify_checkpoint(head.note.encode(), policy)
        except tlog.Refused as refused:
            if self.asked.policy is not None:
                self.tell(Fault.LEVEL_MISSED, f"the policy does not accept the newest head: {refused}")
            return Assurance.SIGNED
        clock = f"{verified.checkpoint.origin}/clock"
        if all(one.key.name == clock for one in verified.cosigners):
            return Assurance.SIGNED
        return Assurance.TENANT_WITNESSED if policy.quorum == NONE else Assurance.QUORUM_WITNESSED


def _by_size(heads: Sequence[RowMapping]) -> list[RowMapping]:
    """The heads of the newest generation, smallest first."""
    generation = max((head["generation"] for head in heads), default=0)
    return [head for head in heads if head["generation"] == generation]
