"""What an embedder is, what it accepts and what a vector is known by. No process, no model."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One vector `(d,)` or several `(n, d)`, each of length one."""

DIMENSIONS = 384
"""Numbers in every vector of the product."""

# The model reads 512 tokens at a time and averages the windows of a longer text, at a second or two each
# on two busy cores: a text of 1 MB would hold up every query for minutes and its average would mean nothing.
MAX_CHARACTERS = 2000
"""Characters of a text that are read; what follows does not change its vector."""

_UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")


class Embedder(Protocol):
    """Turns texts into vectors whose dot product says how close they are in meaning."""

    @property
    def model(self) -> str:
        """Name and version of what makes the vectors; vectors of two models never compare."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        ...

    async def embed_query(self, text: str) -> Vectors:
        """The vector of one question.

        Shapes:  result (d,).
        Errors:  EmbeddingUnavailable.
        """
        ...

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions, in their order.

        Shapes:  result (n, d).
        Errors:  EmbeddingUnavailable.
        """
        ...

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of passages, in their order; questions that come meanwhile go first.

        Shapes:  result (n, d).
        Errors:  EmbeddingUnavailable.
        """
        ...

    async def close(self) -> None:
        """End whatever runs; later calls are refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorKey:
    """What makes two vectors the same: model, role and text."""

    model: str
    is_query: bool
    """Questions and passages are embedded differently by the same model."""

    digest: bytes
    """SHA-256 of the text as it is embedded."""


def make_vector_key(model: str, text: str, *, is_query: bool = False) -> VectorKey:
    """What the vector of a text is cached under."""
    return VectorKey(model=model, is_query=is_query, digest=hashlib.sha256(clean(text).encode()).digest())


def clean(text: str) -> str:
    r"""The text as it is embedded: cut, without what UTF-8 or a C string cannot hold.

    >>> clean("a\x00b")
    'a b'
    """
    return _UNSPEAKABLE.sub(" ", text[:MAX_CHARACTERS])
