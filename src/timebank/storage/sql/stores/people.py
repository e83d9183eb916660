"""People, memberships and roles."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from timebank.domain.ids import PersonId
from timebank.domain.member import Member, Person, Staff, Standing, Status
from timebank.storage.sql import schema
from timebank.storage.sql.rows import people
from timebank.storage.sql.stores._common import ID_DIGITS, Store, page, slices, with_prefix
from timebank.storage.sql.stores._standing import standings


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
        """How people stand. Unknown ids are left out."""
        return standings(self.link, ids)
