"""The stand-alone verifier as a program: what it says, how it ends, and what it is made of."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable import tlog
from factories.vectors import VERIFIER as FILE
from factories.vectors_verifier import VERIFIER

LOG = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)
LOG_KEY = tlog.log_key("log.example", LOG)
WITNESS_KEY = tlog.witness_key("witness.example", WITNESS)
SIZE = 600
ENTRIES = [json.dumps({"n": number}).encode() for number in range(SIZE)]
NODES = tlog.nodes_of([tlog.hash_leaf(entry) for entry in ENTRIES])
SIGNED_ONLY = f"log {LOG_KEY}\nquorum none\n"
WITNESSED = f"log {LOG_KEY}\nwitness w {WITNESS_KEY}\nquorum w\n"


def checkpoint(size: int = SIZE, *, root: bytes | None = None, at: int | None = None) -> bytes:
    head = tlog.Checkpoint(origin=LOG_KEY.name, size=size, root=root or tlog.root_of(size, NODES))
    signatures = [tlog.sign(head.text(), LOG_KEY.name, LOG)]
    if at is not None:
        signatures.append(tlog.cosign(head, WITNESS_KEY.name, WITNESS, at=at))
    return tlog.Note(text=head.text(), signatures=tuple(signatures)).render()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A log as files, with a policy beside it."""
    (tmp_path / "policy").write_text(SIGNED_ONLY)
    folder = tmp_path / "export"
    for tile in tlog.tiles_of(SIZE):
        level = 8 * (tile.level or 0)
        hashes = [NODES(level, 256 * tile.index + at) for at in range(tile.width)]
        write(folder / tile.path(), tlog.encode_tile(hashes))
    for bundle in tlog.bundles_of(SIZE):
        entries = ENTRIES[256 * bundle.index : 256 * bundle.index + bundle.width]
        write(folder / bundle.path(), tlog.encode_bundle(entries))
    write(folder / "checkpoint", checkpoint(at=1))
    return folder


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    """A proof of entry 300, with the entry and a policy beside it."""
    (tmp_path / "policy").write_text(SIGNED_ONLY)
    (tmp_path / "entry").write_bytes(ENTRIES[300])
    hashes = tlog.prove_inclusion(300, SIZE, NODES)
    return write(
        tmp_path / "some.tlog-proof", tlog.Proof(index=300, hashes=hashes, checkpoint=checkpoint()).render()
    )


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def verify(target: Path, *options: str | Path) -> tuple[int, dict[str, Any]]:
    """Run it as an auditor does: no environment, no packages."""
    command = [
        sys.executable,
        "-I",
        "-S",
        FILE,
        target,
        "--policy",
        target.parent / "policy",
        "--json",
        *options,
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert run.stderr == ""
    report: dict[str, Any] = json.loads(run.stdout)
    assert report["exit"] == run.returncode
    assert report["valid"] == (run.returncode == 0)
    return run.returncode, report


def findings(report: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["finding"], one.get("leaf")) for one in report["findings"]]


def test_an_entry_with_its_proof_is_verified(proof: Path) -> None:
    code, report = verify(proof, "--entry", proof.parent / "entry")

    assert code == 0
    assert (report["assurance"], report["size"], report["index"]) == ("signed", SIZE, 300)
    assert report["leaf"] == tlog.hash_leaf(ENTRIES[300]).hex()


def test_what_was_not_checked_is_listed_even_when_all_is_well(proof: Path) -> None:
    _, report = verify(proof, "--entry", proof.parent / "entry")

    said = "\n".join(report["not_checked"])
    assert all(
        word in said for word in ("other entries", "pin a checkpoint", "is true", "texts", "timestamps")
    )


def test_a_proof_without_its_entry_is_incomplete(proof: Path) -> None:
    code, report = verify(proof)

    assert code == 30
    assert findings(report) == [("entry_missing", None)]


def test_another_entry_is_invalid(proof: Path) -> None:
    other = write(proof.parent / "other", ENTRIES[301])

    code, report = verify(proof, "--entry", other)

    assert code == 40
    assert findings(report) == [("inclusion_failed", 300)]


def test_a_missed_quorum_ends_with_20_and_the_entry_is_checked_all_the_same(proof: Path) -> None:
    (proof.parent / "policy").write_text(WITNESSED)

    code, report = verify(proof, "--entry", proof.parent / "entry")

    assert code == 20
    assert findings(report) == [("quorum_missed", None)]
    assert "leaf" in report


def test_a_required_level_that_is_not_reached_ends_with_20(proof: Path) -> None:
    code, report = verify(proof, "--entry", proof.parent / "entry", "--require", "quorum-witnessed")

    assert code == 20
    assert findings(report) == [("level_missed", None)]


def test_two_roots_for_the_same_size_are_a_fork(proof: Path) -> None:
    pinned = write(proof.parent / "pinned", checkpoint(root=bytes(32)))

    code, report = verify(proof, "--entry", proof.parent / "entry", "--pinned", pinned)

    assert code == 41
    assert findings(report) == [("fork", None)]


@pytest.mark.parametrize("size", [256, 599])
def test_a_pinned_checkpoint_is_compared_by_a_proof_of_consistency(proof: Path, size: int) -> None:
    pinned = write(proof.parent / "pinned", checkpoint(size))
    path = "".join(
        f"{VERIFIER.base64.b64encode(one).decode()}\n" for one in tlog.prove_consistency(size, SIZE, NODES)
    )
    bridge = write(proof.parent / "bridge", path.encode())
    options = ("--entry", proof.parent / "entry", "--pinned", pinned)

    without, report = verify(proof, *options)
    with_it, _ = verify(proof, *options, "--consistency", bridge)

    assert (without, findings(report)) == (30, [("consistency_missing", None)])
    assert with_it == 0


