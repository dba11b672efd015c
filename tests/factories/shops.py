"""A shop with one document whose assistant answers whatever it finds, and turns of every outcome in it."""

from dataclasses import dataclass, replace
from pathlib import Path

from answerable import answering, conversations, handoff, knowledge, vault
from answerable.answering import Desk, TurnId, pipeline, service
from answerable.answering.values import OutcomeKind
from answerable.conversations import ConversationId
from answerable.infra.db import Database, Unaudited
from answerable.infra.embedding import HashingEmbedder
from answerable.infra.ids import Actor
from answerable.tenancy.values import Posture
from factories.desks import QUESTION, RETURNS, assistant_of, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One workspace with its desk, and where its documents were imported from."""

    desk: Desk
    actor: Actor
    folder: Path

    async def publish(self, content: str = RETURNS, *, name: str = "returns.md") -> None:
        """Import a document, or another version of it."""
        (self.folder / name).write_text(content)
        intake = knowledge.Intake(database=self.desk.database, embedder=self.desk.embedder)
        await knowledge.import_paths(intake, self.actor, [self.folder], base=self.folder)

    async def ask(self, said: str = QUESTION, *, threshold: float = 0.0) -> TurnId:
        """A contact's question with its answer; a threshold above 1 hands it over."""
        conversation_id = await write(self.desk, self.actor, said)
        return await self.answer(conversation_id, threshold=threshold)

    async def answer(self, conversation_id: ConversationId, *, threshold: float = 0.0) -> TurnId:
        desk = replace(self.desk, threshold=threshold)
        turn_id = await answering.answer(desk, assistant_of(self.actor), conversation_id)
        assert turn_id is not None
        return turn_id

    async def overtake(self) -> TurnId:
        """A turn during which a person took over."""
        conversation_id = await write(self.desk, self.actor, QUESTION)
        assistant = assistant_of(self.actor)
        async with self.desk.database.tenant_session(assistant) as db:
            turn = await answering.load_turn(db, conversation_id)
        assert turn is not None
        outcome = await pipeline.run(turn, service._tools(self.desk, assistant, turn))
        async with self.desk.database.tenant_session(self.actor) as db:
            await handoff.take_over(db, conversation_id)
        async with self.desk.database.tenant_session(assistant) as db:
            return await answering.apply(db, turn, outcome)

    async def draft(self) -> TurnId:
        """A turn of a workspace that wants a person to look at every answer."""
        conversation_id = await write(self.desk, self.actor, QUESTION)
        assistant = assistant_of(self.actor)
        async with self.desk.database.tenant_session(assistant) as db:
            turn = await answering.load_turn(db, conversation_id)
        assert turn is not None
        careful = replace(turn, tenant=replace(turn.tenant, posture=Posture.DRAFT))
        outcome = await pipeline.run(careful, service._tools(self.desk, assistant, careful))
        assert outcome.kind is OutcomeKind.DRAFT
        async with self.desk.database.tenant_session(assistant) as db:
            return await answering.apply(db, careful, outcome)

    async def fail(self) -> TurnId:
        """A turn that ended with an error."""
        conversation_id = await write(self.desk, self.actor, QUESTION)
        turn_id = await answering.give_up(
            self.desk, assistant_of(self.actor), conversation_id, error_code="database.unavailable"
        )
        assert turn_id is not None
        return turn_id

    async def delete(self, turn_id: TurnId) -> None:
        """Delete the document that a turn quoted."""
        async with self.desk.database.tenant_session(self.actor) as db:
            record = await answering.view_record(db, turn_id)
            await knowledge.delete_document(db, record.citations[0].document_id)

    async def forget(self, turn_id: TurnId) -> None:
        """Destroy the keys of the contact of a turn."""
        async with self.desk.database.tenant_session(self.actor) as db:
            record = await answering.view_record(db, turn_id)
            conversation = await conversations.get(db, record.conversation_id)
            subject = vault.Subject(kind=vault.SubjectKind.CONTACT, id=conversation.contact_id)
            await vault.destroy(db, subject)
            db.unaudited(Unaudited.PROGRESS)


async def open_shop(database: Database, actor: Actor, folder: Path) -> Shop:
    """A shop with its one document published."""
    desk = Desk(database=database, embedder=HashingEmbedder(), threshold=0.0)
    shop = Shop(desk=desk, actor=actor, folder=folder)
    await shop.publish()
    return shop
