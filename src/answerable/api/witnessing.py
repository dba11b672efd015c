"""The workspace's log for whoever watches it: heads, whose word counts, the root log, and cosignatures brought."""

from base64 import b64encode
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from answerable import tenancy
from answerable.api.audit import A_CHECKPOINT, A_TILE, BYTES, NEVER_CHANGES, TEXT, TilePath
from answerable.api.authentication import TheMember
from answerable.api.witnessing_values import (
    BroughtCosignatures,
    ShownHead,
    ShownHeads,
    ShownLabel,
    ShownTimestamp,
    ShownWitness,
    ShownWitnesses,
    TakenCosignatures,
)
from answerable.audit import reading, rooting, signed, timestamps, witnesses
from answerable.audit.rooting import ROOT_READER
from answerable.infra.ids import ActorKind
from answerable.infra.web import TheWeb, permission, problem_responses
from answerable.tenancy import Permission

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_WATCH: Final = permission("watch_log")
_A_POLICY: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A policy (c2sp.org/tlog-policy).", "content": {"text/plain": {}}}
}


@router.get("/heads", responses=problem_responses(401, 403, 422, 503), openapi_extra=_WATCH)
async def list_heads(
    web: TheWeb,
    member: TheMember,
    after: Annotated[int, Query(ge=0, le=2**62, description="Only heads of more entries.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> ShownHeads:
    """Signed heads of the log's newest generation, smallest first."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        found = await signed.list_heads(db, after=after, limit=limit)
        await reading.note_query(db, "heads", returned=len(found))
    return ShownHeads(items=tuple(ShownHead(size=one.size, note=one.note) for one in found))


@router.get(
    "/policy",
    response_class=Response,
    responses=problem_responses(401, 403, 422, 503) | _A_POLICY,
    openapi_extra=_WATCH,
)
async def get_policy(web: TheWeb, member: TheMember) -> Response:
    """Whose signatures count for this log, as a file for verifiers; believe it only after comparing the keys."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        policy = await witnesses.render_policy(db)
        await reading.note_query(db, "policy", returned=1)
    return Response(policy, media_type=TEXT)


@router.get("/witnesses", responses=problem_responses(401, 403, 422, 503), openapi_extra=_WATCH)
async def list_witnesses(web: TheWeb, member: TheMember) -> ShownWitnesses:
    """Who cosigns heads of this log, and how far each has come."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        found, quorum = await witnesses.list_witnesses(db), await witnesses.get_quorum(db)
        await reading.note_query(db, "witnesses", returned=len(found))
    return ShownWitnesses(
        quorum=quorum,
        items=tuple(
            ShownWitness(
                name=one.key.name,
                key=str(one.key),
                is_asked=one.url is not None,
                size=one.size,
                stated_at=one.stated_at,
                asked_at=one.asked_at,
                failure=one.failure,
            )
            for one in found
        ),
    )


@router.post(
    "/cosignatures", responses=problem_responses(400, 401, 403, 413, 415, 422, 503), openapi_extra=_WATCH
)
async def take_cosignatures(
    brought: BroughtCosignatures, web: TheWeb, member: TheMember
) -> TakenCosignatures:
    """Keep what registered witnesses have said of a head; a witness's own token brings its own word alone."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        by = member.id if member.kind is ActorKind.KEY else None
        taken = await witnesses.take(db, brought.note.encode(), by=by)
    return TakenCosignatures(taken=taken)


@router.get("/root/label", responses=problem_responses(401, 403, 404, 422, 503), openapi_extra=_WATCH)
async def get_label(web: TheWeb, member: TheMember) -> ShownLabel:
    """With which key this workspace finds its own heads in the root log."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.WATCH_LOG)
        key = await rooting.get_label_key(db)
        await reading.note_query(db, "label", returned=1)
    return ShownLabel(key=b64encode(key).decode(), label=b64encode(rooting.label_of(key)).decode())


@router.get(
    "/root/policy",
    response_class=Response,
    responses=problem_responses(401, 403, 422, 503) | _A_POLICY,
    openapi_extra=_WATCH,
)
async def get_root_policy(web: TheWeb, member: TheMember) -> Response:
    """Whose signatures count for the root log of this installation."""
    tenancy.require(member, Permission.WATCH_LOG)
    async with web.database.tenant_session(ROOT_READER) as root:
        policy = await witnesses.render_policy(root)
    return Response(policy, media_type=TEXT)


@router.get(
    "/root/checkpoint",
    response_class=Response,
    responses=problem_responses(401, 403, 404, 422, 503) | A_CHECKPOINT,
    openapi_extra=_WATCH,
)
async def get_root_checkpoint(web: TheWeb, member: TheMember) -> Response:
    """The newest signed checkpoint of the root log, which holds the heads of all logs, blinded."""
    tenancy.require(member, Permission.WATCH_LOG)
    async with web.database.tenant_session(ROOT_READER) as root:
        head = await signed.get_head(root)
    return Response(head.note, media_type=TEXT)


@router.get("/root/timestamp", responses=problem_responses(401, 403, 404, 422, 503), openapi_extra=_WATCH)
async def get_timestamp(web: TheWeb, member: TheMember) -> ShownTimestamp:
    """The newest head of the root log that an authority has stamped, with its token (RFC 3161)."""
    tenancy.require(member, Permission.WATCH_LOG)
    async with web.database.tenant_session(ROOT_READER) as root:
        stamped = await timestamps.get_stamped(root)
    return ShownTimestamp(
        text=stamped.text.decode(), token=b64encode(stamped.token).decode(), stated_at=stamped.at
    )


@router.get(
    "/root/tile/{path:path}",
    response_class=Response,
    responses=problem_responses(401, 403, 404, 422, 503) | A_TILE,
    openapi_extra=_WATCH,
)
async def get_root_tile(path: TilePath, web: TheWeb, member: TheMember) -> Response:
    """A tile or a bundle of entries of the signed root log (c2sp.org/tlog-tiles)."""
    tenancy.require(member, Permission.WATCH_LOG)
    async with web.database.tenant_session(ROOT_READER) as root:
        content = await reading.read_resource(root, f"tile/{path}")
    return Response(content, media_type=BYTES, headers=dict(NEVER_CHANGES))
