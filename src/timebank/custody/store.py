"""The wing's reads and locks. What is written goes through the ledger's one write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select

from timebank.custody import tables
from timebank.custody.domain.attention import Attempt, Exceptional, Looked
from timebank.custody.domain.audit import INSIDE_KINDS, Moved
from timebank.custody.domain.beneficiary import Beneficiary, BeneficiaryAct
from timebank.custody.domain.destination import Instruction
from timebank.custody.domain.lines import Worked
from timebank.custody.domain.membership import OUTSIDE, History, Membership, StateChange
from timebank.custody.domain.movement import Movement, Price
from timebank.custody.domain.pin import Pin, PinChange
from timebank.custody.domain.query import Query, QueryAnswer
from timebank.custody.domain.retention import Retention
from timebank.custody.domain.rules import RulesVersion
from timebank.custody.domain.sheet import LIVE, Sheet, SheetAct, SheetFile, SheetLine, SheetState
from timebank.custody.domain.site import Direction, Passage, PassageEnd, Windup
from timebank.custody.errors import WrongPin
from timebank.custody.rows import from_row
from timebank.domain.account import Account, AccountKind
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.domain.transaction import Activity
from timebank.wings import (
    ID_DIGITS,
    SqlAccountStore,
    Store,
    WingValue,
    core,
    page,
    slices,
    with_prefix,
)

V = TypeVar("V", bound=WingValue)
E = TypeVar("E", bound=WingValue)


class CustodyStore(Store):
    """Everything the scheme keeps in one bank. Schemes are small: nothing here is paged twice."""

    # --- rules and people -------------------------------------------------------------------

    def rules(self) -> tuple[RulesVersion, ...]:
        """All rules that were set, first to last: the last ones hold."""
        return self._read(RulesVersion, self._of_bank(tables.rules).order_by("version"))

    def membership(self, person: PersonId) -> Membership | None:
        """A membership as it stands."""
        return next(iter(self.memberships([person])), None)

    def memberships(
        self, people: Collection[PersonId] | None = None, *, lock: bool = False
    ) -> tuple[Membership, ...]:
        """Memberships in order of id: those of these people, or all; locked if asked."""
        table = tables.membership
        query = self._of_bank(table).order_by(table.c.id)
        if people is not None:
            query = query.where(table.c.id.in_(sorted(people)))
        return self._read(Membership, query.with_for_update(key_share=True) if lock else query)

    def inside(self) -> frozenset[PersonId]:
        """Everybody who is a person in custody now."""
        table, outside = tables.membership, [state.value for state in OUTSIDE]
        query = select(table.c.id).where(
            table.c.bank_id == self.link.bank, table.c.state.not_in(outside)
        )
        return frozenset(row.id for row in self.link.all(query))

    def histories(self, people: Collection[PersonId]) -> dict[PersonId, History]:
        """How each of these people stood, day by day."""
        table = tables.state_change
        query = (
            self._of_bank(table)
            .where(table.c.person_id.in_(sorted(people)))
            .order_by(table.c.was.is_not(None), table.c.effective_on, table.c.id)
        )
        found: dict[PersonId, list[StateChange]] = {}
        for change in self._read(StateChange, query):
            found.setdefault(change.person, []).append(change)
        return {person: History(changes=tuple(changes)) for person, changes in found.items()}

    def retentions(self, people: Collection[PersonId] | None = None) -> tuple[Retention, ...]:
        """How long records are kept, in order of record: of these people, or of everybody."""
        table = tables.retention
        query = self._of_bank(table).order_by(table.c.id)
        if people is not None:
            query = query.where(table.c.person_id.in_(sorted(people)))
        return self._read(Retention, query)

    # --- staff ------------------------------------------------------------------------------

    def pin(self, person: PersonId, *, lock: bool = False) -> Pin | None:
        """What is kept of a person's PIN; its row is locked if asked."""
        query = self._of_bank(tables.pin).where(tables.pin.c.id == person)
        found = self._read(Pin, query.with_for_update(key_share=True) if lock else query)
        return next(iter(found), None)

    def pins(self) -> tuple[Pin, ...]:
        """What is kept of every PIN, in order of person."""
        return self._read(Pin, self._of_bank(tables.pin).order_by(tables.pin.c.id))

    def pin_changes(self) -> tuple[PinChange, ...]:
        """What was done to PINs, in order of record."""
        return self._read(PinChange, self._of_bank(tables.pin_change).order_by("id"))

    def wrong_pins(self) -> dict[PersonId, int]:
        """How often each person's PIN was refused."""
        query = self._of_bank(tables.attempt).where(tables.attempt.c.code == WrongPin.code)
        return Counter(row.actor_id for row in self.link.all(query))

    # --- sheets -----------------------------------------------------------------------------

    def sheet(self, id_: FactId, *, lock: bool = False) -> SheetFile | None:
        """A sheet with its lines and acts; its row is locked if asked."""
        query = self._of_bank(tables.sheet).where(tables.sheet.c.id == id_)
        found = self._read(Sheet, query.with_for_update(key_share=True) if lock else query)
        return self._files(found)[0] if found else None

    def sheets(
        self, *, state: SheetState | None, after: FactId | None, limit: int
    ) -> tuple[SheetFile, ...]:
        """A page of sheets in order of id."""
        query = self._of_bank(tables.sheet)
        if state is not None:
            query = query.where(tables.sheet.c.state == state.value)
        return self._files(self._read(Sheet, page(query, tables.sheet.c.id, after, limit)))

    def sheet_of(self, transactions: Collection[TransactionId]) -> SheetFile | None:
        """The sheet that one of these transactions credited, if any."""
        posted = tables.sheet.c.transaction_id.in_(sorted(transactions))
        found = self._read(Sheet, self._of_bank(tables.sheet).where(posted))
        return next(iter(self._files(found)), None)

    def of_paper(self, paper: str) -> tuple[Sheet, ...]:
        """Every entry of this paper, first to last."""
        table = tables.sheet
        query = self._of_bank(table).where(table.c.paper == paper).order_by(table.c.entry)
        return self._read(Sheet, query)

    def worked(self, people: Collection[PersonId], start: date, end: date) -> tuple[Worked, ...]:
        """What these people did on live sheets of these days, both included."""
        sheet, line = tables.sheet, tables.sheet_line
        query = (
            select(sheet, line.c.person_id, line.c.raw_minutes)
            .join(line, and_(line.c.bank_id == sheet.c.bank_id, line.c.sheet_id == sheet.c.id))
            .where(
                sheet.c.bank_id == self.link.bank,
                sheet.c.state.in_([state.value for state in LIVE]),
                sheet.c.worked_on.between(start, end),
                line.c.person_id.in_(sorted(people)),
            )
            .order_by(sheet.c.id, line.c.n)
        )
        return tuple(
            Worked(person=row.person_id, sheet=from_row(Sheet, row), raw_minutes=row.raw_minutes)
            for row in self.link.all(query)
        )

    def _files(self, sheets: Iterable[Sheet]) -> tuple[SheetFile, ...]:
        found = tuple(sheets)
        line, act = tables.sheet_line, tables.sheet_act
        lines: dict[FactId, list[SheetLine]] = {sheet.id: [] for sheet in found}
        acts: dict[FactId, list[SheetAct]] = {sheet.id: [] for sheet in found}
        for ids in slices(lines):
            query = self._of_bank(line).where(line.c.sheet_id.in_(ids)).order_by(line.c.n)
            for one in self._read(SheetLine, query):
                lines[one.sheet].append(one)
            query = self._of_bank(act).where(act.c.sheet_id.in_(ids)).order_by(act.c.n)
            for done in self._read(SheetAct, query):
                acts[done.sheet].append(done)
        return tuple(
            SheetFile(sheet=sheet, lines=tuple(lines[sheet.id]), acts=tuple(acts[sheet.id]))
            for sheet in found
        )

    # --- destinations -----------------------------------------------------------------------

    def beneficiary(self, id_: FactId, *, lock: bool = False) -> Beneficiary | None:
        """A beneficiary as it stands, locked if asked."""
        query = self._of_bank(tables.beneficiary).where(tables.beneficiary.c.id == id_)
        if lock:
            query = query.with_for_update(key_share=True)
        return next(iter(self._read(Beneficiary, query)), None)

    def beneficiaries(
        self,
        *,
        people: Collection[PersonId] | None = None,
        account: AccountId | None = None,
    ) -> tuple[Beneficiary, ...]:
        """The lists of these earners, or everybody's; only of an account if asked."""
        table = tables.beneficiary
        query = self._of_bank(table).order_by(table.c.id)
        if people is not None:
            query = query.where(table.c.person_id.in_(sorted(people)))
        if account is not None:
            query = query.where(table.c.account_id == account)
        return self._read(Beneficiary, query)

    def beneficiary_acts(self, id_: FactId | None = None) -> tuple[BeneficiaryAct, ...]:
        """What was decided on a beneficiary, or on all, in order of record."""
        query = self._of_bank(table := tables.beneficiary_act).order_by(table.c.id)
        if id_ is not None:
            query = query.where(table.c.beneficiary_id == id_)
        return self._read(BeneficiaryAct, query)

    def instructions(self, people: Collection[PersonId]) -> tuple[Instruction, ...]:
        """What these earners said, in order of record."""
        table = tables.instruction
        query = self._of_bank(table).where(table.c.person_id.in_(sorted(people)))
        return self._read(Instruction, query.order_by(table.c.id))

    def prices(self, day: date) -> dict[str, Price]:
        """The list of that day, item by item; what was taken off is left out."""
        table = tables.price
        query = self._of_bank(table).where(table.c.starts_on <= day)
        newest = {
            one.item: one
            for one in self._read(Price, query.order_by(table.c.starts_on, table.c.id))
        }
        return {item: one for item, one in sorted(newest.items()) if one.minutes is not None}

    def movements(self, people: Collection[PersonId] | None = None) -> tuple[Movement, ...]:
        """What transfers were for, in order of transaction: of these people, or of everybody."""
        table = tables.movement
        query = self._of_bank(table).order_by(table.c.transaction_id, table.c.n)
        if people is not None:
            query = query.where(table.c.person_id.in_(sorted(people)))
        return self._read(Movement, query)

    # --- sites ------------------------------------------------------------------------------

    def passages(self) -> tuple[tuple[Passage, PassageEnd | None], ...]:
        """Halves of moves in order of record, with what became of them."""
        return self._paired((Passage, tables.passage), (PassageEnd, tables.passage_end), "passage")

    def passage(self, code: str, way: Direction) -> tuple[Passage, PassageEnd | None] | None:
        """The last entry of this half, if this site has one; ids follow a clock that may drift."""
        found = [p for p in self.passages() if (p[0].code, p[0].direction) == (code, way)]
        return max(found, key=lambda pair: pair[0].entry, default=None)

    def open_passages(self) -> tuple[Passage, ...]:
        """Halves that went out and have not ended."""
        return tuple(
            one for one, end in self.passages() if one.direction is Direction.OUT and end is None
        )

    def windup(self, id_: FactId) -> Windup | None:
        """A winding up by its id."""
        query = self._of_bank(tables.windup).where(tables.windup.c.id == id_)
        return next(iter(self._read(Windup, query)), None)

    def wound_up(self) -> bool:
        """Whether the site was wound up."""
        return self.count(tables.windup) > 0

    def papers_on_their_way(self, person: PersonId) -> tuple[str, ...]:
        """The papers of a person that are not posted yet."""
        waiting = (SheetState.DRAFT, SheetState.SUBMITTED, SheetState.VERIFIED, SheetState.APPROVED)
        return tuple(
            file.sheet.paper
            for file in self.files(states=waiting)
            if any(line.person == person for line in file.lines)
        )

    # --- attention --------------------------------------------------------------------------

    def exceptionals(
        self, *, open_only: bool = False
    ) -> tuple[tuple[Exceptional, Looked | None], ...]:
        """What was shown to human eyes, in order of record, with what came of it."""
        end = (Looked, tables.looked)
        pairs = self._paired((Exceptional, tables.exceptional), end, "exceptional")
        return tuple(pair for pair in pairs if not (open_only and pair[1] is not None))

    def queries(self) -> tuple[tuple[Query, QueryAnswer | None], ...]:
        """Slips that were handed in, in order of record, with their answers."""
        return self._paired((Query, tables.query), (QueryAnswer, tables.query_answer), "query")

    def attempts(self, *, after: FactId | None, limit: int) -> tuple[Attempt, ...]:
        """What was refused, in order of record."""
        query = page(self._of_bank(tables.attempt), tables.attempt.c.id, after, limit)
        return self._read(Attempt, query)

    def within(
        self, kind: type[V], table: Table, from_: datetime, until: datetime
    ) -> tuple[V, ...]:
        """Facts of a kind that were recorded from one moment up to another."""
        when = (table.c.recorded_at >= from_, table.c.recorded_at < until)
        return self._read(kind, self._of_bank(table).where(*when))

    # --- the audit --------------------------------------------------------------------------

    def moved(self) -> tuple[Moved, ...]:
        """Every transfer that touches an account inside, in order of transaction."""
        transaction, transfer = core.transaction, core.transfer
        source, target = core.account.alias("source"), core.account.alias("target")
        inside = [kind.value for kind in INSIDE_KINDS]

        def is_end(account: Any, end: Any) -> ColumnElement[bool]:
            return and_(account.c.bank_id == transfer.c.bank_id, account.c.id == end)

        query = (
            select(
                transfer.c.transaction_id,
                transfer.c.n,
                transfer.c.minutes,
                transfer.c.activity,
                source.c.id.label("source"),
                source.c.kind.label("source_kind"),
                source.c.owner_id.label("source_owner"),
                target.c.id.label("target"),
                target.c.kind.label("target_kind"),
                target.c.owner_id.label("target_owner"),
                transaction.c.happened_on,
                transaction.c.reverses,
                transaction.c.recorded_at,
                transaction.c.actor_id,
                transaction.c.approver_id,
            )
            .join(source, is_end(source, transfer.c.source_id))
            .join(target, is_end(target, transfer.c.target_id))
            .join(transaction, is_end(transaction, transfer.c.transaction_id))
            .where(
                transfer.c.bank_id == self.link.bank,
                or_(source.c.kind.in_(inside), target.c.kind.in_(inside)),
            )
            .order_by(transfer.c.transaction_id, transfer.c.n)
        )
        return tuple(
            Moved(
                transaction=row.transaction_id,
                n=row.n,
                source=row.source,
                target=row.target,
                source_kind=AccountKind(row.source_kind),
                target_kind=AccountKind(row.target_kind),
                source_owner=row.source_owner,
                target_owner=row.target_owner,
                minutes=row.minutes,
                activity=Activity(row.activity),
                happened_on=row.happened_on,
                reverses=row.reverses,
                recorded_at=row.recorded_at,
                actor=row.actor_id,
                approver=row.approver_id,
            )
            for row in self.link.stream(query)
        )

    def files(self, *, states: Collection[SheetState] = ()) -> tuple[SheetFile, ...]:
        """Every sheet with its lines and acts, in order of id; only of some states if asked."""
        query = self._of_bank(tables.sheet).order_by(tables.sheet.c.id)
        if states:
            query = query.where(tables.sheet.c.state.in_([state.value for state in states]))
        return self._files(self._read(Sheet, query))

    def accounts(self, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        """Accounts by id; those that are gone are left out."""
        return SqlAccountStore(self.link).many(ids)

    # --- all of it --------------------------------------------------------------------------

    def by_prefix(self, name: str, prefix: str) -> tuple[FactId, ...]:
        """Ids of a table that begin so, at most two."""
        table = tables.metadata.tables[f"timebank_custody_{name}"]
        query = select(table.c.id).where(
            table.c.bank_id == self.link.bank, with_prefix(table.c.id, prefix, ID_DIGITS)
        )
        return tuple(row.id for row in self.link.all(query.limit(2)))

    def count(self, table: Table, *which: ColumnElement[bool]) -> int:
        """How many rows of the bank there are."""
        query = select(func.count()).select_from(table)
        found = self.link.run(query.where(table.c.bank_id == self.link.bank, *which))
        return int(found.scalar_one())

    def _read(self, kind: type[V], query: Select[Any]) -> tuple[V, ...]:
        return tuple(from_row(kind, row) for row in self.link.all(query))

    def _paired(
        self, kind: tuple[type[V], Table], end: tuple[type[E], Table], name: str
    ) -> tuple[tuple[V, E | None], ...]:
        """Facts in order of record, each with the one that names it, if there is one."""
        ends = {getattr(one, name): one for one in self._read(end[0], self._of_bank(end[1]))}
        found: Any = self._read(kind[0], self._of_bank(kind[1]).order_by("id"))
        return tuple((one, ends.get(one.id)) for one in found)
