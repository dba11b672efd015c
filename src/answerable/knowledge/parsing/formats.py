"""One file in, its documents out: the format is chosen by the ending of the name.

Pure and total: any bytes give documents or a declared error. Meant to run in the child process.
"""

from pathlib import PurePath

from answerable.knowledge.errors import FormatUnknown
from answerable.knowledge.parsing.csv import parse_csv
from answerable.knowledge.parsing.docx import parse_docx
from answerable.knowledge.parsing.encoding import decode
from answerable.knowledge.parsing.html import parse_html
from answerable.knowledge.parsing.markdown import parse_markdown
from answerable.knowledge.parsing.pdf import parse_pdf
from answerable.knowledge.parsing.text import parse_text
from answerable.knowledge.values import KeyedDocument

_BINARY = {".pdf": parse_pdf, ".docx": parse_docx}
_WHOLE_FILE = {
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".txt": parse_text,
    ".text": parse_text,
    ".html": parse_html,
    ".htm": parse_html,
}


def parse_file(name: str, data: bytes) -> tuple[KeyedDocument, ...]:
    """The documents of a file: one, or one for each row of a table.

    Errors:  FormatUnknown, NotText, EmptyDocument, FrontMatterInvalid, ColumnsMissing, ColumnsInvalid,
             FileDamaged, FileEncrypted, PicturesOnly, TooManyPages, UnpacksTooLarge, MarkupRefused.
    """
    path = PurePath(name)
    suffix = path.suffix.lower()
    title = path.stem.replace("_", " ").replace("-", " ")
    binary = _BINARY.get(suffix)
    if binary is not None:
        return (KeyedDocument(key="", document=binary(data, title)),)
    parse = _WHOLE_FILE.get(suffix)
    if parse is None and suffix != ".csv":
        raise FormatUnknown
    text, notes = decode(data)
    if parse is None:
        return parse_csv(text, notes)
    return (KeyedDocument(key="", document=parse(text, title, notes)),)
