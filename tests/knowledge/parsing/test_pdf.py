"""PDFs: what is quoted from them reads as it stands on paper, and what cannot be read says why."""

import pytest

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import (
    EmptyDocument,
    FileDamaged,
    FileEncrypted,
    PicturesOnly,
    TooManyPages,
)
from answerable.knowledge.parsing.formats import parse_file
from answerable.knowledge.parsing.normalise import normalise
from answerable.knowledge.parsing.sentences import split_sentences
from answerable.knowledge.values import ParsedDocument, ParseNote
from factories.pdf import Words, join_objects, make_encrypted, make_pdf, make_scan, write_lines

PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 3 0 R >> >> >>"
)


def read(data: bytes) -> ParsedDocument:
    (keyed,) = parse_file("guide.pdf", data)
    return keyed.document


def quotes(document: ParsedDocument) -> list[str]:
    return [document.text[span.start : span.end] for span in split_sentences(document.text)]


def running(number: int, pages: int) -> list[Words]:
    return [
        Words(text="ACME handbook", x=72, y=815, size=9),
        Words(text=f"Page {number} of {pages}", x=280, y=30, size=9),
    ]


def test_words_broken_at_the_end_of_a_line_are_joined() -> None:
    document = read(
        make_pdf(
            [
                write_lines(
                    ["You have thirty days from receipt to send any-", "thing back to us, free of charge."]
                )
            ]
        )
    )

    assert document.text == "You have thirty days from receipt to send anything back to us, free of charge."


def test_a_hyphen_that_belongs_to_its_word_stays() -> None:
    document = read(
        make_pdf(
            [
                write_lines(
                    [
                        "Write to us at the address below, best by E-",
                        "Mail, and name the Vor-",
                        "und Nachteile of what you have bought from us.",
                    ]
                )
            ]
        )
    )

    assert document.text == (
        "Write to us at the address below, best by E-Mail, and name the Vor- und Nachteile of what you have "
        "bought from us."
    )


def test_a_sentence_over_several_lines_is_one_quote() -> None:
    document = read(
        make_pdf(
            [
                write_lines(
                    [
                        "Boots may be tried on indoors only, and must",
                        "come back in the box that they came in. Their",
                        "soles must be clean.",
                    ]
                )
            ]
        )
    )

    assert quotes(document) == [
        "Boots may be tried on indoors only, and must come back in the box that they came in.",
        "Their soles must be clean.",
    ]


def test_a_sentence_goes_on_over_a_page_and_headers_footers_and_numbers_do_not_cut_it() -> None:
    pages = [
        [*write_lines(["The first page ends in the middle of a sen-"], top=500), *running(1, 3)],
        [*write_lines(["tence, which goes on here and"], top=770), *running(2, 3)],
        [*write_lines(["ends on the third page."], top=770), *running(3, 3)],
    ]

    document = read(make_pdf(pages))

    assert quotes(document) == [
        "The first page ends in the middle of a sentence, which goes on here and ends on the third page."
    ]


def test_a_noun_at_the_top_of_a_page_does_not_end_the_sentence_before_it() -> None:
    pages = [
        write_lines(["Bitte schicken Sie uns die Ware innerhalb von dreißig"], top=500),
        write_lines(["Tagen zurück."], top=770),
    ]

    document = read(make_pdf(pages))

    assert quotes(document) == ["Bitte schicken Sie uns die Ware innerhalb von dreißig Tagen zurück."]


def test_what_stands_twice_in_the_text_is_no_header() -> None:
    pages = [write_lines(["The same sentence stands here."], top=400) for _ in range(4)]

    document = read(make_pdf(pages))

    assert document.text.count("The same sentence stands here.") == 4


def test_larger_and_bold_lines_are_headings_in_levels() -> None:
    lines = [
        *write_lines(["Returns"], top=780, size=22),
        *write_lines(["How long you have"], top=740, size=15),
        *write_lines(["You have 30 days from receipt of the goods."], top=715),
        *write_lines(["Exceptions"], top=690, bold=True),
        *write_lines(["Gas cartridges cannot be sent back at all."], top=675),
    ]

    document = read(make_pdf([lines]))

    assert document.title == "Returns"
    assert [(heading.level, heading.title) for heading in document.headings] == [
        (1, "Returns"),
        (2, "How long you have"),
        (4, "Exceptions"),
    ]
    for heading in document.headings:
        assert document.text.startswith(heading.title, heading.start)


