"""Database sessions: one for a tenant's rows, one for what happens before a tenant is known, no third.

Postgres decides what a session may see; this module only tells it who asks.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (  # noqa: TID251 - its one home
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)
from sqlalchemy.orm import Session, SessionTransaction

from answerable.infra.clock import Clock, utc_now
from answerable.infra.errors import AnswerableError, Kind
from answerable.infra.ids import Actor, ActorKind, uuid7

_RECORDED = "answerable.recorded"
_ASKING = "answerable.asking"
_ENDINGS = "answerable.endings"
_COMMITTING = "answerable.committing"
_OPENING = "answerable.opening"
_OPENED = "answerable.opened"
_NOTED = "answerable.noted"
_AWAITED = "answerable.awaited"

_NAME = text(
    "SELECT set_config('app.tenant_id', :tenant, true), set_config('app.actor_kind', :kind, true),"
    " set_config('app.actor_id', :id, true)"
)
_ACCOUNT = text("UPDATE key_opening SET event_id = :event WHERE id = :opening")

# Whoever looks with eyes of their own. The assistant and the system open what they work on, and what they do with
# it has events; a contact is shown what is theirs.
_PERSONS = frozenset({ActorKind.MEMBER, ActorKind.PLATFORM, ActorKind.KEY})


class UnrecordedChange(AnswerableError):
    """A transaction wrote to the database and left no audit event, so it was refused."""

    code = "audit.unrecorded_change"
    kind = Kind.UNAVAILABLE
    remedy = "Report this as a defect: every operation that writes must append an audit event."


class UnrecordedOpening(AnswerableError):
    """A person opened sealed content and nothing in the same transaction says so, so it was not handed out."""

    code = "audit.unrecorded_opening"
    kind = Kind.UNAVAILABLE
    remedy = "Report this as a defect: every operation that opens content must append an audit event."


class DatabaseUnavailable(AnswerableError):
    """The database does not answer."""

    code = "database.unavailable"
    kind = Kind.UNAVAILABLE
    remedy = "Run `answerable doctor`: it says whether the server runs and who may reach it."


class Unaudited(StrEnum):
    """Why a transaction may write without an audit event; the list is closed and documented."""

    PROGRESS = "progress"
    """Progress of a long import: counts and states that the import's own event repeats."""

    KEY_REWRAP = "key_rewrap"
    """Subject keys wrapped anew under the tenant's next key: nothing can be read before or after that could
    not be read the other way; the rotation's own event counts them."""

    SEEN = "seen"
    """When a sign-in session was last used, to within five minutes; signing in and out are events."""

    ROW_LOCK = "row_lock"
    """A lock taken to look before deciding, and nothing changed."""

    COSIGNATURE = "cosignature"
    """What a witness has said of a head, which proves itself, and how it went when it was asked: an event about
    it would be another entry to be witnessed."""

    ROOT_WITNESS = "root_witness"
    """Who cosigns the root log: it belongs to no tenant, and holds heads alone. What its witnesses have said shows
    from when on they count."""

    ATTENTION = "attention"
    """How far members have read and what they have before them: work lists and warnings of collisions, no
    evidence; that they opened something has an event of its own."""


