"""All that the log holds of one conversation, with what it commits to and what proves it."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from answerable.audit import reading, signed, witnesses
from answerable.audit.archive import list_verifier
from answerable.audit.errors import EventNotFound
from answerable.audit.happenings import DossierTaken
from answerable.audit.opening import OpenedSlot, open_entries
from answerable.audit.reading import Entry, Wanted
from answerable.audit.service import append
from answerable.audit.signed import Head, Names
from answerable.audit.stories import tell_story
from answerable.audit.transcripts import Said, spell_message, spell_transcript
from answerable.audit.values import EventId, SlotName
from answerable.infra.db import Db

MOST: Final = 5_000
"""Entries in a dossier; of more, the first."""

AUTHORS: Final[Mapping[str, str]] = MappingProxyType(
    {"message.received": "contact", "message.sent": "assistant", "message.replied": "member"}
)
"""Who has written the message that an event is about, by the event's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A conversation as its log holds it."""

    tenant_id: UUID
    entries: tuple[Entry, ...]
    opened: tuple[OpenedSlot, ...]
    receipts: Mapping[EventId, str]
    proofs: Mapping[EventId, bytes]
    """Of the entries that the checkpoint covers."""

    names: Names | None
    head: Head | None
    policy: bytes


async def take_dossier(db: Db, conversation_id: UUID) -> Dossier:
    """Everything of a conversation that has its place in the log.

    Errors:  EventNotFound while nothing of it has a place; PermissionDenied is the caller's to raise.
    Effects: an event, which is not in it.
    """
    wanted = Wanted(conversation_ids=(conversation_id,))
    entries = await reading.list_entries(db, wanted, after=-1, limit=MOST)
    if not entries:
        raise EventNotFound
    opened = await open_entries(db, entries)
    head = await signed.find_head(db, covering=entries[-1].index) or await signed.find_head(db)
    dossier = Dossier(
        tenant_id=db.actor.tenant_id,
        entries=tuple(entries),
        opened=opened,
        receipts=await reading.list_receipts(db, [one.event.id for one in entries]),
        proofs=await _prove(db, entries, head),
        names=await signed.find_names(db),
        head=head,
        policy=await witnesses.render_policy(db),
    )
    told = DossierTaken(
        subject_id=conversation_id,
        conversation_id=conversation_id,
        entries=len(entries),
        opened=sum(one.content is not None for one in opened),
    )
    await append(db, told)
    return dossier


def list_files(dossier: Dossier, *, language: str) -> Iterator[tuple[str, bytes]]:
    """The files of a dossier, each with its name."""
    yield "README.md", _README.encode()
    yield "story.html", tell_story(dossier.entries, dossier.opened, language=language).encode()
    yield "policy", dossier.policy
    if dossier.head is not None:
        yield "checkpoint", dossier.head.note.encode()
    if dossier.names is not None:
        yield "conversation.json", _render(_transcript(dossier, dossier.names))
    yield "openings.json", _render([_opening(dossier, one) for one in dossier.opened])
    for one in dossier.entries:
        yield f"entries/{one.index}.json", one.body
        if (proof := dossier.proofs.get(one.event.id)) is not None:
            yield f"entries/{one.index}.tlog-proof", proof
    yield from list_verifier()


async def _prove(db: Db, entries: Sequence[Entry], head: Head | None) -> dict[EventId, bytes]:
    # Where the tree has lost hashes, what is left is shown without a proof.
    proofs = {one.event.id: await reading.find_proof(db, one.index, head) for one in entries}
    return {event_id: proof for event_id, proof in proofs.items() if proof is not None}


def _transcript(dossier: Dossier, names: Names) -> dict[str, Any]:
    texts = {one.slot.event_id: one for one in dossier.opened if one.slot.name == SlotName.TEXT}
    told = [(entry, texts.get(entry.event.id)) for entry in dossier.entries if _is_told(entry)]
    messages = [spell_message(said) for entry, text in told if (said := _said(dossier, entry, text))]
    return spell_transcript(names, messages, policy=dossier.policy)


def _is_told(entry: Entry) -> bool:
    """Whether it is about a message; a draft is none, and what a person made of it has an entry of its own."""
    return entry.event.type in AUTHORS and not entry.event.body.get("d", {}).get("draft", False)


def _said(dossier: Dossier, entry: Entry, text: OpenedSlot | None) -> Said | None:
    if text is None or text.content is None or text.blind is None or text.place is None:
        return None
    return Said(
        author=AUTHORS[entry.event.type],
        text=text.content.decode(),
        entry=entry,
        record_id=text.slot.record_id,
        place=text.place,
        blind=text.blind,
        tenant_id=dossier.tenant_id,
        receipt=dossier.receipts.get(entry.event.id),
        proof=dossier.proofs.get(entry.event.id),
    )


def _opening(dossier: Dossier, one: OpenedSlot) -> dict[str, Any]:
    return {
        "event": str(one.slot.event_id),
        "slot": one.slot.name,
        "record": str(one.slot.record_id),
        "tenant": str(dossier.tenant_id),
        "commitment": one.slot.commitment,
        "state": one.slot.state.value,
        "place": one.place,
        "content": one.content.decode() if one.content is not None else None,
        "blind": b64encode(one.blind).decode() if one.blind is not None else None,
    }


def _render(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


_README: Final = """\
# All that the log holds of one conversation

`story.html` is to be read. Everything else is there to be checked, by whoever trusts nobody:

- Open `verify.html` and drop `conversation.json` on it: it checks each message against what was committed to.
- `python3 -I answerable_verify.py entries/N.tlog-proof --policy policy --entry entries/N.json` checks that an
  entry, be it of a message, a decision or a look, stands in the log.
- `openings.json` holds each sealed value that the entries commit to, with what opens the commitment; of what was
  erased it says so.

Believe the keys in `policy` only if you have them from elsewhere too.
This folder holds what people wrote: keep it as you keep that.

# Alles, was das Protokoll von einem Gespräch enthält

`story.html` ist zum Lesen. Alles andere ist zum Prüfen da, für alle, die niemandem vertrauen:

- Öffnen Sie `verify.html` und ziehen Sie `conversation.json` darauf: Jede Nachricht wird mit dem verglichen,
  worauf sich das Protokoll festgelegt hat.
- `python3 -I answerable_verify.py entries/N.tlog-proof --policy policy --entry entries/N.json` prüft, dass ein
  Eintrag im Protokoll steht, ob von einer Nachricht, einer Entscheidung oder einem Blick.
- `openings.json` enthält jeden versiegelten Wert, auf den sich die Einträge festlegen, mit dem, was die Festlegung
  öffnet; von Gelöschtem sagt sie es.

Vertrauen Sie den Schlüsseln in `policy` nur, wenn Sie sie auch von anderswo haben.
Dieser Ordner enthält, was Menschen geschrieben haben: Bewahren Sie ihn so auf.
"""
