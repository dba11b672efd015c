"""Imports in the background: begun as a page would, read as the worker would."""

from collections.abc import Mapping

from answerable import knowledge
from answerable.infra.db import Database
from answerable.infra.embedding import Embedder
from answerable.infra.ids import Actor
from answerable.knowledge.imports import BatchId, ImportDetail, ImportItem, ItemState, NewFile


async def upload(database: Database, actor: Actor, files: Mapping[str, bytes]) -> ImportDetail:
    """Announce files and send them."""
    async with database.tenant_session(actor) as db:
        begun = await knowledge.begin_import(db, [NewFile(name=name) for name in files])
    for item, data in zip(begun.items, files.values(), strict=True):
        if item.needs_content:
            async with database.tenant_session(actor) as db:
                await knowledge.add_content(db, item.id, data)
    return await look(database, actor, begun.batch.id)


async def look(database: Database, actor: Actor, batch_id: BatchId) -> ImportDetail:
    async with database.tenant_session(actor) as db:
        return await knowledge.get_import(db, batch_id)


async def read_all(
    database: Database,
    actor: Actor,
    batch_id: BatchId,
    *,
    embedder: Embedder | None = None,
    web: knowledge.Web | None = None,
) -> list[ImportItem]:
    """Read every item of a batch that waits, with those that come of it."""
    intake = knowledge.Intake(database=database, embedder=embedder, web=web or knowledge.Web())
    while waiting := [
        item
        for item in (await look(database, actor, batch_id)).items
        if item.state in {ItemState.WAITING, ItemState.READING} and not item.needs_content
    ]:
        for item in waiting:
            await knowledge.read_item(intake, actor, item.id)
    return list((await look(database, actor, batch_id)).items)


async def import_page(database: Database, actor: Actor, url: str, web: knowledge.Web) -> ImportItem:
    """Import one page and return what became of it."""
    async with database.tenant_session(actor) as db:
        begun = await knowledge.add_url(db, url)
    (item,) = await read_all(database, actor, begun.batch.id, web=web)
    return item


async def import_sitemap(
    database: Database, actor: Actor, url: str, web: knowledge.Web
) -> tuple[ImportItem, dict[str, ImportItem]]:
    """Import a sitemap; its own item, and those of its pages by address."""
    async with database.tenant_session(actor) as db:
        begun = await knowledge.add_sitemap(db, url)
    first, *pages = await read_all(database, actor, begun.batch.id, web=web)
    return first, {item.source: item for item in pages}
