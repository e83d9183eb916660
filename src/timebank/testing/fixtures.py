"""Fixtures for pytest, to import into a host's ``conftest.py``; timebank installs no pytest.

    from timebank.testing.fixtures import small_bank

``__all__`` names them all, so that a linter sees what the import is for.
"""

from __future__ import annotations

import pytest

from timebank.testing.builders import FrozenClock
from timebank.testing.small_bank import SmallBank, a_small_bank

__all__ = ["frozen_clock", "small_bank"]


@pytest.fixture
def small_bank() -> SmallBank:
    """A bank in memory with Cora, who coordinates, and the members Anna, Ben and Carla."""
    return a_small_bank("anna", "ben", "carla")


@pytest.fixture
def frozen_clock() -> FrozenClock:
    """A clock for ``clock=`` of a unit of work: it stands still until it is told to move."""
    return FrozenClock()
