"""SQL of places in versions, whether these are still quoted, replaced, or emptied."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text

from answerable.infra.db import Db
from answerable.knowledge.values import Place

_PLACES = text(
    """
    SELECT p.place, d.id AS document_id, d.title, d.language, d.current_version, d.deleted_at, d.valid_until,
        v.number AS version, v.headings, next.created_at AS replaced_at,
        substring(v.text, p.start + 1, p.until - p.start) AS text,
        substring(v.text, greatest(p.start - CAST(:around AS integer), 0) + 1,
            least(p.start, CAST(:around AS integer))) AS before,
        substring(v.text, p.until + 1, CAST(:around AS integer)) AS after
    FROM unnest(CAST(:versions AS uuid[]), CAST(:starts AS integer[]), CAST(:ends AS integer[]))
        WITH ORDINALITY AS p (version_id, start, until, place)
    JOIN document_version AS v ON v.id = p.version_id
    JOIN document AS d ON d.id = v.document_id
    LEFT JOIN document_version AS next ON next.document_id = v.document_id AND next.number = v.number + 1
    ORDER BY p.place
    """
)


async def list_places(db: Db, places: Sequence[Place], *, around: int) -> dict[int, RowMapping]:
    """Return what is left of places, each by its position in what was asked for."""
    rows = await db.execute(
        _PLACES,
        {
            "versions": [place.version_id for place in places],
            "starts": [place.start for place in places],
            "ends": [place.end for place in places],
            "around": around,
        },
    )
    return {row["place"] - 1: row for row in rows.mappings()}
