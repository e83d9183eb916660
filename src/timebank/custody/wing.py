"""The wing as the ledger sees it: its tables, its migrations, its values."""

from __future__ import annotations

from typing import Any, Final

from timebank.custody import tables
from timebank.custody.checks import AUDIT
from timebank.custody.domain.attention import Attempt, Exceptional, Looked
from timebank.custody.domain.beneficiary import Beneficiary, BeneficiaryAct
from timebank.custody.domain.destination import Instruction
from timebank.custody.domain.membership import Membership, StateChange
from timebank.custody.domain.movement import Movement, Price
from timebank.custody.domain.pin import Pin, PinChange
from timebank.custody.domain.query import Query, QueryAnswer
from timebank.custody.domain.retention import Retention
from timebank.custody.domain.rules import RulesVersion
from timebank.custody.domain.sheet import Sheet, SheetAct, SheetLine
from timebank.custody.domain.site import Passage, PassageEnd, Windup
from timebank.custody.erasing import erasure
from timebank.custody.logged import log
from timebank.custody.rows import to_row
from timebank.wings import Shape, Wing, WingValue, migrations_dir


def _fact(kind: type[WingValue], table: Any) -> Shape:
    return Shape(kind=kind, table=table, to_row=to_row, fact=True)


_SHEET: Final = (
    *("paper", "entry", "category", "worked_on", "until", "starts_minute", "length_minutes"),
    *("supervisor_id", "drafted_by_id", "recorded_at", "actor_role", "actor_id", "actor_for"),
)
"""What was written on the paper, and who entered it, never changes."""

WING: Final = Wing(
    name=tables.NAME,
    revision="0001",
    migrations=lambda: migrations_dir() / "custody",
    shapes=(
        _fact(RulesVersion, tables.rules),
        Shape(
            kind=Membership,
            table=tables.membership,
            to_row=to_row,
            fact=False,
            fixed=("custody_id", "held_id", "community_id"),
        ),
        _fact(StateChange, tables.state_change),
        Shape(kind=Sheet, table=tables.sheet, to_row=to_row, fact=False, fixed=_SHEET),
        _fact(SheetLine, tables.sheet_line),
        _fact(SheetAct, tables.sheet_act),
        Shape(
            kind=Beneficiary,
            table=tables.beneficiary,
            to_row=to_row,
            fact=False,
            fixed=("person_id", "account_id"),
        ),
        _fact(BeneficiaryAct, tables.beneficiary_act),
        _fact(Instruction, tables.instruction),
        _fact(Price, tables.price),
        _fact(Movement, tables.movement),
        _fact(Passage, tables.passage),
        _fact(PassageEnd, tables.passage_end),
        _fact(Windup, tables.windup),
        _fact(Retention, tables.retention),
        _fact(Exceptional, tables.exceptional),
        _fact(Looked, tables.looked),
        _fact(Attempt, tables.attempt),
        Shape(kind=Pin, table=tables.pin, to_row=to_row, fact=False, secret=True),
        _fact(PinChange, tables.pin_change),
        _fact(Query, tables.query),
        _fact(QueryAnswer, tables.query_answer),
    ),
    audit=AUDIT,
    erasure=erasure,
    log=log,
)
"""Named by the entry point ``timebank.wings``; set up by ``timebank db upgrade --wing custody``."""
