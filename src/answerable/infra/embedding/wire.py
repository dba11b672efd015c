"""The bytes between the embedding process and its parent. No input or output happens here."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from answerable.infra.embedding.values import DIMENSIONS, Vectors

LENGTH = struct.Struct(">I")
"""Stands before every frame: its size in bytes."""

READY = b"ready"
"""The first frame of the child: the model is loaded."""

_HEAD = struct.Struct(">?I")
_FLOATS = np.dtype("<f4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts that are embedded in one go."""

    is_query: bool
    texts: tuple[str, ...]


def frame(payload: bytes) -> bytes:
    """The payload with its length before it."""
    return LENGTH.pack(len(payload)) + payload


def pack_batch(batch: Batch) -> bytes:
    """The payload that asks for the vectors of a batch."""
    texts = [text.encode() for text in batch.texts]
    return _HEAD.pack(batch.is_query, len(texts)) + b"".join(frame(text) for text in texts)


def unpack_batch(payload: bytes) -> Batch:
    """The batch that a payload of `pack_batch` asks for."""
    is_query, count = _HEAD.unpack_from(payload)
    texts: list[str] = []
    start = _HEAD.size
    for _ in range(count):
        (size,) = LENGTH.unpack_from(payload, start)
        start += LENGTH.size
        texts.append(payload[start : start + size].decode())
        start += size
    return Batch(is_query=is_query, texts=tuple(texts))


def pack_vectors(vectors: Vectors) -> bytes:
    """The payload that answers a batch."""
    return vectors.astype(_FLOATS).tobytes()


def unpack_vectors(payload: bytes, *, count: int) -> Vectors:
    """The vectors in an answer.

    Shapes:  result (count, d).
    Errors:  ValueError when the answer is not `count` vectors.
    """
    return np.frombuffer(payload, dtype=_FLOATS).reshape(count, DIMENSIONS).astype(np.float32)


def split(texts: Sequence[str], *, is_query: bool, max_texts: int, max_characters: int) -> list[Batch]:
    """The texts in batches of bounded size, in their order; a text above the bound is a batch of its own."""
    batches: list[Batch] = []
    waiting: list[str] = []
    characters = 0
    for text in texts:
        if waiting and (len(waiting) == max_texts or characters + len(text) > max_characters):
            batches.append(Batch(is_query=is_query, texts=tuple(waiting)))
            waiting, characters = [], 0
        waiting.append(text)
        characters += len(text)
    if waiting:
        batches.append(Batch(is_query=is_query, texts=tuple(waiting)))
    return batches
