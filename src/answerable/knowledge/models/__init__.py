"""The tables of knowledge: documents with what search keeps of them, and imports under way."""

from answerable.knowledge.models.documents import (
    DIMENSIONS,
    DocumentRow,
    DocumentVersionRow,
    PassageRow,
    PassageTermsRow,
    TermFrequencyRow,
)
from answerable.knowledge.models.intake import (
    FetchedPageRow,
    ImportBatchRow,
    ImportContentRow,
    ImportItemRow,
)

__all__ = [
    "DIMENSIONS",
    "DocumentRow",
    "DocumentVersionRow",
    "FetchedPageRow",
    "ImportBatchRow",
    "ImportContentRow",
    "ImportItemRow",
    "PassageRow",
    "PassageTermsRow",
    "TermFrequencyRow",
]
