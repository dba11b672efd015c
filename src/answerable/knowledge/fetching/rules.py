"""What an answer of a web server means: a page, a way on, or a reason why there is none. Pure."""

import codecs
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from answerable.infra.errors import AnswerableError
from answerable.knowledge.fetching.addresses import host_of, is_same_site
from answerable.knowledge.page_errors import (
    ContentTypeUnknown,
    LeadsElsewhere,
    PageNotFound,
    PageRefused,
    SignInNeeded,
    SiteBusy,
)
from answerable.knowledge.parsing import SUFFIXES

_SUFFIX_OF = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/markdown": ".md",
    "text/csv": ".csv",
}
_BY_NAME = frozenset({"", "text/plain", "application/octet-stream", "binary/octet-stream"})
"""What servers say when they do not know: the ending of the address knows better."""

_SIGN_IN = re.compile(
    r"(?:^|[/._-])(?:log-?in|sign-?in|anmeld(?:en|ung)|einloggen|sso|saml2?|oauth2?|authorize|wp-login\.php)(?:$|[/?._-])",
    re.IGNORECASE,
)
_SIGN_IN_HOSTS = ("login.", "signin.", "auth.", "sso.", "accounts.", "id.", "idp.")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
# On the web Latin-1 means Windows-1252.
_ENCODINGS = {"iso8859-1": "cp1252", "cp1252": "cp1252", "iso8859-15": "iso8859-15", "iso8859-2": "iso8859-2"}
_LONGEST_WAIT_S = 30.0
_FIRST_WAIT_S = 5.0


def judge_status(status: int) -> AnswerableError | None:
    """Why an answer with this status is no page; None for one."""
    match status:
        case 200 | 203 | 304:
            return None
        case 401 | 403 | 407:
            return SignInNeeded()
        case 404 | 410:
            return PageNotFound()
        case 429 | 503:
            return SiteBusy()
        case _:
            return PageRefused(f"It answered with status {status}.")


def judge_redirect(asked: str, here: str, target: str) -> AnswerableError | None:
    """Why a redirect is not followed; None where it may be."""
    if _is_sign_in(target) and not _is_sign_in(asked):
        return SignInNeeded()
    if not is_same_site(here, target):
        return LeadsElsewhere(f"It leads to {host_of(target)}.")
    if urlsplit(here).scheme == "https" and urlsplit(target).scheme == "http":
        return LeadsElsewhere()
    return None


def wait_before_retry(retry_after: str) -> float:
    """How many seconds to wait before a busy site is asked once more."""
    asked = float(retry_after) if retry_after.isdecimal() and len(retry_after) < 9 else _FIRST_WAIT_S
    return min(max(asked, 1.0), _LONGEST_WAIT_S)


def suffix_of(content_type: str, address: str) -> str:
    """The ending of a file of this kind, by which its format is known.

    Errors:  ContentTypeUnknown.
    """
    kind = content_type.partition(";")[0].strip().lower()
    known = _SUFFIX_OF.get(kind)
    if known is not None:
        return known
    named = PurePosixPath(urlsplit(address).path).suffix.lower()
    if kind in _BY_NAME:
        if named in SUFFIXES:
            return named
        if kind == "text/plain":
            return ".txt"
        if not kind:
            return ".html"
    raise ContentTypeUnknown("It has no type." if not kind else "")


def name_of(address: str, suffix: str) -> str:
    """What a page is called where it does not say so itself."""
    parts = urlsplit(address)
    last = PurePosixPath(unquote(parts.path)).stem or parts.hostname or "page"
    return last.replace("\x00", "") + suffix


def to_utf8(content: bytes, content_type: str) -> bytes:
    """A text whose server names an older encoding, in UTF-8; as it is where it names none or another one."""
    found = _CHARSET.search(content_type)
    try:
        codec = codecs.lookup(found.group(1)).name if found else ""
    except LookupError:
        return content
    readable = _ENCODINGS.get(codec)
    return content.decode(readable, "replace").encode() if readable else content


def forbids_index(directives: str) -> bool:
    """Whether directives for robots, of a header or of a page, ask not to take it up.

    A directive for one robot by its name counts only for that robot.
    """
    for part in directives.lower().split(","):
        agent, colon, directive = part.rpartition(":")
        if colon and agent.strip() not in {"", "answerable"}:
            continue
        if directive.strip() in {"noindex", "none"}:
            return True
    return False


def condition_of(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """The headers that ask for a page only if it has changed."""
    headers: dict[str, str] = {}
    if etag:
        headers["if-none-match"] = etag
    if last_modified:
        headers["if-modified-since"] = last_modified
    return headers


def validator_of(headers: Mapping[str, str], name: str) -> str | None:
    """A header by which the next fetch asks for changes, if it can be sent back as it came."""
    value = headers.get(name, "").strip()
    return value if value and len(value) <= 500 and value.isascii() and value.isprintable() else None


def _is_sign_in(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    return host.startswith(_SIGN_IN_HOSTS) or _SIGN_IN.search(parts.path) is not None
