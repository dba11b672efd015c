# ruff: noqa: INP001 - a folder of pages, and no package.
"""Writes the published archive anew: a whole exported log, and what damages it, each with what has to be found.

Keys and times of the log are fresh each time, so nothing is compared byte by byte: a test has both verifiers
answer what is published here.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from answerable import audit
from answerable.app import open_product
from answerable.drill.scene import PREFIX, Place, alone, drop, make_scene
from answerable.infra.settings import Embedder, Settings

HERE = Path(__file__).parent / "archive"
VERIFIER = Path(__file__).parents[3] / "verifier" / "answerable_verify.py"
LEFT_OUT = ("answerable_verify.py", "verify.html", "README.md")

Line = dict[str, Any]
Change = dict[str, Any]


def changes_of(log: Path) -> Iterator[tuple[str, list[Change]]]:
    """Each damage by its name, with what it changes."""
    yield "nothing", []
    yield from _of_files()
    yield from _of_forms(log)
    yield from _of_slots(log)
    yield from _of_notes(log)
    yield from _of_root(log)


def _of_files() -> Iterator[tuple[str, list[Change]]]:
    yield "a bit of an entry", [{"file": "tile/entries/000", "xor": 1, "at": 40_000}]
    yield "a bit of a tile of hashes", [{"file": "tile/0/000", "xor": 1, "at": 100}]
    yield "a bundle that is cut off", [{"file": "tile/entries/000", "cut": 1_000}]
    files = ("slots.jsonl", "receipts.jsonl", "schemas.jsonl", "keys")
    for name in ("checkpoint", "tile/entries/000", "tile/0/000", *files):
        yield f"{name} is missing", [{"file": name, "removed": True}]


def _of_forms(log: Path) -> Iterator[tuple[str, list[Change]]]:
    bundle = (log / "tile" / "entries" / "000").read_bytes()
    place = bundle.index(b'"returned"') + 1
    yield "a field that no schema has", [{"file": "tile/entries/000", "xor": 1, "at": place}]
    place = bundle.index(b'"type":"access.log_queried"') + 8
    yield "a type that no schema has", [{"file": "tile/entries/000", "xor": 2, "at": place}]
    place = bundle.index(b'"type":"disclosure.shown"') + 8
    yield "a disclosure that is none", [{"file": "tile/entries/000", "xor": 2, "at": place}]
    schemas = _lines(log, "schemas.jsonl")
    at = next(at for at, one in enumerate(schemas) if one["type"] == "access.log_queried")
    yield "a schema that is another", [_line("schemas.jsonl", at, schemas[at] | {"ret": "privacy"})]
    yield "a line that is none", [{"file": "erasures.jsonl", "text": "{\n"}]


def _of_slots(log: Path) -> Iterator[tuple[str, list[Change]]]:
    slots, destroyed = _lines(log, "slots.jsonl"), _lines(log, "erasures.jsonl")
    at = next(at for at, one in enumerate(slots) if one["state"] == "sealed")
    key = next(one["key"] for one in slots if one["state"] == "erased")
    others: dict[str, Line | None] = {
        "a sealed value is called another": {"c": "A" * 43 + "="},
        "a sealed value is not named": None,
        "a sealed value is called missing": {"state": "missing", "c": None},
        "a loss is called an erasure": {"state": "erased", "c": None, "key": key},
        "a loss is called a removal": {"state": "removed", "c": None},
    }
    for name, other in others.items():
        yield name, [_line("slots.jsonl", at, None if other is None else slots[at] | other)]
    yield (
        "an erasure that no entry tells",
        [_line("erasures.jsonl", number, None) for number in range(len(destroyed))],
    )
    yield "a destroyed key that is there again", [_line("alive.jsonl", 0, {"key": destroyed[0]["key"]})]


def _of_notes(log: Path) -> Iterator[tuple[str, list[Change]]]:
    (first, second, *_), head = _lines(log, "receipts.jsonl"), _lines(log, "history.jsonl")[0]
    receipts = {
        "a receipt of another event": {"event": second["event"]},
        "a receipt with another text": {"note": first["note"].replace("Z\n60", "Z\n61")},
    }
    for name, other in receipts.items():
        yield name, [_line("receipts.jsonl", 0, first | other)]
    yield "a head of before with another size", [_line("history.jsonl", 0, head | {"size": 1})]
    policy = (log / "policy").read_text().replace("quorum none", "quorum clock")
    yield "a policy that asks for the clock", [{"file": "policy", "text": policy}]
    yield "a policy of nobody", [{"file": "policy", "text": "quorum none\n"}]


def _of_root(log: Path) -> Iterator[tuple[str, list[Change]]]:
    for name in ("proof", "entry", "label"):
        yield f"root/{name} is missing", [{"file": f"root/{name}", "removed": True}]
    yield "a bit of the entry in the root log", [{"file": "root/entry", "xor": 1, "at": 20}]
    yield "another key of the label", [{"file": "root/label", "text": "A" * 43 + "=\n"}]
    another = _lines(log, "history.jsonl")[0]["note"]
    yield "another head than the root log holds", [{"file": "root/head", "text": another}]
    yield "a policy of another root log", [{"file": "root/policy", "text": (log / "policy").read_text()}]
    stamped = [{"file": "root/timestamp.tsr", "text": "x"}, {"file": "root/stamped", "text": "x\n"}]
    yield "a timestamp of another head", stamped


def _lines(log: Path, name: str) -> list[Line]:
    return [json.loads(line) for line in (log / name).read_text().splitlines()]


def _line(name: str, at: int, line: Line | None) -> Change:
    return {"file": name, "line": at, "becomes": None if line is None else json.dumps(line)}


async def make_log(folder: Path) -> None:
    """Export the log of a drill."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home) / "home", embedder=Embedder.NONE)
        async with open_product(settings) as installation:
            place = Place(
                installation=installation,
                name=PREFIX + uuid4().hex,
                keys=Path(home) / "keys",
                signer=Path(home) / "signer",
            )
            with alone(installation):
                try:
                    scene = await make_scene(place)
                    async with place.sessions(scene.actor) as (db, root):
                        await audit.export(db, root, folder)
                finally:
                    drop(installation, place.name)
    for name in LEFT_OUT:
        (folder / name).unlink(missing_ok=True)


