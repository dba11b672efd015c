"""One document of an import: prepared outside of any transaction, stored in one of its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from answerable import audit, tenancy
from answerable.infra import signals
from answerable.infra.db import Db, Unaudited
from answerable.infra.embedding import make_vector_key
from answerable.infra.ids import MemberId, uuid7
from answerable.infra.language import detect_language
from answerable.infra.signals import Topic
from answerable.knowledge import rules
from answerable.knowledge.events import DocumentChanged, DocumentIndexed, DocumentPublished
from answerable.knowledge.parsing.passages import split_passages
from answerable.knowledge.queries import documents as document_queries
from answerable.knowledge.queries import passages as passage_queries
from answerable.knowledge.queries.documents import Known
from answerable.knowledge.queries.passages import PassageVectors
from answerable.knowledge.values import (
    Days,
    DocumentId,
    DocumentStatus,
    ImportState,
    KeyedDocument,
    Language,
    ParsedDocument,
    PassageId,
    PassageSpan,
    VersionId,
)
from answerable.tenancy import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A passage to be stored."""

    span: PassageSpan
    text: str
    """Whose words are weighed."""

    embedded: tuple[str, ...]
    """What is embedded: its quotable sentences, or the whole where there is none."""

    digest: bytes
    """Of what is embedded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document with all that can be known of it without the database."""

    source: str
    key: str
    parsed: ParsedDocument
    language: Language
    digest: bytes
    """Of what the file says, its days included."""

    pieces: tuple[Piece, ...]

    @property
    def days(self) -> Days:
        """The first and the last day on which it may be quoted."""
        return self.parsed.valid_from, self.parsed.valid_until

    def on(self, days: Days) -> "Prepared":
        """The same document with other days."""
        return replace(self, parsed=replace(self.parsed, valid_from=days[0], valid_until=days[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexing:
    """What storing needs besides the document."""

    model: str | None
    """What makes the vectors; None when nothing does."""

    vectors: Mapping[bytes, PassageVectors]
    """By the digest of what was embedded."""
    owner_id: MemberId | None


def prepare(source: str, keyed: KeyedDocument) -> Prepared:
    """A document with its language, its passages and the digests by which changes are seen."""
    parsed = keyed.document
    language = parsed.language or Language(detect_language(f"{parsed.title}\n{parsed.text}").code)
    pieces: list[Piece] = []
    for span in split_passages(parsed.text, parsed.headings):
        body = parsed.text[span.start : span.end]
        embedded = rules.texts_to_embed(parsed.title, span, body, parsed.headings)
        pieces.append(
            Piece(
                span=span,
                text=rules.text_for_search(parsed.title, span, body),
                embedded=embedded,
                digest=make_vector_key("", "\n".join(embedded)).digest,
            )
        )
    return Prepared(
        source=source,
        key=keyed.key,
        parsed=parsed,
        language=language,
        digest=rules.digest_of(parsed, language),
        pieces=tuple(pieces),
    )


async def store(db: Db, prepared: Prepared, indexing: Indexing) -> tuple[ImportState, DocumentId]:
    """Publish a document as it is now, unless it is published so already; what was done, and which it is.

    Errors:  PermissionDenied.
    Effects: rows, an audit event and a signal, unless nothing changed.
    """
    tenancy.require(db.actor, Permission.IMPORT_KNOWLEDGE)
    state, document_id = await _store(db, prepared, indexing)
    if state is not ImportState.UNCHANGED:
        await signals.notify(db, Topic.DOCUMENT, subject_id=document_id)
    return state, document_id


async def _store(db: Db, prepared: Prepared, indexing: Indexing) -> tuple[ImportState, DocumentId]:
    file_days = prepared.days
    known = await document_queries.lock_known(db, prepared.source, prepared.key)
    if known is None:
        document_id = DocumentId(uuid7())
        if await document_queries.insert_document(db, _new_document(db, document_id, prepared, indexing)):
            passages = await _add_version(db, document_id, 1, prepared, indexing)
            await audit.append(db, _published(document_id, 1, prepared, passages))
            return ImportState.ADDED, document_id
        # Another import was faster; its transaction is over, so the row can be seen and locked.
        known = await document_queries.lock_known(db, prepared.source, prepared.key)
        assert known is not None
    if known.status is DocumentStatus.PUBLISHED:
        days = rules.days_in_force(known.days, file_before=known.file_days, file_now=file_days)
        prepared = prepared.on(days)
        if known.digest == prepared.digest:
            return await _renew(db, known, prepared, indexing), known.document_id
    return await _change(db, known, prepared, indexing, file_days=file_days), known.document_id


async def _change(
    db: Db, known: Known, prepared: Prepared, indexing: Indexing, *, file_days: Days
) -> ImportState:
    number = known.version + 1
    await _drop_passages(db, known.version_id)
    values: dict[str, Any] = {  # columns of several types
        "title": prepared.parsed.title,
        "language": prepared.language.value,
        "status": DocumentStatus.PUBLISHED.value,
        "valid_from": prepared.parsed.valid_from,
        "valid_until": prepared.parsed.valid_until,
        "file_valid_from": file_days[0],
        "file_valid_until": file_days[1],
        "current_version": number,
        "changed_at": db.now,
        "deleted_at": None,
    }
    if indexing.owner_id is not None:
        values["owner_id"] = indexing.owner_id
    await document_queries.update_document(db, known.document_id, values)
    passages = await _add_version(db, known.document_id, number, prepared, indexing)
    if known.status is DocumentStatus.DELETED:
        await audit.append(db, _published(known.document_id, number, prepared, passages))
        return ImportState.ADDED
    event = DocumentChanged(
        subject_id=known.document_id,
        version=number,
        digest=audit.Digest(prepared.digest),
        passages=passages,
    )
    await audit.append(db, event)
    return ImportState.CHANGED


async def _renew(db: Db, known: Known, prepared: Prepared, indexing: Indexing) -> ImportState:
    """Make the passages anew when their vectors are not of the model that is asked now."""
    model = indexing.model
    if model is None or not await passage_queries.list_otherwise_embedded(
        db, [known.version_id], model=model
    ):
        db.unaudited(Unaudited.ROW_LOCK)
        return ImportState.UNCHANGED
    await _drop_passages(db, known.version_id)
    passages = await _add_passages(db, known.version_id, prepared, indexing)
    event = DocumentIndexed(subject_id=known.document_id, version=known.version, passages=passages)
    await audit.append(db, event)
    return ImportState.UNCHANGED


async def _drop_passages(db: Db, version_id: VersionId) -> None:
    await passage_queries.delete_terms(db, [version_id])
    await passage_queries.delete_passages(db, [version_id])


async def _add_version(
    db: Db, document_id: DocumentId, number: int, prepared: Prepared, indexing: Indexing
) -> int:
    version_id = VersionId(uuid7())
    await document_queries.insert_version(
        db,
        {
            "id": version_id,
            "document_id": document_id,
            "number": number,
            "text": prepared.parsed.text,
            "headings": [asdict(heading) for heading in prepared.parsed.headings],
            "digest": prepared.digest,
            "created_at": db.now,
        },
    )
    return await _add_passages(db, version_id, prepared, indexing)


async def _add_passages(db: Db, version_id: VersionId, prepared: Prepared, indexing: Indexing) -> int:
    validity = passage_queries.validity_of(prepared.parsed.valid_from, prepared.parsed.valid_until)
    placed = [(PassageId(uuid7()), piece) for piece in prepared.pieces]
    rows = [
        {
            "id": passage_id,
            "version_id": version_id,
            "starts_at": piece.span.start,
            "ends_at": piece.span.end,
            "language": prepared.language.value,
            "heading_path": list(piece.span.heading_path),
            "embedded_digest": piece.digest,
            "embedding_model": indexing.model,
            "embedding": indexing.vectors[piece.digest].passage if indexing.model else None,
            "sentence_vectors": indexing.vectors[piece.digest].sentences if indexing.model else None,
            **validity,
        }
        for passage_id, piece in placed
    ]
    await passage_queries.insert_passages(db, rows)
    bodies = [(passage_id, piece.text) for passage_id, piece in placed]
    await passage_queries.insert_terms(db, bodies, language=prepared.language.value, validity=validity)
    return len(rows)


def _new_document(
    db: Db, document_id: DocumentId, prepared: Prepared, indexing: Indexing
) -> dict[str, Any]:  # columns of several types
    return {
        "id": document_id,
        "source": prepared.source,
        "key": prepared.key,
        "title": prepared.parsed.title,
        "language": prepared.language.value,
        "status": DocumentStatus.PUBLISHED.value,
        "owner_id": indexing.owner_id,
        "valid_from": prepared.parsed.valid_from,
        "valid_until": prepared.parsed.valid_until,
        "file_valid_from": prepared.parsed.valid_from,
        "file_valid_until": prepared.parsed.valid_until,
        "current_version": 1,
        "created_at": db.now,
        "changed_at": db.now,
    }


def _published(document_id: DocumentId, number: int, prepared: Prepared, passages: int) -> DocumentPublished:
    return DocumentPublished(
        subject_id=document_id, version=number, digest=audit.Digest(prepared.digest), passages=passages
    )
