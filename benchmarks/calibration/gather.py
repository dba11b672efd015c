"""Evidence for every labelled question, through the product itself: import, search, ranking, features."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from answerable import demo, knowledge
from answerable.answering.evidence import weigh
from answerable.answering.understand import language_of, strip_opener
from answerable.answering.values import Evidence, Intent, Question
from answerable.demo.vectors import RememberingEmbedder, read_shipped
from answerable.infra.embedding import Embedder, LocalEmbedder
from answerable.infra.ids import Actor, ActorKind
from answerable.infra.installation import Installation
from answerable.knowledge.values import Language, Retrieved
from benchmarks.calibration.labels import Labelled
from benchmarks.throwaway import add_tenant, open_throwaway

SHOP = Path(demo.__file__).with_name("shop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled question with what search found for it."""

    labelled: Labelled
    question: Question
    retrieved: Retrieved

    def weigh(self) -> Evidence:
        """The evidence by the coefficients in force."""
        return weigh(self.question, self.retrieved)

    @property
    def is_right(self) -> bool:
        """Whether one of the sentences that would be quoted answers."""
        return self.labelled.is_answered_by(tuple(quote.text for quote in self.weigh().quotes))


async def gather(questions: Sequence[Labelled]) -> list[Case]:
    """Import the shop into a database of its own, ask everything, and delete the database.

    Effects: a server and an embedder while it lasts; half a minute on two cores.
    """
    embedder = RememberingEmbedder(LocalEmbedder(), read_shipped())
    try:
        async with open_throwaway() as installation:
            tenant_id = await add_tenant(installation)
            actor = Actor(tenant_id=tenant_id, kind=ActorKind.PLATFORM)
            intake = knowledge.Intake(database=installation.database, embedder=embedder)
            await knowledge.import_paths(intake, actor, [SHOP], base=SHOP)
            return [await _ask(installation, actor, embedder, one) for one in questions]
    finally:
        await embedder.close()


async def _ask(installation: Installation, actor: Actor, embedder: Embedder, labelled: Labelled) -> Case:
    question = Question(
        intent=Intent.QUESTION,
        text=strip_opener(labelled.question),
        language=language_of(labelled.question, before=None, fallback=Language.GERMAN),
    )
    vector = await embedder.embed_query(question.text)
    async with installation.database.tenant_session(actor) as db:
        found = await knowledge.search(db, question.text, vector=vector, model=embedder.model)
    return Case(labelled=labelled, question=question, retrieved=found)
