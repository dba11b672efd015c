"""The vault's questions to the database: the current generation, subjects' keys, what a rotation rewrites."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    TextClause,
    Uuid,
    bindparam,
    column,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import DBAPIError

from answerable.infra.db import Db
from answerable.infra.ids import uuid7
from answerable.infra.tables import table_of
from answerable.vault.errors import RotationPostponed
from answerable.vault.models import SubjectKeyRow, TenantKeyRow
from answerable.vault.values import (
    CurrentGeneration,
    DataClass,
    KeyId,
    KeyScope,
    Subject,
    SubjectKey,
    SubjectKind,
)

_LOCK_NOT_AVAILABLE = "55P03"
_LOCK_TIMEOUT = "4s"
_ATTEMPTS = 3
_REWRAP_ROWS = 5000

_CurrentSelect = Select[int, datetime | None]
_IS_LIVING = SubjectKeyRow.destroyed_at.is_(None)

# Nobody may read a wrapped key from its table: the database hands it out, to a person only against an event.
_KEYS = text("SELECT * FROM hand_out_keys(CAST(:wanted AS uuid[]), :opening, :now)")
_LIVING_KEYS = text(
    "SELECT * FROM hand_out_keys(ARRAY(SELECT id FROM subject_key WHERE destroyed_at IS NULL), :opening, :now)"
)
_KEYS_OF = text(
    "SELECT * FROM hand_out_keys_of(CAST(:kinds AS text[]), CAST(:subjects AS uuid[]),"
    " CAST(:classes AS text[]), CAST(:epochs AS date[]), :opening, :now)"
)


async def find_current(db: Db) -> CurrentGeneration | None:
    """The tenant's current generation; None when the tenant has no key."""
    return _current_of((await db.execute(_select_current())).one_or_none())


async def share_current(db: Db) -> CurrentGeneration | None:
    """The current generation, which no rotation and no erasure can change before this transaction ends."""
    return await _lock_current(db, _select_current().with_for_update(read=True))


async def lock_current(db: Db) -> CurrentGeneration | None:
    """The current generation, with no subject key being made beside this transaction.

    Errors:  RotationPostponed after four seconds: whoever makes keys would wait behind this lock.
    """
    await db.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": _LOCK_TIMEOUT})
    try:
        return await _lock_current(db, _select_current().with_for_update())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise RotationPostponed from error
        raise


async def add_generation(db: Db, generation: int, *, is_dirty: bool = False) -> None:
    """Retire the current generation, if there is one, and begin the next; nothing if it is there already."""
    await db.execute(
        update(TenantKeyRow)
        .where(TenantKeyRow.retired_at.is_(None), TenantKeyRow.generation < generation)
        .values(retired_at=db.now)
    )
    await db.execute(
        insert(TenantKeyRow)
        .values(generation=generation, created_at=db.now, dirty_at=db.now if is_dirty else None)
        .on_conflict_do_nothing()
    )


async def mark_dirty(db: Db) -> None:
    """Note that the current generation still opens destroyed keys in older dumps."""
    await db.execute(
        update(TenantKeyRow)
        .where(TenantKeyRow.retired_at.is_(None))
        .values(dirty_at=func.coalesce(TenantKeyRow.dirty_at, db.now))
    )


async def find_keys(db: Db, scopes: Collection[KeyScope]) -> dict[KeyScope, SubjectKey]:
    """The keys of these scopes, living or destroyed, as far as they were ever made."""
    if not scopes:
        return {}
    kinds, subjects, classes, epochs = map(list, zip(*map(_flatten, scopes), strict=True))
    asked = {"kinds": kinds, "subjects": subjects, "classes": classes, "epochs": epochs}
    return {
        KeyScope(
            subject=Subject(kind=SubjectKind(row.subject_kind), id=row.subject_id),
            data_class=DataClass(row.data_class),
            epoch=row.epoch,
        ): _key_of(row)
        for row in await _hand_out(db, _KEYS_OF, asked)
    }


async def list_keys(db: Db, ids: Collection[KeyId]) -> list[SubjectKey]:
    """The keys with these ids, living or destroyed."""
    return [_key_of(row) for row in await _hand_out(db, _KEYS, {"wanted": list(ids)})]


async def list_living_keys(db: Db) -> list[SubjectKey]:
    """Every key of the tenant that is not destroyed."""
    return [_key_of(row) for row in await _hand_out(db, _LIVING_KEYS, {})]


async def list_living_ids(db: Db) -> list[KeyId]:
    """The name of every key of the tenant that is not destroyed."""
    found = await db.scalars(select(SubjectKeyRow.id).where(_IS_LIVING))
    return [KeyId(key_id) for key_id in found]


async def has_living_keys_before(db: Db, generation: int) -> bool:
    """Whether an older generation still wraps a living key."""
    older = select(SubjectKeyRow.id).where(SubjectKeyRow.generation < generation, _IS_LIVING)
    return await db.scalar(older.limit(1)) is not None


async def has_destroyed_keys(db: Db, ids: Collection[KeyId]) -> bool:
    """Whether any of these keys is destroyed."""
    destroyed = select(SubjectKeyRow.id).where(_is_one_of(ids), SubjectKeyRow.destroyed_at.is_not(None))
    return await db.scalar(destroyed.limit(1)) is not None


