"""Imports in the background: batches, items, the bytes until they are read, what pages said of themselves."""

from pathlib import Path

from alembic import op

revision = "0006_intake"
down_revision = "0005_widget"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0006_intake.sql").read_text()
    )
