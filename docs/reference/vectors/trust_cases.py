# ruff: noqa: INP001 - a folder of pages, and no package.
"""Cases of policies, trusted checkpoints and proofs, tiles and bundles."""

from collections.abc import Iterator

from cases import (
    AT,
    BODY,
    BY_LOG,
    BY_OTHER,
    BY_WITNESS,
    ENTRIES,
    HEAD,
    LEAVES,
    LOG,
    LOG_KEY,
    LOG_NAME,
    NODES,
    OTHER_KEY,
    STRANGER,
    TEXT,
    WITNESS_KEY,
    Case,
    Json,
    base64,
    flipped,
    hexes,
    not_canonical,
    note,
    private_key,
)

from answerable import tlog

POLICY_MALFORMED, PROOF_MALFORMED, TILE_MALFORMED = "policy_malformed", "proof_malformed", "tile_malformed"
SIGNED = f"log {LOG_KEY}\nquorum none\n"
WITNESSED = f"log {LOG_KEY}\nwitness w1 {WITNESS_KEY}\nwitness w2 {OTHER_KEY}\n"
ONE = WITNESSED + "group witnesses any w1 w2\nquorum witnesses\n"
BOTH = WITNESSED + "group witnesses all w1 w2\nquorum witnesses\n"
OTHER_LOG_KEY = tlog.log_key("log.other.example", private_key(15))
OTHERS_BESIDE = (
    f"log {LOG_KEY}\nlog {OTHER_LOG_KEY}\n"
    f"witness w1 {WITNESS_KEY}\nwitness w2 {OTHER_KEY}\n"
    f"witness same-name {tlog.witness_key(LOG_NAME, private_key(17))}\nquorum none\n"
)
SIX = tuple(tlog.witness_key(f"w{at}.example", private_key(20 + at)) for at in range(6))
TWO_LEVELS = (
    f"log {LOG_KEY}\n"
    + "".join(
        f"witness {name} {key}\n" for name, key in zip(("X1", "X2", "X3", "Y1", "Y2", "Y3"), SIX, strict=True)
    )
    + "group X-witnesses 2 X1 X2 X3\n"
    "group Y-witnesses any Y1 Y2 Y3\n"
    "group X-and-Y all X-witnesses Y-witnesses\n"
    "quorum X-and-Y\n"
)


def policy_cases() -> Iterator[Case]:
    """Policies, and who meets them."""
    good = {
        "nothing but a quorum": "quorum none\n",
        "a log, and no witnesses asked for": SIGNED,
        "groups on two levels": TWO_LEVELS,
        "comments, tabs and addresses": (
            f"\n# comment\n \t# another\n\tlog \t{LOG_KEY}  https://log.example/ \n\n"
            f"witness w1 {WITNESS_KEY} https://w1.example/\n  quorum\tw1\n"
        ),
        "no end of the last line": SIGNED.rstrip("\n"),
        "keywords as names": WITNESSED.replace(" w1 ", " all ").replace(" w2 ", " any ")
        + "group group 2 all any\nquorum group\n",
        "names of octets beyond ASCII": f"witness K\u212a {WITNESS_KEY}\nquorum K\u212a\n",
    }
    for name, text in good.items():
        policy = tlog.parse_policy(text.encode())
        gives: Json = {
            "logs": [*map(str, policy.logs)],
            "witnesses": {one.decode(): str(key) for one, key in policy.witnesses.items()},
            "quorum": policy.quorum.decode(),
        }
        yield Case(name=name, operation="policy", given={"policy": text}, gives=gives)
    for finding, texts in _refused_policies().items():
        for name, text in texts.items():
            yield Case(name=name, operation="policy", given={"policy": text}, finding=finding)
    for cosigned in (["X1", "X2", "Y1"], ["X1", "X2", "X3", "Y3"], ["X1", "Y1"], ["X1", "X2", "X3"], []):
        policy = tlog.parse_policy(TWO_LEVELS.encode())
        is_met = policy.is_met_by([policy.witnesses[one.encode()] for one in cosigned])
        given: Json = {"policy": TWO_LEVELS, "cosigned": cosigned}
        name = f"cosigned by {', '.join(cosigned) or 'nobody'}"
        yield Case(name=name, operation="quorum", given=given, gives={"met": is_met})