def damage(log: Path, changes: list[Change]) -> None:
    """Do to a copy of the log what a case names."""
    lines: dict[str, list[str | None]] = {}
    for one in changes:
        path = log / one["file"]
        if "removed" in one:
            path.unlink()
        elif "text" in one:
            path.write_text(one["text"])
        elif "line" in one:
            known = lines.setdefault(one["file"], [*path.read_text().splitlines()])
            known[one["line"]] = one["becomes"]
        else:
            content = bytearray(path.read_bytes())
            if "cut" in one:
                del content[one["cut"] :]
            else:
                content[one["at"]] ^= one["xor"]
            path.write_bytes(content)
    for name, known in lines.items():
        (log / name).write_text("".join(f"{line}\n" for line in known if line is not None))


def main() -> None:
    """Write the log and the cases."""
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    asyncio.run(make_log(HERE / "log"))
    cases: list[dict[str, Any]] = []
    for name, changes in changes_of(HERE / "log"):
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            shutil.copytree(HERE / "log", log)
            damage(log, changes)
            report = _verify(log)
            cases.append(
                {"name": name, "changes": changes, "exit": report["exit"], "findings": _found(report)}
            )
    (HERE / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


def _verify(log: Path) -> Any:
    """What an auditor gets who runs the verifier."""
    command = [sys.executable, "-I", VERIFIER, log, "--json"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own file
    return json.loads(done.stdout)


def _found(report: Any) -> list[dict[str, Any]]:
    return [
        {"finding": one["finding"], "leaf": None if one.get("leaf", -1) == -1 else one["leaf"]}
        for one in report["findings"]
    ]


if __name__ == "__main__":
    main()
