"""No version of what is set without its event."""

from pathlib import Path

from alembic import op

revision = "0013_completeness"
down_revision = "0012_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0013_completeness.sql").read_text()
    )
