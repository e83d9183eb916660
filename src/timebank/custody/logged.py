"""What took two people in the scheme, for the log: in the words of the commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, assert_never

from timebank.custody import tables
from timebank.custody.domain.beneficiary import BeneficiaryAct
from timebank.custody.domain.destination import Instruction
from timebank.custody.domain.membership import StateChange
from timebank.custody.domain.movement import Price
from timebank.custody.domain.retention import Retention
from timebank.custody.domain.rules import RulesVersion
from timebank.custody.domain.sheet import SheetAct
from timebank.custody.domain.site import Outcome, Passage, PassageEnd, Windup
from timebank.custody.store import CustodyStore
from timebank.domain.hours import Hours
from timebank.ports import ReadingUnit
from timebank.wings import LogEntry, LogKind, link_of

_ByTwo = (
    StateChange
    | SheetAct
    | BeneficiaryAct
    | Instruction
    | Retention
    | Price
    | Passage
    | PassageEnd
    | Windup
    | RulesVersion
)
"""What two people may do in the scheme."""

_TABLES: Final[dict[type[_ByTwo], Any]] = {
    StateChange: tables.state_change,
    SheetAct: tables.sheet_act,
    BeneficiaryAct: tables.beneficiary_act,
    Instruction: tables.instruction,
    Retention: tables.retention,
    Price: tables.price,
    Passage: tables.passage,
    PassageEnd: tables.passage_end,
    Windup: tables.windup,
    RulesVersion: tables.rules,
}

_ENDS: Final = {Outcome.ARRIVED: "move arrived", Outcome.CANCELLED: "move cancel"}


def log(uow: ReadingUnit, from_: datetime, until: datetime) -> Iterator[LogEntry]:
    """What two people did in the scheme, and approvals of sheets."""
    store = CustodyStore(link_of(uow, tables.NAME))
    for kind, table in _TABLES.items():
        found = store.within(kind, table, from_, until)
        yield from (_entry(fact) for fact in found if _took_two(fact))


def _took_two(fact: _ByTwo) -> bool:
    """Whether a second person approved; who approves a sheet is the second by the act."""
    return fact.approver is not None or (isinstance(fact, SheetAct) and fact.act == "approve")


def _entry(fact: _ByTwo) -> LogEntry:
    kinds: tuple[LogKind, ...] = (LogKind.APPROVAL,)
    if isinstance(fact, RulesVersion):
        kinds = (LogKind.POLICY, LogKind.APPROVAL)
    if isinstance(fact, SheetAct) and fact.act == "reverse":
        kinds = (LogKind.REVERSAL, LogKind.APPROVAL)
    return LogEntry(
        id=fact.id,
        recorded_at=fact.recorded_at,
        kinds=kinds,
        actor=fact.actor,
        approver=fact.approver,
        **_told(fact),
    )


def _told(fact: _ByTwo) -> dict[str, Any]:
    """What was done, to whom, and what came of it."""
    match fact:
        case StateChange():
            return {
                "act": f"person {fact.act}",
                "person": fact.person,
                "was": None if fact.was is None else fact.was.value,
                "becomes": fact.becomes.value,
                "reason": fact.reason,
            }
        case SheetAct():
            return {"act": f"sheet {fact.act}", "about": fact.sheet, **_decided(fact)}
        case BeneficiaryAct():
            told: dict[str, Any] = {"act": f"beneficiary {fact.act}", "about": fact.beneficiary}
            return {**told, "review_on": fact.review_on, **_decided(fact)}
        case Instruction():
            return {"act": "destination set", "person": fact.person, "becomes": fact.paper}
        case Retention():
            becomes = f"{fact.record.value} {fact.keep_until}"
            return {"act": "person keep", "person": fact.person, "becomes": becomes}
        case Price():
            cost = "none" if fact.minutes is None else Hours(minutes=fact.minutes)
            becomes = f"{fact.item}: {cost}"
            return {"act": "price set", "accounts": (fact.account,), "becomes": becomes}
        case Passage():
            told = {"act": f"move {fact.direction.value}", "person": fact.person}
            return {**told, "minutes": fact.minutes, "becomes": fact.site}
        case PassageEnd():
            return {"act": _ENDS[fact.outcome], "about": fact.passage}
        case Windup():
            return {"act": "windup", "minutes": fact.minutes, "about": fact.transaction}
        case RulesVersion():
            return {"act": "rules set", "becomes": str(fact.version)}
        case _ as unreachable:
            assert_never(unreachable)


def _decided(fact: SheetAct | BeneficiaryAct) -> dict[str, Any]:
    return {"becomes": fact.becomes.value, "reason": fact.reason}
