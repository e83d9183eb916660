"""The ports in dictionaries: a fake for hosts' tests, and the model of the stateful test.

database = MemoryDatabase()
with unit_of_work(database, bank="riverside") as uow:
    banks.create(uow)
"""

from timebank.storage.memory.database import MemoryDatabase
from timebank.storage.memory.units import (
    MemoryReading,
    MemoryUnitOfWork,
    reading,
    unit_of_work,
)

__all__ = ["MemoryDatabase", "MemoryReading", "MemoryUnitOfWork", "reading", "unit_of_work"]
