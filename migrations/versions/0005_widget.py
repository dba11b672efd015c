"""The chat on a page: its origins and colour, ratings, names and pages of contacts."""

from pathlib import Path

from alembic import op

revision = "0005_widget"
down_revision = "0009_inspector"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0005_widget.sql").read_text()
    )
