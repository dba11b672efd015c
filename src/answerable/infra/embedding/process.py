"""One child process and its pipes: start, ask, stop. When to start another is decided in `local`."""

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from answerable.infra.embedding.errors import EmbeddingUnavailable
from answerable.infra.embedding.values import Vectors
from answerable.infra.embedding.wire import LENGTH, READY, Batch, frame, pack_batch, unpack_vectors

_GRACE_S = 2.0


class ChildDied(EmbeddingUnavailable):
    """The embedding process ended, fell silent or answered nonsense."""


class Child:
    """A running child that has loaded its model."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the child has not been seen to end."""
        return self._process.returncode is None

    async def ask(self, batch: Batch, *, timeout_s: float) -> Vectors:
        """The vectors of a batch.

        Shapes:  result (n, d).
        Errors:  ChildDied; the child is then of no more use.
        """
        assert self._process.stdin is not None
        try:
            async with asyncio.timeout(timeout_s):
                self._process.stdin.write(frame(pack_batch(batch)))
                await self._process.stdin.drain()
                return unpack_vectors(await self._read(), count=len(batch.texts))
        except (OSError, EOFError, ValueError) as error:
            raise ChildDied(type(error).__name__) from error

    async def stop(self) -> int:
        """End the child, by closing its input and then by force; returns its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE_S):
                return await self._process.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End the child by force; returns its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        return await self._process.wait()

    async def _read(self) -> bytes:
        assert self._process.stdout is not None
        (size,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        return await self._process.stdout.readexactly(size)

    async def await_ready(self, *, timeout_s: float) -> None:
        """Return when the model is loaded.

        Errors:  ChildDied.
        """
        try:
            async with asyncio.timeout(timeout_s):
                first = await self._read()
        except (OSError, EOFError) as error:
            raise ChildDied(type(error).__name__) from error
        if first != READY:
            raise ChildDied("no greeting")


async def start_child(command: Sequence[str], *, threads: int, timeout_s: float) -> Child:
    """A new child that is ready to answer.

    Errors:  ChildDied.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=_environment(threads)
        )
    except OSError as error:
        raise ChildDied(type(error).__name__) from error
    child = Child(process)
    try:
        await child.await_ready(timeout_s=timeout_s)
    except BaseException:
        await child.kill()
        raise
    return child


def _environment(threads: int) -> dict[str, str]:
    # The child needs none of the product's settings, some of which are secrets.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSWERABLE_")}
    # Threads that wait must sleep: with two of them spinning beside one busy neighbour on two cores, a query
    # took 650 ms instead of 20.
    return inherited | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
