"""The published vectors, and both implementations under one signature: a case goes in, what it gives comes out.

Of the stand-alone verifier only what it needs for its own work is asked.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from answerable import tlog

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "docs" / "reference" / "vectors"
VERIFIER = ROOT / "verifier" / "answerable_verify.py"

Json = Any  # What JSON holds; a recursive type would need a cast at every step.
Operation = Callable[[Json], Json]


def load_cases() -> dict[str, Json]:
    """All cases by file and name."""
    return {
        f"{path.stem}: {case['operation']}, {case['name']}": case
        for path in sorted(VECTORS.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
    }


def load_verifier() -> ModuleType:
    """The stand-alone verifier as a module."""
    return load_file(VERIFIER)


def load_file(path: Path) -> ModuleType:
    """A file of Python that lies in no package, as a module."""
    name = path.stem
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        # Dataclasses look their module up by name.
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def hashes(encoded: list[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in encoded]


def note_bytes(given: Json) -> bytes:
    return bytes.fromhex(given["note_hex"]) if "note_hex" in given else given["note"].encode()


def _root(given: Json) -> Json:
    leaves = [tlog.hash_leaf(one) for one in hashes(given["entries"])]
    return {"root": tlog.root_of(len(leaves), tlog.nodes_of(leaves)).hex()}


def _inclusion(given: Json) -> Json:
    tlog.verify_inclusion(
        bytes.fromhex(given["leaf"]),
        index=given["index"],
        size=given["size"],
        proof=hashes(given["proof"]),
        root=bytes.fromhex(given["root"]),
    )
    return {}


def _consistency(given: Json) -> Json:
    tlog.verify_consistency(
        old_size=given["old_size"],
        old_root=bytes.fromhex(given["old_root"]),
        new_size=given["new_size"],
        new_root=bytes.fromhex(given["new_root"]),
        proof=hashes(given["proof"]),
    )
    return {}


def _key(given: Json) -> Json:
    key = tlog.parse_key(given["key"])
    return {
        "name": key.name,
        "kind": int(key.algorithm),
        "id": key.key_id.hex(),
        "public": key.public.hex(),
    }


def _note(given: Json) -> Json:
    keys = [tlog.parse_key(one) for one in given["keys"]]
    signers = tlog.verify_note(tlog.parse_note(note_bytes(given)), keys)
    return {"signers": [{"key": str(one.key), "time": one.at} for one in signers]}


def _checkpoint(given: Json) -> Json:
    head = tlog.parse_checkpoint(given["text"].encode())
    return {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "extensions": [*head.extensions],
    }


def _policy(given: Json) -> Json:
    policy = tlog.parse_policy(given["policy"].encode())
    return {
        "logs": [*map(str, policy.logs)],
        "witnesses": {name.decode(): str(key) for name, key in policy.witnesses.items()},
        "quorum": policy.quorum.decode(),
    }


def _quorum(given: Json) -> Json:
    policy = tlog.parse_policy(given["policy"].encode())
    return {"met": policy.is_met_by([policy.witnesses[one.encode()] for one in given["cosigned"]])}


def _proof(given: Json) -> Json:
    policy, proof = tlog.parse_policy(given["policy"].encode()), tlog.parse_proof(given["proof"].encode())
    verified = tlog.verify_proof(proof, tlog.hash_leaf(bytes.fromhex(given["entry"])), policy)
    names = {key: name.decode() for name, key in policy.witnesses.items()}
    return {
        "origin": verified.checkpoint.origin,
        "size": verified.checkpoint.size,
        "root": verified.checkpoint.root.hex(),
        "index": proof.index,
        "cosigned": {names[one.key]: one.at for one in verified.cosigners},
    }


def _path(given: Json) -> Json:
    level = None if given["level"] == "entries" else int(given["level"])
    tile = tlog.Tile(level=level, index=given["index"], width=given["width"])
    assert tlog.parse_path(tile.path()) == tile
    return {"path": tile.path()}


TLOG: dict[str, Operation] = {
    "leaf": lambda given: {"hash": tlog.hash_leaf(bytes.fromhex(given["entry"])).hex()},
    "root": _root,
    "inclusion": _inclusion,
    "consistency": _consistency,
    "key": _key,
    "note": _note,
    "note_ml_dsa": _note,
    "checkpoint": _checkpoint,
    "policy": _policy,
    "quorum": _quorum,
    "proof": _proof,
    "path": _path,
    "parse_path": lambda given: {"path": tlog.parse_path(given["path"]).path()},
    "tile": lambda given: {
        "hashes": [one.hex() for one in tlog.decode_tile(bytes.fromhex(given["data"]), given["width"])]
    },
    "bundle": lambda given: {
        "entries": [one.hex() for one in tlog.decode_bundle(bytes.fromhex(given["data"]), given["width"])]
    },
}
