"""The parent's side of the parser process: starts it, feeds it, ends it when it takes too much.

A file that crashes it fails alone; the next one gets a fresh process.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import TracebackType
from typing import Self, TypeVar

import structlog

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import (
    FileTooLarge,
    FormatUnknown,
    ParseCrashed,
    ParseMemory,
    ParserUnavailable,
    ParseTimeout,
)
from answerable.knowledge.parsing import SUFFIXES, TEXT_BYTES, file_limit
from answerable.knowledge.parsing.findings import PageFacts, Sitemap
from answerable.knowledge.parsing.frames import (
    LENGTH_BYTES,
    MAX_ANSWER_BYTES,
    OUT_OF_MEMORY,
    READY,
    Reading,
    decode_answer,
    decode_page,
    decode_sitemap,
    frame,
)
from answerable.knowledge.values import KeyedDocument

log = structlog.get_logger()

Found = TypeVar("Found")

_DEATH_S = 5.0
"""How long a process that closed its pipes may take to be gone."""

# The package's own `__init__` brings the database and the network along; the process that reads foreign
# files has no need of either, so it gets an empty stand-in, and starts in a third of the time.
_PROGRAM = """
import sys, types
package = types.ModuleType("answerable.knowledge")
package.__path__ = [sys.argv[1]]
sys.modules["answerable.knowledge"] = package
from answerable.knowledge.parsing.child import main
main(sys.argv[2:])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseLimits:
    """What reading one file may take."""

    memory_bytes: int = 512 * 1024 * 1024
    cpu_s: int = 20
    wall_s: float = 60.0
    start_s: float = 60.0
    """How long a new process may take until it is ready."""


class ParserProcess:
    """Reads files in a child process, one after the other; to be used as `async with`."""

    def __init__(self, *, limits: ParseLimits | None = None, parser_file: Path | None = None) -> None:
        self._limits = limits or ParseLimits()
        self._parser_file = parser_file
        """Another parser to load, for tests of what happens when one misbehaves."""
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def parse(self, name: str, data: bytes) -> tuple[KeyedDocument, ...]:
        """The documents of a file, whose name tells its format.

        Effects: starts the process when none is running.
        Errors:  FileTooLarge, FormatUnknown, NotText, EmptyDocument, FrontMatterInvalid, ColumnsMissing,
                 ColumnsInvalid, FileDamaged, FileEncrypted, PicturesOnly, TooManyPages, UnpacksTooLarge,
                 MarkupRefused, TextTooLong, ParseTimeout, ParseMemory, ParseCrashed, ParserUnavailable.
        """
        if len(data) > file_limit(name):
            raise FileTooLarge
        if PurePath(name).suffix.lower() not in SUFFIXES:
            raise FormatUnknown
        return await self._ask(Reading.DOCUMENTS, name, data, decode_answer)

    async def read_page(self, data: bytes) -> PageFacts:
        """What an HTML page says of itself.

        Effects: as `parse`.
        Errors:  FileTooLarge, NotText, ParseTimeout, ParseMemory, ParseCrashed, ParserUnavailable.
        """
        if len(data) > TEXT_BYTES:
            raise FileTooLarge
        return await self._ask(Reading.PAGE, "", data, decode_page)

    async def read_sitemap(self, data: bytes) -> Sitemap:
        """What a sitemap lists.

        Effects: as `parse`.
        Errors:  SitemapInvalid, MarkupRefused, UnpacksTooLarge, ParseTimeout, ParseMemory, ParseCrashed,
                 ParserUnavailable.
        """
        return await self._ask(Reading.SITEMAP, "", data, decode_sitemap)

    async def _ask(self, reading: Reading, name: str, data: bytes, decode: Callable[[bytes], Found]) -> Found:
        async with self._turn:
            process = await self._get_process()
            is_fit = False
            try:
                request = json.dumps({"reading": reading.value, "name": name}).encode()
                answer = await self._exchange(process, request, data)
                # Away from the event loop: checking an answer of many megabytes takes a while.
                found = await asyncio.to_thread(decode, answer)
                is_fit = True
            except AnswerableError as error:
                is_fit = not isinstance(error, (ParseTimeout, ParseMemory, ParseCrashed))
                raise
            finally:
                if not is_fit:
                    await self._end()
        return found

    async def _exchange(self, process: Process, request: bytes, data: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._limits.wall_s):
                await _send(process, frame(request) + frame(data))
                return await _receive(process)
        except TimeoutError as error:
            log.warning("parser.timed_out", size_bytes=len(data))
            raise ParseTimeout from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._explain_death(process, len(data)) from error

    async def _explain_death(self, process: Process, size_bytes: int) -> AnswerableError:
        try:
            async with asyncio.timeout(_DEATH_S):
                status = await process.wait()
        except TimeoutError:
            status = 0
        log.warning("parser.died", status=status, size_bytes=size_bytes)
        if status == -signal.SIGXCPU:
            return ParseTimeout()
        # Nobody but the kernel, short of memory, sends this one here.
        return ParseMemory() if status in {-signal.SIGKILL, OUT_OF_MEMORY} else ParseCrashed()

    async def _get_process(self) -> Process:
        """The running process, or a new one.

        Errors:  ParserUnavailable.
        """
        process = self._process
        if process is not None and process.returncode is None:
            return process
        await self._end()
        is_ready = False
        try:
            self._process = process = await self._start()
            async with asyncio.timeout(self._limits.start_s):
                is_ready = await _receive(process) == READY
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise ParserUnavailable from error
        finally:
            if not is_ready:
                await self._end()
        if not is_ready:
            raise ParserUnavailable
        return process

    async def _start(self) -> Process:
        own = [str(self._limits.memory_bytes), str(self._limits.cpu_s)]
        if self._parser_file is not None:
            own.append(str(self._parser_file))
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).parents[1]), *own),
            stdin=PIPE,
            stdout=PIPE,
            # A traceback may quote the file.
            stderr=DEVNULL,
            # No secret of the environment reaches the process that reads foreign files.
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            # Ctrl-C is for the parent, which ends the child itself.
            start_new_session=True,
        )

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert process.stdin is not None
        process.stdin.close()
        # Reads what is left in the pipe, without which asyncio would not see the end of the process.
        await process.communicate()


async def _send(process: Process, content: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(content)
    await process.stdin.drain()


async def _receive(process: Process) -> bytes:
    assert process.stdout is not None
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
    if length > MAX_ANSWER_BYTES:
        raise ParseCrashed("The answer was too long.")
    return await process.stdout.readexactly(length)