def _refused_policies() -> dict[str, dict[str, str]]:
    malformed = {
        "nothing": "",
        "no quorum": WITNESSED,
        "a second quorum": SIGNED + "quorum none\n",
        "a quorum that is not defined": SIGNED.replace("none", "w1"),
        "a quorum before its witness": f"quorum w1\nwitness w1 {WITNESS_KEY}\n",
        "a quorum of no name": "quorum\n",
        "a quorum of two names": WITNESSED + "quorum w1 w2\n",
        "an unknown keyword": "quibble w1\nquorum none\n",
        "a keyword in capitals": "QUORUM none\n",
        "a carriage return": "quorum none\r\n",
        "a null byte": "quorum none\n\0",
        "a delete character": "# \x7f\nquorum none\n",
        "a comment after a line": f"witness w1 {WITNESS_KEY} https://w1.example/ # mine\nquorum w1\n",
        "a log without a key": "log\nquorum none\n",
        "a log with too many words": f"log {LOG_KEY} a b\nquorum none\n",
        "the same log twice": f"log {LOG_KEY}\nlog {LOG_KEY} https://log.example/\nquorum none\n",
        "the same key under another name": f"log {LOG_KEY}\nlog {tlog.log_key('other', LOG)}\nquorum none\n",
    }
    unsupported = {
        "a log's key as witness": f"witness w1 {LOG_KEY}\nquorum w1\n",
        "a witness's key as log": f"log {WITNESS_KEY}\nquorum none\n",
    }
    return {
        POLICY_MALFORMED: malformed | _misnamed_in_policies(),
        "key_unsupported": unsupported,
        "key_malformed": {"a key that is none": "log garbage\nquorum none\n"},
    }


def _misnamed_in_policies() -> dict[str, str]:
    return {
        "a witness without a key": "witness w1\nquorum none\n",
        "a witness named none": f"witness none {WITNESS_KEY}\nquorum none\n",
        "the same name twice": f"witness w1 {WITNESS_KEY}\nwitness w1 {OTHER_KEY}\nquorum w1\n",
        "the same witness twice": f"witness w1 {WITNESS_KEY}\nwitness w2 {WITNESS_KEY}\nquorum w1\n",
        "a group named as a witness": WITNESSED + "group w1 any w2\nquorum w1\n",
        "a group named none": WITNESSED + "group none any w1\nquorum none\n",
        "a group without members": WITNESSED + "group g 1\nquorum w1\n",
        "a group of itself": WITNESSED + "group g any g\nquorum g\n",
        "a threshold of zero": WITNESSED + "group g 0 w1\nquorum g\n",
        "a negative threshold": WITNESSED + "group g -1 w1\nquorum g\n",
        "a threshold with a leading zero": WITNESSED + "group g 01 w1\nquorum g\n",
        "a threshold beyond the members": WITNESSED + "group g 3 w1 w2\nquorum g\n",
        "an unknown member": WITNESSED + "group g any w3\nquorum g\n",
        "none as a member": WITNESSED + "group g any none w1\nquorum g\n",
        "a member defined later": f"group g any w1\nwitness w1 {WITNESS_KEY}\nquorum g\n",
        "a member twice": WITNESSED + "group g all w1 w1\nquorum g\n",
        "a member of two groups": WITNESSED + "group g any w1 w2\ngroup h any w1\nquorum g\n",
    }


def proof_cases() -> Iterator[Case]:
    """Entries with their proofs, against policies."""
    for index, entry in enumerate(ENTRIES):
        yield _accepted(f"entry {index} of {len(ENTRIES)}", _proof(index), ONE, entry)
    alone = (BODY,)
    head = tlog.Checkpoint(origin=LOG_NAME, size=1, root=tlog.hash_leaf(BODY))
    only = tlog.Proof(index=0, hashes=(), checkpoint=_note_of(head)).render().decode()
    yield _accepted("the only entry", only, SIGNED, alone[0])
    yield _accepted("no witnesses asked for", _proof(2, BY_LOG), SIGNED, BODY)
    yield _accepted("both witnesses", _proof(2, BY_LOG, BY_WITNESS, BY_OTHER), BOTH, BODY)
    yield _accepted("extra data", _proof(2, extra=b"out of band"), ONE, BODY)
    extended = TEXT + b"an extension line\n"
    longer = note(tlog.sign(extended, LOG_NAME, LOG), text=extended)
    yield _accepted("an extension line", _proof(2).partition("\n\n")[0] + "\n\n" + longer, SIGNED, BODY)
    for finding, (policy, proofs) in _refused_proofs().items():
        for name, (proof, entry) in proofs.items():
            given: Json = {"proof": proof, "policy": policy, "entry": entry.hex()}
            yield Case(name=name, operation="proof", given=given, finding=finding)


