from dataclasses import replace

import pytest
from sqlalchemy import text

from answerable import answering, audit
from answerable.answering import Desk
from answerable.infra.ids import Actor, ActorKind, uuid7
from answerable.tenancy.errors import PermissionDenied
from factories.desks import QUESTION


async def test_a_weighed_question_finds_what_a_contact_would_be_told(desk: Desk, shop: Actor) -> None:
    weighed = await answering.weigh_question(desk, shop, QUESTION)

    assert weighed.would_answer
    assert "30 days" in weighed.evidence.quotes[0].text
    assert weighed.retrieved.candidates


async def test_below_the_threshold_nothing_would_be_said(strict: Desk, shop: Actor) -> None:
    weighed = await answering.weigh_question(strict, shop, QUESTION)

    assert weighed.threshold == strict.threshold
    assert weighed.evidence.quotes
    assert not weighed.would_answer


async def test_of_a_weighed_question_only_the_look_is_kept(desk: Desk, shop: Actor) -> None:
    await answering.weigh_question(desk, shop, QUESTION)

    async with desk.database.tenant_session(shop) as db:
        for table in ("turn", "message", "conversation"):
            assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        (newest,) = await audit.tail(db, limit=1)
    assert newest.type == "access.knowledge_searched"
    assert newest.body["d"] == {"found": 1}


@pytest.mark.parametrize("asked", ["", " ", "\x00\ud800", "?" * 100_000, "<script>alert(1)</script>"])
async def test_any_text_can_be_tried(desk: Desk, shop: Actor, asked: str) -> None:
    weighed = await answering.weigh_question(desk, shop, asked)

    assert 0 <= weighed.evidence.probability <= 1


async def test_who_may_not_see_documents_cannot_try(desk: Desk, shop: Actor) -> None:
    contact = replace(shop, kind=ActorKind.CONTACT, id=uuid7())

    with pytest.raises(PermissionDenied):
        await answering.weigh_question(desk, contact, QUESTION)
