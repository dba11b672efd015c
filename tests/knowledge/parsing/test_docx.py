"""Word documents: their headings, lists and tables arrive, and what is hostile or broken says why."""

import zipfile
from io import BytesIO

import pytest

from answerable.infra.errors import AnswerableError
from answerable.knowledge.errors import (
    EmptyDocument,
    FileDamaged,
    FileEncrypted,
    MarkupRefused,
    UnpacksTooLarge,
)
from answerable.knowledge.parsing.formats import parse_file
from answerable.knowledge.values import ParsedDocument
from factories.docx import make_docx, paragraph, table

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(data: bytes) -> ParsedDocument:
    (keyed,) = parse_file("Rueckgabe-2026.docx", data)
    return keyed.document


def test_headings_lists_and_tables_arrive_by_their_styles() -> None:
    body = (
        paragraph("Rückgabe", style="Titel")
        + paragraph("Fristen", style="berschrift1")
        + paragraph("Sie haben 30 Tage Zeit, um etwas zurückzusenden.")
        + paragraph("Stiefel", number=1)
        + paragraph("ungetragen", number=1, level=1)
        + paragraph("Paket packen", number=2)
        + paragraph("Paket abgeben", number=2)
        + table(("Größe", "Preis"), ("groß", "4,90 €"))
    )

    document = read(make_docx(body))

    assert document.title == "Rückgabe"
    assert document.text.split("\n") == [
        "Rückgabe",
        "",
        "Fristen",
        "",
        "Sie haben 30 Tage Zeit, um etwas zurückzusenden.",
        "",
        "- Stiefel",
        "  - ungetragen",
        "",
        "1. Paket packen",
        "2. Paket abgeben",
        "",
        "Größe: groß | Preis: 4,90 €",
    ]
    assert [heading.title for heading in document.headings] == ["Rückgabe", "Fristen"]


def test_without_a_heading_the_name_of_the_file_is_the_title() -> None:
    assert read(make_docx(paragraph("Nur ein Satz steht hier."))).title == "Rueckgabe 2026"


def test_what_was_struck_out_while_changes_were_tracked_is_not_read() -> None:
    body = (
        "<w:p><w:r><w:t>You have </w:t></w:r><w:del><w:r><w:delText>14</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>30</w:t></w:r></w:ins><w:r><w:t> days.</w:t></w:r></w:p>"
    )

    assert read(make_docx(body)).text == "You have 30 days."


def test_marks_of_footnotes_do_not_stand_in_quotes() -> None:
    notes = (
        b'<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b'<w:footnote w:id="2"><w:p><w:r><w:t>Not on islands.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    body = '<w:p><w:r><w:t>We deliver in two days</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'

    document = read(make_docx(body, parts={"word/footnotes.xml": notes}))

    assert document.text == "We deliver in two days\n\n1. Not on islands."


def test_a_picture_outside_of_the_file_is_not_fetched() -> None:
    relation = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="p" TargetMode="External" Target="http://127.0.0.1:1/x.png" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"/></Relationships>'
    )
    drawing = (
        '<w:p><w:r><w:t>Before it.</w:t><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/'
        'drawingml/2006/wordprocessingDrawing"><a:graphic xmlns:a="http://schemas.openxmlformats.org/'
        'drawingml/2006/main"><a:graphicData><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/'
        '2006/picture"><pic:blipFill><a:blip xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships" r:link="p"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )

    document = read(make_docx(drawing, parts={"word/_rels/document.xml.rels": relation}))

    assert document.text == "Before it."


def lying_archive() -> bytes:
    """An archive whose table announces a small part where a large one is packed."""
    data = bytearray(make_docx(paragraph("x"), parts={"word/extra.xml": b"<a>" + b" " * 5_000_000 + b"</a>"}))
    size = (5_000_007).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (100).to_bytes(4, "little")
    return bytes(data)


def encrypted_archive() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<a/>")
    data = bytearray(packed.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (
            make_docx("<w:p/>", parts={"word/media.xml": b"<a>" + b" " * 120_000_000 + b"</a>"}),
            UnpacksTooLarge,
        ),
        (make_docx("<w:p/>", parts={f"word/{n}.xml": b"" for n in range(5_001)}), UnpacksTooLarge),
        (make_docx(paragraph("&d;"), head=LAUGHS), MarkupRefused),
        (make_docx(paragraph("&x;"), head=OUTSIDE), MarkupRefused),
        (make_docx(paragraph("x"), parts={"word/styles.xml": OUTSIDE.encode("utf-16")}), MarkupRefused),
        (OLD + "EncryptedPackage".encode("utf-16-le"), FileEncrypted),
        (encrypted_archive(), FileEncrypted),
        (OLD + b"an older Word document", FileDamaged),
        (b"PK\x03\x04 and nothing else", FileDamaged),
        (make_docx(paragraph("x"))[:900], FileDamaged),
        (make_docx(paragraph("x"), parts={"word/document.xml": b"<broken"}), FileDamaged),
        (make_docx("<w:p>" * 20_000 + "</w:p>" * 20_000), FileDamaged),
        (lying_archive(), FileDamaged),
        (b"", FileDamaged),
        (b"\x00" * 1_000, FileDamaged),
        (make_docx(""), EmptyDocument),
    ],
    ids=[
        "bomb", "parts", "laughs", "outside", "utf16", "encrypted", "encrypted-zip", "old", "head", "cut",
        "markup", "nested", "lying", "nothing", "nulls", "empty",
    ],
)  # fmt: skip
def test_what_is_hostile_or_broken_says_why(data: bytes, error: type[AnswerableError]) -> None:
    with pytest.raises(error):
        read(data)
