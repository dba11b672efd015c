"""An index of what members did, for whether anybody is there."""

from pathlib import Path

from alembic import op

revision = "0011_member_activity"
down_revision = "0007_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0011_member_activity.sql").read_text()
    )
