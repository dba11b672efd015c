"""Showing a quote where it stands: what comes before and after it in its version."""

from answerable import tenancy
from answerable.infra.db import Db
from answerable.knowledge.queries import surroundings as queries
from answerable.knowledge.rules import headings_above, trim_after, trim_before
from answerable.knowledge.values import Heading, Surroundings, VersionId
from answerable.tenancy import Permission

_AROUND = 700
"""So many characters are shown before and after a quote, at most."""


async def find_surroundings(db: Db, version_id: VersionId, *, start: int, end: int) -> Surroundings | None:
    """What stands around a span of a version; None once its document was deleted.

    Whether this span was quoted to whoever asks, the caller has made sure of.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.ASK)
    first = max(0, start - _AROUND)
    window = await queries.find_window(db, version_id, start=first, length=end - first + _AROUND)
    if window is None:
        return None
    text: str = window["text"]
    before, quote, after = text[: start - first], text[start - first : end - first], text[end - first :]
    if len(quote) != end - start:
        return None
    return Surroundings(
        before=trim_before(before) if first else before.lstrip(),
        quote=quote,
        after=trim_after(after) if len(after) == _AROUND else after.rstrip(),
        headings=headings_above([Heading(**one) for one in window["headings"]], start),
        since=window["created_at"],
        is_current=window["is_current"],
    )