def _accepted(name: str, proof: str, policy: str, entry: bytes) -> Case:
    parsed, rules = tlog.parse_proof(proof.encode()), tlog.parse_policy(policy.encode())
    verified = tlog.verify_proof(parsed, tlog.hash_leaf(entry), rules)
    names = {key: one.decode() for one, key in rules.witnesses.items()}
    gives: Json = {
        "origin": verified.checkpoint.origin,
        "size": verified.checkpoint.size,
        "root": verified.checkpoint.root.hex(),
        "index": parsed.index,
        "cosigned": {names[one.key]: one.at for one in verified.cosigners},
    }
    given: Json = {"proof": proof, "policy": policy, "entry": entry.hex()}
    return Case(name=name, operation="proof", given=given, gives=gives)


def _note_of(head: tlog.Checkpoint) -> bytes:
    return note(tlog.sign(head.text(), head.origin, LOG), text=head.text()).encode()


def _proof(index: int, *signatures: tlog.Signature, extra: bytes = b"") -> str:
    checkpoint = note(*(signatures or (BY_LOG, BY_WITNESS))).encode()
    hashes = tlog.prove_inclusion(index, HEAD.size, NODES)
    return tlog.Proof(index=index, hashes=hashes, checkpoint=checkpoint, extra=extra).render().decode()


def _refused_proofs() -> dict[str, tuple[str, dict[str, tuple[str, bytes]]]]:
    good = _proof(2)
    foreign = tlog.Checkpoint(origin="log.other.example", size=5, root=HEAD.root)
    head, _, checkpoint = good.partition("\n\n")
    under_foreign = f"{head}\n\n{_note_of(foreign).decode()}"
    return {
        "inclusion_failed": (ONE, _misplaced_proofs(good)),
        **_distrusted_proofs(good),
        PROOF_MALFORMED: (ONE, {name: (one, BODY) for name, one in _malformed_proofs(good).items()}),
        "log_unknown": (ONE, {"a log that the policy does not list": (under_foreign, BODY)}),
        "checkpoint_malformed": (ONE, {"an empty log with a root": (good.replace("\n5\n", "\n0\n"), BODY)}),
        "note_malformed": (
            ONE,
            {
                "no checkpoint": (head + "\n\n", BODY),
                "carriage returns in the checkpoint": (
                    head + "\n\n" + checkpoint.replace("\n", "\r\n"),
                    BODY,
                ),
            },
        ),
    }


def _misplaced_proofs(good: str) -> dict[str, tuple[str, bytes]]:
    head, _, checkpoint = good.partition("\n\n")
    return {
        "another entry": (good, ENTRIES[1]),
        "an entry with one byte changed": (good, BODY[:-1] + b"]"),
        "the right proof for another index": (good.replace("index 2", "index 3"), BODY),
        "an index beyond the tree": (good.replace("index 2", "index 5"), BODY),
        "a hash too few": ("\n".join(head.split("\n")[:-1]) + "\n\n" + checkpoint, BODY),
        "a hash too many": (f"{head}\n{base64(LEAVES[0])}\n\n{checkpoint}", BODY),
    }


def _distrusted_proofs(good: str) -> dict[str, tuple[str, dict[str, tuple[str, bytes]]]]:
    stranger = tlog.sign(TEXT, "stranger.example", STRANGER)
    by_other_log = tlog.sign(TEXT, OTHER_LOG_KEY.name, private_key(15))
    cosigned_as_log = tlog.cosign(HEAD, LOG_NAME, private_key(17), at=AT)
    return {
        "quorum_missed": (
            BOTH,
            {
                "one witness of two": (good, BODY),
                "no witness of two": (_proof(2, BY_LOG), BODY),
                "an unknown witness beside one of two": (_proof(2, BY_LOG, BY_WITNESS, stranger), BODY),
            },
        ),
        "signature_missing": (
            OTHERS_BESIDE,
            {
                "the log's name on a witness's key": (_proof(2, cosigned_as_log), BODY),
                "another log that is believed": (_proof(2, by_other_log), BODY),
                "witnesses without the log": (_proof(2, BY_WITNESS, BY_OTHER), BODY),
                "an unknown signer only": (_proof(2, stranger), BODY),
            },
        ),
        "signature_invalid": (
            ONE,
            {
                "a bad cosignature beside a quorum": (_proof(2, BY_LOG, BY_WITNESS, flipped(BY_OTHER)), BODY),
                "another root": (good.replace(base64(HEAD.root), base64(LEAVES[0])), BODY),
            },
        ),
    }


