"""Vectors of the demo's texts, made beforehand, so that a first start does not wait for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from io import BytesIO

import numpy as np

from answerable.infra.embedding import DIMENSIONS, Embedder, Vectors, make_vector_key

FILE = "vectors.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedVectors:
    """Vectors of one model by the digest of their text."""

    model: str
    by_digest: Mapping[bytes, Vectors]


def read_shipped() -> ShippedVectors | None:
    """What the package brings along; None when it brings nothing."""
    file = resources.files("answerable.demo").joinpath(FILE)
    return unpack_vectors(file.read_bytes()) if file.is_file() else None


def unpack_vectors(packed: bytes) -> ShippedVectors:
    """The vectors of a packed file."""
    with np.load(BytesIO(packed), allow_pickle=False) as found:
        digests, vectors, model = found["digests"], found["vectors"].astype(np.float32), str(found["model"])
    return ShippedVectors(
        model=model,
        by_digest={digest.tobytes(): vector for digest, vector in zip(digests, vectors, strict=True)},
    )


def pack_vectors(vectors: ShippedVectors) -> bytes:
    """A file that holds these vectors in half precision, the same bytes for the same vectors."""
    digests = sorted(vectors.by_digest)
    packed = BytesIO()
    np.savez_compressed(
        packed,
        model=np.array(vectors.model),
        digests=np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32),
        vectors=np.array([vectors.by_digest[digest] for digest in digests], dtype=np.float16),
    )
    return packed.getvalue()


class RememberingEmbedder:
    """An embedder that asks another one only for passages that it does not know, and remembers the answers."""

    def __init__(self, inner: Embedder, known: ShippedVectors | None) -> None:
        self._inner = inner
        # Vectors of another model would be near to nothing.
        self._known = dict(known.by_digest) if known and known.model == inner.model else {}
        self.asked: dict[bytes, Vectors] = {}
        """What was asked for, with its answers."""

    @property
    def model(self) -> str:
        """The model of the embedder behind it."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._inner.dimensions

    async def embed_query(self, text: str) -> Vectors:
        """The vector of a question, always made anew.

        Shapes:  (d,).
        """
        return await self._inner.embed_query(text)

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions, always made anew.

        Shapes:  (n, d).
        """
        return await self._inner.embed_queries(texts)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of passages, from memory where it has them.

        Shapes:  (n, d).
        """
        digests = [make_vector_key(self.model, text).digest for text in texts]
        missing = {
            digest: text for digest, text in zip(digests, texts, strict=True) if digest not in self._known
        }
        made = await self._inner.embed_passages(list(missing.values()))
        self._known |= dict(zip(missing, made, strict=True))
        self.asked |= {digest: self._known[digest] for digest in digests}
        found = [self._known[digest] for digest in digests]
        return np.stack(found) if found else np.zeros((0, DIMENSIONS), dtype=np.float32)

    async def close(self) -> None:
        """Close the embedder behind it."""
        await self._inner.close()
