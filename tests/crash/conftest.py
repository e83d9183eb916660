"""A database that waits for the disk."""

from tests.durable import durable, durable_server

__all__ = ["durable", "durable_server"]
