"""Every suite here runs on every storage."""

from tests.backends import backend, sql_world, world
from tests.contract.bundling import office

__all__ = ["backend", "office", "sql_world", "world"]
