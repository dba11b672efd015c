"""A desk, and a shop with one document."""

from dataclasses import replace
from pathlib import Path

import pytest

from answerable import knowledge
from answerable.answering import Desk
from answerable.infra.db import Database
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor
from factories.desks import RETURNS


@pytest.fixture
def desk(database: Database) -> Desk:
    # The calibration belongs to another embedder; here every sentence that is found may be quoted.
    return Desk(database=database, embedder=HashingEmbedder(), threshold=0.0)


@pytest.fixture
def strict(desk: Desk) -> Desk:
    """A desk at which no sentence is good enough."""
    return replace(desk, threshold=1.1)


@pytest.fixture
async def shop(desk: Desk, acme: Actor, tmp_path: Path) -> Actor:
    (tmp_path / "returns.md").write_text(RETURNS)
    intake = knowledge.Intake(database=desk.database, embedder=desk.embedder)
    await knowledge.import_paths(intake, acme, [tmp_path], base=tmp_path)
    return acme
