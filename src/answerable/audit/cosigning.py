"""Handing heads to witnesses, and keeping what they say.

Source:  c2sp.org/tlog-witness, add-checkpoint.
"""

from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import structlog

from answerable.audit import witnesses
from answerable.audit.errors import CosignatureRefused, WitnessSilent
from answerable.audit.posting import Post
from answerable.audit.signed import Head, find_head
from answerable.audit.tiles import prove_growth
from answerable.audit.witnesses import Witness
from answerable.infra.db import Database, Db
from answerable.infra.egress import Response
from answerable.infra.errors import AnswerableError
from answerable.infra.ids import Actor

log = structlog.get_logger()

_MOST_ATTEMPTS: Final = 2
"""A second one with the size that the witness says it knows."""

_HEADERS: Final = MappingProxyType({"content-type": "text/plain; charset=utf-8"})
_SIZE_TYPE: Final = "text/x.tlog.size"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    witness: Witness
    head: Head
    known: int
    """The size that the witness is believed to know."""


async def push_heads(database: Database, actor: Actor, post: Post) -> int:
    """Hand the newest head of a log to every witness that has an address and not cosigned it; how many have.

    A witness that fails keeps nobody else from cosigning; what went wrong stands in its row.

    Errors:  DatabaseUnavailable.
    """
    async with database.tenant_session(actor) as db:
        due = await _list_due(db)
    count = 0
    for one in due:
        try:
            await _push(database, actor, post, one)
            count += 1
        except AnswerableError as error:
            log.warning("log.not_cosigned", witness_id=str(one.witness.id), code=error.code)
            async with database.tenant_session(actor) as db:
                await witnesses.note_asked(db, [one.witness.id], failure=error.code)
    return count


async def _list_due(db: Db) -> list[_Due]:
    asked = [one for one in await witnesses.list_witnesses(db) if one.url is not None]
    head = await find_head(db) if asked else None
    if head is None:
        return []
    due: list[_Due] = []
    for witness in asked:
        known = witness.size if witness.generation == head.generation else 0
        if known < head.size:
            due.append(_Due(witness=witness, head=head, known=known))
    return due


async def _push(database: Database, actor: Actor, post: Post, due: _Due) -> None:
    known, url = due.known, due.witness.url
    assert url is not None
    for _ in range(_MOST_ATTEMPTS):
        async with database.tenant_session(actor) as db:
            request = await _render(db, due.head, known)
        answer = await post(f"{url.rstrip('/')}/add-checkpoint", request, _HEADERS)
        if answer.status == HTTPStatus.OK:
            async with database.tenant_session(actor) as db:
                taken = await witnesses.take(
                    db, due.head.text + b"\n" + _lines(answer.body), by=due.witness.id
                )
            assert taken
            return
        known = _read_known(answer, due.head)
    raise WitnessSilent(f"{due.witness.key.name} knows another size each time.")


def _read_known(answer: Response, head: Head) -> int:
    """The size that the witness says it knows.

    Errors:  WitnessSilent for every other answer.
    """
    said = answer.body.strip()
    is_size = answer.headers.get("content-type", "").startswith(_SIZE_TYPE)
    if answer.status == HTTPStatus.CONFLICT and is_size and said.isdigit() and len(said) < 20:
        known = int(said)
        if known <= head.size:
            return known
    raise WitnessSilent(f"It answered {answer.status}.")


async def _render(db: Db, head: Head, known: int) -> bytes:
    proof = await prove_growth(db, db.actor.tenant_id, known, head.size)
    lines = [f"old {known}", *(b64encode(one).decode() for one in proof), "", ""]
    return "\n".join(lines).encode() + head.note.encode()


def _lines(body: bytes) -> bytes:
    """The signature lines of an answer; its last line may lack its end.

    Errors:  CosignatureRefused.
    """
    if not body.strip():
        raise CosignatureRefused("An answer without a line.")
    return body if body.endswith(b"\n") else body + b"\n"
