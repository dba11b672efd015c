"""An exported log and the stand-alone verifier: whole it verifies, damaged it does not, whatever is damaged."""

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from filelock import FileLock

from answerable import audit
from answerable.drill.scene import PREFIX, Place, alone, drop, make_scene
from answerable.infra.installation import Installation
from factories.serving import Place as Serving
from factories.vectors_verifier import VERIFIER

Lines = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An exported log, and the checkpoint that was kept from when it was half as long."""

    folder: Path
    pinned: bytes

    def read(self, name: str) -> Lines:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def write(self, name: str, lines: Lines) -> None:
        (self.folder / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.fixture(scope="session")
def installed(place: Serving) -> Installation:
    return Installation(settings=place.settings, server=place.server, database=place.database, embedder=None)


@pytest.fixture(scope="session")
async def exported(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    base = tmp_path_factory.mktemp("archive")
    place = Place(
        installation=installed, name=PREFIX + uuid4().hex, keys=base / "keys", signer=base / "signer"
    )
    # Another process may be at its own drill on this server.
    with FileLock(installed.settings.home / "drill.lock"), alone(installed):
        try:
            scene = await make_scene(place)
            async with place.database() as database, database.tenant_session(scene.actor) as db:
                await audit.export(db, base / "log")
        finally:
            drop(installed, place.name)
    return Archive(folder=base / "log", pinned=scene.pinned)


@pytest.fixture
def archive(exported: Archive, tmp_path: Path) -> Archive:
    shutil.copytree(exported.folder, tmp_path / "log")
    return Archive(folder=tmp_path / "log", pinned=exported.pinned)


Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    def run(archive: Archive, *options: str) -> tuple[int, dict[str, Any]]:
        code = VERIFIER.main([str(archive.folder), "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    return run


def words(report: dict[str, Any]) -> set[str]:
    return {one["finding"] for one in report["findings"]}


def test_a_whole_archive_verifies_with_what_was_erased(archive: Archive, verify: Verify) -> None:
    kept = archive.folder.parent / "kept"
    kept.write_bytes(archive.pinned)

    code, report = verify(archive, "--pinned", str(kept))

    assert (code, report["valid"], report["findings"]) == (10, True, [])
    assert report["assurance"] == "signed"
    assert report["slots"]["erased"] == 3
    assert report["receipts"] > 0
    assert any("keys" in one for one in report["not_checked"])


def test_it_holds_the_verifier_and_no_text(archive: Archive) -> None:
    files = [path for path in archive.folder.rglob("*") if path.is_file()]

    assert {"answerable_verify.py", "README.md"} <= {path.name for path in files}
    for path in files:
        assert b"where is my order" not in path.read_bytes()


def flip_entry(archive: Archive) -> None:
    bundle = archive.folder / "tile/entries/000"
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)


def flip_tile(archive: Archive) -> None:
    tile = archive.folder / "tile/0/000"
    content = bytearray(tile.read_bytes())
    content[100] ^= 1
    tile.write_bytes(content)


def change(name: str, alter: Callable[[Lines], Lines]) -> Callable[[Archive], None]:
    return lambda archive: archive.write(name, alter(archive.read(name)))


def of(lines: Lines, state: str) -> Lines:
    return [line for line in lines if line["state"] == state]


DAMAGES: dict[str, tuple[Callable[[Archive], None], str]] = {
    "an entry": (flip_entry, "leaf_mismatch"),
    "a tile": (flip_tile, "leaf_mismatch"),
    "a sealed value is called another": (
        change(
            "slots.jsonl", lambda all_: [{**one, "c": "A" * 43 + "="} if one["c"] else one for one in all_]
        ),
        "commitment_mismatch",
    ),
    "a sealed value is not named": (change("slots.jsonl", lambda all_: all_[1:]), "slot_missing"),
    "a sealed value is called missing": (
        change("slots.jsonl", lambda all_: [{**all_[0], "state": "missing", "c": None}, *all_[1:]]),
        "slot_missing",
    ),
    "a loss is called an erasure": (
        change(
            "slots.jsonl",
            lambda all_: [
                {**of(all_, "sealed")[0], "state": "erased", "c": None, "key": of(all_, "erased")[0]["key"]},
                *[one for one in all_ if one is not of(all_, "sealed")[0]],
            ],
        ),
        "slot_missing",
    ),
    "a loss is called a removal": (
        change(
            "slots.jsonl",
            lambda all_: [
                {**of(all_, "sealed")[0], "state": "removed", "c": None},
                *[one for one in all_ if one is not of(all_, "sealed")[0]],
            ],
        ),
        "slot_missing",
    ),
    "an erasure that no entry tells": (change("erasures.jsonl", lambda _all: []), "slot_missing"),
    "a receipt of another event": (
        change("receipts.jsonl", lambda all_: [{**all_[0], "event": all_[1]["event"]}, *all_[1:]]),
        "receipt_broken",
    ),
    "a receipt with another text": (
        change(
            "receipts.jsonl", lambda all_: [{**all_[0], "note": all_[0]["note"].replace("Z\n60", "Z\n61")}]
        ),
        "receipt_broken",
    ),
    "a head of before with another size": (
        change("history.jsonl", lambda all_: [{**all_[0], "size": 1}, *all_[1:]]),
        "checkpoint_malformed",
    ),
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_what_is_damaged_is_found(archive: Archive, verify: Verify, damage: str) -> None:
    act, expected = DAMAGES[damage]
    act(archive)

    code, report = verify(archive)

    assert code == 40
    assert expected in words(report)


def test_a_destroyed_key_that_is_there_again_is_found(archive: Archive, verify: Verify) -> None:
    key = archive.read("erasures.jsonl")[0]["key"]
    archive.write("alive.jsonl", [*archive.read("alive.jsonl"), {"key": key}])

    code, report = verify(archive)

    assert (code, words(report)) == (40, {"key_revived"})


def test_a_file_that_is_missing_is_incomplete(archive: Archive, verify: Verify) -> None:
    (archive.folder / "receipts.jsonl").unlink()

    code, report = verify(archive)

    assert (code, words(report)) == (30, {"entry_missing"})


def test_an_old_archive_is_stale_for_whom_asks_for_a_new_one(archive: Archive, verify: Verify) -> None:
    code, report = verify(archive, "--max-age", "-1")

    assert (code, words(report)) == (20, {"stale"})


def test_every_file_of_an_archive_fits_into_one(archive: Archive, tmp_path: Path) -> None:
    made = shutil.make_archive(str(tmp_path / "log"), "zip", archive.folder)

    assert "checkpoint" in zipfile.ZipFile(made).namelist()
