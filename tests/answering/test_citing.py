from pathlib import Path

from answerable import answering, knowledge
from answerable.answering import Desk, OutcomeKind
from answerable.infra.ids import Actor
from factories.desks import QUESTION, ask
from factories.knowledge import import_texts, list_documents

OTHER = "# Opening hours\n\nThe store is open from nine to five on weekdays.\n"


async def test_a_document_knows_which_answers_quote_it(desk: Desk, shop: Actor, tmp_path: Path) -> None:
    database = desk.database
    await import_texts(database, shop, tmp_path, {"z.md": OTHER})
    quoted, unquoted = await list_documents(database, shop)
    first = await ask(desk, shop, QUESTION)
    second = await ask(desk, shop, QUESTION)
    assert second.outcome is OutcomeKind.REPLY

    async with database.tenant_session(shop) as db:
        counts = await answering.count_citations(db, [quoted.id, unquoted.id])
        page = await answering.list_citing(db, quoted.id, limit=1)
        rest = await answering.list_citing(db, quoted.id, after=page.next, limit=1)
        nobody = await answering.list_citing(db, unquoted.id)

    assert counts == {quoted.id: 2}
    assert [one.turn_id for one in (*page.turns, *rest.turns)] == [second.turn_id, first.turn_id]
    assert rest.next is None
    assert nobody.turns == ()
    (citing,) = page.turns
    assert (citing.conversation_id, citing.versions) == (second.conversation_id, (1,))
    assert citing.quotes == len(second.citations)


async def test_the_characters_that_are_quoted_are_counted_once_an_answer(desk: Desk, shop: Actor) -> None:
    record = await ask(desk, shop, QUESTION)
    await ask(desk, shop, QUESTION)
    (document,) = await list_documents(desk.database, shop)
    async with desk.database.tenant_session(shop) as db:
        (version,) = (await knowledge.get_document(db, document.id)).versions

        spans = await answering.list_quoted_spans(db, version.id)

    assert {(one.start, one.end) for one in spans} == {(one.start, one.end) for one in record.citations}
    assert {one.answers for one in spans} == {2}


async def test_another_tenant_sees_nobody_quoting(desk: Desk, shop: Actor, globex: Actor) -> None:
    record = await ask(desk, shop, QUESTION)
    quote = record.citations[0]

    async with desk.database.tenant_session(globex) as db:
        assert await answering.count_citations(db, [quote.document_id]) == {}
        assert (await answering.list_citing(db, quote.document_id)).turns == ()
        assert await answering.list_quoted_spans(db, quote.version_id) == []
