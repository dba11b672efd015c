"""Vectors by hashing words and their parts: no model, no process, the same on every machine.

They find shared words and stems, not shared meaning; tests and machines without the model use them.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from answerable.infra.embedding.values import DIMENSIONS, Vectors, clean

_WORD = re.compile(r"\w+")
_PART = 4
_WORD_WEIGHT = 2.0
_PART_WEIGHT = 1.0
_NOTHING = "\N{EMPTY SET}"


class HashingEmbedder:
    """Embeds by the hashing trick; two texts are close when they share words or parts of words.

    Source:  Weinberger et al., Feature Hashing for Large Scale Multitask Learning, 2009.
    """

    @property
    def model(self) -> str:
        """Name and version of the method."""
        return "hashing-1"

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return DIMENSIONS

    async def embed_query(self, text: str) -> Vectors:
        """The vector of one question.

        Shapes:  result (d,).
        """
        return _embed(text)

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions, in their order.

        Shapes:  result (n, d).
        """
        return _stack(texts)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of passages, in their order.

        Shapes:  result (n, d).
        """
        return _stack(texts)

    async def close(self) -> None:
        """Nothing runs, so nothing ends."""


def _stack(texts: Sequence[str]) -> Vectors:
    return np.array([_embed(text) for text in texts], dtype=np.float32).reshape(len(texts), DIMENSIONS)


def _embed(text: str) -> Vectors:
    vector = np.zeros(DIMENSIONS, dtype=np.float64)
    # A set: a word said twice is not twice as much meaning, and order must not matter to the sum.
    for feature, weight in sorted(set(_features(text))):
        _add(vector, feature, weight)
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        # Cosine distance to a vector of zeros is not a number, which no index can order.
        _add(vector, _NOTHING, 1.0)
        length = 1.0
    return (vector / length).astype(np.float32)


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word in _WORD.findall(unicodedata.normalize("NFKC", clean(text)).casefold()):
        yield word, _WORD_WEIGHT
        marked = f"<{word}>"
        for start in range(len(marked) - _PART + 1):
            yield marked[start : start + _PART], _PART_WEIGHT


def _add(vector: np.ndarray, feature: str, weight: float) -> None:
    # `hash` differs between processes; a checksum does not.
    number = zlib.crc32(feature.encode())
    vector[(number >> 1) % DIMENSIONS] += weight if number & 1 else -weight
