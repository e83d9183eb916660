"""The fixtures of the folder: a small world on each storage."""

from tests.backends import backend, world

__all__ = ["backend", "world"]
