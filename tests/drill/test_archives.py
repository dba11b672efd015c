"""An exported log and the stand-alone verifier: whole it verifies, damaged it does not, whatever is damaged."""

import json
import shutil
import zipfile
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from filelock import FileLock
from playwright.async_api import Page, expect

from answerable import audit, tlog
from answerable.audit import rooting
from answerable.audit.signer import Signer
from answerable.drill.scene import PREFIX, Place, Scene, alone, drop, make_scene
from answerable.infra.installation import Installation
from factories.browser import OpenContext
from factories.serving import Place as Serving
from factories.vectors import ROOT, load_file
from factories.vectors_verifier import VERIFIER

Lines = list[dict[str, Any]]

PUBLISHED = ROOT / "docs" / "reference" / "vectors" / "archive"
ARCHIVES = load_file(PUBLISHED.parent / "generate_archive.py")
CASES: list[dict[str, Any]] = json.loads((PUBLISHED / "cases.json").read_text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An exported log, and the checkpoint that was kept from when it was half as long."""

    folder: Path
    pinned: bytes

    forged: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What the same keys would sign for somebody else: another history, also in the root log, and a later head."""

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
            async with place.sessions(scene.actor) as (db, root):
                await audit.export(db, root, base / "log")
                forged = forge(place, scene, await rooting.get_label_key(db))
        finally:
            drop(installed, place.name)
    return Archive(folder=base / "log", pinned=scene.pinned, forged=forged)


def forge(place: Place, scene: Scene, key: bytes) -> dict[str, bytes]:
    """Another history for the newest size, signed and entered into another one of the root log; a later head."""
    size = tlog.parse_checkpoint(tlog.parse_note(scene.newest).text).size
    at = int(datetime.now(UTC).timestamp())
    signer = Signer.open(place.signer)
    try:
        shown = signer.sign(scene.actor.tenant_id, 1, size=size, root=bytes(32), at=at).note.encode()
        entry = rooting.render_entry(key, tlog.parse_note(shown).text)
        later = signer.sign(scene.actor.tenant_id, 1, size=size + 5, root=bytes(32), at=at).note.encode()
        above = signer.sign(audit.ROOT_READER.tenant_id, 1, size=1, root=tlog.hash_leaf(entry), at=at)
    finally:
        signer.close()
    proof = tlog.Proof(index=0, hashes=(), checkpoint=above.note.encode()).render()
    return {"root/head": shown, "root/entry": entry, "root/proof": proof, "later": later}


@pytest.fixture
def archive(exported: Archive, tmp_path: Path) -> Archive:
    shutil.copytree(exported.folder, tmp_path / "log")
    return Archive(folder=tmp_path / "log", pinned=exported.pinned, forged=exported.forged)


def damaged_by(case: dict[str, Any], folder: Path) -> Archive:
    """The published log with what a case does to it."""
    shutil.copytree(PUBLISHED / "log", folder / "log")
    ARCHIVES.damage(folder / "log", case["changes"])
    return Archive(folder=folder / "log", pinned=b"")


def found_in(findings: Lines) -> set[tuple[str, int | None]]:
    """What was found and where; an entry that nobody knows has no place."""
    return {(one["finding"], None if one.get("leaf") == -1 else one.get("leaf")) for one in findings}


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_verifier_finds_in_the_published_archive_what_is_published(
    case: dict[str, Any], verify: Verify, tmp_path: Path
) -> None:
    code, report = verify(damaged_by(case, tmp_path))

    assert (code, found_in(report["findings"])) == (case["exit"], found_in(case["findings"]))


def test_a_destroyed_key_that_is_there_again_is_found(archive: Archive, verify: Verify) -> None:
    key = archive.read("erasures.jsonl")[0]["key"]
    archive.write("alive.jsonl", [*archive.read("alive.jsonl"), {"key": key}])

    code, report = verify(archive)

    assert (code, words(report)) == (40, {"key_revived"})


def test_a_file_that_is_missing_is_incomplete(archive: Archive, verify: Verify) -> None:
    (archive.folder / "receipts.jsonl").unlink()

    code, report = verify(archive)

    assert (code, words(report)) == (30, {"entry_missing"})


async def test_another_history_in_the_log_over_all_logs_is_a_fork(
    archive: Archive, verify: Verify, offline: Page
) -> None:
    assert verify(archive)[1]["root_log"]["covers"] > 0
    for name in ("root/head", "root/entry", "root/proof"):
        (archive.folder / name).write_bytes(archive.forged[name])

    code, report = verify(archive)

    assert (code, words(report)) == (41, {"fork"})
    assert await check_in_page(offline, archive) == (41, {("fork", None)})


def test_an_archive_of_before_the_log_over_all_logs_says_so(archive: Archive, verify: Verify) -> None:
    shutil.rmtree(archive.folder / "root")

    code, report = verify(archive)

    assert (code, words(report)) == (10, set())
    assert any("the log over all logs" in one for one in report["not_checked"])


def test_an_old_archive_is_stale_for_whom_asks_for_a_new_one(archive: Archive, verify: Verify) -> None:
    code, report = verify(archive, "--max-age", "-1")

    assert (code, words(report)) == (20, {"stale"})


def test_every_file_of_an_archive_fits_into_one(archive: Archive, tmp_path: Path) -> None:
    made = shutil.make_archive(str(tmp_path / "log"), "zip", archive.folder)

    assert "checkpoint" in zipfile.ZipFile(made).namelist()


CHECK = """
async (files) => {
  const named = Object.entries(files).map(([name, text]) => [name, new Blob([octets(atob(text))])]);
  const { verdict, findings } = await verifyFolder(new Map(named));
  return { verdict, findings };
}
"""
CODES = {"proved": 0, "erased": 10, "unwitnessed": 20, "incomplete": 30, "invalid": 40, "forked": 41}


async def check_in_page(page: Page, archive: Archive) -> tuple[int, set[tuple[str, int | None]]]:
    """What the offline page makes of an archive: an exit code as the verifier's, what it found, and where."""
    files = {
        path.relative_to(archive.folder).as_posix(): b64encode(path.read_bytes()).decode()
        for path in archive.folder.rglob("*")
        if path.is_file() and path.suffix != ".html"
    }
    said = await page.evaluate(CHECK, files)
    return CODES[said["verdict"]], found_in(said["findings"])


@pytest.fixture
async def offline(open_context: OpenContext) -> AsyncGenerator[Page]:
    async with open_context(locale="en-GB") as context:
        page = await context.new_page()
        await context.set_offline(True)
        await page.set_content((ROOT / "verifier" / "verify.html").read_text(encoding="utf-8"))
        yield page


async def test_the_page_finds_in_the_published_archive_what_is_published(
    offline: Page, tmp_path: Path
) -> None:
    for number, case in enumerate(CASES):
        (tmp_path / str(number)).mkdir()
        code, findings = await check_in_page(offline, damaged_by(case, tmp_path / str(number)))

        assert (code, findings) == (case["exit"], found_in(case["findings"])), case["name"]


async def test_the_page_says_of_a_fresh_archive_what_the_verifier_says(
    archive: Archive, verify: Verify, offline: Page
) -> None:
    _code, report = verify(archive)

    assert await check_in_page(offline, archive) == (10, set())
    await offline.set_input_files("label.folder input", archive.folder)
    await expect(offline.locator("#result")).to_contain_text(f"{report['leaves']} entries")
    await expect(offline.locator("#result")).to_contain_text(f"{sum(report['slots'].values())} sealed values")


async def test_a_folder_is_chosen_and_its_verdict_shown(exported: Archive, offline: Page) -> None:
    await offline.set_input_files("label.folder input", exported.folder)

    await expect(offline.locator("[data-verdict=erased]")).to_contain_text("The whole log holds")
    await expect(offline.locator("#result")).to_contain_text("Who vouches: signed")


async def test_one_file_of_a_whole_log_is_unpacked_and_verified(
    exported: Archive, offline: Page, tmp_path: Path
) -> None:
    made = shutil.make_archive(str(tmp_path / "log"), "zip", exported.folder)
    stored = tmp_path / "stored.zip"
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(exported.folder.rglob("*")):
            archive.write(path, "exported" / path.relative_to(exported.folder))

    for path in (made, stored):
        await offline.set_input_files("label.drop input", path)
        await expect(offline.locator("[data-verdict=erased]")).to_contain_text("The whole log holds")
        await expect(offline.locator("#result")).to_contain_text("holds this log's checkpoint of 319 entries")
        await offline.set_input_files("label.drop input", [])


def bent_zips(folder: Path, within: Path) -> dict[str, bytes]:
    """The files of a folder as one, damaged."""
    whole = Path(shutil.make_archive(str(within / "log"), "zip", folder)).read_bytes()
    listed = whole.index(b"PK\x01\x02")
    stored, named = whole.rindex(b"checkpoint", 0, listed), whole.index(b"checkpoint", listed)
    return {
        "cut": whole[: len(whole) // 2] + whole[-22:],
        "no zip": b"x" * 5_000,
        "bent": whole[: stored + 12] + bytes(20) + whole[stored + 32 :],
        "encrypted": whole[: stored - 24] + b"\x01" + whole[stored - 23 :],
        "another length": whole[: named - 22] + b"\x07\0\0\0" + whole[named - 18 :],
    }


async def test_a_zip_file_that_is_none_is_told(exported: Archive, offline: Page, tmp_path: Path) -> None:
    for name, content in bent_zips(exported.folder, tmp_path).items():
        (tmp_path / "bent.zip").write_bytes(content)
        await offline.set_input_files("label.drop input", tmp_path / "bent.zip")

        await expect(offline.locator("[data-verdict=invalid]"), name).to_be_visible()
        await expect(offline.locator("#result li.bad").first, name).to_contain_text("archive_malformed")


async def test_a_kept_checkpoint_is_compared_with(
    exported: Archive, verify: Verify, offline: Page, tmp_path: Path
) -> None:
    kept = {"fork": exported.forged["root/head"], "rollback": exported.forged["later"], "": exported.pinned}
    await expect(offline.locator("#kept")).to_be_hidden()
    await offline.set_input_files("label.folder input >> nth=0", exported.folder)
    await expect(offline.locator("#result")).to_contain_text(
        "Not checked: that others were shown the same log"
    )

    for finding, content in kept.items():
        (tmp_path / "kept").write_bytes(content)
        code, report = verify(exported, "--pinned", str(tmp_path / "kept"))
        assert (code, words(report)) == ((41, {finding}) if finding else (10, set()))
        # Both notes stand in the report: it is the evidence.
        assert report["pinned"].encode() == content
        assert report["checkpoint"].encode() == (exported.folder / "checkpoint").read_bytes()
        await offline.set_input_files("#kept input", tmp_path / "kept")
        if finding:
            await expect(offline.locator("[data-verdict=forked]")).to_be_visible()
            await expect(offline.locator("#result li.bad")).to_contain_text([finding])
        else:
            await expect(offline.locator("#result p.good")).to_contain_text(["It continues the checkpoint"])
    (tmp_path / "kept").write_bytes(b"no checkpoint")
    await offline.set_input_files("#kept input", tmp_path / "kept")
    await expect(offline.locator("#result li.bad")).to_contain_text(["note_malformed"])


async def test_what_is_not_checked_of_an_older_log_is_said(offline: Page) -> None:
    await offline.evaluate(
        """() => {
          shown = new Report();
          Object.assign(shown.facts, { origin: "example.com/log", level: "signed" });
          Object.assign(shown.facts, { undeclared: 3, stamped: true, hasRoot: false });
          show();
        }"""
    )

    result = offline.locator("#result")
    await expect(result).to_contain_text("the form of 3 entries from before the log declared any")
    await expect(result).to_contain_text(
        "the log over all logs of the installation, of which this folder holds nothing"
    )
    await expect(result).to_contain_text("openssl ts -verify -in root/timestamp.tsr -data root/stamped")
