"""Jobs that gave up, as a worker would have left them."""

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from answerable.infra import jobs, roles
from answerable.infra.db import Database, Unaudited
from answerable.infra.ids import Actor, uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A job that nobody runs."""

    task: ClassVar[str] = "answer_message"

    conversation_id: UUID = field(default_factory=uuid7)

    @property
    def lock(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingLot:
    """The queue of the tests' database, for the queue's own role."""

    database: Database
    conninfo: str

    async def park(self, actor: Actor, *, code: str = "jobs.timed_out", chore: Chore | None = None) -> int:
        """Put a job into the queue and have it given up; its number."""
        job_id = await self.defer(actor, chore or Chore())
        async with jobs.connect(self.conninfo) as connection:
            await connection.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', attempts = 5 WHERE id = %s", [job_id]
            )
            await connection.execute(
                "UPDATE procrastinate_jobs SET status = 'failed', attempts = 6 WHERE id = %s", [job_id]
            )
            await connection.execute(
                "INSERT INTO parked_job (job_id, error_code) VALUES (%s, %s)", [job_id, code]
            )
        return job_id

    async def park_many(self, actor: Actor, count: int) -> None:
        """Have many jobs given up at once."""
        async with jobs.connect(self.conninfo) as connection:
            await connection.execute(
                "WITH made AS ("
                " INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)"
                " SELECT 'default', 'answer_message', 'failed', jsonb_build_object('tenant_id', %s::text)"
                " FROM generate_series(1, %s) RETURNING id"
                ") INSERT INTO parked_job (job_id, error_code) SELECT id, 'jobs.timed_out' FROM made",
                [str(actor.tenant_id), count],
            )

    async def defer(self, actor: Actor, chore: Chore) -> int:
        """Put a job into the queue; its number."""
        async with self.database.tenant_session(actor) as db:
            await jobs.defer(db, chore)
            db.unaudited(Unaudited.PROGRESS)
        found = await self._query(
            "SELECT max(id) FROM procrastinate_jobs WHERE args ->> 'tenant_id' = %s", str(actor.tenant_id)
        )
        return int(str(found))

    async def state(self, job_id: int) -> object:
        """The job's status and attempts; None when it is gone."""
        return await self._query(
            "SELECT status::text || ' ' || attempts FROM procrastinate_jobs WHERE id = %s", job_id
        )

    async def _query(self, statement: str, value: object) -> object:
        async with jobs.connect(self.conninfo) as connection:
            row = await (await connection.execute(statement.encode(), [value])).fetchone()
        return row[0] if row else None


def open_lot(database: Database, server: Server, settings: Settings, name: str) -> ParkingLot:
    """The queue of a database."""
    password = roles.password_of(roles.JOBS, keys=settings.keys)
    conninfo = server.conninfo(role=roles.JOBS.name, password=password, database=name)
    return ParkingLot(database=database, conninfo=conninfo)