class Ending(StrEnum):
    """How a transaction ended, as far as this process can know."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"
    """The commit was asked for and did not answer: it may or may not have happened."""


OnEnd = Callable[[Ending], None]


class SystemReason(StrEnum):
    """Why a session without a tenant is opened; the list is closed and documented."""

    LIST_TENANTS = "list_tenants"
    RESOLVE_TENANT = "resolve_tenant"
    CHECK_SCHEMA = "check_schema"


class _TenantSession(Session):
    """The synchronous core of `Db`; its own class so that the listeners below bind to it alone."""


class Db(AsyncSession):
    """A database session of one actor in one tenant."""

    sync_session_class = _TenantSession

    def __init__(
        self, engine: AsyncEngine, *, actor: Actor, now: datetime, carries: Mapping[str, object]
    ) -> None:
        asking = {"tenant": str(actor.tenant_id), "kind": actor.kind.value, "id": str(actor.id or "")}
        super().__init__(engine, expire_on_commit=False, info={**carries, _ASKING: asking})
        self.actor = actor
        self.now = now

    def unaudited(self, reason: Unaudited) -> None:
        """Let this transaction write without an audit event, for a named reason."""
        self.info[_RECORDED] = reason

    def mark_recorded(self, event_id: UUID) -> None:
        """Note that this transaction has appended this audit event; only `audit.append` calls it."""
        self.info[_RECORDED] = True
        self.info.setdefault(_NOTED, event_id)

    def mark_noted(self, event_id: UUID) -> None:
        """Note that this very look has an event already, of the same minute; only `audit.append` calls it."""
        self.info.setdefault(_NOTED, event_id)

    def opening(self) -> UUID | None:
        """The event that would stand for a contact's key handed out in this transaction; None if nobody looks.

        It is the one that was appended already, or the next one to be.
        """
        if self.actor.kind not in _PERSONS:
            return None
        if _OPENING not in self.info:
            self.info[_OPENING] = self.info.get(_NOTED) or self.info.setdefault(_AWAITED, uuid7())
        return self.info[_OPENING]

    def mark_opened(self) -> None:
        """Note that a contact's key was handed out: to a person that needs an event in this transaction."""
        if self.actor.kind in _PERSONS:
            self.info[_OPENED] = True

    def next_event_id(self) -> UUID:
        """An identifier for an event to append: once the one for which an opening waits, and then new ones."""
        return self.info.pop(_AWAITED, None) or uuid7()

    def on_end(self, call: OnEnd) -> None:
        """Have something called once, when what is written now is committed, rolled back, or neither is known.

        Inside a savepoint, its rollback is the end; its release is not.
        """
        within: set[SessionTransaction] = set()
        nested = self.sync_session.get_nested_transaction()
        while nested is not None and nested.nested:
            within.add(nested)
            nested = nested.parent
        self.info.setdefault(_ENDINGS, []).append((within, call))


