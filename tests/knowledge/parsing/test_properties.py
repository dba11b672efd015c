import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.errors import AnswerableError
from answerable.knowledge.parsing.formats import parse_file
from answerable.knowledge.parsing.frames import decode_answer, encode_documents
from answerable.knowledge.parsing.normalise import normalise
from answerable.knowledge.parsing.passages import split_passages
from answerable.knowledge.parsing.sentences import (
    find_marker_end,
    sentences_within,
    split_sentences,
)
from answerable.knowledge.values import KeyedDocument, ParsedDocument
from factories.docx import make_docx, paragraph
from factories.pdf import Words, make_pdf, write_lines

MARKDOWN = (
    "# Titel\n", "## Teil\n", "### Tief\n", "- ", "  - ", "1. ", "* ", "> ", "| a | b |\n|---|---|\n",
    "| c | d |\n", " | ", "```\n", "    ", "[x](y)", "**f**", "`c`", "![b](u)", "---\n", "title: x\n",
    "language: de\n", "valid_from: 2030-01-01\n", "valid_until: 2029-01-01\n",
)  # fmt: skip
HTML = (
    "<p>", "</p>", "<br>", "<li>", "<ul>", "</ul>", "<table><tr><th>a<th>b<tr><td>c<td>d</table>", "<pre>",
    "<h2>", "</h2>", "<!--", "<script>", "<dl><dt>", "<dd>", "<details><summary>", "&amp;", "&#0;",
)  # fmt: skip
CSV = ("question,answer\n", "frage;antwort;sprache\n", '"', ",", ";", "de")
PROSE = (
    "Wir liefern.", "z. B.", "am 1. März", "Nr. 5", "4,90 €", "Was?", "Ja!", "…", "„Gut.“", "A. B.",
    "usw.", " ", "  ", "w" * 300, "lang " * 300, "Satz hier. " * 40, "😊", "漢字", "e\u0301", "\n", "\n\n",
    "\r\n", "\t",
)  # fmt: skip
HIDDEN = ("\u202e", "\u200b", "\ufeff", "\x00", "\x1b", "\u2028", "\u0301", "\ud800", "\U000e0041")
PIECES = (*MARKDOWN, *HTML, *CSV, *PROSE, *HIDDEN)
WHOLE = {
    ".pdf": make_pdf(
        [write_lines(["A heading"], size=20), write_lines(["- Text of a page.", "More of it."])]
    ),
    ".docx": make_docx(
        paragraph("Titel", style="Titel") + paragraph("Ein Satz.") + paragraph("Punkt", number=1)
    ),
}
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=200))
suffixes = st.sampled_from([".md", ".txt", ".html", ".csv"])


def parsed(suffix: str, data: bytes) -> tuple[KeyedDocument, ...]:
    try:
        return parse_file("name" + suffix, data)
    except AnswerableError:
        return ()


def documents(suffix: str, text: str) -> list[ParsedDocument]:
    return [keyed.document for keyed in parsed(suffix, text.encode("utf-8", "surrogatepass"))]


@given(texts)
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@given(texts)
def test_a_normalised_text_holds_nothing_invisible(text: str) -> None:
    once = normalise(text)

    kinds = {unicodedata.category(character) for character in once.replace("\n", "")}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(once) & set("\u200b\u200d\u202e\u2066\ufeff\xad\U000e0041\ufe0f")
    assert "\n\n\n" not in once
    assert " \n" not in once
    assert unicodedata.is_normalized("NFC", once)


@given(suffixes, st.one_of(texts.map(lambda text: text.encode("utf-16", "replace")), st.binary(max_size=300)))
def test_any_bytes_give_documents_or_a_declared_error(suffix: str, data: bytes) -> None:
    for keyed in parsed(suffix, data):
        assert normalise(keyed.document.text) == keyed.document.text


@given(st.sampled_from([".pdf", ".docx"]), st.data())
def test_any_damage_to_a_binary_file_gives_documents_or_a_declared_error(
    suffix: str, draw: st.DataObject
) -> None:
    data = bytearray(WHOLE[suffix])
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        data[place] = draw.draw(st.integers(0, 255))
    end = draw.draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))

    for keyed in parsed(suffix, bytes(data[:end])):
        assert normalise(keyed.document.text) == keyed.document.text
        for heading in keyed.document.headings:
            assert keyed.document.text.startswith(heading.title, heading.start)


places = st.tuples(texts, st.integers(0, 600), st.integers(0, 842), st.sampled_from([8, 11, 20]))


@given(st.lists(places, max_size=20))
def test_whatever_stands_on_a_page_becomes_a_normalised_text(
    pieces: list[tuple[str, int, int, int]],
) -> None:
    words = [
        Words(text=text.encode("cp1252", "ignore").decode("cp1252"), x=x, y=y, size=size)
        for text, x, y, size in pieces
    ]

    for keyed in parsed(".pdf", make_pdf([words, words])):
        document = keyed.document
        assert normalise(document.text) == document.text
        assert decode_answer(encode_documents([keyed])) == (keyed,)


@given(suffixes, texts)
def test_every_document_is_normalised_and_its_headings_stand_where_they_say(suffix: str, text: str) -> None:
    for document in documents(suffix, text):
        assert document.text
        assert document.title
        assert normalise(document.text) == document.text
        assert normalise(document.title) == document.title
        for heading in document.headings:
            assert document.text[heading.start :].split("\n")[0] == heading.title


@given(suffixes, texts)
def test_sentences_hold_all_that_can_be_read_in_order_and_once(suffix: str, text: str) -> None:
    for document in documents(suffix, text):
        spans = split_sentences(document.text)

        covered = "".join("".join(document.text[span.start : span.end].split()) for span in spans)
        lines = document.text.split("\n")
        assert covered == "".join("".join(line[find_marker_end(line) :].split()) for line in lines)
        assert all(0 <= span.start < span.end <= len(document.text) for span in spans)
        assert all(first.end <= second.start for first, second in pairwise(spans))
        for span in spans:
            quote = document.text[span.start : span.end]
            assert quote == quote.strip()
            assert "\n" not in quote


@given(suffixes, texts)
def test_every_sentence_lies_in_exactly_one_passage(suffix: str, text: str) -> None:
    for document in documents(suffix, text):
        passages = split_passages(document.text, document.headings)

        inside = [
            span
            for passage in passages
            for span in sentences_within(document.text, passage.start, passage.end)
        ]
        assert tuple(inside) == split_sentences(document.text)
        assert all(0 <= passage.start < passage.end <= len(document.text) for passage in passages)
        assert all(first.end <= second.start for first, second in pairwise(passages))


@given(suffixes, texts.filter(lambda text: len(text) < 900))
def test_a_passage_alone_has_the_sentences_it_has_in_its_document(suffix: str, text: str) -> None:
    for document in documents(suffix, text):
        for passage in split_passages(document.text, document.headings):
            alone = [
                (span.start + passage.start, span.end + passage.start)
                for span in split_sentences(document.text[passage.start : passage.end])
            ]

            within = sentences_within(document.text, passage.start, passage.end)
            assert alone == [(span.start, span.end) for span in within]


@given(suffixes, texts)
def test_what_goes_through_the_pipe_arrives_unchanged(suffix: str, text: str) -> None:
    found = parsed(suffix, text.encode("utf-8", "surrogatepass"))

    assert decode_answer(encode_documents(found)) == found
