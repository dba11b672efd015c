"""Knowledge: documents, their versions, and what search keeps of the passages in force."""

from pathlib import Path

from alembic import op

revision = "0002_knowledge"
down_revision = "0001_ground"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0002_knowledge.sql").read_text()
    )
