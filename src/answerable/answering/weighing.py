"""Weighing a question: what it finds and what would be quoted, with nothing sent and nothing stored of it."""

from dataclasses import dataclass

from answerable import knowledge, tenancy
from answerable.answering import evidence as evidence_step
from answerable.answering.service import CANDIDATES, Desk, threshold_of
from answerable.answering.understand import language_of
from answerable.answering.values import Evidence, Intent, Question
from answerable.infra.ids import Actor
from answerable.knowledge.rules import clean_question
from answerable.knowledge.values import Language, Retrieved
from answerable.tenancy import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedQuestion:
    """What a question finds, and what would be quoted of it."""

    question: Question
    retrieved: Retrieved
    evidence: Evidence
    threshold: float
    """From which probability on an answer is given, 0.0 to 1.0."""

    @property
    def would_answer(self) -> bool:
        """Whether the quotes would be said to a contact."""
        return bool(self.evidence.quotes) and self.evidence.probability >= self.threshold


async def weigh_question(desk: Desk, actor: Actor, text: str) -> WeighedQuestion:
    """Search and weigh as for a contact who asks this.

    Errors:  PermissionDenied; EmbeddingUnavailable.
    Effects: an audit event that somebody searched; what they searched for is not kept.
    """
    tenancy.require(actor, Permission.VIEW_KNOWLEDGE)
    asked = clean_question(text).strip()
    vector = await desk.embedder.embed_query(asked) if desk.embedder else None
    model = desk.embedder.model if desk.embedder else None
    async with desk.database.tenant_session(actor) as db:
        tenant = await tenancy.get_tenant(db)
        retrieved = await knowledge.search_for_member(db, asked, vector=vector, model=model, limit=CANDIDATES)
    language = language_of(asked, before=None, fallback=Language(tenant.language))
    question = Question(intent=Intent.QUESTION, text=asked, language=language)
    return WeighedQuestion(
        question=question,
        retrieved=retrieved,
        evidence=evidence_step.weigh(question, retrieved),
        threshold=threshold_of(tenant) if desk.threshold is None else desk.threshold,
    )
