"""How tables are declared: one metadata, the tenant's columns, the classification of every column."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, MetaData, Table, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The root of every table."""

    metadata = MetaData(naming_convention=NAMES)


class Category(StrEnum):
    """What sort of data a column holds."""

    CONTENT = "content"
    """What people wrote or were told, and what was derived from it."""
    IDENTITY = "identity"
    """What names or reaches a person."""
    KNOWLEDGE = "knowledge"
    """The tenant's own published texts."""
    CONFIGURATION = "configuration"
    OPERATION = "operation"
    """Identifiers, states, times and counts that say what happened and to which row."""
    KEY = "key"
    LOG = "log"


class Protection(StrEnum):
    """How a column is protected beyond the tenant boundary."""

    SEALED = "sealed"
    """Encrypted under a data subject's key."""
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """A keyed digest: comparable, not readable."""
    WRAPPED = "wrapped"
    """A key, encrypted by another key that lies outside the database."""
    STORAGE = "storage"
    """Only as the disk and the backups are."""


class Export(StrEnum):
    """How a column reaches the person it is about."""

    CLEAR = "clear"
    OPENED = "opened"
    """Opened from its seal, then in clear."""
    NONE = "none"
    """It says nothing about the person, or it is a secret of the installation."""


class Erasure(StrEnum):
    """How a column's value ends when its person is erased."""

    KEY = "key"
    """With the person's key: at once here, in backups at the next rotation."""
    ROW = "row"
    """With its row, which is deleted."""
    NEUTRAL = "neutral"
    """It stays and says nothing without the person's key."""
    TENANT = "tenant"
    """It is not about a contact; it ends with its document, its member or its tenant."""


class Retention(StrEnum):
    """How long a column's value is kept."""

    CONVERSATION = "conversation"
    KNOWLEDGE = "knowledge"
    MEMBER = "member"
    LOG = "log"
    TENANT = "tenant"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a column holds, why, and how it is kept, exported and erased."""

    category: Category
    purpose: str
    protection: Protection
    retention: Retention
    export: Export
    erasure: Erasure


def operation(purpose: str, *, retention: Retention = Retention.CONVERSATION) -> dict[str, Any]:
    """The classification of an identifier, a state, a time or a count, as a column's `info`."""
    return _info(
        category=Category.OPERATION,
        purpose=purpose,
        protection=Protection.STORAGE,
        retention=retention,
        export=Export.CLEAR if retention is Retention.CONVERSATION else Export.NONE,
        erasure=Erasure.NEUTRAL if retention is Retention.CONVERSATION else Erasure.TENANT,
    )


def configuration(purpose: str) -> dict[str, Any]:
    """The classification of what the tenant has set, as a column's `info`."""
    return _info(
        category=Category.CONFIGURATION,
        purpose=purpose,
        protection=Protection.STORAGE,
        retention=Retention.TENANT,
        export=Export.NONE,
        erasure=Erasure.TENANT,
    )


def knowledge(purpose: str, *, retention: Retention = Retention.KNOWLEDGE) -> dict[str, Any]:
    """The classification of the tenant's own texts for publication and what is derived from them."""
    return _info(
        category=Category.KNOWLEDGE,
        purpose=purpose,
        protection=Protection.STORAGE,
        retention=retention,
        export=Export.NONE,
        erasure=Erasure.TENANT,
    )


def logged(purpose: str) -> dict[str, Any]:
    """The classification of what the provable log holds: nothing personal, so it outlives an erasure."""
    return _info(
        category=Category.LOG,
        purpose=purpose,
        protection=Protection.STORAGE,
        retention=Retention.LOG,
        export=Export.NONE,
        erasure=Erasure.NEUTRAL,
    )


def sealed(purpose: str, *, category: Category = Category.CONTENT, retention: Retention) -> dict[str, Any]:
    """The classification of a sealed value."""
    return _info(
        category=category,
        purpose=purpose,
        protection=Protection.SEALED,
        retention=retention,
        export=Export.OPENED,
        erasure=Erasure.KEY,
    )


def keyed_token(purpose: str, *, retention: Retention) -> dict[str, Any]:
    """The classification of a keyed digest that finds a person's row again."""
    return _info(
        category=Category.IDENTITY,
        purpose=purpose,
        protection=Protection.TOKEN,
        retention=retention,
        export=Export.NONE,
        erasure=Erasure.ROW,
    )


def wrapped_key(purpose: str) -> dict[str, Any]:
    """The classification of a key that lies wrapped in the database."""
    return _info(
        category=Category.KEY,
        purpose=purpose,
        protection=Protection.WRAPPED,
        retention=Retention.CONVERSATION,
        export=Export.NONE,
        erasure=Erasure.KEY,
    )


def _info(**fields: Any) -> dict[str, Any]:  # the dataclass below checks every field
    return {"classification": asdict(Classification(**fields))}


def table_of(row: type[Base]) -> Table:
    """The table of a mapped class, for statements that take their rows beside them."""
    # SQLAlchemy declares it wider than it ever is for a mapped class with a table of its own.
    return cast("Table", row.__table__)


def tenant_column(comment: str = "Whose row this is.") -> Mapped[UUID]:
    """The first column of every tenant table: whose row it is, filled in by the session's own tenant."""
    return mapped_column(
        primary_key=True,
        server_default=text("app_tenant()"),
        comment=comment,
        info=operation("isolation", retention=Retention.TENANT),
    )


def id_column(comment: str = "Identifier, UUIDv7, made by the application.") -> Mapped[UUID]:
    """The second column of a tenant table's primary key."""
    return mapped_column(primary_key=True, comment=comment, info=operation("identification"))


def refers_to(column: str, table: str, *, on_delete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key within the tenant: a row cannot point into another one."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=on_delete
    )


def list_classified() -> list[tuple[str, str, Classification]]:
    """Every column by its table's name and its own, with what it holds and how it is kept."""
    return [
        (table.name, column.name, _classification_of(column.info["classification"]))
        for table in Base.metadata.sorted_tables
        for column in table.columns
    ]


def _classification_of(found: dict[str, Any]) -> Classification:
    return Classification(
        category=Category(found["category"]),
        purpose=found["purpose"],
        protection=Protection(found["protection"]),
        retention=Retention(found["retention"]),
        export=Export(found["export"]),
        erasure=Erasure(found["erasure"]),
    )
