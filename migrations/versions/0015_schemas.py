"""What entries of each type may hold, as each log declares it."""

from pathlib import Path

from alembic import op

revision = "0015_schemas"
down_revision = "0014_witnesses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0015_schemas.sql").read_text()
    )
