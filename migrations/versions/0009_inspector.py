"""Conversations of the playground: what members ask to try the assistant out."""

from pathlib import Path

from alembic import op

revision = "0009_inspector"
down_revision = "0003_answering"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0009_inspector.sql").read_text()
    )