def name_keys(scopes: Iterable[KeyScope]) -> dict[KeyScope, KeyId]:
    """Identifiers for new keys, in the one order in which every transaction inserts them."""
    return {scope: KeyId(uuid7()) for scope in sorted(scopes, key=_flatten)}


# Rows beside the statement, not in it: with `.values(rows)` it would be compiled anew for every call.
_ADD_KEYS = insert(table_of(SubjectKeyRow)).on_conflict_do_nothing().returning(table_of(SubjectKeyRow).c.id)


async def add_keys(
    db: Db, named: Mapping[KeyScope, KeyId], wrapped: Mapping[KeyId, bytes], *, generation: int
) -> dict[KeyScope, SubjectKey]:
    """Store new keys and return those stored; a scope whose key was just made elsewhere keeps that one."""
    rows = [
        {
            "id": key_id,
            "subject_kind": scope.subject.kind,
            "subject_id": scope.subject.id,
            "data_class": scope.data_class,
            "epoch": scope.epoch,
            "generation": generation,
            "wrapped": wrapped[key_id],
            "created_at": db.now,
        }
        for scope, key_id in named.items()
    ]
    stored = set(await db.scalars(_ADD_KEYS, rows)) if rows else set[UUID]()
    return {
        scope: SubjectKey(
            id=key_id,
            generation=generation,
            wrapped=wrapped[key_id],
            destroyed_at=None,
        )
        for scope, key_id in named.items()
        if key_id in stored
    }


async def destroy_keys(db: Db, subject: Subject, classes: Collection[DataClass] | None) -> list[KeyId]:
    """Destroy a person's living keys, of all classes or of some, and return which they were."""
    statement = (
        update(SubjectKeyRow)
        .where(
            SubjectKeyRow.subject_kind == subject.kind,
            SubjectKeyRow.subject_id == subject.id,
            _IS_LIVING,
        )
        .values(wrapped=None, destroyed_at=db.now)
        .returning(SubjectKeyRow.id)
    )
    if classes is not None:
        statement = statement.where(SubjectKeyRow.data_class.in_(classes))
    return sorted(KeyId(key_id) for key_id in await db.scalars(statement))


async def destroy_keys_by_id(db: Db, ids: Collection[KeyId]) -> list[Subject]:
    """Destroy these keys and return whose they were."""
    statement = (
        update(SubjectKeyRow)
        .where(_is_one_of(ids), _IS_LIVING)
        .values(wrapped=None, destroyed_at=db.now)
        .returning(SubjectKeyRow.subject_kind, SubjectKeyRow.subject_id)
    )
    owners = {(row.subject_kind, row.subject_id) for row in await db.execute(statement)}
    return [Subject(kind=SubjectKind(kind), id=subject_id) for kind, subject_id in sorted(owners)]


async def rewrap_keys(db: Db, wrapped: Sequence[tuple[UUID, bytes]], *, generation: int) -> None:
    """Replace the wrapped form of many keys."""
    new = (
        func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("wrapped", type_=ARRAY(LargeBinary)))
        .table_valued(column("id", Uuid), column("wrapped", LargeBinary), name="new")
        .render_derived()
    )
    statement = (
        update(SubjectKeyRow)
        .where(SubjectKeyRow.id == new.c.id)
        .values(wrapped=new.c.wrapped, generation=generation)
        .execution_options(synchronize_session=False)
    )
    for start in range(0, len(wrapped), _REWRAP_ROWS):
        batch = wrapped[start : start + _REWRAP_ROWS]
        await db.execute(
            statement, {"ids": [key_id for key_id, _ in batch], "wrapped": [value for _, value in batch]}
        )


def _select_current() -> _CurrentSelect:
    return select(TenantKeyRow.generation, TenantKeyRow.dirty_at).where(TenantKeyRow.retired_at.is_(None))


async def _lock_current(db: Db, statement: _CurrentSelect) -> CurrentGeneration | None:
    # A lock that waited for a rotation finds its row retired and the new one not yet in its snapshot; the
    # next statement sees it. More than one rotation in a row cannot happen, since they are nights apart.
    for _ in range(_ATTEMPTS):
        current = _current_of((await db.execute(statement)).one_or_none())
        if current is not None:
            return current
    return None


def _current_of(row: Row[int, datetime | None] | None) -> CurrentGeneration | None:
    return CurrentGeneration(generation=row.generation, dirty_at=row.dirty_at) if row else None


async def _hand_out(db: Db, statement: TextClause, asked: Mapping[str, object]) -> Sequence[Row[Any]]:
    found = (await db.execute(statement, {**asked, "opening": db.opening(), "now": db.now})).all()
    if any(row.subject_kind == SubjectKind.CONTACT for row in found):
        db.mark_opened()
    return found


def _key_of(row: Row[Any]) -> SubjectKey:
    return SubjectKey(
        id=KeyId(row.id), generation=row.generation, wrapped=row.wrapped, destroyed_at=row.destroyed_at
    )


def _is_one_of(ids: Collection[KeyId]) -> ColumnElement[bool]:
    # One array and not one parameter each: a recovery names more keys than a statement may have parameters.
    return SubjectKeyRow.id == func.any(bindparam(None, list(ids), type_=ARRAY(Uuid)))


def _flatten(scope: KeyScope) -> tuple[object, ...]:
    return (scope.subject.kind, scope.subject.id, scope.data_class, scope.epoch)
