"""The workspace's log for programs: events by their place, proofs, tiles, growth, assurance."""

import asyncio
import time
from base64 import b64encode
from types import MappingProxyType
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response

from answerable import conversations, tenancy, tlog
from answerable.api.audit_values import (
    ShownAlarm,
    ShownAssurance,
    ShownEntries,
    ShownEntry,
    ShownEvent,
    ShownGrowth,
    ShownSlot,
    WantedEvents,
    WantedGrowth,
    WantedProof,
)
from answerable.api.authentication import TheMember
from answerable.audit import EventId, reading, signed, slots
from answerable.audit.errors import EventNotIncluded
from answerable.audit.reading import Entry, Wanted
from answerable.audit.rooting import ROOT_READER
from answerable.audit.signed import Head
from answerable.audit.signer import OWN_SIGNATURES
from answerable.audit.slots import Slot
from answerable.audit.vouching import assess
from answerable.infra.db import Db
from answerable.infra.ids import Actor, ContactId
from answerable.infra.web import TheWeb, Web, permission, problem_responses
from answerable.tenancy import Permission

router = APIRouter(prefix="/v1/audit", tags=["audit"])

LONGEST_WAIT_S: Final = 30.0
_EVERY_S: Final = 0.25
_VIEW: Final = permission("view_log")
_WATCH: Final = permission("watch_log")
TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"

# What the document says of answers that are files.
A_CHECKPOINT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A signed checkpoint (c2sp.org/tlog-checkpoint).", "content": {"text/plain": {}}}
}
A_TILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A tile, or a bundle of entries.", "content": {BYTES: {}}}
}
NEVER_CHANGES: Final = MappingProxyType({"Cache-Control": "private, max-age=31536000, immutable"})

TilePath = Annotated[
    str,
    Path(
        pattern=r"^(entries|[0-9]{1,2})/[0-9x/]{3,40}(\.p/[0-9]{1,3})?$",
        description="Level and index, such as `0/x001/067` or `entries/000.p/12`.",
    ),
]


@router.get("/events", responses=problem_responses(401, 403, 422, 503), openapi_extra=_VIEW)
async def list_events(
    wanted: Annotated[WantedEvents, Query()], web: TheWeb, member: TheMember
) -> ShownEntries:
    """Entries of the log in its order, without a gap: what has no place yet is not among them."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.VIEW_LOG)
        after = -1 if wanted.after_index is None else wanted.after_index
        found = await reading.list_entries(db, await _wanted(db, wanted), after=after, limit=wanted.limit + 1)
        shown = found[: wanted.limit]
        head = await signed.find_head(db)
        states = await _slots(db, shown)
        await reading.note_query(db, wanted.model_dump_json(exclude={"after_index"}), returned=len(shown))
    return ShownEntries(
        items=tuple(_entry(one, states) for one in shown),
        checkpoint=head.note if head else None,
        next=shown[-1].index if len(found) > wanted.limit else None,
    )


@router.get("/events/{event_id}", responses=problem_responses(401, 403, 404, 422, 503), openapi_extra=_VIEW)
async def get_event(event_id: UUID, web: TheWeb, member: TheMember) -> ShownEvent:
    """One event with its exact bytes and its receipt, whether it has a place or not."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.VIEW_LOG)
        entry = await reading.get_entry(db, EventId(event_id))
        states = await _slots(db, [entry])
        receipts = await reading.list_receipts(db, [entry.event.id])
        await reading.note_query(db, f"event {event_id}", returned=1)
    return ShownEvent(
        **_entry(entry, states).model_dump(),
        entry=b64encode(entry.body).decode(),
        receipt=receipts.get(entry.event.id),
    )


@router.get(
    "/events/{event_id}/proof",
    response_class=Response,
    responses=problem_responses(401, 403, 404, 409, 422, 503)
    | {200: {"description": "A proof (c2sp.org/tlog-proof@v1).", "content": {"text/plain": {}}}},
    openapi_extra=_VIEW,
)
async def get_proof(
    event_id: UUID, wanted: Annotated[WantedProof, Query()], web: TheWeb, member: TheMember
) -> Response:
    """The proof that an event stands in a signed checkpoint, as a file that verifies by itself."""
    tenancy.require(member, Permission.VIEW_LOG)
    if wanted.wait is not None:
        await _await_inclusion(web, member, EventId(event_id))
    async with web.database.tenant_session(member) as db:
        entry = await reading.get_entry(db, EventId(event_id))
        head = await _head_for(db, entry, wanted.size)
        proof = await reading.prove_entry(db, entry.index, head)
        await reading.note_query(db, f"proof {event_id}", returned=1)
    disposition = f'attachment; filename="{event_id}.tlog-proof"'
    return Response(proof, media_type=TEXT, headers={"Content-Disposition": disposition})


