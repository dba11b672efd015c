"""PDF files written by hand: text at places, in sizes and weights, over pages, and broken as a test asks."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A piece of text that stands at one place of a page."""

    text: str
    x: float = 72
    y: float
    size: float = 11
    bold: bool = False


def write_lines(
    lines: Sequence[str], *, top: float = 770, size: float = 11, leading: float = 14, bold: bool = False
) -> list[Words]:
    """Lines below each other; an empty one leaves a gap."""
    return [
        Words(text=line, y=top - leading * place, size=size, bold=bold)
        for place, line in enumerate(lines)
        if line
    ]


def make_pdf(pages: Sequence[Sequence[Words]], *, extra: str = "", trailer: str = "") -> bytes:
    """A PDF with these pages, in two fonts of the standard fourteen."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    kids: list[int] = []
    for words in pages:
        content = zlib.compress(b"\n".join(_show(one) for one in words))
        stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content)
        objects.append(stream)
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {len(objects)} 0 R "
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> {extra} >>"
        )
        objects.append(page.encode())
        kids.append(len(objects))
    objects[1] = (
        f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    )
    return join_objects(objects, trailer=trailer)


def make_scan(pages: int = 1) -> bytes:
    """A PDF whose pages are pictures."""
    pixels = zlib.compress(bytes(64 * 64))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray /BitsPerComponent 8 "
        b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(pixels), pixels),
        b"<< /Length 32 >>\nstream\nq 500 0 0 700 40 60 cm /I Do Q  \nendstream",
    ]
    kids: list[int] = []
    for _ in range(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /XObject << /I 3 0 R >> >> >>"
        )
        kids.append(len(objects))
    objects[1] = (
        f"<< /Type /Pages /Count {pages} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    )
    return join_objects(objects)


def make_encrypted() -> bytes:
    """A PDF that opens with a password only."""
    words = write_lines(["Nobody reads this."])
    secret = "<" + "41" * 32 + ">"
    encryption = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {secret} /U {secret} /P -4 >> /ID [<00> <00>]"
    return make_pdf([words], trailer=encryption)


def join_objects(objects: Sequence[bytes], *, trailer: str = "") -> bytes:
    """Numbered objects as a file with its table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places: list[int] = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer.encode(),
        table,
    )
    return bytes(out)


def _show(words: Words) -> bytes:
    escaped = words.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    font = "F2" if words.bold else "F1"
    return (
        f"BT /{font} {words.size} Tf 1 0 0 1 {words.x} {words.y} Tm ".encode()
        + b"("
        + escaped.encode("cp1252")
        + b") Tj ET"
    )