def _malformed_proofs(good: str) -> dict[str, str]:
    lines = good.split("\n")
    first = lines[2]
    return {
        "nothing": "",
        "another header": good.replace("@v1", "@v2"),
        "no header": good.partition("\n")[2],
        "a space after the header": good.replace("@v1", "@v1 "),
        "carriage returns": good.replace("\n", "\r\n"),
        "no index": good.replace("index 2\n", ""),
        "an index with a leading zero": good.replace("index 2", "index 02"),
        "an index with a sign": good.replace("index 2", "index +2"),
        "a negative index": good.replace("index 2", "index -2"),
        "an index that is no number": good.replace("index 2", "index two"),
        "an index beyond 2^63-1": good.replace("index 2", "index 9223372036854775808"),
        "two spaces before the index": good.replace("index 2", "index  2"),
        "two indexes": good.replace("index 2", "index 2\nindex 2"),
        "extra data after the index": good.replace("index 2", "index 2\nextra YQ=="),
        "extra data twice": good.replace("index 2", "extra YQ==\nextra YQ==\nindex 2"),
        "extra data of no bytes": good.replace("index 2", "extra \nindex 2"),
        "extra data that is not base64": good.replace("index 2", "extra !!\nindex 2"),
        "a hash of 33 bytes": good.replace(first, base64(bytes(33))),
        "a hash of 31 bytes": good.replace(first, base64(bytes(31))),
        "a hash whose base64 is not canonical": good.replace(first, not_canonical(first)),
        "a hash with a space after it": good.replace(first, first + " "),
        "sixty-four hashes": good.replace(first, "\n".join([first] * 62)),
        "no checkpoint and no empty line": "\n".join(lines[:5]) + "\n",
    }


def tile_cases() -> Iterator[Case]:
    """Tiles, bundles, and where they lie."""
    for level, index, width in ((0, 0, 256), (0, 273, 112), (1, 1, 17), (2, 0, 1), (63, 1_234_067, 256)):
        tile = tlog.Tile(level=level, index=index, width=width)
        yield _path_case(str(level), tile)
    for index, width in ((0, 1), (999, 256), (1000, 255), (1_234_067, 256)):
        yield _path_case("entries", tlog.Tile(level=None, index=index, width=width))
    data = tlog.encode_bundle([*ENTRIES, b""])
    yield Case(
        name="a bundle", operation="bundle", given={"data": data.hex(), "width": 6},
        gives={"entries": hexes([*ENTRIES, b""])},
    )  # fmt: skip
    yield Case(
        name="a tile", operation="tile", given={"data": b"".join(LEAVES).hex(), "width": 5},
        gives={"hashes": hexes(LEAVES)},
    )  # fmt: skip
    bad: dict[str, tuple[str, bytes, int]] = {
        "a bundle that is cut off": ("bundle", data[:-3], 6),
        "a bundle with half a length": ("bundle", data + b"\0", 6),
        "a bundle with an entry too many": ("bundle", data, 5),
        "a bundle with an entry too few": ("bundle", data, 7),
        "an empty bundle": ("bundle", b"", 0),
        "a bundle of 257 entries": ("bundle", b"\0\0" * 257, 257),
        "a tile with half a hash": ("tile", b"".join(LEAVES)[:-16], 5),
        "a tile with a hash too many": ("tile", b"".join(LEAVES), 4),
        "an empty tile": ("tile", b"", 0),
        "a tile of 257 hashes": ("tile", bytes(32 * 257), 257),
    }
    for name, (operation, content, width) in bad.items():
        given: Json = {"data": content.hex(), "width": width}
        yield Case(name=name, operation=operation, given=given, finding=TILE_MALFORMED)
    yield from _refused_paths()


def _path_case(level: str, tile: tlog.Tile) -> Case:
    given: Json = {"level": level, "index": tile.index, "width": tile.width}
    return Case(
        name=f"the path of {level} {tile.index}", operation="path", given=given, gives={"path": tile.path()}
    )


def _refused_paths() -> Iterator[Case]:
    for path in (
        "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/0", "tile/0/x000/000", "tile/0/001/000",
        "tile/0/1000", "tile/0/x001/x234", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/", "tile/0/000/", "/tile/0/000", "tile/data/000", "tile/entries/../000",
        "tile/0/00\u0660", "tile/0/000\n",
    ):  # fmt: skip
        name = f"the path {path!r}"
        yield Case(name=name, operation="parse_path", given={"path": path}, finding=TILE_MALFORMED)
