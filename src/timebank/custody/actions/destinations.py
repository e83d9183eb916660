"""Where hours go: what the earner said, what is given away, and what is spent inside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from timebank.actions import members, transfers
from timebank.custody.actions._gather import (
    Case,
    acted,
    case,
    inner,
    large_gift,
    locked_beneficiary,
    locked_membership,
    locked_sheet,
    owners_of,
    require_two_of_staff,
    store_of,
)
from timebank.custody.domain.attention import Exceptional
from timebank.custody.domain.beneficiary import Beneficiary, require_staff
from timebank.custody.domain.destination import Instruction, Part, check_parts
from timebank.custody.domain.membership import Membership, require_outside
from timebank.custody.domain.movement import Movement, Price, Purpose
from timebank.custody.domain.sheet import checked_paper
from timebank.custody.errors import NotABeneficiary, NotOnThePriceList
from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor
from timebank.domain.bank import checked_day
from timebank.domain.hours import Hours, positive
from timebank.domain.ids import FactId
from timebank.domain.member import checked_text
from timebank.domain.transaction import Activity, TransactionDraft, Transfer
from timebank.errors import InputError, NotFoundError
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, person_id


@action("custody.destination_set")
def set(
    uow: UnitOfWork,
    person: str,
    *,
    parts: Sequence[Part],
    given_on: date,
    paper: str,
    by: Actor,
    approved_by: Actor,
    sheet: str | None = None,
    key: str | None = None,
) -> Changes:
    """Record what the earner said on a signed paper: from that day on, or for one sheet.

    *Refuses*, in this order: an unknown person or sheet, a person in custody as one of the two,
    who is no staff, a missing second person, a sheet without a line of theirs, a day that has not
    come, an unfit paper number, and parts that make no instruction.
    """
    file = None if sheet is None else locked_sheet(uow, sheet)
    own = locked_membership(uow, person)
    found = case(uow, by=by, approved_by=approved_by)
    require_two_of_staff(found, "custody.destination_set")
    if file is not None and own.id not in {line.person for line in file.lines}:
        raise InputError(field="sheet", problem="this person is not on it")
    if checked_day(given_on, field="given_on") > found.now.today:
        raise InputError(field="given_on", problem=f"{given_on} has not come yet")
    known = {one.id: one for one in found.store.beneficiaries(people=[own.id])}
    check_parts(tuple(parts), known, found.rules)
    said = Instruction(
        id=FactId(found.now.fresh.id()),
        person=own.id,
        sheet=None if file is None else file.sheet.id,
        given_on=given_on,
        paper=checked_paper(paper),
        parts=tuple(parts),
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    return Changes(added=(said,), events=(acted("recorded instruction", said.id),))


def list(uow: ReadingUnit, person: str) -> tuple[Instruction, ...]:
    """What a person said, in order of record."""
    return store_of(uow).instructions([person_id(uow, person, field="person")])


@action("custody.give")
def give(
    uow: UnitOfWork,
    person: str,
    *,
    hours: Hours,
    by: Actor,
    approved_by: Actor,
    beneficiary: str | None = None,
    held: bool = False,
    key: str | None = None,
) -> Changes:
    """Hours of a person's own go to an approved beneficiary, their held account, or the pot.

    *Refuses*, in this order: hours that are not positive, an unknown person or beneficiary, a
    person in custody as one of the two, who is no staff, a missing second person, both places at
    once, a beneficiary who is not on the list today (``NotABeneficiary``), a held account that the
    rules do not allow, and what ``ledger.post`` refuses.
    """
    positive(hours)
    own = locked_membership(uow, person)
    one = None if beneficiary is None else locked_beneficiary(uow, beneficiary)
    found = case(uow, by=by, approved_by=approved_by, people=(own.id,))
    require_two_of_staff(found, "custody.give")
    if held and one is not None:
        raise InputError(field="held", problem="say one place, not two")
    if held and not found.rules.held_allowed:
        raise InputError(field="held", problem="this scheme holds nothing until release")
    target = own.held if held else members.account_of(uow, "pot")
    shown: tuple[Exceptional, ...] = ()
    if one is not None:
        _require_receiving(uow, own, one, found)
        balance = uow.accounts.lock([own.custody])[own.custody].balance_minutes
        shown = large_gift(own.id, one, hours.minutes, balance, found)
        target = one.account
    ground = _moved(
        uow,
        Transfer(
            source=own.custody,
            target=target,
            hours=hours,
            activity=Activity.SETTLEMENT if held else Activity.GIFT,
        ),
        found,
        own,
        Purpose.GIFT,
        beneficiary=None if one is None else one.id,
        key=inner(key, "give"),
    )
    return Changes(added=(ground, *shown), events=(acted("gave", own.id),))


@action("custody.spend")
def spend(uow: UnitOfWork, person: str, *, item: str, by: Actor, key: str | None = None) -> Changes:
    """Hours of a person's own are spent at the listed price, in whole minutes.

    *Refuses*, in this order: an unknown person, a person in custody as the actor, who is no staff,
    an item that is not on the list today, and what ``ledger.post`` refuses.
    """
    own = locked_membership(uow, person)
    found = case(uow, by=by, people=(own.id,))
    require_outside("custody.spend", by, found.inside)
    require_staff("custody.spend", found.now)
    listed = found.store.prices(found.now.today)
    if item not in listed:
        raise NotOnThePriceList(item=item, listed=tuple(listed))
    price = listed[item]
    ground = _moved(
        uow,
        Transfer(
            source=own.custody,
            target=price.account,
            hours=Hours(minutes=price.minutes or 0),
            activity=Activity.SPENDING,
        ),
        found,
        own,
        Purpose.SPENDING,
        price=price.id,
        key=inner(key, "spend"),
    )
    return Changes(added=(ground,), events=(acted("spent", own.id),))


@action("custody.price_set")
def set_price(
    uow: UnitOfWork,
    item: str,
    *,
    account: str,
    hours: Hours | None,
    by: Actor,
    approved_by: Actor,
    starts_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """What an item costs from a day on (today), on which activity's account; None takes it off.

    *Refuses*, in this order: an unknown account, a person in custody as one of the two, who is no
    staff, a missing second person, an account that is no activity's, an unfit name, a day past.
    """
    id_ = members.account_of(uow, account)
    target = uow.accounts.get(id_)
    if target is None:
        raise NotFoundError(kind="account", ref=account)
    found = case(uow, by=by, approved_by=approved_by)
    require_two_of_staff(found, "custody.price_set")
    if target.kind is not AccountKind.ACTIVITY:
        raise InputError(field="account", problem="hours are spent on activities alone")
    day = found.now.today if starts_on is None else checked_day(starts_on, field="starts_on")
    if day < found.now.today:
        raise InputError(field="starts_on", problem="a price is never changed for days past")
    price = Price(
        id=FactId(found.now.fresh.id()),
        item=checked_text(item, field="item", limit=60) or "",
        account=id_,
        minutes=None if hours is None else positive(hours),
        starts_on=day,
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    return Changes(added=(price,), events=(acted("priced", price.id),))


def prices(uow: ReadingUnit, *, day: date) -> tuple[Price, ...]:
    """The price list of a day, item by item."""
    return tuple(store_of(uow).prices(day).values())


def _require_receiving(uow: UnitOfWork, own: Membership, one: Beneficiary, found: Case) -> None:
    owner = owners_of(uow, [one.account]).get(one.account)
    allowed = one.person == own.id and one.may_receive(found.now.today)
    if not allowed or owner in found.inside:
        raise NotABeneficiary(person=own.id, beneficiary=one.id)


def _moved(
    uow: UnitOfWork,
    transfer: Transfer,
    found: Case,
    own: Membership,
    purpose: Purpose,
    *,
    beneficiary: FactId | None = None,
    price: FactId | None = None,
    key: str | None = None,
) -> Movement:
    """One transfer posted, and its ground."""
    now = found.now
    draft = TransactionDraft(transfers=(transfer,), key=key)
    (outcome,) = transfers.post(uow, [draft], by=now.by, approved_by=now.approved_by)
    return Movement(
        transaction=outcome.receipt_or_raise().transaction_id,
        n=1,
        purpose=purpose,
        person=own.id,
        beneficiary=beneficiary,
        price=price,
    )
