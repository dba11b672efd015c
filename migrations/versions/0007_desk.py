"""Drafts that people decide on, how far members have read, who has what before them."""

from pathlib import Path

from alembic import op

revision = "0007_desk"
down_revision = "0004_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0007_desk.sql").read_text()
    )
