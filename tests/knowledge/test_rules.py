from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.knowledge.rules import (
    MAX_QUESTION,
    clean_question,
    digest_of,
    quotable_sentences,
    text_for_search,
)
from answerable.knowledge.values import Heading, Language, ParsedDocument, PassageSpan

PARSED = ParsedDocument(title="Returns", text="You have 30 days.")


@pytest.mark.parametrize(
    "changed",
    [
        replace(PARSED, title="Return"),
        replace(PARSED, text="You have 31 days."),
        replace(PARSED, valid_from=date(2030, 1, 1)),
        replace(PARSED, valid_until=date(2030, 1, 1)),
    ],
    ids=["title", "text", "valid_from", "valid_until"],
)
def test_whatever_a_contact_could_notice_changes_the_digest(changed: ParsedDocument) -> None:
    assert digest_of(changed, Language.ENGLISH) != digest_of(PARSED, Language.ENGLISH)


def test_the_language_changes_the_digest_and_the_same_document_does_not() -> None:
    assert digest_of(PARSED, Language.GERMAN) != digest_of(PARSED, Language.ENGLISH)
    assert digest_of(replace(PARSED), Language.ENGLISH) == digest_of(PARSED, Language.ENGLISH)
    assert len(digest_of(PARSED, Language.ENGLISH)) == 32


def test_headings_above_a_passage_are_searched_with_it_and_each_only_once() -> None:
    span = PassageSpan(start=9, end=40, heading_path=("Returns", "Costs"))

    text = text_for_search("Returns", span, "Costs\n\nThey are free.")

    assert text == "Returns\nCosts\n\nThey are free."


def test_only_sentences_that_can_answer_are_quotable() -> None:
    passage = (
        "Costs of returns\n\nWhat does it cost? It costs nothing at all. Except:\n"
        "- tents and boats here\n- Boats"
    )
    headings = [Heading(level=2, title="Costs of returns", start=100)]

    found = list(quotable_sentences(passage, 100, headings))

    assert [text for _, text in found] == ["It costs nothing at all.", "tents and boats here"]
    assert all(passage[span.start - 100 : span.end - 100] == text for span, text in found)


def test_a_line_that_only_reads_like_a_heading_of_another_place_is_quotable() -> None:
    headings = [Heading(level=2, title="It costs nothing.", start=0)]

    found = list(quotable_sentences("It costs nothing.", 50, headings))

    assert [text for _, text in found] == ["It costs nothing."]


@given(st.text(max_size=200), st.integers(0, 1000))
def test_what_is_quotable_is_verbatim(passage: str, start: int) -> None:
    for span, text in quotable_sentences(passage, start, []):
        assert passage[span.start - start : span.end - start] == text


@given(st.text(st.characters(), max_size=300))
def test_any_question_becomes_one_that_the_database_can_hold(question: str) -> None:
    cleaned = clean_question(question)

    assert "\x00" not in cleaned
    assert len(cleaned) == len(question)
    cleaned.encode("utf-8")


def test_a_question_is_cut_where_nobody_reads_on() -> None:
    assert len(clean_question("x" * (MAX_QUESTION + 5))) == MAX_QUESTION
