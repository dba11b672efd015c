"""The ground: tenant boundary, tenants, keys, log, contacts, conversations, messages, job queue."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001_ground"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    run = op.get_bind().connection.cursor().execute
    run((_SQL / "0001_ground.sql").read_text())
    run("CREATE SCHEMA jobs; SET search_path = jobs")
    # The queue's schema belongs to its library, whose version is pinned: upgrading it means a migration here.
    run(SchemaManager.get_schema())
    run((_SQL / "0001_jobs_after.sql").read_text())
