import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.embedding import DIMENSIONS, Embedder, HashingEmbedder, make_vector_key
from answerable.infra.embedding.hashing import _embed

ANY_TEXT = st.text(st.characters(), max_size=200)


@given(ANY_TEXT)
def test_every_text_has_a_vector_of_length_one(text: str) -> None:
    vector = _embed(text)

    assert vector.shape == (DIMENSIONS,)
    assert vector.dtype == np.float32
    assert np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)


async def test_texts_that_share_words_are_closer_than_texts_that_do_not() -> None:
    embedder: Embedder = HashingEmbedder()

    near, far = await embedder.embed_passages(
        ["You may return goods within 30 days.", "Our office opens at nine."]
    )
    question = await embedder.embed_query("How many days do I have to return goods?")

    assert question @ near > question @ far


async def test_forms_of_a_word_are_close() -> None:
    one, other, unrelated = await HashingEmbedder().embed_passages(
        ["Rücksendung", "Rücksendungen", "Zahlung"]
    )

    assert one @ other > 0.6
    assert one @ unrelated < 0.5


async def test_no_text_gives_no_vectors() -> None:
    assert (await HashingEmbedder().embed_passages([])).shape == (0, DIMENSIONS)


def test_vectors_are_the_same_in_every_process() -> None:
    program = (
        "from answerable.infra.embedding.hashing import _embed;"
        "import sys; sys.stdout.buffer.write(_embed('Äpfel, pears & 5 kg').tobytes())"
    )

    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout

    assert other == _embed("Äpfel, pears & 5 kg").tobytes()


def test_a_vector_is_known_by_model_role_and_text() -> None:
    keys = {
        make_vector_key("hashing-1", "a"),
        make_vector_key("hashing-2", "a"),
        make_vector_key("hashing-1", "b"),
        make_vector_key("hashing-1", "a", is_query=True),
    }

    assert len(keys) == 4
    assert make_vector_key("hashing-1", "a") in keys
