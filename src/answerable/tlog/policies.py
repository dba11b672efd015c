"""Trust policies: which logs are believed, and which witnesses must have seen a checkpoint."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from answerable.tlog.errors import Finding, Refused
from answerable.tlog.formats import MAX_LINE_BYTES, read_decimal
from answerable.tlog.keys import Algorithm, VerifierKey, parse_key

NONE = b"none"
MAX_POLICY_BYTES = 1_000_000

_OCTETS = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_LOG_KINDS = frozenset({Algorithm.ED25519, Algorithm.ML_DSA_44_COSIGNATURE})
_WITNESS_KINDS = frozenset({Algorithm.ED25519_COSIGNATURE, Algorithm.ML_DSA_44_COSIGNATURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Counts as having witnessed when enough of its members have."""

    threshold: int
    members: tuple[bytes, ...]
    """Names of witnesses and of groups defined before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a verifier believes. Names are octets and mean nothing outside of the policy.

    Source:  c2sp.org/tlog-policy.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: dict[bytes, VerifierKey]
    groups: dict[bytes, Group]
    """In the order of their definition."""

    quorum: bytes
    """The name of a witness or of a group, or `none`."""

    def is_met_by(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether these witnesses are a quorum."""
        met = {name for name, key in self.witnesses.items() if key in cosigners}
        for name, group in self.groups.items():
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(name)
        return self.quorum == NONE or self.quorum in met


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A policy while its lines are read."""

    logs: list[VerifierKey] = field(default_factory=list[VerifierKey])
    witnesses: dict[bytes, VerifierKey] = field(default_factory=dict[bytes, VerifierKey])
    groups: dict[bytes, Group] = field(default_factory=dict[bytes, Group])
    quorum: bytes | None = None
    grouped: set[bytes] = field(default_factory=set[bytes])
    """Members of any group: a name is in one group at most, so that a witness counts once."""

    def is_defined(self, name: bytes) -> bool:
        return name in self.witnesses or name in self.groups


def parse_policy(data: bytes) -> Policy:
    """The policy that a file holds.

    Errors:  Refused, POLICY_MALFORMED; KEY_MALFORMED or KEY_UNSUPPORTED for one of its keys.
    """
    if len(data) > MAX_POLICY_BYTES or not _OCTETS.fullmatch(data):
        raise Refused(Finding.POLICY_MALFORMED, "too long, or a control character")
    draft = _Draft()
    for line in data.split(b"\n"):
        if len(line) > MAX_LINE_BYTES:
            raise Refused(Finding.POLICY_MALFORMED, "a line is too long")
        items = re.split(rb"[ \t]+", line.strip(b" \t"))
        if not items[0] or items[0].startswith(b"#"):
            continue
        if items[0] not in _LINES:
            raise Refused(Finding.POLICY_MALFORMED, "a line that says nothing known")
        _LINES[items[0]](draft, items[1:])
    if draft.quorum is None:
        raise Refused(Finding.POLICY_MALFORMED, "no quorum")
    return Policy(logs=tuple(draft.logs), witnesses=draft.witnesses, groups=draft.groups, quorum=draft.quorum)


def _read_log(draft: _Draft, items: list[bytes]) -> None:
    _require_count(items, 1, 2)
    key = _read_key(items[0], _LOG_KINDS)
    _require_new(key, draft.logs)
    draft.logs.append(key)


def _read_witness(draft: _Draft, items: list[bytes]) -> None:
    _require_count(items, 2, 3)
    name = _read_name(draft, items[0])
    key = _read_key(items[1], _WITNESS_KINDS)
    _require_new(key, draft.witnesses.values())
    draft.witnesses[name] = key


def _read_group(draft: _Draft, items: list[bytes]) -> None:
    if len(items) < 3:
        raise Refused(Finding.POLICY_MALFORMED, "a group without members")
    name, rule, *members = items
    _read_name(draft, name)
    for member in members:
        if not draft.is_defined(member) or member in draft.grouped:
            raise Refused(Finding.POLICY_MALFORMED, "a member that is unknown or in a group already")
        draft.grouped.add(member)
    draft.groups[name] = Group(threshold=_read_threshold(rule, len(members)), members=tuple(members))


def _read_quorum(draft: _Draft, items: list[bytes]) -> None:
    _require_count(items, 1, 1)
    if draft.quorum is not None:
        raise Refused(Finding.POLICY_MALFORMED, "a second quorum")
    if items[0] != NONE and not draft.is_defined(items[0]):
        raise Refused(Finding.POLICY_MALFORMED, "a quorum that is not defined before it")
    draft.quorum = items[0]


_LINES: dict[bytes, Callable[[_Draft, list[bytes]], None]] = {
    b"log": _read_log,
    b"witness": _read_witness,
    b"group": _read_group,
    b"quorum": _read_quorum,
}


def _read_threshold(rule: bytes, members: int) -> int:
    words = {b"any": 1, b"all": members}
    threshold = words[rule] if rule in words else read_decimal(rule, Finding.POLICY_MALFORMED)
    if not 1 <= threshold <= members:
        raise Refused(Finding.POLICY_MALFORMED, f"{threshold} of {members}")
    return threshold


def _read_name(draft: _Draft, name: bytes) -> bytes:
    if name == NONE or draft.is_defined(name):
        raise Refused(Finding.POLICY_MALFORMED, "a name that is taken")
    return name


def _read_key(text: bytes, kinds: frozenset[Algorithm]) -> VerifierKey:
    try:
        key = parse_key(text.decode())
    except UnicodeDecodeError as error:
        raise Refused(Finding.KEY_MALFORMED, "not UTF-8") from error
    if key.algorithm not in kinds:
        raise Refused(Finding.KEY_UNSUPPORTED, "a log's key as witness, or a witness's as log")
    return key


def _require_count(items: list[bytes], least: int, most: int) -> None:
    if not least <= len(items) <= most:
        raise Refused(Finding.POLICY_MALFORMED, "a line with too few or too many words")


def _require_new(key: VerifierKey, others: Collection[VerifierKey]) -> None:
    if any(key.public == other.public for other in others):
        raise Refused(Finding.POLICY_MALFORMED, "the same key twice")
