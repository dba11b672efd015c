"""The database server: embedded and shared by all processes of a home, or external.

Sessions are in `infra.db`.
"""

from answerable.infra.postgres.configuration import Tuning
from answerable.infra.postgres.diagnosis import Finding, Status, diagnose
from answerable.infra.postgres.external import check_external
from answerable.infra.postgres.server import Server
from answerable.infra.postgres.sharing import delete_database, running_server

__all__ = [
    "Finding",
    "Server",
    "Status",
    "Tuning",
    "check_external",
    "delete_database",
    "diagnose",
    "running_server",
]
