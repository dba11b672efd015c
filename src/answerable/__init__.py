"""Answerable: customer care whose every reply has a complete, verifiable record."""
