"""People, memberships and roles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Row, Table, and_, bindparam, select

from timebank.domain.account import ChangeField
from timebank.domain.actor import Role
from timebank.domain.ids import FactId, PersonId
from timebank.domain.member import Member, Person, Staff, Standing, Status, StatusSpan
from timebank.storage.sql import schema
from timebank.storage.sql.prepared import Prepared
from timebank.storage.sql.rows import people
from timebank.storage.sql.stores._common import ID_DIGITS, Store, page, slices, with_prefix


def _inside(table: Table, beside: Table, column: Column[Any]) -> ColumnElement[bool]:
    return and_(table.c.bank_id == beside.c.bank_id, column == beside.c.id)


_PERSON: Final = schema.person.c
_BANK: Final = bindparam("bank", type_=_PERSON.bank_id.type)
_STANDINGS: Final = Prepared(
    lambda ids: (
        select(
            _PERSON.id.label("person"),
            schema.member,
            schema.staff.c.id.label("staff_id"),
            schema.staff.c.role,
            schema.staff.c.starts_on,
            schema.staff.c.ends_on,
        )
        .outerjoin(schema.member, _inside(schema.member, schema.person, schema.member.c.id))
        .outerjoin(schema.staff, _inside(schema.staff, schema.person, schema.staff.c.person_id))
        .where(_PERSON.bank_id == _BANK, ids.hold(_PERSON.id))
    )
)
_CHANGE: Final = schema.account_change.c
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
"""Built once: every action asks how people stand."""


class SqlPersonStore(Store):
    """``PersonStore`` in SQL."""

    def get(self, id: PersonId) -> Person | None:
        """A person by id."""
        row = self.link.one(self._of_bank(schema.person).where(schema.person.c.id == id))
        return None if row is None else people.person_from(row)

    def many(self, ids: Collection[PersonId]) -> dict[PersonId, Person]:
        """People by id; unknown ids are left out."""
        found: dict[PersonId, Person] = {}
        for part in slices(ids):
            query = self._of_bank(schema.person).where(schema.person.c.id.in_(part))
            found |= {row.id: people.person_from(row) for row in self.link.all(query)}
        return found

    def by_ref(self, ref: str) -> Person | None:
        """A person by ref."""
        row = self.link.one(self._of_bank(schema.person).where(schema.person.c.ref == ref))
        return None if row is None else people.person_from(row)

    def by_refs(self, refs: Collection[str]) -> dict[str, PersonId]:
        """Ids by ref; unknown refs are left out."""
        person = schema.person
        found: dict[str, PersonId] = {}
        for part in slices(refs):
            query = select(person.c.ref, person.c.id).where(
                person.c.bank_id == self.link.bank, person.c.ref.in_(part)
            )
            found |= {row.ref: row.id for row in self.link.all(query)}
        return found

    def by_prefix(self, prefix: str) -> tuple[PersonId, ...]:
        """Ids that begin so, at most two."""
        person = schema.person
        query = select(person.c.id).where(
            person.c.bank_id == self.link.bank, with_prefix(person.c.id, prefix, ID_DIGITS)
        )
        return tuple(row.id for row in self.link.all(query.limit(2)))

    def member(self, id: PersonId) -> Member | None:
        """A membership by id."""
        row = self.link.one(self._of_bank(schema.member).where(schema.member.c.id == id))
        return None if row is None else people.member_from(row)

    def members(
        self, *, status: Status | None, after: PersonId | None, limit: int
    ) -> tuple[tuple[Member, Person], ...]:
        """A page of members in order of id."""
        query = self._of_bank(schema.member)
        if status is not None:
            query = query.where(schema.member.c.status == status.value)
        rows = self.link.all(page(query, schema.member.c.id, after, limit))
        members = [people.member_from(row) for row in rows]
        persons = self.many([member.id for member in members])
        return tuple((member, persons[member.id]) for member in members)

    def staff(self, *, person: PersonId | None = None) -> tuple[tuple[Staff, Person], ...]:
        """Roles held, in order of first day, then id."""
        table = schema.staff
        query = self._of_bank(table).order_by(table.c.starts_on, table.c.id)
        if person is not None:
            query = query.where(table.c.person_id == person)
        held = [people.staff_from(row) for row in self.link.all(query)]
        persons = self.many({staff.person for staff in held})
        return tuple((staff, persons[staff.person]) for staff in held)

    def standings(self, ids: Collection[PersonId]) -> dict[PersonId, Standing]:
        """How people stand: membership with its history, and roles. Unknown ids are left out.

        One query; a second one only for those whose status has changed since they joined.
        """
        members: dict[PersonId, Member | None] = {}
        staff: dict[PersonId, dict[FactId, Staff]] = {}
        for part in slices(ids):
            for row in self.link.rows(_STANDINGS, bank=self.link.bank, ids=part):
                members[row.person] = None if row.id is None else people.member_from(row)
                if row.staff_id is not None:
                    staff.setdefault(row.person, {})[row.staff_id] = _staff(row)
        history = self._history(members)
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
        self, members: Mapping[PersonId, Member | None]
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
            for row in self.link.rows(_SPANS, bank=self.link.bank, ids=part):
                span = StatusSpan(since=row.effective_on, status=Status(row.becomes))
                history[row.owner_id] = (*history.get(row.owner_id, ()), span)
        return history


def _staff(row: Row[Any]) -> Staff:
    return Staff(
        id=row.staff_id,
        person=row.person,
        role=Role(row.role),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
