"""The process that reads files: takes them from its standard input, one after the other, under limits.

Run as `python -m answerable.knowledge.parsing.child MEMORY_BYTES CPU_S [PARSER_FILE]`; it ends when its
input does. The parent's side is `sandbox`.
"""

import importlib.util
import json
import math
import resource
import sys
from collections.abc import Callable
from typing import BinaryIO

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import ParseCrashed, ParseMemory
from answerable.knowledge.parsing.formats import parse_file
from answerable.knowledge.parsing.frames import (
    LENGTH_BYTES,
    OUT_OF_MEMORY,
    READY,
    Reading,
    encode_documents,
    encode_error,
    encode_page,
    encode_sitemap,
    frame,
)
from answerable.knowledge.parsing.sitemap import find_entries
from answerable.knowledge.parsing.web_page import find_facts
from answerable.knowledge.values import KeyedDocument

Parse = Callable[[str, bytes], tuple[KeyedDocument, ...]]


def main(arguments: list[str]) -> None:
    """Read files until the input ends.

    Effects: sets limits on memory, on the time of each file, and against files and core dumps.
    """
    memory_bytes, cpu_s, *parser_file = arguments
    parse = _load_parser(parser_file[0]) if parser_file else parse_file
    _limit(resource.RLIMIT_AS, int(memory_bytes))
    # A crash must not leave a tenant's text in a core dump; a reader of files has none to write.
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    _write(target, READY)
    try:
        while (request := _read(source)) is not None:
            data = _read(source) or b""
            _allow_cpu(int(cpu_s))
            _write(target, _answer(parse, request, data))
    except MemoryError:
        # While a file was taken in or its answer handed out: the stream is in pieces, so the process ends.
        sys.exit(OUT_OF_MEMORY)


def _answer(parse: Parse, request: bytes, data: bytes) -> bytes:
    try:
        return _read_as_asked(parse, json.loads(request), data)
    except AnswerableError as error:
        return encode_error(error)
    except MemoryError:
        return encode_error(ParseMemory())
    except Exception as error:  # noqa: BLE001 # Whatever a parser does, its file alone fails.
        return encode_error(ParseCrashed(f"{type(error).__name__}."))


def _read_as_asked(parse: Parse, asked: dict[str, str], data: bytes) -> bytes:
    match Reading(asked["reading"]):
        case Reading.DOCUMENTS:
            return encode_documents(parse(asked["name"], data))
        case Reading.PAGE:
            return encode_page(find_facts(data))
        case Reading.SITEMAP:
            return encode_sitemap(find_entries(data))


def _limit(kind: int, amount: int) -> None:
    _, hard = resource.getrlimit(kind)
    allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _allow_cpu(seconds: int) -> None:
    """Grant time for one more file: the limit counts from the start of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard < 0 else min(limit, hard), hard))


def _read(source: BinaryIO) -> bytes | None:
    length = source.read(LENGTH_BYTES)
    return source.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else None


def _write(target: BinaryIO, content: bytes) -> None:
    target.write(frame(content))
    target.flush()


def _load_parser(file: str) -> Parse:
    """The function `parse` of another file, by which tests try what no real parser should do."""
    spec = importlib.util.spec_from_file_location("parser_under_test", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.parse


if __name__ == "__main__":
    main(sys.argv[1:])
