"""Vectors for texts: the model in a process of its own, and a hashing stand-in.

What is embedded, where vectors are stored and how they are searched is not decided here.
"""

from answerable.infra.embedding.errors import EmbeddingUnavailable
from answerable.infra.embedding.hashing import HashingEmbedder
from answerable.infra.embedding.local import LocalEmbedder, LocalSettings, available
from answerable.infra.embedding.values import (
    DIMENSIONS,
    MAX_CHARACTERS,
    Embedder,
    VectorKey,
    Vectors,
    make_vector_key,
)

__all__ = [
    "DIMENSIONS",
    "MAX_CHARACTERS",
    "Embedder",
    "EmbeddingUnavailable",
    "HashingEmbedder",
    "LocalEmbedder",
    "LocalSettings",
    "VectorKey",
    "Vectors",
    "available",
    "make_vector_key",
]
