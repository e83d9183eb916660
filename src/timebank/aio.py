"""Any action on a host's ``AsyncSession``: one generic wrapper, no second set of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from timebank.errors import InputError
from timebank.storage.sql.unit_of_work import SqlUnit, unit_of_work

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")


async def run(
    session: AsyncSession,
    bank: str,
    action: Callable[Concatenate[SqlUnit, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call an action (or a read) with a unit of work inside the host's transaction.

    The host commits, as with ``timebank.unit_of_work``.

    *Refuses* what the action refuses, and an action that answers with an iterator
    (``InputError``): it would read after the unit of work has ended.
    """

    def work(sync_session: Session) -> T:
        with unit_of_work(sync_session, bank=bank) as uow:
            answer = action(uow, *args, **kwargs)
            if isinstance(answer, Iterator):
                raise InputError(field="action", problem="its answer is read piece by piece")
            return answer

    return await session.run_sync(work)
