"""Lessons that need a store are learnt on real ones."""

from tests.backends import backend, sql_world, world

__all__ = ["backend", "sql_world", "world"]
