"""Word documents written by hand, whole and broken."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"

STYLES = f"""{_HEAD}<w:styles {_W}>
<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
</w:styles>"""
NUMBERING = f"""{_HEAD}<w:numbering {_W}>
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
</w:numbering>"""


def paragraph(text: str, *, style: str = "", number: int = 0, level: int = 0) -> str:
    """A paragraph: of a style, or of a list (1 with bullets, 2 with numbers)."""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    listed = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>' if number else ""
    return f"<w:p><w:pPr>{styled}{listed}</w:pPr><w:r><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    """A table whose first row is its header."""

    def row(cells: tuple[str, ...], *, is_header: bool) -> str:
        mark = "<w:trPr><w:tblHeader/></w:trPr>" if is_header else ""
        return f"<w:tr>{mark}{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in cells)}</w:tr>"

    return f"<w:tbl>{''.join(row(cells, is_header=not place) for place, cells in enumerate(rows))}</w:tbl>"


def make_docx(body: str, *, head: str = "", parts: Mapping[str, bytes] | None = None) -> bytes:
    """A document with this body; `head` stands before its root, `parts` are added or replace."""
    files: dict[str, bytes] = {
        "[Content_Types].xml": f"""{_HEAD}<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/></Types>""".encode(),
        "_rels/.rels": f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1"
Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>""".encode(),
        "word/_rels/document.xml.rels": f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="s" Type="{_RELATIONS}/styles" Target="styles.xml"/>
<Relationship Id="n" Type="{_RELATIONS}/numbering" Target="numbering.xml"/>
<Relationship Id="f" Type="{_RELATIONS}/footnotes" Target="footnotes.xml"/></Relationships>""".encode(),
        "word/styles.xml": STYLES.encode(),
        "word/numbering.xml": NUMBERING.encode(),
        "word/document.xml": f"{_HEAD}{head}<w:document {_W}><w:body>{body}</w:body></w:document>".encode(),
        **(parts or {}),
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
