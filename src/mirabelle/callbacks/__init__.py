"""Callbacks: results leave through an outbox, at least once."""
