import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.embedding import DIMENSIONS, MAX_CHARACTERS, wire
from answerable.infra.embedding.values import clean

TEXTS = st.lists(st.text(max_size=30), max_size=20)


@given(TEXTS, st.booleans())
def test_a_batch_arrives_as_it_was_sent(texts: list[str], is_query: bool) -> None:  # noqa: FBT001 - drawn.
    batch = wire.Batch(is_query=is_query, texts=tuple(texts))

    assert wire.unpack_batch(wire.pack_batch(batch)) == batch


@given(TEXTS, st.integers(1, 5), st.integers(1, 60))
def test_batches_hold_every_text_in_order_within_their_bounds(
    texts: list[str], max_texts: int, max_characters: int
) -> None:
    batches = wire.split(texts, is_query=False, max_texts=max_texts, max_characters=max_characters)

    assert [text for batch in batches for text in batch.texts] == texts
    for batch in batches:
        assert 1 <= len(batch.texts) <= max_texts
        assert len(batch.texts) == 1 or sum(map(len, batch.texts)) <= max_characters


@given(st.text(st.characters(), max_size=100))
def test_a_cleaned_text_fits_utf8_and_a_c_string(text: str) -> None:
    cleaned = clean(text)

    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


def test_a_text_is_cut_where_the_model_stops_reading() -> None:
    assert clean("x" * 1_000_000) == "x" * MAX_CHARACTERS


def test_an_answer_of_another_size_is_refused() -> None:
    payload = wire.pack_vectors(np.ones((2, DIMENSIONS), dtype=np.float32))

    with pytest.raises(ValueError, match="reshape"):
        wire.unpack_vectors(payload, count=3)
