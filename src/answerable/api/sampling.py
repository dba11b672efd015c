"""Entries that an auditor draws: by a seed of their own, each with the proof that it stands in the log."""

from base64 import b64encode

from fastapi import APIRouter

from answerable import tenancy
from answerable.api.audit_values import ShownSample, ShownSampled, WantedSample
from answerable.api.authentication import TheMember
from answerable.audit import reading, signed
from answerable.audit.reading import Entry
from answerable.audit.sampling import choose
from answerable.audit.signed import Head
from answerable.infra.db import Db
from answerable.infra.web import TheWeb, permission, problem_responses
from answerable.tenancy import Permission

router = APIRouter(prefix="/v1/audit", tags=["audit"])


@router.post(
    "/sample",
    responses=problem_responses(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=permission("view_log"),
)
async def draw_sample(wanted: WantedSample, web: TheWeb, member: TheMember) -> ShownSample:
    """Entries of a signed checkpoint that your seed chooses; whoever has seed and checkpoint chooses the same."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.VIEW_LOG)
        head = await signed.get_head(db, size=wanted.size)
        places = choose(wanted.seed, root=head.root, size=head.size, count=wanted.count)
        found = await reading.list_places(db, places)
        items = tuple([await _show(db, one, head) for one in found])
        await reading.note_query(db, f"sample {head.size} {wanted.seed}", returned=len(items))
    return ShownSample(checkpoint=head.note, places=places, items=items)


async def _show(db: Db, one: Entry, head: Head) -> ShownSampled:
    # Where the tree has lost hashes there is none: that is what a sample is drawn to find.
    proof = await reading.find_proof(db, one.index, head)
    return ShownSampled(
        index=one.index or 0,
        event_id=one.event.id,
        entry=b64encode(one.body).decode(),
        proof=proof.decode() if proof is not None else None,
    )
