"""The demo's workspaces and their documents."""

from answerable.demo.loading import Loaded, load, workspaces

__all__ = ["Loaded", "load", "workspaces"]
