"""How people stand: what every action asks, beside the rules that hold or alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    select,
)

from timebank.domain.account import ChangeField
from timebank.domain.actor import Role
from timebank.domain.ids import FactId, PersonId
from timebank.domain.member import Member, PersonKind, Staff, Standing, Status, StatusSpan
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.prepared import Members, Prepared
from timebank.storage.sql.stores._common import slices


def _inside(table: Table, beside: Table, column: Column[Any]) -> ColumnElement[bool]:
    return and_(table.c.bank_id == beside.c.bank_id, column == beside.c.id)


_PERSON: Final = schema.person.c
_MEMBER: Final = schema.member.c
_STAFF: Final = schema.staff.c
_BANK: Final = bindparam("bank", type_=_PERSON.bank_id.type)
_CHANGE: Final = schema.account_change.c

COLUMNS: Final = (
    _PERSON.id.label("person"),
    _MEMBER.kind,
    _MEMBER.status,
    _MEMBER.status_since,
    _MEMBER.joined_on,
    _STAFF.id.label("staff_id"),
    _STAFF.role,
    _STAFF.starts_on,
    _STAFF.ends_on,
)
"""A row for each role of a person, one for a person without; none of them for nobody."""


def with_membership(people: FromClause) -> FromClause:
    """People with their membership, if any, and their roles."""
    return people.outerjoin(
        schema.member, _inside(schema.member, schema.person, _MEMBER.id)
    ).outerjoin(schema.staff, _inside(schema.staff, schema.person, _STAFF.person_id))


def _standings(ids: Members) -> Select[Any]:
    people = with_membership(schema.person)
    return (
        select(*COLUMNS).select_from(people).where(_PERSON.bank_id == _BANK, ids.hold(_PERSON.id))
    )


_STANDINGS: Final = Prepared(_standings)
_SPANS: Final = Prepared(
    lambda ids: (
        select(schema.account.c.owner_id, _CHANGE.effective_on, _CHANGE.becomes)
        .join(
            schema.account_change,
            _inside(schema.account_change, schema.account, _CHANGE.account_id),
        )
        .where(
            schema.account.c.bank_id == _BANK,
            ids.hold(schema.account.c.owner_id),
            _CHANGE.field == ChangeField.STATUS.value,
        )
        .order_by(_CHANGE.effective_on, _CHANGE.id)
    )
)


def standings(link: Link, ids: Collection[PersonId]) -> dict[PersonId, Standing]:
    """How people stand: membership with its history, and roles. Unknown ids are left out."""
    rows = [row for part in slices(ids) for row in link.rows(_STANDINGS, bank=link.bank, ids=part)]
    return standings_from(link, rows)


def standings_from(link: Link, rows: Iterable[Row[Any]]) -> dict[PersonId, Standing]:
    """Rows of ``COLUMNS`` as people; a further query for those whose status has changed since they
    joined.
    """
    members: dict[PersonId, Member | None] = {}
    staff: dict[PersonId, dict[FactId, Staff]] = {}
    for row in rows:
        if row.person is None:
            continue
        members[row.person] = None if row.status is None else _member(row)
        if row.staff_id is not None:
            staff.setdefault(row.person, {})[row.staff_id] = _staff(row)
    history = _history(link, members)
    return {
        id_: Standing(
            id=id_,
            member=member,
            history=history.get(id_, ()),
            staff=tuple(staff.get(id_, {}).values()),
        )
        for id_, member in members.items()
    }


def _history(
    link: Link, members: Mapping[PersonId, Member | None]
) -> dict[PersonId, tuple[StatusSpan, ...]]:
    history: dict[PersonId, tuple[StatusSpan, ...]] = {}
    changed = []
    for id_, member in members.items():
        if member is None:
            continue
        if member.unchanged:
            span = StatusSpan(since=member.joined_on, status=member.status)
            history[id_] = (span,)
        else:
            changed.append(id_)
    for part in slices(changed):
        for row in link.rows(_SPANS, bank=link.bank, ids=part):
            span = StatusSpan(since=row.effective_on, status=Status(row.becomes))
            history[row.owner_id] = (*history.get(row.owner_id, ()), span)
    return history


def _member(row: Row[Any]) -> Member:
    return Member(
        id=row.person,
        kind=PersonKind(row.kind),
        status=Status(row.status),
        status_since=row.status_since,
        joined_on=row.joined_on,
    )


def _staff(row: Row[Any]) -> Staff:
    return Staff(
        id=row.staff_id,
        person=row.person,
        role=Role(row.role),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
