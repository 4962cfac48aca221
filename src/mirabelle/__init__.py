"""Mirabelle: a self-hosted outbound voice server."""

__version__ = "0.1.0"
