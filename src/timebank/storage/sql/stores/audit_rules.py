"""What every row keeps to, as conditions in SQL: constraints, references, codes, roles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Table,
    and_,
    case,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from timebank.domain.actor import STAFF_ROLES
from timebank.domain.exchange import Side
from timebank.domain.ids import BankId
from timebank.storage.sql import schema

_APPROVED: Final = {
    "approver_whole": "(approver_role IS NULL) = (approver_id IS NULL)",
    "approver_role": "approver_role IN ('broker', 'coordinator', 'officer', 'member', 'system')",
}
_SIDES: Final = ", ".join(f"'{side.value}'" for side in Side)

RULES: Final[Mapping[str, Mapping[str, str]]] = {
    "policy": _APPROVED,
    "account_change": _APPROVED,
    "transaction": {**_APPROVED, "encoding": "encoding = 1"},
    "exchange_act": {**_APPROVED, "side": f"side IN ({_SIDES})"},
    "period_close": _APPROVED,
    "exchange": {"proposed_by": f"proposed_by IN ({_SIDES})"},
    "member": {"kind": "kind IN ('person', 'organisation')"},
    "staff": {"role": "role IN ('broker', 'coordinator', 'officer')"},
}
"""What no constraint says, but every row that we write keeps to: table → name → condition."""

FACTS: Final = (
    schema.policy,
    schema.account_change,
    schema.transaction,
    schema.exchange_act,
    schema.period_close,
    schema.day_statement,
)
"""Facts that say who acted."""

CODED: Final = {
    schema.transaction: ("reason", "category"),
    schema.account_change: ("reason",),
    schema.exchange_act: ("reason",),
}
"""Columns that hold codes of a policy."""

STAFF: Final = [role.value for role in sorted(STAFF_ROLES, key=str)]

_ELSEWHERE: Final = frozenset({schema.transfer.name})
"""Tables whose references other checks follow on a pass of their own."""

_LARGE: Final = frozenset({schema.transaction.name, schema.exchange.name})
"""Tables that grow with the journal: no list of their ids is made to look something up in."""


def rules_of(table: Table) -> dict[str, str]:
    """The conditions that every row of a table meets, by name."""
    checks = {
        str(c.name): str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint)
    }
    return checks | {**RULES.get(table.name.removeprefix(schema.PREFIX), {})}


def references_of(table: Table) -> Iterator[tuple[Column[Any], ForeignKeyConstraint]]:
    """The columns in which a row names another row of its bank, with the foreign key."""
    if table.name in _ELSEWHERE:
        return
    for key in table.foreign_key_constraints:
        if len(key.columns) > 1:
            yield next(c for c in key.columns if c.name != "bank_id"), key


def is_large(key: ForeignKeyConstraint) -> bool:
    """Whether the foreign key leads to a table that grows with the journal."""
    return key.referred_table.name in _LARGE


def soundness(
    table: Table, bank: BankId, codes: Mapping[str, Collection[str]]
) -> ColumnElement[bool]:
    """That nothing is wrong with a row, as far as one row and short lists can tell.

    Where it is false, some rule of ``rules_of`` is broken, or a reference, code or role does not
    stand; references to large tables are not among it.
    """
    sound: list[ColumnElement[bool]] = [true()]
    if rules := rules_of(table):
        joined = " AND ".join(f"({each})" for each in rules.values())
        sound.append(literal_column(f"({joined})", Boolean))
    actors = {f"{who}_id" for who in acting(table)}
    for column, key in references_of(table):
        if not is_large(key) and column.name not in actors:
            parent = key.referred_table
            own = next(e.column for e in key.elements if e.parent is column)
            there = select(own).where(parent.c.bank_id == bank)
            sound.append(or_(column.is_(None), column.in_(there)))
    for name in CODED.get(table, ()):
        sound.append(or_(table.c[name].is_(None), table.c[name].in_(sorted(codes[name]))))
    sound += (
        _is_known(table.c[f"{who}_id"], table.c[f"{who}_role"], bank) for who in acting(table)
    )
    return and_(*sound)


def _is_known(actor: Column[Any], role: Column[Any], bank: BankId) -> ColumnElement[bool]:
    """That whoever acted is there and, if staff, was given the role: one look-up a row."""
    person, staff = schema.person.c, schema.staff.c
    people = select(person.id).where(person.bank_id == bank)
    given = select(staff.person_id, staff.role).where(
        staff.bank_id == bank, staff.person_id.in_(people)
    )
    return case(
        (actor.is_(None), true()),
        (role.in_(STAFF), tuple_(actor, role).in_(given)),
        else_=actor.in_(people),
    )


def acting(table: Table) -> Iterator[str]:
    """Whom a table says to have acted: ``actor``, and where there is one ``approver``."""
    if table in FACTS:
        yield from (who for who in ("actor", "approver") if f"{who}_id" in table.c)
