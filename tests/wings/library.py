"""A wing of a host's own: a tool library. Whoever borrows a tool pays the bank for it in hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, select

from timebank import Hours, TransactionDraft, Transfer, transfers
from timebank.domain.actor import Actor
from timebank.domain.conditions import require_actor
from timebank.errors import WrongState
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.storage.sql import schema
from timebank.wings import (
    Changes,
    CheckInfo,
    Finding,
    Shape,
    Wing,
    WingActed,
    WingAudit,
    WingValue,
    action,
    blocks,
    conditions,
    linked,
    register,
    types,
)

metadata = MetaData()
tool = blocks.table(
    "library_tool",
    blocks.column("id", types.Id),
    blocks.column("name", types.text(60)),
    blocks.column("lent", types.small()),
    key=("id",),
    within=metadata,
)
loan = blocks.table(
    "library_loan",
    blocks.column("id", types.Id),
    blocks.column("tool_id", types.Id),
    blocks.column("account_id", types.AccountKey),
    blocks.column("recorded_at", types.Moment),
    *blocks.actor("library_loan", person=schema.person),
    blocks.foreign("library_loan", "tool_id", tool),
    blocks.foreign("library_loan", "account_id", schema.account),
    key=("id",),
    within=metadata,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(WingValue):
    """A tool, on the shelf or lent."""

    id: str
    name: str
    lent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan(WingValue):
    """Somebody took the tool along."""

    id: str
    tool: str
    account: str
    recorded_at: datetime
    actor: Actor


def _tool_to(one: Tool) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "lent": int(one.lent)}


def _loan_to(one: Loan) -> dict[str, Any]:
    return {
        "id": one.id,
        "tool_id": one.tool,
        "account_id": one.account,
        "recorded_at": one.recorded_at,
        "actor_role": one.actor.role.value,
        "actor_id": one.actor.person,
        "actor_for": None,
        "approver_role": None,
        "approver_id": None,
    }


def _tools(uow: ReadingUnit) -> list[Tool]:
    link = linked(uow, LIBRARY)
    rows = link.all(select(tool).where(tool.c.bank_id == link.bank).order_by(tool.c.id))
    return [Tool(id=row.id, name=row.name, lent=bool(row.lent)) for row in rows]


def _unlent(uow: ReadingUnit) -> Iterator[Finding]:
    out = {tool_id for tool_id, _ in loans(uow)}
    for one in _tools(uow):
        if one.lent and one.id not in out:
            yield Finding(
                check="library_tools_lent",
                subject=f"tool {one.id}",
                expected="a loan",
                found="none",
                message="it is marked as lent, and nobody took it along",
            )


def _idle(one: Tool) -> Finding:
    return Finding(
        check="library_idle", subject=f"tool {one.id}", expected="", found="", message="unused"
    )


LIBRARY = register(
    Wing(
        name="library",
        revision="0001",
        migrations=lambda: Path(__file__).parent / "library_migrations",
        shapes=(
            Shape(kind=Tool, table=tool, to_row=_tool_to, fact=False, fixed=("name",)),
            Shape(kind=Loan, table=loan, to_row=_loan_to, fact=True),
        ),
        audit=WingAudit(
            checks=(
                CheckInfo(name="library_tools_lent", holds="Each tool that is lent has a loan."),
            ),
            passes=lambda uow: {("library_tools_lent",): lambda: _unlent(uow)},
            subjects=lambda uow: {"library_tools_lent": len(_tools(uow))},
            notices=lambda uow: (_idle(one) for one in _tools(uow) if not one.lent),
        ),
    )
)


@action("library.buy")
def buy(uow: UnitOfWork, name: str, *, by: Actor, key: str | None = None) -> Changes:
    """A tool for the shelf."""
    linked(uow, LIBRARY)
    now = conditions(uow, by=by)
    require_actor("accounts.open", now)
    bought = Tool(id=now.fresh.id(), name=name, lent=False)
    event = WingActed(wing="library", act="bought", subject=bought.id)
    return Changes(added=(bought,), events=(event,))


@action("library.lend")
def lend(
    uow: UnitOfWork, tool_id: str, *, account: Any, pot: Any, by: Actor, key: str | None = None
) -> Changes:
    """The hours move by the ledger's own action; the loan is written in the same commit."""
    found = _tool(uow, tool_id)
    now = conditions(uow, by=by)
    if found.lent:
        raise WrongState(kind="tool", id=found.id, state="lent", act="lend", possible=())
    fee = Transfer(source=account, target=pot, hours=Hours(minutes=30))
    paid = None if key is None else f"library.lend:{key}"
    transfers.post(uow, [TransactionDraft(transfers=(fee,), key=paid)], by=by)
    lent = Loan(id=now.fresh.id(), tool=found.id, account=account, recorded_at=now.now, actor=by)
    event = WingActed(wing="library", act="lent", subject=lent.id)
    return Changes(added=(lent,), changed=(replace(found, lent=True),), events=(event,))


def loans(uow: ReadingUnit) -> list[tuple[str, str]]:
    """Which tool went to which account."""
    link = linked(uow, LIBRARY)
    return [(row.tool_id, row.account_id) for row in link.all(select(loan).order_by(loan.c.id))]


def _tool(uow: ReadingUnit, tool_id: str) -> Tool:
    link = linked(uow, LIBRARY)
    row = link.one(select(tool).where(tool.c.bank_id == link.bank, tool.c.id == tool_id))
    assert row is not None
    return Tool(id=row.id, name=row.name, lent=bool(row.lent))
