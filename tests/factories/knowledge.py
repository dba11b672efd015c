"""Documents in a tenant: written to a folder, then imported as anybody would."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from answerable import knowledge
from answerable.infra.db import Database
from answerable.infra.embedding import Embedder, HashingEmbedder, Vectors
from answerable.infra.ids import Actor
from answerable.knowledge.values import Document, ImportResult, Progress

Import = Callable[..., Awaitable[Document]]
"""Imports a text into a workspace; the document as it is then."""

SHOP = Path(__file__).parents[2] / "src" / "answerable" / "demo" / "shop"

RETURNS = """\
---
title: Returns
language: en
---
# Returns

## How long you have

You have 30 days from receipt of the goods to send something back.
Boots may be tried on indoors.

## What it costs

Returns from within Germany are free of charge.
"""


class CountingEmbedder:
    """The hashing embedder under a name of choice, which remembers what it was given."""

    def __init__(self, model: str = "hashing-1") -> None:
        self._hashing = HashingEmbedder()
        self.model = model
        self.dimensions = self._hashing.dimensions
        self.embedded: list[str] = []

    async def embed_query(self, text: str) -> Vectors:
        return await self._hashing.embed_query(text)

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return await self._hashing.embed_queries(texts)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return await self._hashing.embed_passages(texts)

    async def close(self) -> None:
        """Nothing runs."""


async def import_texts(
    database: Database,
    actor: Actor,
    folder: Path,
    texts: Mapping[str, str | bytes],
    *,
    embedder: Embedder | None = None,
) -> tuple[ImportResult, list[Progress]]:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    heard: list[Progress] = []
    intake = knowledge.Intake(database=database, embedder=embedder)
    result = await knowledge.import_paths(intake, actor, [folder], base=folder, report=heard.append)
    return result, heard


async def list_documents(database: Database, actor: Actor) -> list[Document]:
    async with database.tenant_session(actor) as db:
        return await knowledge.list_documents(db)
