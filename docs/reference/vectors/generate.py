# ruff: noqa: INP001 - a folder of pages, and no package.
"""Writes the published vectors, or with `--check` says which files are not as they would be written."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cases import Case
from note_cases import checkpoint_cases, key_cases, note_cases
from tree_cases import tree_cases
from trust_cases import policy_cases, proof_cases, tile_cases

HERE = Path(__file__).parent
FILES: dict[str, Callable[[], Iterator[Case]]] = {
    "tree.json": tree_cases,
    "keys.json": key_cases,
    "notes.json": note_cases,
    "checkpoints.json": checkpoint_cases,
    "policies.json": policy_cases,
    "proofs.json": proof_cases,
    "tiles.json": tile_cases,
}


def render(cases: Iterator[Case]) -> str:
    """A file of cases; ASCII, so that no editor changes a character that matters."""
    return json.dumps([case.to_json() for case in cases], indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Write or compare; 1 when something differs."""
    outdated = False
    for name, cases in FILES.items():
        text, path = render(cases()), HERE / name
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated = True
            print(f"{name} is not current; run docs/reference/vectors/generate.py.")  # noqa: T201
    return int(outdated)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
