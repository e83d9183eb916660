"""The wing's own tables. None has a name, a number or a word of anybody: only opaque ids."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, MetaData, Table, Text, UniqueConstraint

from timebank.custody.domain.attention import Rule
from timebank.custody.domain.beneficiary import Standing
from timebank.custody.domain.membership import State
from timebank.custody.domain.movement import Purpose
from timebank.custody.domain.pin import PinAct
from timebank.custody.domain.query import Concern
from timebank.custody.domain.query import Outcome as QueryOutcome
from timebank.custody.domain.retention import Basis as LawfulBasis
from timebank.custody.domain.retention import Record
from timebank.custody.domain.rules import Basis
from timebank.custody.domain.sheet import SheetState
from timebank.custody.domain.site import Direction, Outcome
from timebank.wings import blocks, core, types

NAME: Final = "custody"
metadata: Final = MetaData()
column, maybe = blocks.column, blocks.maybe


def _table(name: str, *parts: Any, key: tuple[str, ...] = ("id",)) -> Table:
    return blocks.table(f"custody_{name}", *parts, key=key, within=metadata)


def _foreign(table: str, column: str, other: Table) -> Any:
    return blocks.foreign(f"custody_{table}", column, other)


def _among(table: str, column: str, kind: type[Enum]) -> CheckConstraint:
    return blocks.among(f"custody_{table}", column, kind)


def _actor(table: str, *, approver: bool = True) -> list[Any]:
    return blocks.actor(f"custody_{table}", approver=approver, person=core.person)


def _one_line(table: str) -> CheckConstraint:
    name = f"ck_timebank_custody_{table}_sheet_id"
    return CheckConstraint("sheet_id IS NULL OR transaction_id IS NULL", name=name)


def _index(table: str, *columns: str) -> Index:
    return Index(f"ix_timebank_custody_{table}_{columns[0]}", "bank_id", *columns)


rules = _table(
    "rules",
    column("version", types.small()),
    column("id", types.Id),
    column("body", Text()),
    column("recorded_at", types.Moment),
    *_actor("rules"),
    CheckConstraint("version > 0", name="ck_timebank_custody_rules_version"),
    key=("version",),
)

membership = _table(
    "membership",
    column("id", types.Id),
    column("state", types.text(20)),
    column("since", types.Day),
    column("custody_id", types.AccountKey),
    column("held_id", types.AccountKey),
    column("community_id", types.AccountKey),
    _foreign("membership", "id", core.member),
    _foreign("membership", "custody_id", core.account),
    _foreign("membership", "held_id", core.account),
    _foreign("membership", "community_id", core.account),
    _among("membership", "state", State),
)

state_change = _table(
    "state_change",
    column("id", types.Id),
    column("person_id", types.Id),
    column("act", types.text(10)),
    maybe("was", types.text(20)),
    column("becomes", types.text(20)),
    column("effective_on", types.Day),
    column("recorded_at", types.Moment),
    *_actor("state_change"),
    column("reason", types.text(60)),
    _foreign("state_change", "person_id", membership),
    _among("state_change", "becomes", State),
    _index("state_change", "person_id"),
)

sheet = _table(
    "sheet",
    column("id", types.Id),
    column("paper", types.text(40)),
    column("entry", types.small()),
    column("category", types.text(60)),
    column("worked_on", types.Day),
    maybe("until", types.Day),
    maybe("starts_minute", types.small()),
    maybe("length_minutes", types.small()),
    maybe("supervisor_id", types.Id),
    maybe("drafted_by_id", types.Id),
    column("recorded_at", types.Moment),
    *_actor("sheet", approver=False),
    column("state", types.text(12)),
    maybe("transaction_id", types.Id),
    _foreign("sheet", "supervisor_id", core.person),
    _foreign("sheet", "drafted_by_id", core.person),
    _foreign("sheet", "transaction_id", core.transaction),
    UniqueConstraint("bank_id", "paper", "entry", name="uq_timebank_custody_sheet_paper"),
    _among("sheet", "state", SheetState),
    CheckConstraint("until IS NULL OR until >= worked_on", name="ck_timebank_custody_sheet_until"),
    CheckConstraint(
        "transaction_id IS NULL OR state IN ('posted', 'reversed')",
        name="ck_timebank_custody_sheet_transaction_id",
    ),
    _index("sheet", "worked_on"),
)

sheet_line = _table(
    "sheet_line",
    column("sheet_id", types.Id),
    column("n", types.small()),
    column("person_id", types.Id),
    column("raw_minutes", types.big()),
    column("credited_minutes", types.big()),
    column("basis", types.text(20)),
    _foreign("sheet_line", "sheet_id", sheet),
    _foreign("sheet_line", "person_id", membership),
    _among("sheet_line", "basis", Basis),
    CheckConstraint("raw_minutes >= 0", name="ck_timebank_custody_sheet_line_raw_minutes"),
    CheckConstraint(
        "credited_minutes >= 0 AND (basis = 'voluntary' OR credited_minutes = 0)",
        name="ck_timebank_custody_sheet_line_credited_minutes",
    ),
    UniqueConstraint(
        "bank_id", "sheet_id", "person_id", name="uq_timebank_custody_sheet_line_person"
    ),
    _index("sheet_line", "person_id"),
    key=("sheet_id", "n"),
)

sheet_act = _table(
    "sheet_act",
    column("id", types.Id),
    column("sheet_id", types.Id),
    column("n", types.small()),
    column("act", types.text(10)),
    column("becomes", types.text(12)),
    column("recorded_at", types.Moment),
    *_actor("sheet_act"),
    maybe("reason", types.text(60)),
    maybe("paper", types.text(40)),
    maybe("seat", types.text(20)),
    _foreign("sheet_act", "sheet_id", sheet),
    _among("sheet_act", "becomes", SheetState),
    UniqueConstraint("bank_id", "sheet_id", "n", name="uq_timebank_custody_sheet_act_n"),
)

beneficiary = _table(
    "beneficiary",
    column("id", types.Id),
    column("person_id", types.Id),
    column("account_id", types.AccountKey),
    column("standing", types.text(10)),
    maybe("approved_on", types.Day),
    maybe("review_on", types.Day),
    _foreign("beneficiary", "person_id", membership),
    _foreign("beneficiary", "account_id", core.account),
    _among("beneficiary", "standing", Standing),
    _index("beneficiary", "person_id"),
    _index("beneficiary", "account_id"),
)

beneficiary_act = _table(
    "beneficiary_act",
    column("id", types.Id),
    column("beneficiary_id", types.Id),
    column("act", types.text(10)),
    column("becomes", types.text(10)),
    maybe("review_on", types.Day),
    column("recorded_at", types.Moment),
    *_actor("beneficiary_act"),
    maybe("reason", types.text(60)),
    _foreign("beneficiary_act", "beneficiary_id", beneficiary),
    _among("beneficiary_act", "becomes", Standing),
    _index("beneficiary_act", "beneficiary_id"),
)

instruction = _table(
    "instruction",
    column("id", types.Id),
    column("person_id", types.Id),
    maybe("sheet_id", types.Id),
    column("given_on", types.Day),
    column("paper", types.text(40)),
    column("parts", Text()),
    column("recorded_at", types.Moment),
    *_actor("instruction"),
    _foreign("instruction", "person_id", membership),
    _foreign("instruction", "sheet_id", sheet),
    _index("instruction", "person_id"),
)

price = _table(
    "price",
    column("id", types.Id),
    column("item", types.text(60)),
    column("account_id", types.AccountKey),
    maybe("minutes", types.big()),
    column("starts_on", types.Day),
    column("recorded_at", types.Moment),
    *_actor("price"),
    _foreign("price", "account_id", core.account),
    CheckConstraint("minutes IS NULL OR minutes > 0", name="ck_timebank_custody_price_minutes"),
    _index("price", "item"),
)

movement = _table(
    "movement",
    column("transaction_id", types.Id),
    column("n", types.small()),
    column("purpose", types.text(12)),
    column("person_id", types.Id),
    maybe("sheet_id", types.Id),
    maybe("line", types.small()),
    maybe("beneficiary_id", types.Id),
    maybe("price_id", types.Id),
    column("lapsed", types.small()),
    _foreign("movement", "transaction_id", core.transaction),
    _foreign("movement", "person_id", membership),
    _foreign("movement", "sheet_id", sheet),
    _foreign("movement", "beneficiary_id", beneficiary),
    _foreign("movement", "price_id", price),
    _among("movement", "purpose", Purpose),
    _index("movement", "person_id"),
    key=("transaction_id", "n"),
)

passage = _table(
    "passage",
    column("id", types.Id),
    column("code", types.text(40)),
    column("direction", types.text(4)),
    column("entry", types.small()),
    column("site", types.text(63)),
    column("person_id", types.Id),
    column("custody_minutes", types.big()),
    column("held_minutes", types.big()),
    column("recorded_at", types.Moment),
    *_actor("passage"),
    _foreign("passage", "person_id", membership),
    UniqueConstraint(
        "bank_id", "code", "direction", "entry", name="uq_timebank_custody_passage_code"
    ),
    _among("passage", "direction", Direction),
)

passage_end = _table(
    "passage_end",
    column("id", types.Id),
    column("passage_id", types.Id),
    column("outcome", types.text(10)),
    column("recorded_at", types.Moment),
    *_actor("passage_end"),
    _foreign("passage_end", "passage_id", passage),
    UniqueConstraint("bank_id", "passage_id", name="uq_timebank_custody_passage_end_passage"),
    _among("passage_end", "outcome", Outcome),
)

retention = _table(
    "retention",
    column("id", types.Id),
    column("person_id", types.Id),
    column("record", types.text(20)),
    column("lawful_basis", types.text(24)),
    column("keep_until", types.Day),
    column("recorded_at", types.Moment),
    *_actor("retention"),
    _foreign("retention", "person_id", membership),
    _among("retention", "record", Record),
    _among("retention", "lawful_basis", LawfulBasis),
    _index("retention", "person_id"),
)

windup = _table(
    "windup",
    column("id", types.Id),
    maybe("transaction_id", types.Id),
    column("minutes", types.big()),
    column("recorded_at", types.Moment),
    *_actor("windup"),
    _foreign("windup", "transaction_id", core.transaction),
)

exceptional = _table(
    "exceptional",
    column("id", types.Id),
    column("rule", types.text(20)),
    column("person_id", types.Id),
    column("account_id", types.AccountKey),
    maybe("minutes", types.big()),
    column("recorded_at", types.Moment),
    _foreign("exceptional", "person_id", membership),
    _foreign("exceptional", "account_id", core.account),
    _among("exceptional", "rule", Rule),
)

looked = _table(
    "looked",
    column("id", types.Id),
    column("exceptional_id", types.Id),
    column("recorded_at", types.Moment),
    *_actor("looked", approver=False),
    column("reason", types.text(60)),
    _foreign("looked", "exceptional_id", exceptional),
    UniqueConstraint("bank_id", "exceptional_id", name="uq_timebank_custody_looked_exceptional"),
)

attempt = _table(
    "attempt",
    column("id", types.Id),
    column("action", types.text(60)),
    column("code", types.text(60)),
    column("subjects", Text()),
    column("recorded_at", types.Moment),
    *_actor("attempt", approver=False),
)

pin = _table(
    "pin",
    column("id", types.Id),
    maybe("salt", types.raw(16)),
    maybe("digest", types.raw(32)),
    column("failures", types.small()),
    _foreign("pin", "id", core.person),
    CheckConstraint("(salt IS NULL) = (digest IS NULL)", name="ck_timebank_custody_pin_digest"),
    CheckConstraint("failures >= 0", name="ck_timebank_custody_pin_failures"),
)

pin_change = _table(
    "pin_change",
    column("id", types.Id),
    column("person_id", types.Id),
    column("act", types.text(10)),
    column("recorded_at", types.Moment),
    *_actor("pin_change", approver=False),
    _foreign("pin_change", "person_id", core.person),
    _among("pin_change", "act", PinAct),
    _index("pin_change", "person_id"),
)

query = _table(
    "query",
    column("id", types.Id),
    column("person_id", types.Id),
    column("paper", types.text(40)),
    column("concern", types.text(12)),
    maybe("sheet_id", types.Id),
    maybe("transaction_id", types.Id),
    column("recorded_at", types.Moment),
    *_actor("query", approver=False),
    _foreign("query", "person_id", membership),
    _foreign("query", "sheet_id", sheet),
    _foreign("query", "transaction_id", core.transaction),
    UniqueConstraint("bank_id", "paper", name="uq_timebank_custody_query_paper"),
    _among("query", "concern", Concern),
    _one_line("query"),
    CheckConstraint(
        "(concern = 'missing') = (sheet_id IS NULL AND transaction_id IS NULL)",
        name="ck_timebank_custody_query_line",
    ),
)

query_answer = _table(
    "query_answer",
    column("id", types.Id),
    column("query_id", types.Id),
    column("outcome", types.text(10)),
    maybe("sheet_id", types.Id),
    maybe("transaction_id", types.Id),
    column("recorded_at", types.Moment),
    *_actor("query_answer", approver=False),
    _foreign("query_answer", "query_id", query),
    _foreign("query_answer", "sheet_id", sheet),
    _foreign("query_answer", "transaction_id", core.transaction),
    UniqueConstraint("bank_id", "query_id", name="uq_timebank_custody_query_answer_query"),
    _among("query_answer", "outcome", QueryOutcome),
    _one_line("query_answer"),
    CheckConstraint(
        "(outcome = 'put_right') = (sheet_id IS NOT NULL OR transaction_id IS NOT NULL)",
        name="ck_timebank_custody_query_answer_put_right",
    ),
)