@router.get(
    "/tlog/checkpoint",
    response_class=Response,
    responses=problem_responses(401, 403, 404, 422, 503)
    | A_CHECKPOINT
    | {304: {"description": "It is the one that is known."}},
    openapi_extra=_WATCH,
)
async def get_checkpoint(
    web: TheWeb, member: TheMember, known: Annotated[str, Header(alias="If-None-Match")] = ""
) -> Response:
    """The newest signed checkpoint; its entity tag is the root, and how many witnesses have cosigned it."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        head = await signed.get_head(db)
        await reading.note_query(db, "checkpoint", returned=1)
    tag = f'"{head.root.hex()}{_count_witnesses(head)}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(head.note, media_type=TEXT, headers=headers)


@router.get(
    "/tlog/tile/{path:path}",
    response_class=Response,
    responses=problem_responses(401, 403, 404, 422, 503) | A_TILE,
    openapi_extra=_WATCH,
)
async def get_tile(path: TilePath, web: TheWeb, member: TheMember) -> Response:
    """A tile or a bundle of entries of the signed log (c2sp.org/tlog-tiles); none of them ever changes."""
    async with web.database.tenant_session(member) as db:
        # Hashes tell nobody anything; entries are the log itself.
        is_bundle = path.startswith("entries/")
        tenancy.require(member, Permission.VIEW_LOG if is_bundle else Permission.WATCH_LOG)
        content = await reading.read_resource(db, f"tile/{path}")
        # One look for all tiles of a minute: whoever reads the whole log asks for thousands.
        await reading.note_query(db, "tiles", returned=1)
    return Response(content, media_type=BYTES, headers=dict(NEVER_CHANGES))


@router.get("/consistency", responses=problem_responses(401, 403, 422, 503), openapi_extra=_WATCH)
async def get_growth(wanted: Annotated[WantedGrowth, Query()], web: TheWeb, member: TheMember) -> ShownGrowth:
    """What shows that the log of one size continues that of another: nothing changed, removed or put between."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        hashes = await reading.prove_growth(db, wanted.old, wanted.new)
        await reading.note_query(db, "consistency", returned=len(hashes))
    return ShownGrowth(
        old=wanted.old, new=wanted.new, hashes=tuple(b64encode(one).decode() for one in hashes)
    )


@router.get("/assurance", responses=problem_responses(401, 403, 422, 503), openapi_extra=_VIEW)
async def get_assurance(web: TheWeb, member: TheMember) -> ShownAssurance:
    """How far the log is, who vouches for it, and what the signer refuses to sign."""
    sessions = web.database.tenant_session
    async with sessions(member) as db, sessions(ROOT_READER) as root:
        tenancy.require(member, Permission.VIEW_LOG)
        standing = await reading.get_standing(db)
        vouched = await signed.find_head(db, covering=0)
        vouching = await assess(db, root, vouched) if vouched else None
        now = db.now
        await reading.note_query(db, "assurance", returned=1)
    head, names, oldest = standing.head, standing.names, standing.oldest_waiting_at
    return ShownAssurance(
        level=vouching.level.value if vouching else None,
        vouched_size=vouched.size if vouched else 0,
        cosigners=vouching.cosigners if vouching else 0,
        quorum=vouching.quorum if vouching else 0,
        timestamped_at=vouching.timestamped_at if vouching else None,
        origin=names.origin if names else None,
        keys=(names.log_key, names.clock_key, names.receipt_key) if names else (),
        signed_size=head.size if head else 0,
        signed_at=head.signed_at if head else None,
        size=standing.size,
        waiting=standing.waiting,
        lag_ms=max(0, round((now - oldest).total_seconds() * 1000)) if oldest else 0,
        alarms=tuple(
            ShownAlarm(
                finding=one.finding,
                signed_size=one.signed_size,
                found_size=one.found_size,
                raised_at=one.raised_at,
            )
            for one in standing.alarms
        ),
    )


def _count_witnesses(head: Head) -> str:
    """What tells a checkpoint from itself with more cosignatures; nothing while only the signer has signed."""
    more = len(tlog.parse_note(head.note.encode()).signatures) - OWN_SIGNATURES
    return f".{more}" if more else ""


async def _await_inclusion(web: Web, member: Actor, event_id: EventId) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        async with web.database.tenant_session(member) as db:
            entry, head = await reading.get_entry(db, event_id), await signed.find_head(db)
        if _is_included(entry, head):
            return
        # The server may be asked to stop meanwhile, and the sequencer may not run.
        if time.monotonic() >= deadline:
            raise EventNotIncluded
        await asyncio.sleep(_EVERY_S)


def _is_included(entry: Entry, head: Head | None) -> bool:
    return head is not None and entry.index is not None and entry.index < head.size


async def _head_for(db: Db, entry: Entry, size: int | None) -> Head:
    if size is not None:
        return await signed.get_head(db, size=size)
    head = await signed.find_head(db, covering=entry.index)
    if head is None:
        raise EventNotIncluded
    return head


async def _wanted(db: Db, wanted: WantedEvents) -> Wanted:
    spoken = [wanted.conversation] if wanted.conversation else None
    if wanted.contact is not None:
        held = await conversations.list_of_contact(db, ContactId(wanted.contact))
        spoken = [one for one in held if spoken is None or one in spoken]
    return Wanted(
        types=tuple(wanted.type),
        conversation_ids=None if spoken is None else tuple(spoken),
        actor_kind=wanted.actor.value if wanted.actor else None,
        actor_id=wanted.member,
        since=wanted.since,
        until=wanted.until,
    )


async def _slots(db: Db, entries: list[Entry]) -> list[Slot]:
    return await slots.list_slots(db, [(one.event.id, one.event.body) for one in entries])


def _entry(entry: Entry, states: list[Slot]) -> ShownEntry:
    event = entry.event
    return ShownEntry(
        index=entry.index,
        event_id=event.id,
        event=dict(event.body),
        leaf_hash=b64encode(event.leaf_hash).decode(),
        slots=tuple(
            ShownSlot(slot=one.name, record=one.record_id, state=one.state)
            for one in states
            if one.event_id == event.id
        ),
    )
