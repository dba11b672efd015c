"""What entries of the log commit to, opened for whoever may read it."""

from base64 import b64encode
from typing import Final
from uuid import UUID

from fastapi import APIRouter

from answerable import tenancy
from answerable.api.audit_values import ShownOpening, ShownOpenings, WantedOpening
from answerable.api.authentication import TheMember
from answerable.audit import EventId
from answerable.audit.opening import OpenedSlot, open_slots
from answerable.audit.values import SlotName
from answerable.infra.web import TheWeb, permission, problem_responses
from answerable.tenancy import Permission

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_OF_MEMBERS: Final = SlotName.EMAIL
"""What is no contact's, and is for who manages members."""


@router.post(
    "/events/{event_id}/open",
    responses=problem_responses(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=permission("view_conversations"),
)
async def open_event(event_id: UUID, wanted: WantedOpening, web: TheWeb, member: TheMember) -> ShownOpenings:
    """What an event commits to, each value with what proves that it is that; the log says who asked, and why."""
    async with web.database.tenant_session(member) as db:
        tenancy.require(member, Permission.VIEW_LOG)
        tenancy.require(member, Permission.VIEW_CONVERSATIONS)
        if _OF_MEMBERS in wanted.slots:
            tenancy.require(member, Permission.MANAGE_MEMBERS)
        names = wanted.slots or tuple(name for name in SlotName if name is not _OF_MEMBERS)
        opened = await open_slots(db, EventId(event_id), names=names, purpose=wanted.purpose)
    return ShownOpenings(tenant=member.tenant_id, items=tuple(_show(one) for one in opened))


def _show(one: OpenedSlot) -> ShownOpening:
    return ShownOpening(
        slot=one.slot.name,
        record=one.slot.record_id,
        state=one.slot.state,
        place=one.place,
        content=one.content.decode() if one.content is not None else None,
        blind=b64encode(one.blind).decode() if one.blind is not None else None,
    )
