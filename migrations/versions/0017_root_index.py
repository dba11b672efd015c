"""The place of a head in the root log, found without reading all of the log."""

from pathlib import Path

from alembic import op

revision = "0017_root_index"
down_revision = "0016_openings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0017_root_index.sql").read_text()
    )
