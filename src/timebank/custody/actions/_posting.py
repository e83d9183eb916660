"""What a sheet moves: the credit of each line, and the legs to where its hours go."""

from __future__ import annotations

from dataclasses import dataclass, replace

from timebank.actions import members
from timebank.custody.actions._gather import Case, large_gift, owners_of
from timebank.custody.domain.attention import Exceptional
from timebank.custody.domain.beneficiary import Beneficiary
from timebank.custody.domain.destination import Leg, Place, in_force, legs_of
from timebank.custody.domain.membership import FREEZES, Membership
from timebank.custody.domain.movement import Movement, Purpose
from timebank.custody.domain.rules import DestinationClass
from timebank.custody.domain.sheet import SheetFile, SheetLine
from timebank.domain.account import AccountKind, Frozen
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.domain.transaction import Activity, Transfer
from timebank.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPosting:
    """The transfers of a sheet, each with its ground, and what is shown to human eyes."""

    moves: tuple[tuple[Transfer, Movement], ...]
    shown: tuple[Exceptional, ...]


def posting_of(
    uow: UnitOfWork,
    file: SheetFile,
    memberships: dict[PersonId, Membership],
    payer: AccountId,
    found: Case,
) -> SheetPosting:
    """Each credited line, and where the earner, the rules and the state let its hours go."""
    credited = [line for line in file.lines if line.credited_minutes > 0]
    class_ = found.rules.destination_class(file.sheet.category)
    if class_ is DestinationClass.RECOGNISED_ONLY:
        credited = []
    people = [line.person for line in credited]
    beneficiaries = {b.id: b for b in found.store.beneficiaries(people=people)}
    owned = owners_of(uow, [b.account for b in beneficiaries.values()])
    owners = {b.id: owned.get(b.account) for b in beneficiaries.values()}
    said = found.store.instructions(people)
    pot = members.account_of(uow, "pot")
    accounts = uow.accounts.many([memberships[person].custody for person in people])
    moves: list[tuple[Transfer, Movement]] = []
    shown: list[Exceptional] = []
    for line in credited:
        own = memberships[line.person]
        legs: tuple[Leg, ...] = ()
        if FREEZES[own.state][AccountKind.CUSTODY] is Frozen.NONE:
            legs = legs_of(
                line.credited_minutes,
                in_force(
                    [one for one in said if one.person == line.person],
                    sheet=file.sheet.id,
                    day=file.sheet.last_day,
                ),
                beneficiaries,
                class_=class_,
                today=found.now.today,
                inside=found.inside,
                owners=owners,
            )
        moves.append(_credit(line, own, payer))
        moves += [
            (_transfer(own, leg, beneficiaries, pot), _ground(line, leg))
            for leg in legs
            if leg.place is not Place.OWN
        ]
        balance = accounts[own.custody].balance_minutes + line.credited_minutes
        for leg in legs:
            if leg.beneficiary is not None:
                one = beneficiaries[leg.beneficiary]
                shown += large_gift(line.person, one, leg.minutes, balance, found)
    numbered = (
        (transfer, replace(ground, n=n)) for n, (transfer, ground) in enumerate(moves, start=1)
    )
    return SheetPosting(moves=tuple(numbered), shown=tuple(shown))


def _credit(line: SheetLine, own: Membership, payer: AccountId) -> tuple[Transfer, Movement]:
    hours = Hours(minutes=line.credited_minutes)
    transfer = Transfer(source=payer, target=own.custody, hours=hours, activity=Activity.SERVICE)
    return transfer, _movement(line, Purpose.CREDIT)


def _transfer(
    own: Membership, leg: Leg, beneficiaries: dict[FactId, Beneficiary], pot: AccountId
) -> Transfer:
    target = {Place.POT: pot, Place.HELD: own.held}.get(leg.place)
    if leg.beneficiary is not None:
        target = beneficiaries[leg.beneficiary].account
    kept = leg.place is Place.HELD
    return Transfer(
        source=own.custody,
        target=target or pot,
        hours=Hours(minutes=leg.minutes),
        activity=Activity.SETTLEMENT if kept else Activity.GIFT,
    )


def _ground(line: SheetLine, leg: Leg) -> Movement:
    ground = _movement(line, Purpose.DESTINATION)
    return replace(ground, beneficiary=leg.beneficiary, lapsed=leg.lapsed)


def _movement(line: SheetLine, purpose: Purpose) -> Movement:
    return Movement(
        transaction=TransactionId(""),
        n=0,
        purpose=purpose,
        person=line.person,
        sheet=line.sheet,
        line=line.n,
    )
