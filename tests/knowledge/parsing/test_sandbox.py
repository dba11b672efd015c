import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import (
    FileTooLarge,
    FormatUnknown,
    ParseCrashed,
    ParseMemory,
    ParserUnavailable,
    ParseTimeout,
    TextTooLong,
)
from answerable.knowledge.parsing.frames import READY, frame
from answerable.knowledge.parsing.sandbox import ParseLimits, ParserProcess
from factories.docx import make_docx, paragraph
from factories.pdf import Words, make_pdf, write_lines

FAKE = """
import os, signal, sys
from answerable.knowledge.values import KeyedDocument, ParsedDocument

def parse(name, data):
    match data:
        case b"sleep": signal.pause()
        case b"spin":
            while True: pass
        case b"hog":
            hoard = []
            while True: hoard.append(bytearray(1_000_000))
        case b"exit": os._exit(3)
        case b"crash": os.kill(os.getpid(), signal.SIGSEGV)
        case b"killed": os.kill(os.getpid(), signal.SIGKILL)
        case b"raise": raise ValueError("a secret of the file")
        case b"garbage": os.write(1, (4).to_bytes(4, "big") + b"{{{{")
        case b"endless": os.write(1, b"\\xff\\xff\\xff\\xff")
        case b"half": os.write(1, (9).to_bytes(4, "big") + b"{"); os._exit(0)
        case b"control": return one("a\\x07b")
        case b"huge": return one("a" * 65_000_000)
        case b"write": open(__file__ + ".out", "w").write("x")
        case b"modules": return one(" ".join(sorted(sys.modules)))
        case b"environment": return one(" ".join(sorted(os.environ)))
        case _: return one(str(os.getpid()))

def one(text):
    return (KeyedDocument(key="", document=ParsedDocument(title="x", text=text)),)
"""

SPY = """
import sys
from answerable.knowledge.parsing.formats import parse_file
from answerable.knowledge.values import KeyedDocument, ParsedDocument

def parse(name, data):
    parse_file(name, data)
    return (KeyedDocument(key="", document=ParsedDocument(title="x", text=" ".join(sorted(sys.modules)))),)
"""
NETWORK = {"socket", "ssl", "httpx", "sqlalchemy", "psycopg", "asyncio", "numpy", "urllib.request"}

OUTCOMES = {
    "read",
    "knowledge.empty_document",
    "knowledge.columns_invalid",
    "knowledge.file_damaged",
    "knowledge.parse_timeout",
    "knowledge.parse_memory",
}

LIMITS = ParseLimits(memory_bytes=200_000_000, cpu_s=1)


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    file = tmp_path / "fake.py"
    file.write_text(FAKE)
    return file


async def text_of(parser: ParserProcess, data: bytes) -> str:
    (keyed,) = await parser.parse("a.md", data)
    return keyed.document.text


async def outcome_of(parser: ParserProcess, name: str, data: bytes) -> str:
    try:
        await parser.parse(name, data)
    except AnswerableError as error:
        return error.code
    return "read"


async def test_files_of_every_format_are_read_by_one_process() -> None:
    async with ParserProcess() as parser:
        markdown = await text_of(parser, b"# Hallo\n\nWelt.")
        html = await parser.parse("b.html", "<p>Grüße".encode())
        rows = await parser.parse("c.CSV", b"question,answer\nA?,one\nB?,two\n")

    assert markdown == "Hallo\n\nWelt."
    assert html[0].document.text == "Grüße"
    assert [row.document.title for row in rows] == ["A?", "B?"]


async def test_a_refused_file_leaves_the_process_as_it_is(fake: Path) -> None:
    async with ParserProcess(parser_file=fake) as parser:
        first = await text_of(parser, b"pid")
        with pytest.raises(FormatUnknown):
            await parser.parse("a.exe", b"pid")
        second = await text_of(parser, b"pid")

    assert first == second


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"spin", ParseTimeout),
        (b"hog", ParseMemory),
        (b"killed", ParseMemory),
        (b"exit", ParseCrashed),
        (b"crash", ParseCrashed),
        (b"raise", ParseCrashed),
        (b"garbage", ParseCrashed),
        (b"endless", ParseCrashed),
        (b"half", ParseCrashed),
        (b"control", ParseCrashed),
        (b"write", ParseCrashed),
    ],
)
async def test_a_file_that_ends_its_process_fails_alone(
    fake: Path, data: bytes, error: type[AnswerableError]
) -> None:
    async with ParserProcess(limits=LIMITS, parser_file=fake) as parser:
        before = await text_of(parser, b"pid")
        with pytest.raises(error):
            await parser.parse("a.md", data)
        after = await text_of(parser, b"pid")

    assert before != after
    assert not psutil.pid_exists(int(before))
    assert not psutil.pid_exists(int(after))


async def test_a_file_that_waits_for_ever_is_stopped(fake: Path) -> None:
    limits = ParseLimits(wall_s=0.5)
    async with ParserProcess(limits=limits, parser_file=fake) as parser:
        with pytest.raises(ParseTimeout):
            await parser.parse("a.md", b"sleep")

        assert int(await text_of(parser, b"pid")) != os.getpid()


async def test_time_is_counted_for_each_file_anew(fake: Path) -> None:
    async with ParserProcess(limits=LIMITS, parser_file=fake) as parser:
        for _ in range(2):
            with pytest.raises(ParseTimeout):
                await parser.parse("a.md", b"spin")

        assert await text_of(parser, b"pid")


