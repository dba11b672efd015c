"""The JSON API: the application that carries every surface, and what machines ask of it."""

from answerable.api import audit, dossiers, opening, sampling, verifier, witnessing
from answerable.api.application import create_api, drain, server_config
from answerable.infra.web import Limits, Web

routers = (audit.router, opening.router, dossiers.router, sampling.router, witnessing.router, verifier.router)
"""What members' programs may ask, and what anybody may take to verify what they got."""

__all__ = ["Limits", "Web", "create_api", "drain", "routers", "server_config"]
