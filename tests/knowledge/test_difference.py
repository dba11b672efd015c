import time

from hypothesis import given
from hypothesis import strategies as st

from answerable.knowledge.difference import Change, Difference, Piece, compare_texts


def before(difference: Difference) -> str:
    return _joined(difference, without=Change.ADDED)


def after(difference: Difference) -> str:
    return _joined(difference, without=Change.REMOVED)


def _joined(difference: Difference, *, without: Change) -> str:
    lines = [
        "".join(piece.text for piece in paragraph.pieces if piece.change is not without)
        for paragraph in difference.paragraphs
        if paragraph.change is not without
    ]
    return "\n".join(lines)


lines = st.lists(st.sampled_from(["", "a", "b", "Send it back.", "Send it here.", "Within 30 days."]))
texts = lines.map("\n".join) | st.text(max_size=60)


@given(texts, texts)
def test_both_texts_can_be_read_from_their_difference(old: str, new: str) -> None:
    difference = compare_texts(old, new)

    assert before(difference) == old
    assert after(difference) == new


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    difference = compare_texts(text, text)

    assert all(paragraph.change is Change.SAME for paragraph in difference.paragraphs)
    assert (difference.words_added, difference.words_removed) == (0, 0)


def test_a_changed_number_is_the_only_thing_that_changed() -> None:
    difference = compare_texts(
        "Returns\n\nYou have 30 days to send it back.", "Returns\n\nYou have 45 days to send it back."
    )

    changed = [paragraph for paragraph in difference.paragraphs if paragraph.change is None]
    (paragraph,) = changed
    assert paragraph.pieces == (
        Piece(change=Change.SAME, text="You have "),
        Piece(change=Change.REMOVED, text="30 "),
        Piece(change=Change.ADDED, text="45 "),
        Piece(change=Change.SAME, text="days to send it back."),
    )
    assert (difference.words_removed, difference.words_added) == (1, 1)


def test_a_paragraph_put_elsewhere_leaves_what_it_passed_alone() -> None:
    old = "First things first.\nThen the second.\nThe third comes last."
    new = "Then the second.\nThe third comes last.\nFirst things first."

    difference = compare_texts(old, new)

    kept = ["".join(p.text for p in one.pieces) for one in difference.paragraphs if one.change is Change.SAME]
    assert kept == ["Then the second.", "The third comes last."]


def test_sentences_with_nothing_in_common_are_not_woven_into_each_other() -> None:
    difference = compare_texts("Shipping is free.", "We close at noon on Sundays, sadly.")

    assert [one.change for one in difference.paragraphs] == [Change.REMOVED, Change.ADDED]


def test_ten_megabytes_without_anything_in_common_end() -> None:
    # Every line stands thousands of times: what takes a comparison of all with all the longest.
    old = "\n".join(f"line {number % 7} of the old text" * 5 for number in range(100_000))
    new = "\n".join(f"line {number % 5} of the new text" * 5 for number in range(100_000))

    began = time.process_time()
    difference = compare_texts(old, new)

    # No measurement: without the bound this takes hours.
    assert time.process_time() - began < 30
    assert before(difference) == old
    assert after(difference) == new


def test_two_thousand_long_paragraphs_that_all_changed_end() -> None:
    words = " ".join(f"the word {number % 9}" for number in range(400))
    old = "\n".join(f"{number} {words} old" for number in range(2_000))

    began = time.process_time()
    difference = compare_texts(old, old.replace("old", "new"))

    assert time.process_time() - began < 30
    assert before(difference) == old


def test_one_line_of_ten_megabytes_ends() -> None:
    difference = compare_texts("a " * 2_000_000, "a " * 2_000_001)

    assert [one.change for one in difference.paragraphs] == [Change.REMOVED, Change.ADDED]
