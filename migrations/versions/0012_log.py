"""The tree of each log, its signed heads, and receipts."""

from pathlib import Path

from alembic import op

revision = "0012_log"
down_revision = "0011_member_activity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0012_log.sql").read_text()
    )
