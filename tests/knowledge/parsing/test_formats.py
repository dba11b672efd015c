from datetime import date

import pytest

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import (
    ColumnsInvalid,
    ColumnsMissing,
    EmptyDocument,
    FormatUnknown,
    FrontMatterInvalid,
    NotText,
)
from answerable.knowledge.parsing.formats import parse_file
from answerable.knowledge.values import Heading, Language, ParsedDocument, ParseNote


def parse(name: str, text: str) -> ParsedDocument:
    (keyed,) = parse_file(name, text.encode())
    assert keyed.key == ""
    return keyed.document


def test_markdown_becomes_what_a_reader_sees() -> None:
    document = parse(
        "a.md",
        "# Rückgabe\n\n30 **Tage**\n*lang*, siehe [hier](https://x.example) ![ein Bild](b.png) "
        "<b>fett</b>.\n\nSo:\n\n- eins `code`\n- zwei\n  1. innen\n\n"
        "> Zitat\n\n```\n  make run\n\n\nende\n```\n",
    )

    assert document.title == "Rückgabe"
    assert document.text == (
        "Rückgabe\n\n30 Tage lang, siehe hier ein Bild fett.\n\nSo:\n\n- eins code\n- zwei\n  1. innen\n\n"
        "Zitat\n\n  make run\n\nende"
    )
    assert document.headings == (Heading(level=1, title="Rückgabe", start=0),)


def test_a_row_of_a_table_carries_the_names_of_its_columns() -> None:
    markdown = parse("a.md", "| Land | Kosten |\n|---|---|\n| Wien | 4,90 € |\n| Bern | |\n")
    html = parse(
        "a.html",
        "<table><tr><th>Land<th>Kosten</tr><tr><td>Wien<td>4,90 €</tr><tr><td>Bern<td></tr></table>",
    )

    assert markdown.text == html.text == "Land: Wien | Kosten: 4,90 €\nLand: Bern"


def test_html_inside_markdown_loses_its_tags_and_scripts() -> None:
    document = parse(
        "a.md", "<div><p>Text</p><script>evil()</script></div>\n\nMehr <script>evil()</script> davon."
    )

    assert document.text == "Text\n\nMehr davon."


def test_front_matter_says_title_language_and_validity() -> None:
    document = parse(
        "a.md",
        '---\ntitle: "Winter: Preise"\nlanguage: de-AT\n'
        "valid_from: 2030-01-01\nvalid_until: 2030-02-01\n---\n# X\n",
    )

    assert document.title == "Winter: Preise"
    assert document.language is Language.GERMAN
    assert (document.valid_from, document.valid_until) == (date(2030, 1, 1), date(2030, 2, 1))
    assert document.text == "X"


@pytest.mark.parametrize(
    "line",
    [
        "valid_from: next week",
        "valid_until: 2030-02-30",
        "language: fr",
        "valid_from: 2031-01-01\nvalid_until: 2030-01-01",
    ],
)
def test_front_matter_that_cannot_be_true_is_refused(line: str) -> None:
    with pytest.raises(FrontMatterInvalid):
        parse("a.md", f"---\n{line}\n---\nText")


def test_text_between_two_rules_is_no_front_matter() -> None:
    assert parse("a.md", "---\nWir sind umgezogen.\n\n---\nMehr.").text == "Wir sind umgezogen.\n\nMehr."


def test_html_without_what_a_reader_does_not_see() -> None:
    document = parse(
        "a.html",
        "<html lang=de-DE><head><title>Shop | Versand</title><style>p{}</style></head><body><nav>Menü</nav>"
        "<h1>Ver<b>sand</b></h1><p>Wir liefern<br>schnell.<span hidden>x</span>"
        "<span style='display: none'>y</span></p><!-- z --><script>s()</script>"
        "<ul><li>eins<ol start=3><li>drei</ol><li><p>zwei</p></ul>"
        "<dl><dt>Lieferzeit</dt><dd>Ein Tag</dd></dl><footer>f</footer></body></html>",
    )

    assert document.title == "Versand"
    assert document.language is Language.GERMAN
    assert (
        document.text
        == "Versand\n\nWir liefern\nschnell.\n\n- eins\n  3. drei\n- zwei\n\nLieferzeit: Ein Tag"
    )


