#!/usr/bin/env python3
"""Checks that an entry stands in a provable log, or a whole exported log, and trusts nobody for it.

    answerable_verify.py PROOF      --policy FILE --entry FILE
    answerable_verify.py DIRECTORY [--policy FILE]

PROOF is a file of the format c2sp.org/tlog-proof@v1, DIRECTORY a log in the layout of c2sp.org/tlog-tiles,
FILE a policy of the format c2sp.org/tlog-policy: the keys that you believe, from wherever you believe them.

One file, only Python's standard library, no code of Answerable. Read it before you rely on it: signatures (1),
tree (2), formats (3), trust (4), what entries say (5), the command (6). Findings: docs/reference/verifier.md.

Ends with 0 verified, 10 verified and something is erased, 20 not witnessed as required, 30 incomplete,
40 invalid, 41 forked or rolled back, 2 used wrongly. What it could not check is listed, never counted as checked.
"""
# fmt: off

import argparse
import base64
import calendar
import hashlib
import hmac
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

VERIFIED, ERASED, UNWITNESSED, INCOMPLETE, INVALID, FORKED = 0, 10, 20, 30, 40, 41
WITNESSING, HISTORY = {"quorum_missed", "level_missed", "stale"}, {"fork", "rollback"}
LEVELS = ["none", "signed", "tenant-witnessed", "quorum-witnessed"]
PARTS = {"checkpoint_missing", "entry_missing", "tile_missing", "consistency_missing", "schema_missing"}
EXITS = ((WITNESSING, UNWITNESSED), (HISTORY, FORKED), (PARTS, INCOMPLETE))
LARGEST, LONGEST_LINE, LONGEST_FILE, MOST_SIGNATURES, MOST_PROOF_HASHES = 2**63 - 1, 65_536, 1_000_000, 100, 63

class Refusal(Exception):
    """Something does not verify; `finding` says what in one word, `leaf` where."""
    def __init__(self, finding: str, detail: str, leaf: int | None = None) -> None:
        super().__init__(f"{finding}: {detail}")
        self.finding, self.detail, self.leaf = finding, detail, leaf

def refuse_if(holds: object, finding: str, detail: str, leaf: int | None = None) -> None:
    """Refuse, if this holds."""
    if holds:
        raise Refusal(finding, detail, leaf)

# 1. Ed25519, RFC 8032, section 5.1. Not in constant time: nothing here is secret.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z

def add(p: Point, q: Point) -> Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)