def test_lists_and_tables_keep_their_lines() -> None:
    lines = [
        *write_lines(
            ["Please send along:", "• the delivery note that came with", "the goods", "• the goods"]
        ),
        Words(text="Size", x=72, y=600),
        Words(text="Price", x=220, y=600),
        Words(text="Large", x=72, y=586),
        Words(text="4,90 €", x=220, y=586),
    ]

    document = read(make_pdf([lines]))

    assert document.text.split("\n") == [
        "Please send along:",
        "",
        "- the delivery note that came with the goods",
        "- the goods",
        "Size | Price",
        "Large | 4,90 €",
    ]


def test_paragraphs_stay_apart() -> None:
    lines = write_lines(
        [
            "The first paragraph is long enough to fill its line entirely, yes.",
            "It ends here.",
            "",
            "The second paragraph begins after a gap.",
        ]
    )

    document = read(make_pdf([lines]))

    assert document.text.split("\n\n") == [
        "The first paragraph is long enough to fill its line entirely, yes. It ends here.",
        "The second paragraph begins after a gap.",
    ]


def test_without_a_heading_the_name_of_the_file_is_the_title() -> None:
    assert read(make_pdf([write_lines(["Only a sentence stands here."])])).title == "guide"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (make_encrypted(), FileEncrypted),
        (make_scan(3), PicturesOnly),
        (make_pdf([[]]), EmptyDocument),
        (make_pdf([[] for _ in range(1_001)]), TooManyPages),
        (b"", FileDamaged),
        (b"%PDF-1.7", FileDamaged),
        (b"\x00" * 5_000, FileDamaged),
        (b"This is text, whatever its name says.", FileDamaged),
    ],
    ids=["encrypted", "scanned", "empty", "long", "nothing", "head", "nulls", "text"],
)
def test_what_cannot_be_read_says_why(data: bytes, error: type[AnswerableError]) -> None:
    with pytest.raises(error):
        read(data)


def test_pictures_among_pages_are_left_out_and_named() -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 2 /Kids [5 0 R 6 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length 58 >>\nstream\nBT /F1 11 Tf 72 700 Td (Readable text stands here.) Tj ET   \nendstream",
        PAGE,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 7 0 R >>",
        b"<< /Length 21 >>\nstream\n0 0 100 100 re f     \nendstream",
    ]

    document = read(join_objects(objects))

    assert document.text == "Readable text stands here."
    assert document.notes == (ParseNote.PAGES_WITHOUT_TEXT,)


def test_pages_in_a_ring_end() -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 2 /Kids [3 0 R 2 0 R] /Parent 2 0 R >>",
        b"<< /Type /Pages /Count 9 /Kids [2 0 R 3 0 R] /Parent 2 0 R >>",
    ]

    with pytest.raises((FileDamaged, EmptyDocument)):
        read(join_objects(objects))


def test_a_file_that_announces_more_pages_than_it_has_is_no_endless_read() -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 2000000000 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]

    with pytest.raises(AnswerableError):
        read(join_objects(objects))


@pytest.mark.parametrize(
    "stream",
    [
        b"BT /F1 11 Tf 72 700 Td (never closed",
        b"q " * 50_000,
        b"BT /F1 1e30 Tf 1e30 0 0 1e30 0 0 Tm (huge) Tj ET",
        b"BT /F1 0 Tf 72 700 Td (\x00\x00null) Tj ET",
        b"/X Do " * 1_000,
        bytes(range(256)) * 20,
    ],
    ids=["open", "nested", "huge", "null", "missing", "noise"],
)
def test_malformed_drawing_gives_text_or_a_declared_error(stream: bytes) -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [5 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        PAGE,
    ]

    try:
        text = read(join_objects(objects)).text
    except AnswerableError:
        text = ""

    assert normalise(text) == text