def test_the_main_part_of_a_page_counts_alone() -> None:
    assert parse("a.html", "<div>Werbung</div><main>Inhalt</main><div>Mehr</div>").text == "Inhalt"


def test_a_question_that_folds_out_is_a_heading() -> None:
    document = parse("a.html", "<h1>Fragen</h1><details><summary>Wann?</summary>Morgen.</details>")

    assert document.headings[1] == Heading(level=2, title="Wann?", start=8)


def test_plain_text_is_joined_where_it_was_only_wrapped() -> None:
    document = parse(
        "a.txt",
        "VERSAND\n\nWir liefern innerhalb von drei Werktagen nach ganz Deutschland und auch\n"
        "nach Österreich.\n\nBerg GmbH\nHauptstr. 5\n\n* eins\n* zwei, was in die nächste\n  Zeile reicht\n",
    )

    assert document.title == "VERSAND"
    assert document.text == (
        "VERSAND\n\nWir liefern innerhalb von drei Werktagen nach ganz Deutschland und auch "
        "nach Österreich.\n\nBerg GmbH\nHauptstr. 5\n\n- eins\n- zwei, was in die nächste Zeile reicht"
    )


def test_a_file_without_a_heading_is_titled_by_its_name() -> None:
    assert parse("folder/winter_opening-hours.txt", "Ein Satz.").title == "winter opening hours"


def test_each_row_of_questions_is_a_document_that_keeps_its_key_when_the_answer_changes() -> None:
    before = parse_file("faq.csv", b'Frage;Antwort;Sprache\nWann?;"Morgen;\nbald";de\nWo?;Hier.;\n')
    after = parse_file("faq.csv", b"answer,question\nThere.,Wo?\nSoon.,wann?\n")

    assert [keyed.document.text for keyed in before] == ["Wann?\n\nMorgen;\nbald", "Wo?\n\nHier."]
    assert [keyed.document.language for keyed in before] == [Language.GERMAN, None]
    assert {keyed.key for keyed in before} == {keyed.key for keyed in after}


def test_rows_without_an_answer_and_repeated_questions_are_noted() -> None:
    (keyed,) = parse_file("faq.csv", b"question,answer\nA?,one\nB?,\nA?,two\n")

    assert keyed.document.text == "A?\n\ntwo"
    assert set(keyed.document.notes) == {ParseNote.ROWS_INCOMPLETE, ParseNote.ROWS_REPEATED}


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.odt", b"text", FormatUnknown),
        ("noending", b"text", FormatUnknown),
        ("a.md", b"%PDF-1.7 ...", NotText),
        ("a.txt", b"PK\x03\x04...", NotText),
        ("a.txt", b"a\x00b", NotText),
        ("a.txt", b"\x81\x8d\x8f", NotText),
        ("a.txt", b"\xff\xfea", NotText),
        ("a.md", b"", EmptyDocument),
        ("a.html", b"<script>x</script>", EmptyDocument),
        ("a.md", "\u200b\u202e".encode(), EmptyDocument),
        ("a.csv", b"question,answer\n", EmptyDocument),
        ("a.csv", b"", ColumnsMissing),
        ("a.csv", b"name,price\nx,1\n", ColumnsMissing),
        ("a.csv", b"question,answer\nWhen?,Today, not tomorrow\n", ColumnsInvalid),
        ("a.csv", b'question,answer\nWhen?,"never closed\n', ColumnsInvalid),
        ("a.csv", b"question,answer,language\nWhen?,Today,fr\n", ColumnsInvalid),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_own_error(
    name: str, data: bytes, error: type[AnswerableError]
) -> None:
    with pytest.raises(error):
        parse_file(name, data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_umlauts_survive_every_encoding(encoding: str) -> None:
    (keyed,) = parse_file("a.txt", "Größe über 5 €".encode(encoding))

    assert keyed.document.text == "Größe über 5 €"
    assert (ParseNote.DECODED_AS_CP1252 in keyed.document.notes) == (encoding == "cp1252")


def test_one_torn_byte_does_not_spoil_the_umlauts_of_a_file() -> None:
    (keyed,) = parse_file("a.txt", "äöüß äöüß".encode() + b"\xff")

    assert keyed.document.text == "äöüß äöüß\ufffd"
    assert keyed.document.notes == (ParseNote.BYTES_REPLACED,)
