"""Whether this process may take requests: the database answers with our schema, and nobody stops us."""

import asyncio
import time
from collections.abc import Callable

from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from answerable.infra.db import Database, DatabaseUnavailable, SystemReason
from answerable.infra.errors import AnswerableError
from answerable.infra.schema import SchemaDiffers, check_schema
from answerable.infra.web.errors import Draining

FRESH_S = 1.0
"""How long an answer is good for."""

PATIENCE_S = 2.0
"""How long the database may take."""


class Readiness:
    """Asks the database again and again whether its schema is the expected one, at most once a second."""

    def __init__(
        self, database: Database, *, expected_revision: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._expected = expected_revision
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked_at: float | None = None
        self._trouble: AnswerableError | None = None
        self._draining = False

    def drain(self) -> None:
        """Say from now on that this process is not ready, so that whoever routes looks elsewhere."""
        self._draining = True

    async def find_troubles(self) -> tuple[AnswerableError, ...]:
        """Why this process should get no requests; nothing when it should."""
        trouble = await self._find_trouble()
        return (*([Draining()] if self._draining else []), *([trouble] if trouble else []))

    async def require_schema(self) -> None:
        """Go on only if the database answers and its schema is ours; a process that drains still answers.

        Errors:  SchemaDiffers, DatabaseUnavailable.
        """
        trouble = await self._find_trouble()
        if trouble is not None:
            # A new one each time: an exception that is raised twice gathers the frames of both.
            raise type(trouble)(trouble.detail)

    async def _find_trouble(self) -> AnswerableError | None:
        # One asks and the others wait for its answer: probes that pile up would take the few connections.
        async with self._asking:
            if self._asked_at is None or self._clock() - self._asked_at >= FRESH_S:
                self._trouble = await self._ask()
                self._asked_at = self._clock()
            return self._trouble

    async def _ask(self) -> AnswerableError | None:
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                self._database.system_session(SystemReason.CHECK_SCHEMA) as session,
            ):
                await check_schema(session, expected=self._expected)
        except (SchemaDiffers, DatabaseUnavailable) as error:
            return error
        except ProgrammingError:
            return SchemaDiffers(f"Expected {self._expected}, found none.")
        except (SQLAlchemyError, OSError, TimeoutError):
            return DatabaseUnavailable()
        return None
