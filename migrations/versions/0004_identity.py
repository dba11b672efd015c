"""Identity: sign-in links, sign-in sessions, preferences of members."""

from pathlib import Path

from alembic import op

revision = "0004_identity"
down_revision = "0008_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0004_identity.sql").read_text()
    )