@event.listens_for(_TenantSession, "after_begin")
def _name_the_tenant(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return
    connection.execute(_NAME, session.info[_ASKING])


@event.listens_for(_TenantSession, "before_commit")
def _refuse_unrecorded(session: Session) -> None:
    # A savepoint's release comes through here too; only the real end counts.
    if session.in_nested_transaction():
        return
    session.flush()
    _account_for_openings(session)
    # Asked of Postgres rather than of the unit of work: raw SQL, a function and a row lock write as well.
    # What was opened has its event by now, and its mark in the database is all that a look writes.
    if (
        not session.info.get(_RECORDED)
        and not session.info.get(_OPENED)
        and session.scalar(text("SELECT pg_current_xact_id_if_assigned()")) is not None
    ):
        raise UnrecordedChange
    session.info[_COMMITTING] = True


def _account_for_openings(session: Session) -> None:
    if not session.info.get(_OPENED):
        return
    noted = session.info.get(_NOTED)
    if noted is None:
        raise UnrecordedOpening
    if noted != session.info[_OPENING]:
        session.execute(_ACCOUNT, {"opening": session.info[_OPENING], "event": noted})


@event.listens_for(_TenantSession, "after_commit")
def _begin_unrecorded(session: Session) -> None:
    # A savepoint's release comes through here too, and what it recorded belongs to the transaction.
    if session.in_nested_transaction():
        return
    for key in (_RECORDED, _OPENING, _OPENED, _NOTED, _AWAITED, _COMMITTING):
        session.info.pop(key, None)
    _tell(session, Ending.COMMITTED, None)


@event.listens_for(_TenantSession, "after_soft_rollback")
def _forget_the_record(session: Session, previous: SessionTransaction) -> None:
    # An event appended inside a savepoint that was rolled back is gone; what follows must append its own.
    session.info.pop(_RECORDED, None)
    session.info.pop(_NOTED, None)
    if previous.nested:
        _tell(session, Ending.ROLLED_BACK, previous)
        return
    was_committing = session.info.pop(_COMMITTING, False)
    _tell(session, Ending.UNKNOWN if was_committing else Ending.ROLLED_BACK, None)


def _tell(session: Session, ending: Ending, savepoint: SessionTransaction | None) -> None:
    waiting: list[tuple[set[SessionTransaction], OnEnd]] = session.info.pop(_ENDINGS, [])
    ended = [one for one in waiting if savepoint is None or savepoint in one[0]]
    if left := [one for one in waiting if one not in ended]:
        session.info[_ENDINGS] = left
    for _, call in ended:
        call(ending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the application gives to every session."""

    app_connections: int = 8
    system_connections: int = 4
    clock: Clock = utc_now
    carries: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the floors above need at hand in every session, each under a name of its own."""


class Database:
    """The application's two ways to the database."""

    def __init__(self, *, app: URL, system: URL, wiring: Wiring | None = None) -> None:
        chosen = wiring or Wiring()
        self._app = create_engine(app, pool_size=chosen.app_connections)
        self._system = create_engine(system, pool_size=chosen.system_connections)
        self.clock = chosen.clock
        self.carries = chosen.carries

    @asynccontextmanager
    async def tenant_session(self, actor: Actor) -> AsyncGenerator[Db]:
        """Open a transaction on one tenant's rows; it commits when the block ends without an error.

        Errors:  UnrecordedChange at the end when rows were written and no audit event appended;
                 DatabaseUnavailable.
        """
        async with Db(self._app, actor=actor, now=self.clock(), carries=self.carries) as db:
            with _lost_connections_named():
                async with db.begin():
                    yield db

    @asynccontextmanager
    async def system_session(self, reason: SystemReason) -> AsyncGenerator[AsyncSession]:
        """Open a read-only transaction without a tenant; it sees the few rows that `answerable_system` may.

        Errors:  DatabaseUnavailable.
        """
        async with AsyncSession(self._system, info={"reason": reason}) as session:
            with _lost_connections_named():
                await session.execute(text("SET TRANSACTION READ ONLY"))
                yield session

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._app.dispose()
        await self._system.dispose()


class ServiceDatabase:
    """How a process of the log reaches the database: as a role that sees every tenant's log and nothing else.

    It never sees content, so it needs no tenant; what it may do is in the role's grants and policies.
    """

    def __init__(self, url: URL, *, connections: int = 3) -> None:
        self._engine = create_engine(url, pool_size=connections)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Open a transaction; it commits when the block ends without an error.

        Errors:  DatabaseUnavailable.
        """
        with _lost_connections_named():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def leading(self, namespace: int, shard: int) -> AsyncGenerator[AsyncConnection | None]:
        """Hold an advisory lock for as long as the block runs; nothing instead when somebody else has it.

        The lock ends with its connection, so whoever loses the one has lost the other.

        Errors:  DatabaseUnavailable.
        """
        with _lost_connections_named():
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                asked = text("SELECT pg_try_advisory_lock(:namespace, :shard)")
                got = await connection.scalar(asked, {"namespace": namespace, "shard": shard})
                yield connection if got else None
                if got:
                    released = text("SELECT pg_advisory_unlock(:namespace, :shard)")
                    await connection.execute(released, {"namespace": namespace, "shard": shard})

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._engine.dispose()


def create_engine(url: URL, *, pool_size: int) -> AsyncEngine:
    """A pooled engine whose errors never show a parameter's value."""
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            # Whoever forgets a transaction holds locks, and numbers of the log that others wait to hear of.
            "options": "-c search_path=public,jobs -c idle_in_transaction_session_timeout=240000",
            "connect_timeout": 5,
        },
    )


@contextmanager
def _lost_connections_named() -> Generator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_refused(error):
            raise DatabaseUnavailable from error
        raise


def _is_refused(error: DBAPIError) -> bool:
    return type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout", "AdminShutdown"}