def multiply(scalar: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result

def encode_point(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")

def decode_point(data: bytes) -> Point | None:
    """The point of 32 bytes, or None if they are not the one encoding of one."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)

def base_point() -> Point:
    return decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 0, 0, 0)

def is_sound_key(public: bytes) -> bool:
    """Whether it is a point outside of the small subgroup; under one inside, a signature fits many texts."""
    point = decode_point(public)
    x, y, z, _ = multiply(8, point) if point else (0, 1, 1, 0)
    return not (x == 0 and y == z)

def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is one of this message under this key."""
    point = decode_point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    negative = (P - point[0], point[1], point[2], P - point[3])
    found = add(multiply(scalar, base_point()), multiply(challenge, negative))
    return encode_point(found) == signature[:32]

# 2. The tree, RFC 9162, section 2.1. Its definitions, read backwards, rather than its loops.

EMPTY_ROOT = hashlib.sha256(b"").digest()

def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()
def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
def split(width: int) -> int:
    """The largest power of two below a width of at least two."""
    return 1 << (width - 1).bit_length() - 1

def tree_hash(hashes: list[bytes]) -> bytes:
    """The root over hashes of subtrees of one size, of which the last may be smaller."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    left = split(len(hashes))
    return node_hash(tree_hash(hashes[:left]), tree_hash(hashes[left:]))

def root_by_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which a path leads; the path's last hash belongs directly below the root."""
    if size == 1:
        refuse_if(path, "inclusion_failed", "the proof is too long")
        return leaf
    refuse_if(not path, "inclusion_failed", "the proof is too short")
    left = split(size)
    if index < left:
        return node_hash(root_by_inclusion(leaf, index, left, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_inclusion(leaf, index - left, size - left, path[:-1]))

def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """Refuse unless the leaf stands at the index of the tree with this root."""
    is_odd = any(len(one) != 32 for one in (leaf, root, *path)) or not 0 <= index < size
    refuse_if(is_odd, "inclusion_failed", "a bad hash, or no such leaf")
    found = root_by_inclusion(leaf, index, size, path)
    refuse_if(found != root, "inclusion_failed", "it leads to another root", index)

def roots_by_consistency(old: int, new: int, path: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """The old and new root to which a path leads; `known` is the old one while its tree is a whole left part."""
    if old == new:
        ends = path if known is None else [known, *path]
        refuse_if(len(ends) != 1, "consistency_failed", "the proof has the wrong length")
        return ends[0], ends[0]
    refuse_if(not path, "consistency_failed", "the proof is too short")
    left = split(new)
    if old <= left:
        first, second = roots_by_consistency(old, left, path[:-1], known)
        return first, node_hash(second, path[-1])
    first, second = roots_by_consistency(old - left, new - left, path[:-1], None)
    return node_hash(path[-1], first), node_hash(path[-1], second)

def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> None:
    """Refuse unless the new tree continues the old one."""
    is_odd = any(len(one) != 32 for one in (old_root, new_root, *path)) or not 0 <= old <= new
    refuse_if(is_odd, "consistency_failed", "a bad hash, or sizes in the wrong order")
    is_odd = (old == 0 and (path or old_root != EMPTY_ROOT)) or (new == 0 and new_root != EMPTY_ROOT)
    refuse_if(is_odd, "consistency_failed", "an empty tree with a root or a proof")
    if old and roots_by_consistency(old, new, path, old_root) != (old_root, new_root):
        raise Refusal("consistency_failed", "it leads to other roots")

# 3. The formats. Every value has one spelling; anything else is refused.

def decimal(text: bytes, finding: str) -> int:
    """A number without sign and leading zeros, at most 2^63-1."""
    if re.fullmatch(rb"0|[1-9][0-9]{0,18}", text) is None or int(text) > LARGEST:
        raise Refusal(finding, "a number in another form")
    return int(text)

def unbase64(text: bytes, finding: str, length: int | None = None) -> bytes:
    """Bytes from base64 in its one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refusal(finding, "malformed base64") from None
    refuse_if(base64.b64encode(data) != text, finding, "base64 that is not canonical")
    refuse_if(length not in {None, len(data)}, finding, f"{len(data)} bytes instead of {length}")
    return data
def ended_lines(data: bytes, finding: str) -> list[bytes]:
    """Lines, each with an end and none too long."""
    *lines, rest = data.split(b"\n")
    is_odd = rest or not lines or any(len(line) > LONGEST_LINE for line in lines)
    refuse_if(is_odd, finding, "a line without end, or too long")
    return lines

def is_name(name: str) -> bool:
    return name.split() == [name] and "+" not in name and not re.search(r"[\x00-\x1f]", name)

ED25519, COSIGNATURE, ML_DSA_44 = 1, 4, 6
KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}

@dataclass(frozen=True)
class Key:
    """A verifier key."""
    name: str
    kind: int
    public: bytes

    def identifier(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

def parse_key(data: bytes) -> Key:
    """A key of the form name+id+base64."""
    finding = "key_malformed"
    name, identifier, material = [*data.split(b"+", 2), b"", b""][:3]
    spelled = name.decode(errors="replace")
    is_key = spelled.encode() == name and is_name(spelled) and re.fullmatch(rb"[0-9a-f]{8}", identifier)
    refuse_if(not is_key, finding, "not of the form name+id+base64")
    raw = unbase64(material, finding)
    refuse_if(not raw, finding, "of no bytes")
    refuse_if(raw[0] not in KEY_BYTES, "key_unsupported", f"a key of kind {raw[0]:#04x}")
    refuse_if(len(raw) != 1 + KEY_BYTES[raw[0]], finding, "of the wrong length")
    key = Key(spelled, raw[0], raw[1:])
    refuse_if(key.kind != ML_DSA_44 and not is_sound_key(key.public), finding, "a point that proves nothing")
    refuse_if(key.identifier().hex() != identifier.decode(), finding, "the identifier belongs to another key")
    return key

Note = NamedTuple("Note", [("text", bytes), ("signatures", list[tuple[str, bytes, bytes]])])

def parse_note(data: bytes) -> Note:
    """A signed note; nothing of it is verified yet."""
    finding = "note_malformed"
    try:
        content = data.decode()
    except UnicodeDecodeError:
        raise Refusal(finding, "not UTF-8") from None
    is_odd = len(data) > LONGEST_FILE or re.search(r"[\x00-\x09\x0b-\x1f]", content)
    refuse_if(is_odd, finding, "too long, or a control character")
    head, middle, tail = content.rpartition("\n\n")
    refuse_if(not middle or not tail, finding, "no signatures")
    ended_lines(head.encode() + b"\n", finding)
    lines = [line.decode() for line in ended_lines(tail.encode(), finding)]
    is_odd = len(lines) > MOST_SIGNATURES or len(lines) != len(set(lines))
    refuse_if(is_odd, finding, "too many signatures, or one twice")
    signatures: list[tuple[str, bytes, bytes]] = []
    for line in lines:
        words = line.split(" ")
        is_line = len(words) == 3 and words[0] == "\u2014" and is_name(words[1])
        raw = unbase64(words[2].encode(), finding) if is_line else b""
        refuse_if(len(raw) < 5, finding, "no signature line, or a signature of no bytes")
        signatures.append((words[1], raw[:4], raw[4:]))
    return Note(head.encode() + b"\n", signatures)

Checkpoint = NamedTuple("Checkpoint", [("origin", str), ("size", int), ("root", bytes), ("extensions", list[str])])

def parse_checkpoint(text: bytes) -> Checkpoint:
    """A checkpoint from the text of a note."""
    finding = "checkpoint_malformed"
    lines = ended_lines(text, finding)
    refuse_if(len(lines) < 3 or not all(lines), finding, "fewer than three lines, or an empty one")
    try:
        origin, *extensions = [line.decode() for line in (lines[0], *lines[3:])]
    except UnicodeDecodeError:
        raise Refusal(finding, "not UTF-8") from None
    is_odd = any(re.search(r"[\x00-\x1f]", line) for line in (origin, *extensions))
    refuse_if(is_odd, finding, "a control character")
    size, root = decimal(lines[1], finding), unbase64(lines[2], finding, 32)
    refuse_if(size == 0 and root != EMPTY_ROOT, finding, "an empty log with a root of something")
    return Checkpoint(origin, size, root, extensions)

Proof = NamedTuple("Proof", [("index", int), ("path", list[bytes]), ("checkpoint", bytes), ("extra", bytes)])

def parse_proof(data: bytes) -> Proof:
    """A proof; nothing of it is verified yet, and its extra data never is."""
    finding = "proof_malformed"
    head, middle, checkpoint = data.partition(b"\n\n")
    lines = ended_lines(head + b"\n", finding)
    refuse_if(not middle or lines[0] != b"c2sp.org/tlog-proof@v1", finding, "not of this format")
    rest = lines[1:]
    extra = b""
    if rest and rest[0].startswith(b"extra "):
        extra = unbase64(rest.pop(0)[6:], finding)
        refuse_if(not extra, finding, "extra data of no bytes")
    if not rest or not rest[0].startswith(b"index ") or len(rest) > 1 + MOST_PROOF_HASHES:
        raise Refusal(finding, "no index, or too many hashes")
    path = [unbase64(line, finding, 32) for line in rest[1:]]
    return Proof(decimal(rest[0][6:], finding), path, checkpoint, extra)

def parse_bundle(data: bytes, width: int) -> list[bytes]:
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        refuse_if(max(start, at) > len(data), "tile_malformed", "an entry is cut off")
        entries.append(data[start:at])
    is_odd = len(entries) != width or not 1 <= width <= 256
    refuse_if(is_odd, "tile_malformed", f"{len(entries)} entries for a width of {width}")
    return entries

def parse_tile(data: bytes, width: int) -> list[bytes]:
    is_odd = len(data) != 32 * width or not 1 <= width <= 256
    refuse_if(is_odd, "tile_malformed", f"{len(data)} bytes for {width} hashes")
    return [data[at : at + 32] for at in range(0, len(data), 32)]

def tile_path(level: str, index: int, width: int) -> str:
    digits = str(index).zfill((len(str(index)) + 2) // 3 * 3)
    name = re.sub(r"\d{3}(?=\d)", r"x\g<0>/", digits)
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")

# 4. Trust.

@dataclass
class Policy:
    """The logs that are believed, and which witnesses must have seen a checkpoint."""
    logs: list[Key] = field(default_factory=list["Key"])
    witnesses: dict[bytes, Key] = field(default_factory=dict[bytes, "Key"])
    groups: dict[bytes, tuple[int, list[bytes]]] = field(default_factory=dict[bytes, "tuple[int, list[bytes]]"])
    quorum: bytes = b""

    def read(self, words: list[bytes]) -> None:
        """Take in one line."""
        match words:
            case [b"log", key, *url] if len(url) < 2:
                self.logs.append(self.new_key(key, {ED25519, ML_DSA_44}, self.logs))
            case [b"witness", name, key, *url] if len(url) < 2 and self.is_free(name):
                others = list(self.witnesses.values())
                self.witnesses[name] = self.new_key(key, {COSIGNATURE, ML_DSA_44}, others)
            case [b"group", name, rule, _, *_] if self.is_free(name):
                self.groups[name] = self.group(rule, words[3:])
            case [b"quorum", name] if not self.quorum and (name == b"none" or self.is_defined(name)):
                self.quorum = name
            case _:
                raise Refusal("policy_malformed", "a line that is none, or a name that is taken or unknown")

    def is_defined(self, name: bytes) -> bool:
        return name in self.witnesses or name in self.groups
    def is_free(self, name: bytes) -> bool:
        return name != b"none" and not self.is_defined(name)

    def new_key(self, text: bytes, kinds: set[int], others: list[Key]) -> Key:
        """A key of one of the kinds that is none of the others."""
        key = parse_key(text)
        refuse_if(key.kind not in kinds, "key_unsupported", "a log's key as witness, or a witness's as log")
        refuse_if(key.public in [other.public for other in others], "policy_malformed", "the same key twice")
        return key

    def group(self, rule: bytes, members: list[bytes]) -> tuple[int, list[bytes]]:
        """How many of which members; each in one group at most, so that a witness counts once."""
        taken = [member for _, others in self.groups.values() for member in others]
        for member in members:
            is_free = self.is_defined(member) and member not in taken
            refuse_if(not is_free, "policy_malformed", "a member unknown or taken")
            taken.append(member)
        words = {b"any": 1, b"all": len(members)}
        threshold = words[rule] if rule in words else decimal(rule, "policy_malformed")
        refuse_if(not 1 <= threshold <= len(members), "policy_malformed", f"{threshold} of {len(members)}")
        return threshold, members

    def is_met_by(self, names: set[bytes]) -> bool:
        """Whether these witnesses are a quorum."""
        met = set(names)
        for name, (threshold, members) in self.groups.items():
            if sum(member in met for member in members) >= threshold:
                met.add(name)
        return self.quorum == b"none" or self.quorum in met

def parse_policy(data: bytes) -> Policy:
    if len(data) > LONGEST_FILE or re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", data):
        raise Refusal("policy_malformed", "too long, or a control character")
    policy = Policy()
    for line in data.split(b"\n"):
        refuse_if(len(line) > LONGEST_LINE, "policy_malformed", "a line is too long")
        words = [word for word in re.split(rb"[\t ]", line) if word]
        if words and not words[0].startswith(b"#"):
            policy.read(words)
    refuse_if(not policy.quorum, "policy_malformed", "no quorum")
    return policy

def verify_line(key: Key, text: bytes, signature: bytes) -> int | None:
    """The time of a cosignature, None for a log's signature; refused if it does not fit."""
    message, stated = text, None
    if key.kind == COSIGNATURE:
        stated = int.from_bytes(signature[:8], "big")
        signature = signature[8:] if len(signature) == 72 and stated <= LARGEST else b""
        parse_checkpoint(text)
        message = b"cosignature/v1\ntime " + str(stated).encode() + b"\n" + text
    refuse_if(not is_signed(key.public, message, signature), "signature_invalid", f"by {key.name}")
    return stated

def verify_note(note: Note, keys: list[Key]) -> dict[Key, int | None]:
    """Who of the keys has signed, with the latest time; one bad signature of theirs refuses the note."""
    known = {(key.name, key.identifier()): key for key in keys}
    refuse_if(len(known) != len(set(keys)), "key_malformed", "two keys of the same name and identifier")
    signers: dict[Key, int | None] = {}
    for name, identifier, signature in note.signatures:
        if (key := known.get((name, identifier))) is not None:
            stated = verify_line(key, note.text, signature)
            signers[key] = stated if stated is None else max(stated, signers.get(key) or 0)
    refuse_if(not signers, "signature_missing", "signed by no known key")
    return signers

Trusted = NamedTuple("Trusted", [("checkpoint", Checkpoint), ("cosigned", dict[bytes, int])])
"""A checkpoint that its log has signed, and when which witnesses of the policy have cosigned it."""

def verify_checkpoint(data: bytes, policy: Policy, *, quorum: bool = True) -> Trusted:
    """The checkpoint of a note, if the policy accepts it. Keys of ML-DSA-44 are passed over."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    refuse_if(all(key.name != checkpoint.origin for key in policy.logs), "log_unknown", "no log of this origin")
    keys = [key for key in (*policy.logs, *policy.witnesses.values()) if key.kind != ML_DSA_44]
    signers = verify_note(note, keys)
    is_its = any(key in policy.logs and key.name == checkpoint.origin for key in signers)
    refuse_if(not is_its, "signature_missing", "its log has not signed it")
    cosigned = {name: signers[key] or 0 for name, key in policy.witnesses.items() if key in signers}
    is_missed = quorum and not policy.is_met_by(set(cosigned))
    refuse_if(is_missed, "quorum_missed", f"{len(cosigned)} of the policy's witnesses have cosigned")
    return Trusted(checkpoint, cosigned)

@dataclass
class Report:
    """What was found, and what was not looked at."""
    findings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    not_checked: list[str] = field(default_factory=list[str])

    def add(self, refusal: Refusal) -> None:
        """Take in a finding."""
        found: dict[str, Any] = {"finding": refusal.finding, "detail": refusal.detail}
        self.findings.append(found if refusal.leaf is None else {**found, "leaf": refusal.leaf})

    def add_if(self, holds: object, finding: str, detail: str, leaf: int | None = None) -> None:
        if holds:
            self.add(Refusal(finding, detail, leaf))

    def code(self) -> int:
        exits = {word: code for words, code in EXITS for word in words}
        codes = [exits.get(one["finding"], INVALID) for one in self.findings]
        return max(codes, default=ERASED if self.facts.get("slots", {}).get("erased") else VERIFIED)

    def trust(self, note: bytes, policy: Policy) -> Checkpoint:
        """The checkpoint, if its log has signed it; a missed quorum is a finding, and the rest is checked."""
        trusted = verify_checkpoint(note, policy, quorum=False)
        head = trusted.checkpoint
        others = {name for name in trusted.cosigned if policy.witnesses[name].name != f"{head.origin}/clock"}
        is_met = bool(others) and policy.quorum != b"none" and policy.is_met_by(set(trusted.cosigned))
        self.facts |= {
            "assurance": LEVELS[3 if is_met else 2 if others else 1],
            "origin": head.origin, "size": head.size, "root": head.root.hex(), "checkpoint": note.decode(),
            "cosigned": [{"witness": name.decode(errors="backslashreplace"), "time": stated}
                         for name, stated in sorted(trusted.cosigned.items())],
        }
        keys = [*policy.logs, *policy.witnesses.values()]
        self.not_checked += [f"signatures of {key.name}: ML-DSA-44" for key in keys if key.kind == ML_DSA_44]
        self.not_checked += ["what the checkpoint's extension lines mean"] if head.extensions else []
        missed = f"{len(trusted.cosigned)} of the policy's witnesses have cosigned"
        self.add_if(not policy.is_met_by(set(trusted.cosigned)), "quorum_missed", missed)
        return head

# 5. What entries say: nothing that could describe a person, and what the log has declared for their type.

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
WORD, BASE64 = r"[a-z][a-z0-9_.-]{0,63}", r"[A-Za-z0-9+/]{22,43}={0,2}"
TEXTS = {"id": UUID, "word": WORD, "digest": r"[A-Za-z0-9+/]{43}=", "closed": f"{UUID}|{WORD}|{BASE64}"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MEMBERS = {"v", "type", "event_id", "ts", "ctx", "actor", "subject", "d", "slots", "ret"}
OPEN_S, TOLERANCE_S, MMD_S, MOST_MISSING, SEALED = 600, 300, 60, 100_000, object()

def fits(value: Any, rule: Any) -> bool:
    """Whether a value is what a rule of a schema allows; no rule lets a text through that is no word or digest."""
    match rule:
        case {"maybe": inner}:
            found = value is None or fits(value, inner)
        case {"each": inner} if isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
            found = len(items) <= 256 and all(fits(one, inner) for one in items)
        case {"one_of": words}:
            found = value in words and fits(value, "word")
        case "number" | "flag":
            found = type(value) is {"number": int, "flag": bool}[rule] and abs(value) <= 9_999_999
        case "closed" if not isinstance(value, str):
            found = value is None or fits(value, "number") or fits(value, "flag")
        case "id" | "word" | "digest" | "closed":
            found = isinstance(value, str) and re.fullmatch(TEXTS[rule], value) is not None
        case _:
            found = value is SEALED if rule == "sealed" else value is None and rule is None
    return found

def is_as_declared(body: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether an entry holds what a schema of its type says, no more and no less."""
    given = {**body["d"], **dict.fromkeys(body["slots"], SEALED)}
    is_one = len(given) == len(body["d"]) + len(body["slots"]) and given.keys() == schema["fields"].keys()
    is_one = is_one and (body["subject"]["kind"], body["ret"]) == (schema["about"], schema["ret"])
    is_one = is_one and fits(body["ctx"].get("conv"), schema["conv"])
    return is_one and all(fits(given[name], rule) for name, rule in schema["fields"].items())

def read_body(entry: bytes) -> dict[str, Any]:
    """An entry, if it is in its one spelling (which also refuses a member given twice) and closed."""
    try:
        body: Any = json.loads(entry, parse_float=str, parse_constant=str)  # another spelling: they are refused
        spelled = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        values = [*body["ctx"].values(), *body["actor"].values(), *body["subject"].values(), *body["d"].values()]
        values += [body["type"], body["ret"], body["event_id"], *body.get("w", {}).values()]
        values += [part for slot in body["slots"].values() for part in (slot["c"], slot["k"], slot["r"])]
        is_whole = spelled == entry and body.keys() - {"w"} == MEMBERS and body["v"] == 1
        is_closed = all(fits(value, "closed") or fits(value, {"each": "closed"}) for value in values)
        if is_whole and is_closed and TIME.fullmatch(body["ts"]):
            return body
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise Refusal("body_malformed", "not an entry, not in its one spelling, or with a value that is not closed")

def seconds_of(stated: str) -> float:
    return calendar.timegm(time.strptime(stated[:19], "%Y-%m-%dT%H:%M:%S")) + int(stated[20:26]) / 1e6
def read_lines(path: Path, name: str) -> Iterator[dict[str, Any]]:
    """The objects of a file with one in each line."""
    return map(json.loads, read_part(path, name, "entry_missing").splitlines())

class Entries:
    """What entries say, followed in their order and compared with what lies beside them."""
    def __init__(self, report: Report, heads: list[tuple[int, int]], schemas: dict[str, Any]) -> None:
        self.report, self.heads, self.at, self.latest, self.undeclared = report, heads, 0, 0.0, 0
        self.schemas, self.declared = schemas, dict[str, list[dict[str, Any]]]()
        self.events, self.told = dict[str, tuple[int, bytes]](), dict[str, list[str]]()
        self.writers: dict[str, tuple[list[int], dict[int, float]]] = {}
        self.slots: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
        self.disclosed, self.spoken = set[str](), dict[str, int]()
        self.removed, self.turns, self.sent = set[str](), set[str](), dict[str, int]()

    def add(self, leaf: int, entry: bytes) -> None:
        """Take in an entry."""
        body = read_body(entry)
        event, conv, detail, stated = body["event_id"], body["ctx"].get("conv"), body["d"], seconds_of(body["ts"])
        self.report.add_if(event in self.events, "duplicate_event", event, leaf)
        self.events[event] = (leaf, leaf_hash(entry))
        self.slots |= {(event, name): (leaf, slot) for name, slot in body["slots"].items()}
        self.check_time(leaf, stated)
        self.check_form(leaf, body)
        if (number := body.get("w")) is not None:
            self.number(number["id"], [number["n"], *number["void"]], stated, leaf)
        kind = body["type"]
        if kind == "writer.recovered":
            self.number(detail["writer"], detail["void"], stated, leaf)
        self.told |= {event: detail["keys"]} if kind == "key.destroyed" else {}
        self.turns |= {body["subject"]["id"]} if kind == "turn.ended" else set()
        self.sent |= {detail["turn_id"]: leaf} if kind == "message.sent" else {}
        self.removed |= {detail["replaces"]} if detail.get("replaces") else set()
        self.disclosed |= {conv} if kind == "disclosure.shown" else set()
        self.spoken |= {conv: leaf} if kind == "message.sent" and not detail.get("draft") else {}

    def check_form(self, leaf: int, body: dict[str, Any]) -> None:
        """Take in schemas; from the first on, an entry fits one that was declared for its type before."""
        for digest in body["d"]["schemas"] if body["type"] == "log.schemas_declared" else ():
            schema = self.schemas.get(digest, {"type": ""})
            self.report.add_if(not schema["type"], "schema_missing", f"schema {digest} is not there", leaf)
            self.declared.setdefault(schema["type"], []).append(schema)
        self.undeclared += not self.declared
        # Where one is lost, an entry of a type without any may be of that one.
        found = self.declared.get(body["type"], [] if self.declared and "" not in self.declared else None)
        is_other = found is not None and not any(is_as_declared(body, schema) for schema in found)
        self.report.add_if(is_other, "schema_mismatch", f"{body['type']} is declared in no such form", leaf)

    def check_time(self, leaf: int, stated: float) -> None:
        """Refuse a time after the head that covers it, or before both the last head and the entries so far."""
        while self.at < len(self.heads) and self.heads[self.at][0] <= leaf:
            self.at += 1
        before = self.heads[self.at - 1][1] if self.at else 0
        after = self.heads[self.at][1] if self.at < len(self.heads) else LARGEST
        is_odd = stated > after + TOLERANCE_S or stated < min(before, self.latest) - TOLERANCE_S
        self.report.add_if(is_odd, "time_bracket", "a time at which it cannot have been written", leaf)
        self.latest = self.latest if is_odd else max(self.latest, stated)

    def number(self, writer: str, numbers: list[int], stated: float, leaf: int) -> None:
        """Account for numbers of a writer: each is an entry or void, once."""
        highest, missing = self.writers.setdefault(writer, ([0], {}))
        for number in numbers:
            if number > highest[0] + MOST_MISSING or (number <= highest[0] and number not in missing):
                word = "writer_conflict" if number <= highest[0] else "writer_gap"
                self.report.add(Refusal(word, f"number {number} of writer {writer}", leaf))
            else:
                missing |= dict.fromkeys(range(highest[0] + 1, number), stated)
                missing.pop(number, None)
            highest[0] = max(highest[0], number)

    def close(self, path: Path, keys: list[Key], now: float) -> None:
        """What is missing for good, and what lies beside the entries."""
        for writer, (_, missing) in self.writers.items():
            over = [number for number, since in missing.items() if self.latest - since > OPEN_S]
            self.report.add_if(over, "writer_gap", f"numbers {over[:9]} of writer {writer}")
        for turn in self.sent.keys() - self.turns:
            self.report.add(Refusal("pair_missing", "a reply without the entry of its turn", self.sent[turn]))
        for one in self.spoken.keys() - self.disclosed:
            self.report.add(Refusal("pair_missing", "a reply, and nobody was told of the AI", self.spoken[one]))
        erased = self.check_erasures(path)
        states: dict[str, int] = {}
        for line in read_lines(path, "slots.jsonl"):
            leaf, slot = self.slots.pop((line["event"], line["slot"]), (-1, dict[str, str]()))
            state = line["state"]
            is_other = not slot or (line["c"] is not None and line["c"] != slot["c"])
            self.report.add_if(is_other, "commitment_mismatch", "another value than the entry's", leaf)
            known = line["key"] in erased and digest(b"answerable/key/v1\0", line["key"], line["event"], 16)
            is_told = known and slot.get("k") == known
            is_known = {"sealed": True, "erased": is_told, "removed": line["record"] in self.removed}
            why = f"{line['slot']}: gone, and no entry says why"
            self.report.add_if(not is_known.get(state), "slot_missing", why, leaf)
            states[state] = states.get(state, 0) + 1
        for (_, name), (leaf, _) in self.slots.items():
            self.report.add(Refusal("slot_missing", f"{name}: not accounted for", leaf))
        earlier = f"the form of {self.undeclared} entries from before any was declared"
        self.report.not_checked += [earlier] if self.undeclared else []
        self.report.facts |= {"slots": states, "receipts": self.check_receipts(path, keys, now)}

    def check_erasures(self, path: Path) -> set[str]:
        """The keys of which an entry says that they were destroyed, and none of which may be there again."""
        erased: set[str] = set()
        for line in read_lines(path, "erasures.jsonl"):
            key, event = line["key"], line["event"]
            if digest(b"answerable/destroyed/v1\0", key, event) in self.told.get(event, ()):
                erased.add(key)
        for key in erased & {line["key"] for line in read_lines(path, "alive.jsonl")}:
            self.report.add(Refusal("key_revived", f"key {key} was destroyed and is there again"))
        return erased

    def check_receipts(self, path: Path, keys: list[Key], now: float) -> int:
        """Every receipt is one of an entry of this log, or not due yet."""
        lines = list(read_lines(path, "receipts.jsonl"))
        for line in lines:
            try:
                note = parse_note(line["note"].encode())
                verify_note(note, keys)
                word, _, event, leaf, stated, *_ = note.text.decode().split("\n")
                place = self.events.get(event)
                is_kept = place is None and seconds_of(stated) + MMD_S > now
                is_its = word == "answerable.receipt/v1" and event == line["event"]
                refuse_if(not is_its, "receipt_broken", "a receipt of something else")
                is_kept = is_kept or (place is not None and base64.b64encode(place[1]).decode() == leaf)
                refuse_if(not is_kept, "receipt_broken", "promised, and not in the log as promised")
            except Refusal as refusal:
                self.report.add(Refusal("receipt_broken", refusal.detail))
        return len(lines)

def digest(word: bytes, key: str, event: str, size: int = 32) -> str:
    """How an entry names a key: differently in each event, so that it links no two of them."""
    both = bytes.fromhex((key + event).replace("-", ""))
    return base64.b64encode(hashlib.sha256(word + both).digest()[:size]).decode()

# 6. What the command does.

def verify_proof_file(path: Path, arguments: argparse.Namespace, policy: Policy, report: Report) -> None:
    """Check one entry against a proof."""
    proof = parse_proof(path.read_bytes())
    head = report.trust(proof.checkpoint, policy)
    report.facts["index"] = proof.index
    lacking = "give the entry with --entry to check that it is included"
    report.add_if(arguments.entry is None, "entry_missing", lacking)
    if arguments.entry is not None:
        leaf = leaf_hash(arguments.entry.read_bytes())
        check_inclusion(leaf, proof.index, head.size, proof.path, head.root)
        report.facts["leaf"] = leaf.hex()
    report.not_checked += ["the extra data of the proof, for which nobody vouches"] if proof.extra else []
    report.not_checked.append("all other entries of the log, the log over all logs, and timestamps")
    if arguments.pinned is not None:
        compare_with_pinned(arguments, policy, head)

def compare_with_pinned(arguments: argparse.Namespace, policy: Policy, head: Checkpoint) -> None:
    """Check that a checkpoint seen elsewhere is one of the same history."""
    pinned = pinned_checkpoint(arguments.pinned, policy, head)
    old, new = sorted((pinned, head), key=lambda one: one.size)
    is_fork = old.size == new.size and old.root != new.root
    refuse_if(is_fork, "fork", f"two roots for {old.size} entries, both signed by {head.origin}")
    if old.size in {new.size, 0}:
        return
    needed = f"a proof from {old.size} to {new.size}, with --consistency"
    refuse_if(arguments.consistency is None, "consistency_missing", needed)
    lines = ended_lines(arguments.consistency.read_bytes(), "consistency_failed")
    path = [unbase64(line, "consistency_failed", 32) for line in lines]
    check_consistency(old.size, old.root, new.size, new.root, path)

def pinned_checkpoint(path: Path, policy: Policy, head: Checkpoint) -> Checkpoint:
    """The checkpoint that was kept from before, if it is one of the same log."""
    pinned = verify_checkpoint(path.read_bytes(), policy, quorum=False).checkpoint
    refuse_if(pinned.origin != head.origin, "log_unknown", "the pinned checkpoint is one of another log")
    return pinned

def verify_directory(path: Path, arguments: argparse.Namespace, policy: Policy, report: Report) -> None:
    """Recompute a whole log from its entries and compare everything on the way."""
    head = report.trust(read_part(path, "checkpoint", "checkpoint_missing"), policy)
    pinned = None
    if arguments.pinned is not None:
        pinned = pinned_checkpoint(arguments.pinned, policy, head)
        less = f"{head.size} entries, where {pinned.size} had been signed"
        report.add_if(pinned.size > head.size, "rollback", less)
    is_archive = any((path / name).exists() for name in ("keys", "receipts.jsonl", "slots.jsonl"))
    signed = read_history(path, policy, head, report) if is_archive else {}
    schemas = read_schemas(path) if is_archive else {}
    entries = Entries(report, sorted((size, at) for size, (_, at) in signed.items()), schemas)
    rows = Rows(path, report)
    for leaf, entry in enumerate(read_entries(path, head.size)):
        rows.add(leaf_hash(entry))
        is_other = rows.count in signed and rows.root() != signed[rows.count][0]
        report.add_if(is_other, "root_mismatch", "another root than a head of before", leaf)
        is_fork = pinned is not None and rows.count == pinned.size and rows.root() != pinned.root
        report.add_if(is_fork, "fork", f"another root after {rows.count} entries than had been signed")
        try:
            if is_archive:
                entries.add(leaf, entry)
        except Refusal as refusal:
            report.add(Refusal(refusal.finding, refusal.detail, leaf))
    for level in [level for level, row in enumerate(rows.rows) if row]:
        rows.compare(level)
    report.add_if(rows.root() != head.root, "root_mismatch", "the entries lead to another root than is signed")
    report.facts["leaves"] = rows.count
    if is_archive:
        lines = [line.partition(b" ") for line in read_part(path, "keys", "entry_missing").splitlines()]
        keys = [parse_key(key) for word, _, key in lines if word in {b"receipt", b"earlier"}]
        entries.close(path, keys, arguments.now)
    else:
        report.not_checked.append("what the entries say: this is no archive of Answerable")

def read_history(path: Path, policy: Policy, head: Checkpoint, report: Report) -> dict[int, tuple[bytes, int]]:
    """The roots and times of heads that were signed before, by size."""
    signed: dict[int, tuple[bytes, int]] = {}
    for line in read_lines(path, "history.jsonl"):
        trusted = verify_checkpoint(line["note"].encode(), policy, quorum=False)
        if trusted.checkpoint.origin != head.origin or trusted.checkpoint.size != line["size"]:
            raise Refusal("checkpoint_malformed", "a head of before is one of another log")
        signed[line["size"]] = (trusted.checkpoint.root, max(trusted.cosigned.values(), default=LARGEST))
    try:
        if (path / "root").exists():
            size, root, at = check_root_log(path, policy, head, report)
            is_fork = signed.setdefault(size, (root, at))[0] != root
            report.add_if(is_fork, "fork", f"another root for {size} entries in the log over all logs")
        else:
            report.not_checked.append("the log over all logs of the installation: nothing of it is here")
    except Refusal as refusal:
        report.add(Refusal(refusal.finding, f"in the log over all logs: {refusal.detail}"))
    return signed

def check_root_log(path: Path, policy: Policy, head: Checkpoint, report: Report) -> tuple[int, bytes, int]:
    """The head of this log that the log over all logs of the installation holds: size, root, time."""
    names = ("policy", "proof", "entry", "head", "label")
    above, place, entry, held, label = [read_part(path, f"root/{name}", "entry_missing") for name in names]
    proof = parse_proof(place)
    its, cosigned = verify_checkpoint(proof.checkpoint, parse_policy(above), quorum=False)
    check_inclusion(leaf_hash(entry), proof.index, its.size, proof.path, its.root)
    own, key = verify_checkpoint(held, policy, quorum=False), unbase64(label.strip(), "archive_malformed", 32)
    texts = {"head": b"answerable/root-head/v1\0" + parse_note(held).text, "label": b"answerable/root-label/v1\0"}
    said = {name: base64.b64encode(hmac.digest(key, text, "sha256")).decode() for name, text in texts.items()}
    spelled = json.dumps(said | {"v": 1}, sort_keys=True, separators=(",", ":")).encode()
    is_other = entry != spelled or own.checkpoint.origin != head.origin
    refuse_if(is_other, "root_log_mismatch", "another head")
    refuse_if(own.checkpoint.size > head.size, "rollback", "a head of more entries")
    report.facts["root_log"] = {"origin": its.origin, "size": its.size, "covers": own.checkpoint.size,
                                "cosigned": [name.decode(errors="backslashreplace") for name in sorted(cosigned)]}
    if (path / "root/timestamp.tsr").exists():
        is_its = read_part(path, "root/stamped", "entry_missing") == parse_note(proof.checkpoint).text
        refuse_if(not is_its, "root_log_mismatch", "the timestamp is one of another head")
        report.not_checked.append(STAMPED)
    return own.checkpoint.size, own.checkpoint.root, max(own.cosigned.values(), default=LARGEST)

def read_schemas(path: Path) -> dict[str, Any]:
    """What entries of each type may hold, by the digest that the log declares."""
    lines = read_part(path, "schemas.jsonl", "entry_missing").splitlines()
    return {base64.b64encode(hashlib.sha256(line).digest()).decode(): json.loads(line) for line in lines}

def read_entries(path: Path, size: int) -> Iterator[bytes]:
    """All entries, in their order."""
    for first in range(0, size, 256):
        width = min(256, size - first)
        name = tile_path("entries", first // 256, width)
        try:
            yield from parse_bundle(read_part(path, name, "entry_missing"), width)
        except Refusal as refusal:
            raise Refusal(refusal.finding, f"{name}: {refusal.detail}", first) from None

def read_part(path: Path, name: str, finding: str) -> bytes:
    try:
        return (path / name).read_bytes()
    except OSError:
        raise Refusal(finding, f"{name} cannot be read") from None

class Rows:
    """The unfinished tile of each level while leaves are added, compared with the exported ones."""
    def __init__(self, path: Path, report: Report) -> None:
        self.path, self.report, self.count = path, report, 0
        self.rows, self.done = list[list[bytes]](), list[int]()

    def add(self, node: bytes, level: int = 0) -> None:
        """Add a leaf; a tile that is now full is compared, and its root goes one level up."""
        self.count += level == 0
        if level == len(self.rows):
            self.rows.append([])
            self.done.append(0)
        self.rows[level].append(node)
        if len(self.rows[level]) == 256:
            self.compare(level)
            full, self.rows[level] = self.rows[level], []
            self.done[level] += 1
            self.add(tree_hash(full), level + 1)

    def compare(self, level: int) -> None:
        """Compare a tile with the exported one, and name the first place where they differ."""
        row = self.rows[level]
        name = tile_path(str(level), self.done[level], len(row))
        span, word = 256**level, "tile_mismatch" if level else "leaf_mismatch"
        first = self.done[level] * 256 * span
        try:
            given = parse_tile(read_part(self.path, name, "tile_missing"), len(row))
            for at in [at for at in range(len(row)) if row[at] != given[at]][:1]:
                raise Refusal(word, "another hash than the entries have", first + at * span)
        except Refusal as refusal:
            self.report.add(Refusal(refusal.finding, f"{name}: {refusal.detail}", refusal.leaf or first))

    def root(self) -> bytes:
        below: list[bytes] = []
        for row in self.rows:
            below = [tree_hash(row + below)] if row or below else []
        return tree_hash(below)

UNSHOWN = "that others were shown the same log: pin a checkpoint with --pinned"
UNKNOWABLE = "whether what an entry says is true, and texts, of which an archive holds commitments alone"
STAMPED = "the timestamp: openssl ts -verify -in root/timestamp.tsr -data root/stamped -CAfile ROOTS.pem"

def verify(arguments: argparse.Namespace) -> Report:
    """Everything that was asked for, with all that was found."""
    report = Report()
    try:
        is_directory = arguments.target.is_dir()
        if arguments.policy is None:
            arguments.policy = arguments.target / "policy"
            report.not_checked.append("the keys, which came with the log: compare them with others of it")
        policy = parse_policy(arguments.policy.read_bytes())
        check = verify_directory if is_directory else verify_proof_file
        check(arguments.target, arguments, policy, report)
    except Refusal as refusal:
        report.add(refusal)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        report.add(Refusal("archive_malformed", f"a file beside the entries is in another form: {error!r:.200}"))
    level = report.facts.get("assurance", "none")
    newest = max((one["time"] for one in report.facts.get("cosigned", [])), default=0)
    if arguments.max_age is not None and arguments.now - newest > arguments.max_age:
        report.add(Refusal("stale", f"the newest stated time is {readable_time(newest)}"))
    if LEVELS.index(level) < LEVELS.index(arguments.require) > 1:
        report.add(Refusal("level_missed", f"{level} instead of {arguments.require}"))
    report.facts |= {"pinned": arguments.pinned.read_text(errors="replace")} if arguments.pinned else {}
    report.not_checked += [UNKNOWABLE] if arguments.pinned else [UNSHOWN, UNKNOWABLE]
    return report

def readable_time(seconds: int) -> str:
    is_known = seconds < 253_402_300_800  # before the year 10,000
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if is_known else f"{seconds} seconds"

def print_report(report: Report, *, as_json: bool) -> None:
    """Say it to a person or to a program."""
    code = report.code()
    if as_json:
        whole = {"valid": code in {VERIFIED, ERASED}, "exit": code, **report.facts}
        whole |= {"findings": report.findings, "not_checked": report.not_checked}
        print(json.dumps(whole, indent=2, ensure_ascii=False))
        return
    words = {VERIFIED: "VERIFIED", ERASED: "VERIFIED, WITH ERASURES", UNWITNESSED: "NOT WITNESSED"}
    words |= {INCOMPLETE: "INCOMPLETE", FORKED: "FORKED"}
    print(f"{words.get(code, 'INVALID')}  level: {report.facts.get('assurance', 'none')}")
    for name in [one for one in report.facts if one not in {"assurance", "checkpoint", "pinned", "cosigned"}]:
        print(f"  {name}: {report.facts[name]}")
    for one in report.facts.get("cosigned", []):
        print(f"  cosigned: {one['witness']}, {readable_time(one['time'])}")
    for one in report.findings:
        place = f" at leaf {one['leaf']}" if "leaf" in one else ""
        print(f"finding  {one['finding']}{place}: {one['detail']}")
    for line in report.not_checked:
        print(f"not checked  {line}")

def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, metavar="PROOF|DIRECTORY")
    parser.add_argument("--policy", type=Path, help="the keys that you believe; without, those of the directory")
    parser.add_argument("--max-age", type=int, help="how old the newest stated time may be, in seconds")
    parser.add_argument("--entry", type=Path, help="the exact bytes of the entry that the proof is about")
    parser.add_argument("--pinned", type=Path, help="a checkpoint of this log that you kept from before")
    parser.add_argument("--consistency", type=Path, help="hashes in base64, a line each, from one to the other")
    parser.add_argument("--require", choices=LEVELS[1:], default="signed")
    parser.add_argument("--json", action="store_true", help="report to a program")
    arguments = parser.parse_args(words)
    arguments.now = time.time()
    if arguments.policy is None and not arguments.target.is_dir():
        parser.error("a proof needs --policy")
    try:
        report = verify(arguments)
    except OSError as error:
        parser.error(f"cannot read {error.filename}")
    print_report(report, as_json=arguments.json)
    return report.code()

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
