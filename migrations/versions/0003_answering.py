"""Turns, decisions, citations and disclosures; no word of the assistant without its record."""

from pathlib import Path

from alembic import op

revision = "0003_answering"
down_revision = "0002_knowledge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0003_answering.sql").read_text()
    )
