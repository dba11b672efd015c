"""The schema of the database: brought up to date under a lock, and compared with what the code expects."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TID251 - the type of a system session
from sqlalchemy.pool import NullPool

from answerable.infra.errors import AnswerableError, Kind

EXPECTED_REVISION: Final = "0017_root_index"
"""The revision that this version of the code works with: the head of the migrations, as a test compares."""

# Any number that nothing else in the database uses; the letters "answ".
_LOCK = 0x616E7377


class MigrationFailed(AnswerableError):
    """The database's schema could not be brought up to date; it is as it was before."""

    code = "schema.migration_failed"
    kind = Kind.UNAVAILABLE
    remedy = "Read the server's message above; free what it waited for, then run `answerable migrate` again."


class SchemaDiffers(AnswerableError):
    """The database's schema is not the one that this version of the product expects."""

    code = "schema.differs"
    kind = Kind.UNAVAILABLE
    remedy = "Run `answerable migrate`, or start the version that migrated it."


def migrations_folder() -> Path:
    """Where the migrations lie: in the installed package, or beside it in a checkout."""
    installed = Path(__file__).parents[1] / "migrations"
    return installed if installed.exists() else Path(__file__).parents[3] / "migrations"


def migrate(owner: URL) -> list[str]:
    """Bring the schema up to date; whoever comes second waits and finds nothing to do.

    Errors:  MigrationFailed; SchemaDiffers when a newer version of the product has migrated the database.
    """
    engine = create_engine(owner, hide_parameters=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            return _upgrade(connection)
    except DBAPIError as error:
        raise MigrationFailed(type(error.orig).__name__) from error
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> list[str]:
    before = _revisions(connection)
    _refuse_unknown(before)
    # Imported here: it takes longer than the whole rest of a start, and few starts migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return [revision for revision in _revisions(connection) if revision not in before]


def _refuse_unknown(found: list[str]) -> None:
    # A revision is named like its file, as a test makes sure.
    known = {path.stem for path in (migrations_folder() / "versions").glob("*.py")}
    if not known.issuperset(found):
        raise SchemaDiffers(f"Expected {EXPECTED_REVISION}, found {', '.join(found)}.")


def _revisions(connection: Connection) -> list[str]:
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        connection.commit()
        return []
    found = list(connection.scalars(text("SELECT version_num FROM alembic_version ORDER BY version_num")))
    connection.commit()
    return found


async def check_schema(session: AsyncSession, *, expected: str) -> None:
    """Go on only if the schema is the one that the code expects.

    Errors:  SchemaDiffers.
    """
    found = (
        await session.scalars(text("SELECT version_num FROM alembic_version ORDER BY version_num"))
    ).all()
    if list(found) != [expected]:
        raise SchemaDiffers(f"Expected {expected}, found {', '.join(found) or 'none'}.")