async def test_text_beyond_the_limit_is_refused(fake: Path) -> None:
    async with ParserProcess(parser_file=fake) as parser:
        with pytest.raises(TextTooLong):
            await parser.parse("a.md", b"huge")


async def test_an_error_says_nothing_of_the_content(fake: Path) -> None:
    async with ParserProcess(parser_file=fake) as parser:
        with pytest.raises(ParseCrashed) as caught:
            await parser.parse("a.md", b"raise")

    assert caught.value.detail == "ValueError."


@pytest.mark.parametrize(
    ("name", "limit"), [("a.md", 10_000_000), ("a.pdf", 25_000_000), ("a.docx", 25_000_000)]
)
async def test_a_file_beyond_its_limit_is_refused_before_any_process_starts(name: str, limit: int) -> None:
    async with ParserProcess(limits=ParseLimits(start_s=0)) as parser:
        with pytest.raises(FileTooLarge):
            await parser.parse(name, b"x" * (limit + 1))


async def test_a_process_that_cannot_start_is_reported_as_such(tmp_path: Path) -> None:
    async with ParserProcess(parser_file=tmp_path / "missing.py") as parser:
        with pytest.raises(ParserUnavailable):
            await parser.parse("a.md", b"x")


async def test_giving_up_while_a_process_starts_leaves_none_half_started(fake: Path) -> None:
    async with ParserProcess(parser_file=fake) as parser:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await parser.parse("a.md", b"pid")

        assert (await text_of(parser, b"pid")).isdecimal()


async def test_a_process_that_died_between_files_is_not_blamed_on_the_next(fake: Path) -> None:
    async with ParserProcess(parser_file=fake) as parser:
        before = psutil.Process(int(await text_of(parser, b"pid")))
        before.kill()
        assert parser._process is not None
        await parser._process.wait()

        assert await text_of(parser, b"pid") != str(before.pid)


async def test_giving_up_a_file_ends_its_process(fake: Path) -> None:
    async with ParserProcess(parser_file=fake) as parser:
        before = await text_of(parser, b"pid")
        task = asyncio.create_task(parser.parse("a.md", b"sleep"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await text_of(parser, b"pid") != before


async def test_files_given_at_once_are_read_one_after_the_other() -> None:
    async with ParserProcess() as parser:
        found = await asyncio.gather(*(text_of(parser, f"Text {number}".encode()) for number in range(20)))

    assert found == [f"Text {number}" for number in range(20)]


async def test_the_process_knows_neither_the_network_nor_the_database_nor_the_environment(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERABLE_SECRET", "x")
    async with ParserProcess(parser_file=fake) as parser:
        modules = set((await text_of(parser, b"modules")).split())
        environment = set((await text_of(parser, b"environment")).split())

    assert not modules & NETWORK
    assert environment <= {"PATH", "LANG", "LC_CTYPE"}


async def test_reading_a_word_document_brings_no_network_into_the_process(tmp_path: Path) -> None:
    file = tmp_path / "spy.py"
    file.write_text(SPY)
    async with ParserProcess(parser_file=file) as parser:
        word = set((await parser.parse("a.docx", make_docx(paragraph("x"))))[0].document.text.split())
        pdf = set((await parser.parse("a.pdf", make_pdf([write_lines(["x"])])))[0].document.text.split())

    assert "mammoth" in word
    assert "pypdfium2_raw" in pdf
    assert not (word | pdf) & NETWORK


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("quotes.md", b">" * 100_000 + b"x"),
        ("lists.md", b"\n".join(b"  " * depth + b"- a" for depth in range(1000))),
        ("brackets.md", b"[" * 50_000),
        ("images.md", b"![[](" * 5000),
        ("parts.html", b"<div>" * 100_000 + b"x"),
        ("tables.html", b"<table><tr><td>" * 10_000 + b"x"),
        ("bold.html", b"<b>" * 50_000 + b"x"),
        (
            "wide.md",
            b"|" + b"a|" * 2000 + b"\n|" + b"-|" * 2000 + b"\n" + (b"|" + b"x|" * 2000 + b"\n") * 2000,
        ),
        ("word.txt", b"a" * 10_000_000),
        ("blank.md", b"\n" * 10_000_000),
        ("quotes.csv", b"question,answer\n" + b'"' * 5_000_001),
        ("noise.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 90_000),
        ("words.pdf", make_pdf([[Words(text="word " * 20_000, y=700)] * 20])),
        ("bomb.docx", make_docx("<w:p/>", parts={"a.xml": b"<a>" + b"<b/>" * 20_000_000 + b"</a>"})),
        ("wide.docx", make_docx(paragraph("a") * 200_000)),
    ],
)
async def test_a_hostile_file_is_read_or_refused_and_the_next_one_is_read(name: str, data: bytes) -> None:
    limits = ParseLimits(memory_bytes=300_000_000, cpu_s=1)
    async with ParserProcess(limits=limits) as parser:
        outcome = await outcome_of(parser, name, data)
        following = await outcome_of(parser, "next.md", b"Hallo.")

    assert outcome in OUTCOMES
    assert following == "read"


def test_the_process_ends_with_its_input() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "answerable.knowledge.parsing.child", "500000000", "5"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, frame(READY), b"")
