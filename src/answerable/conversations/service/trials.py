"""The playground's questions: what members asked lately to try the assistant out."""

from answerable import audit, tenancy, vault
from answerable.conversations.queries import trials as queries
from answerable.conversations.service.messages import TEXT_SLOT
from answerable.conversations.values import ConversationId, Trial, TrialsViewed
from answerable.infra.db import Db
from answerable.tenancy import Permission
from answerable.vault.carried import keys_of


async def list_trials(db: Db, *, limit: int = 20) -> tuple[Trial, ...]:
    """What was asked in the playground, newest first; the look is recorded before anything is shown.

    Errors:  PermissionDenied.
    """
    tenancy.require(db.actor, Permission.ASK)
    tenancy.require(db.actor, Permission.VIEW_CONVERSATIONS)
    rows = await queries.list_trial_rows(db, limit=limit)
    stored = [
        vault.Stored(record_id=row["message_id"], slot=TEXT_SLOT, envelope=row["text_sealed"]) for row in rows
    ]
    contents = await vault.open_many(db, keys_of(db), stored)
    await audit.append(db, TrialsViewed(subject_id=db.actor.tenant_id, returned=len(rows)))
    return tuple(
        Trial(
            conversation_id=ConversationId(row["conversation_id"]),
            question=content.decode() if isinstance(content, bytes) else None,
            asked_at=row["created_at"],
        )
        for row, content in zip(rows, contents, strict=True)
    )
