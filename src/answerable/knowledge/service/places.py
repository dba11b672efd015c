"""What stands today at places that were quoted or considered once: for records, not for answers."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from answerable import tenancy
from answerable.infra.db import Db
from answerable.knowledge import rules
from answerable.knowledge.queries import places as place_queries
from answerable.knowledge.values import DocumentId, Heading, Language, Place, ShownPlace
from answerable.tenancy import Permission

AROUND = 240
"""So many characters before and after a place are shown with it."""


async def show_places(db: Db, places: Sequence[Place]) -> tuple[ShownPlace | None, ...]:
    """Each place with its text and what has become of its document since; None for a version that never was.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.VIEW_KNOWLEDGE)
    if not places:
        return ()
    rows = await place_queries.list_places(db, places, around=AROUND)
    return tuple(
        _shown(place, rows[position]) if position in rows else None for position, place in enumerate(places)
    )


def _shown(place: Place, row: RowMapping) -> ShownPlace:
    headings = [Heading(**heading) for heading in row["headings"]]
    return ShownPlace(
        document_id=DocumentId(row["document_id"]),
        title=row["title"],
        language=Language(row["language"]),
        version=row["version"],
        current_version=row["current_version"],
        replaced_at=row["replaced_at"],
        deleted_at=row["deleted_at"],
        valid_until=row["valid_until"],
        heading_path=rules.path_at(headings, place.start),
        text=row["text"],
        before=row["before"] or "",
        after=row["after"] or "",
    )
