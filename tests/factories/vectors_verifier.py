"""The stand-alone verifier under the signature of the published vectors."""

from typing import Any

from factories.vectors import Json, Operation, hashes, load_verifier, note_bytes

# A module loaded by its path has no types to be known.
VERIFIER: Any = load_verifier()


def spelled(key: Any) -> str:
    material = VERIFIER.base64.b64encode(bytes([key.kind]) + key.public).decode()
    return f"{key.name}+{key.identifier().hex()}+{material}"


def _inclusion(given: Json) -> Json:
    leaf, root = bytes.fromhex(given["leaf"]), bytes.fromhex(given["root"])
    VERIFIER.check_inclusion(leaf, given["index"], given["size"], hashes(given["proof"]), root)
    return {}


def _consistency(given: Json) -> Json:
    VERIFIER.check_consistency(
        given["old_size"],
        bytes.fromhex(given["old_root"]),
        given["new_size"],
        bytes.fromhex(given["new_root"]),
        hashes(given["proof"]),
    )
    return {}


def _key(given: Json) -> Json:
    key = VERIFIER.parse_key(given["key"].encode())
    return {"name": key.name, "kind": key.kind, "id": key.identifier().hex(), "public": key.public.hex()}


def _note(given: Json) -> Json:
    keys = [VERIFIER.parse_key(one.encode()) for one in given["keys"]]
    signers = VERIFIER.verify_note(VERIFIER.parse_note(note_bytes(given)), keys)
    return {"signers": [{"key": spelled(key), "time": time} for key, time in signers.items()]}


def _checkpoint(given: Json) -> Json:
    head = VERIFIER.parse_checkpoint(given["text"].encode())
    return {"origin": head.origin, "size": head.size, "root": head.root.hex(), "extensions": head.extensions}


def _policy(given: Json) -> Json:
    policy = VERIFIER.parse_policy(given["policy"].encode())
    return {
        "logs": [*map(spelled, policy.logs)],
        "witnesses": {name.decode(): spelled(key) for name, key in policy.witnesses.items()},
        "quorum": policy.quorum.decode(),
    }


def _proof(given: Json) -> Json:
    policy = VERIFIER.parse_policy(given["policy"].encode())
    proof = VERIFIER.parse_proof(given["proof"].encode())
    trusted = VERIFIER.verify_checkpoint(proof.checkpoint, policy)
    head = trusted.checkpoint
    leaf = VERIFIER.leaf_hash(bytes.fromhex(given["entry"]))
    VERIFIER.check_inclusion(leaf, proof.index, head.size, proof.path, head.root)
    return {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "index": proof.index,
        "cosigned": {name.decode(): time for name, time in trusted.cosigned.items()},
    }


def _quorum(given: Json) -> Json:
    policy = VERIFIER.parse_policy(given["policy"].encode())
    return {"met": policy.is_met_by({name.encode() for name in given["cosigned"]})}


OPERATIONS: dict[str, Operation] = {
    "leaf": lambda given: {"hash": VERIFIER.leaf_hash(bytes.fromhex(given["entry"])).hex()},
    "root": lambda given: {
        "root": VERIFIER.tree_hash([VERIFIER.leaf_hash(one) for one in hashes(given["entries"])]).hex()
    },
    "inclusion": _inclusion,
    "consistency": _consistency,
    "key": _key,
    "note": _note,
    "checkpoint": _checkpoint,
    "policy": _policy,
    "quorum": _quorum,
    "proof": _proof,
    "path": lambda given: {"path": VERIFIER.tile_path(given["level"], given["index"], given["width"])},
    "tile": lambda given: {
        "hashes": [one.hex() for one in VERIFIER.parse_tile(bytes.fromhex(given["data"]), given["width"])]
    },
    "bundle": lambda given: {
        "entries": [one.hex() for one in VERIFIER.parse_bundle(bytes.fromhex(given["data"]), given["width"])]
    },
}