def test_a_whole_log_is_verified(export: Path) -> None:
    code, report = verify(export)

    assert code == 0
    assert (report["leaves"], report["assurance"]) == (SIZE, "signed")


def test_a_whole_log_that_is_witnessed_says_by_whom_and_when(export: Path) -> None:
    (export.parent / "policy").write_text(WITNESSED)

    code, report = verify(export, "--require", "quorum-witnessed")

    assert code == 0
    assert report["cosigned"] == [{"witness": "w", "time": 1}]


def test_one_changed_byte_of_an_entry_is_found_with_its_leaf(export: Path) -> None:
    bundle = export / "tile/entries/001"
    data = bytearray(bundle.read_bytes())
    data[-1] ^= 1
    bundle.write_bytes(data)

    code, report = verify(export)

    assert code == 40
    assert findings(report) == [("leaf_mismatch", 511), ("tile_mismatch", 256), ("root_mismatch", None)]


def test_an_entry_changed_together_with_all_tiles_leads_to_another_root(export: Path) -> None:
    forged = [*ENTRIES[:511], b"forged", *ENTRIES[512:]]
    nodes = tlog.nodes_of([tlog.hash_leaf(entry) for entry in forged])
    write(export / "tile/entries/001", tlog.encode_bundle(forged[256:512]))
    write(export / "tile/0/001", tlog.encode_tile([nodes(0, at) for at in range(256, 512)]))
    write(export / "tile/1/000.p/2", tlog.encode_tile([nodes(8, 0), nodes(8, 1)]))

    code, report = verify(export)

    assert code == 40
    assert findings(report) == [("root_mismatch", None)]


@pytest.mark.parametrize("size", [1, 255, 256, 300, 512, 599])
def test_a_log_rewritten_and_signed_anew_is_a_fork_of_the_pinned_checkpoint(export: Path, size: int) -> None:
    pinned = write(export.parent / "pinned", checkpoint(size, root=bytes([size % 256]) * 32))

    code, report = verify(export, "--pinned", pinned)

    assert code == 41
    assert findings(report) == [("fork", None)]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 300, 512, 599, 600])
def test_a_log_that_continues_the_pinned_checkpoint_is_verified(export: Path, size: int) -> None:
    pinned = write(export.parent / "pinned", checkpoint(size))

    assert verify(export, "--pinned", pinned)[0] == 0


def test_a_log_that_has_become_shorter_was_rolled_back(export: Path) -> None:
    head = tlog.Checkpoint(origin=LOG_KEY.name, size=700, root=bytes(32))
    note = tlog.Note(text=head.text(), signatures=(tlog.sign(head.text(), head.origin, LOG),))

    code, report = verify(export, "--pinned", write(export.parent / "pinned", note.render()))

    assert code == 41
    assert findings(report) == [("rollback", None)]


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("checkpoint", ("checkpoint_missing", None)),
        ("tile/entries/001", ("entry_missing", 256)),
        ("tile/0/002.p/88", ("tile_missing", 512)),
        ("tile/1/000.p/2", ("tile_missing", 0)),
    ],
)
def test_a_missing_file_makes_a_log_incomplete(
    export: Path, name: str, finding: tuple[str, int | None]
) -> None:
    (export / name).unlink()

    code, report = verify(export)

    assert code == 30
    assert findings(report) == [finding]


def test_a_bundle_that_is_cut_off_is_invalid(export: Path) -> None:
    bundle = export / "tile/entries/001"
    bundle.write_bytes(bundle.read_bytes()[:-1])

    code, report = verify(export)

    assert code == 40
    assert findings(report) == [("tile_malformed", 256)]


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ([], "required"),
        (["nowhere"], "--policy"),
        (["nowhere", "--policy", "nowhere"], "cannot read nowhere"),
    ],
)
def test_what_is_used_wrongly_ends_with_2(words: list[str], remedy: str) -> None:
    run = subprocess.run([sys.executable, "-I", FILE, *words], capture_output=True, text=True, check=False)

    assert run.returncode == 2
    assert remedy in run.stderr


@pytest.mark.parametrize(
    ("at", "said"),
    [(1_795_294_800, "2026-11-21T21:00:00Z"), (0, "1970-01-01T00:00:00Z"), (2**63 - 1, str(2**63 - 1))],
)
def test_a_person_reads_when_which_witness_cosigned(export: Path, at: int, said: str) -> None:
    (export.parent / "policy").write_text(WITNESSED)
    write(export / "checkpoint", checkpoint(at=at))

    command = [sys.executable, "-I", FILE, export, "--policy", export.parent / "policy"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)

    assert f"cosigned: w, {said}" in run.stdout


def test_a_person_reads_the_verdict_first(proof: Path) -> None:
    command = [
        sys.executable,
        "-I",
        FILE,
        proof,
        "--policy",
        proof.parent / "policy",
        "--entry",
        proof.parent / "entry",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True)

    assert run.stdout.startswith("VERIFIED  level: signed\n")


def test_it_is_one_file_that_can_be_read_in_an_hour() -> None:
    text = FILE.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]

    assert len(text.splitlines()) <= 900
    assert max((node.end_lineno or 0) - node.lineno + 1 for node in functions) <= 40


def test_it_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.split(".")[0] for name in modules} <= sys.stdlib_module_names
