"""Validity set by hand, who cites a document, and questions that found no answer."""

from pathlib import Path

from alembic import op

revision = "0010_knowledge_pages"
down_revision = "0006_intake"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0010_knowledge_pages.sql").read_text()
    )
