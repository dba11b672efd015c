"""No look at a contact's content without the event that says so."""

from pathlib import Path

from alembic import op

revision = "0016_openings"
down_revision = "0015_schemas"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0016_openings.sql").read_text()
    )
