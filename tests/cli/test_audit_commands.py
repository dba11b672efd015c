"""Commands on a log, over a database and a signer of their own: read it, verify it, take it away, go on."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import pytest

from answerable import tlog
from answerable.audit.rules import canonical
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from factories.commands import Run, running_commands
from factories.databases import clone_database, drop_database, run_as_superuser


@pytest.fixture
def name(server: Server, database_name: str) -> Generator[str]:
    assert database_name  # migrated
    cloned = f"log_{uuid4().hex}"
    clone_database(server, cloned)
    yield cloned
    drop_database(server, cloned)


@pytest.fixture
def run(
    server: Server, settings: Settings, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Generator[Run]:
    apart = settings.model_copy(update={"signer": tmp_path / "signer"})
    with running_commands(server, apart, name, capsys) as run_command:
        assert run_command("tenant", "create", "shop", "--owner", "owner@example.com").code == 0
        yield run_command


def test_a_log_is_verified_to_people_and_to_programs(run: Run) -> None:
    report = run("audit", "verify", "shop", "--json").value
    shown = run("audit", "verify", "shop")

    assert (report["valid"], report["assurance"], report["findings"]) == (True, "signed", [])
    assert report["leaves"] > 0
    assert shown.code == 0
    assert shown.out.startswith("signed  VERIFIED")
    assert run("audit", "verify", "shop", "--require", "quorum-witnessed").code == 20


def test_what_was_changed_is_found_and_named(run: Run, server: Server, name: str) -> None:
    assert run("audit", "verify", "shop").code == 0
    run_as_superuser(
        server,
        name,
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "ALTER TABLE audit_event DROP CONSTRAINT ck_audit_event_leaf_hash_is_of_body",
        "UPDATE audit_event SET body = body || '\\x20' WHERE type = 'tenant.created'",
    )

    found = run("audit", "verify", "shop")

    # The signer has signed another root for as many entries, so it is a fork besides.
    assert found.code == 41
    assert "leaf_mismatch" in found.out


@pytest.mark.parametrize("output", ["log", "log.zip"])
def test_a_log_is_taken_away_and_verified_by_what_it_holds(run: Run, tmp_path: Path, output: str) -> None:
    path = tmp_path / output
    exported = run("audit", "export", "shop", "-o", str(path))
    again = run("audit", "export", "shop", "-o", str(path))

    assert exported.code == 0
    assert ("verify.html" in exported.out) == (output == "log.zip")
    assert again.code == 1
    assert str(path) in again.err
    folder = path
    if output == "log.zip":
        folder = tmp_path / "unpacked"
        zipfile.ZipFile(path).extractall(folder)
    command = [sys.executable, "-I", str(folder / "answerable_verify.py"), str(folder), "--json"]
    verified = subprocess.run(command, capture_output=True, check=True)
    report = json.loads(verified.stdout)
    assert report["valid"]
    assert report["root_log"]["covers"] == report["leaves"]


def test_entries_are_listed_and_one_is_shown_with_its_proof(run: Run) -> None:
    assert run("audit", "verify", "shop").code == 0
    events = run("audit", "tail", "shop", "--json").value
    shown = run("audit", "show", "shop", "1", "--json")
    proof = tlog.parse_proof(run("audit", "show", "shop", "1", "--proof").out.encode())
    head = tlog.parse_checkpoint(tlog.parse_note(proof.checkpoint).text)

    assert {one["type"] for one in events} >= {"tenant.created", "log.schemas_declared"}
    assert shown.value["assurance"] == "signed"
    assert "in a signed head (level: signed)" in run("audit", "show", "shop", "1").out
    leaf = tlog.hash_leaf(canonical(shown.value["body"]))
    tlog.verify_inclusion(leaf, index=1, size=head.size, proof=proof.hashes, root=head.root)
    assert run("audit", "show", "shop", "4711").code == 1


def test_a_loss_is_declared_only_by_who_says_yes(run: Run, server: Server, name: str) -> None:
    assert run("audit", "verify", "shop").code == 0
    run_as_superuser(
        server,
        name,
        *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("audit_leaf", "audit_tree")),
        "DELETE FROM audit_leaf WHERE index = (SELECT size - 1 FROM audit_tree t WHERE t.tenant_id ="
        " audit_leaf.tenant_id)",
    )

    assert run("audit", "verify", "shop").code in {40, 41}
    asked = run("audit", "recover", "shop")
    assert "cannot be taken back" in asked.out
