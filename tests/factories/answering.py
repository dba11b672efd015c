"""Values of answering for tests: one tenant, one turn, one quote."""

from datetime import UTC, datetime

from answerable.answering.values import Considered, Incoming, Intent, Question, Quote, Turn, TurnId
from answerable.conversations.values import ConversationId, Handler, MessageId
from answerable.infra.ids import TenantId, uuid7
from answerable.knowledge.values import DocumentId, Language, PassageId, VersionId
from answerable.tenancy.values import Posture, Tenant

AT = datetime(2026, 11, 21, tzinfo=UTC)
QUOTE = Quote(
    document_id=DocumentId(uuid7()),
    version_id=VersionId(uuid7()),
    version=1,
    title="Returns",
    language=Language.ENGLISH,
    start=0,
    end=12,
    text="Thirty days.",
)
CONSIDERED = Considered(
    passage_id=PassageId(uuid7()),
    document_id=QUOTE.document_id,
    version_id=QUOTE.version_id,
    start=0,
    end=12,
    cosine=0.9,
    lexical=3.0,
    vector_rank=1,
    lexical_rank=1,
    fused=0.03,
)
TENANT = Tenant(
    id=TenantId(uuid7()),
    slug="shop",
    name="Shop",
    language="en",
    posture=Posture.AUTO,
    answer_hours=24,
    public_key="key",
    created_at=AT,
)
TURN = Turn(
    id=TurnId(uuid7()),
    conversation_id=ConversationId(uuid7()),
    epoch=0,
    position=1,
    incoming=(Incoming(id=MessageId(uuid7()), position=1, text="How long?"),),
    language=None,
    tenant=TENANT,
    handler=Handler.ASSISTANT,
    disclosed=False,
    address_known=False,
    address_asked=False,
    started_at=AT,
)
QUESTION = Question(intent=Intent.QUESTION, text="How long?", language=Language.ENGLISH)
