"""Every suite here runs on every storage."""

from tests.backends import backend, sql_world, world

__all__ = ["backend", "sql_world", "world"]
