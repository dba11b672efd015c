"""Settings of a workspace with their versions, postures of channels, and a workspace's own parked jobs."""

from pathlib import Path

from alembic import op

revision = "0008_settings"
down_revision = "0010_knowledge_pages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: percent signs and colons in the SQL are no parameters.
    op.get_bind().connection.cursor().execute(
        (Path(__file__).parents[1] / "sql" / "0008_settings.sql").read_text()
    )
