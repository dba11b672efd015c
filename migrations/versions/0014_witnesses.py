"""Witnesses and their cosignatures, the root log over all logs, and timestamps of it."""

from pathlib import Path

from alembic import op

revision = "0014_witnesses"
down_revision = "0013_completeness"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0014_witnesses.sql").read_text()
    )
