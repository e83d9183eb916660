"""Moves between sites, each a bank of its own, and the winding up of a site."""

from __future__ import annotations

from timebank.actions import accounts, members, transfers
from timebank.custody.actions._gather import (
    Case,
    acted,
    case,
    exceptional,
    inner,
    locked_membership,
    store_of,
)
from timebank.custody.actions._turning import (
    block,
    change_of,
    require_settled,
    require_two,
    still_open,
)
from timebank.custody.domain.attention import Exceptional, Rule
from timebank.custody.domain.crossing import Site
from timebank.custody.domain.membership import HERE, Membership, State, moved
from timebank.custody.domain.movement import Movement, Purpose
from timebank.custody.domain.site import (
    CLEARING,
    Direction,
    Outcome,
    Passage,
    PassageEnd,
    Windup,
    code_of,
    read_code,
    wound_up,
)
from timebank.domain.actor import Actor
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, FactId, checked_slug
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import PostedTransfer, TransactionDraft, Transfer
from timebank.errors import InputError, NotFoundError, NotYetEmpty, RefTaken, WrongState
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, WingActed, action

REASON = "other"


@action("custody.move_out")
def move_out(
    uow: UnitOfWork,
    person: str,
    *,
    to: str,
    by: Actor,
    approved_by: Actor,
    key: str | None = None,
) -> Changes:
    """Somebody leaves for the site ``to``: all hours inside go to the clearing account.

    The receipt's last event has the passage; ``passages`` shows the code that goes along. Sheets of
    theirs that are not posted yet are listed by ``unposted``.

    *Refuses*, in this order: an unknown person, a slug that is none or this site's own, a person in
    custody as one of the two, a missing second person, a move of theirs without its other half
    (``NotYetEmpty``), another state, and what adjusting and freezing refuse.
    """
    before = locked_membership(uow, person)
    site = _other_site(uow, to, field="to")
    found = case(uow, by=by, approved_by=approved_by, people=(before.id,))
    require_two(found, "custody.move_out")
    require_settled(found, before)
    after = moved(before, "depart", on=found.now.today)
    own = uow.accounts.lock([before.custody, before.held])
    amounts = {id_: own[id_].balance_minutes for id_ in (before.custody, before.held)}
    grounds = _cleared(uow, before, amounts, found, key=inner(key, "out"))
    id_ = FactId(found.now.fresh.id())
    passage = Passage(
        id=id_,
        code=code_of(uow.fresh.salt().hex(), amounts[before.custody], amounts[before.held]),
        direction=Direction.OUT,
        entry=1,
        site=site,
        person=before.id,
        custody_minutes=amounts[before.custody],
        held_minutes=amounts[before.held],
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    block(uow, after, by=by)
    change = change_of(before, after, "depart", found, reason=REASON)
    return Changes(
        added=(change, passage, *grounds), changed=(after,), events=(acted("moved out", id_),)
    )


@action("custody.move_in")
def move_in(
    uow: UnitOfWork,
    code: str,
    *,
    person: str,
    site: str,
    by: Actor,
    approved_by: Actor,
    key: str | None = None,
) -> Changes:
    """Somebody who was admitted here brings a code: its minutes come out of the clearing account.

    A code that was taken back here, and comes for another person now, is shown to human eyes.

    *Refuses*, in this order: what is no code, an unknown person, a slug that is none or this site's
    own, a person in custody as one of the two, a missing second person, a code that was used here
    (``RefTaken``) or was made here (``InputError``), a person who is not active, and what adjusting
    refuses.
    """
    plain, custody_minutes, held_minutes = read_code(code)
    own = locked_membership(uow, person)
    origin = _other_site(uow, site, field="site")
    found = case(uow, by=by, approved_by=approved_by, people=(own.id,))
    require_two(found, "custody.move_in")
    known = found.store.passage(plain, Direction.IN)
    if known is not None and known[1] is None:
        then = "timebank custody move list says for whom; move cancel takes it back"
        raise RefTaken(kind="code", ref=plain, next_step=then)
    if found.store.passage(plain, Direction.OUT) is not None:
        raise InputError(field="code", problem="was made here: timebank custody move cancel")
    if own.state is not State.ACTIVE:
        raise WrongState(
            kind="custody membership", id=own.id, state=own.state.value, act="move in", possible=()
        )
    amounts = {own.custody: -custody_minutes, own.held: -held_minutes}
    grounds = _cleared(uow, own, amounts, found, key=inner(key, "in"))
    id_ = FactId(found.now.fresh.id())
    passage = Passage(
        id=id_,
        code=plain,
        direction=Direction.IN,
        entry=1 if known is None else known[0].entry + 1,
        site=origin,
        person=own.id,
        custody_minutes=custody_minutes,
        held_minutes=held_minutes,
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    shown = () if known is None else _anew(known[0], passage, found)
    return Changes(added=(passage, *grounds, *shown), events=(acted("moved in", id_),))


@action("custody.move_arrived")
def move_arrived(
    uow: UnitOfWork, code: str, *, by: Actor, approved_by: Actor, key: str | None = None
) -> Changes:
    """The other half is known: the membership here is closed, and cannot be taken back any more.

    The membership of somebody who died or went missing on the way stays as it is, here and in
    ``move_cancel``: two people close it.

    *Refuses*, in this order: what is no code, an unknown one, a person in custody as one of the
    two, a missing second person, a half that has ended, hours inside (``NotYetEmpty``).
    """
    return _ended(uow, code, Outcome.ARRIVED, by=by, approved_by=approved_by, key=key)


@action("custody.move_cancel")
def move_cancel(
    uow: UnitOfWork, code: str, *, by: Actor, approved_by: Actor, key: str | None = None
) -> Changes:
    """They never left: the hours come back. Not once the other half is known.

    Where the code came in it takes that back, as for another person or site than was entered: the
    hours are under way again, and the code can be taken anew. So two people could give hours of one
    person inside to another, whatever the other site says: it is shown to human eyes.

    *Refuses* what ``move_arrived`` refuses; where the code came in, a person who is not inside any
    more (``WrongState``); and what adjusting refuses, as hours spent since.
    """
    return _ended(uow, code, Outcome.CANCELLED, by=by, approved_by=approved_by, key=key)


@action("custody.windup")
def windup(uow: UnitOfWork, *, by: Actor, approved_by: Actor, key: str | None = None) -> Changes:
    """Wind the site up in one operation: every account ends at 0:00, each hour with a destination.

    *Refuses*, in this order: a person in custody as one of the two, a missing second person,
    what ``plan`` refuses, and what ``ledger.post`` refuses.
    """
    uow.accounts.lock_all()
    found = case(uow, by=by, approved_by=approved_by)
    require_two(found, "custody.windup")
    moves = plan(uow)
    transaction = None
    if moves:
        draft = TransactionDraft(transfers=moves, key=inner(key, "windup"))
        (outcome,) = transfers.post(uow, [draft], by=by, approved_by=approved_by)
        transaction = outcome.receipt_or_raise().transaction_id
    done = Windup(
        id=FactId(found.now.fresh.id()),
        transaction=transaction,
        minutes=sum(move.hours.minutes for move in moves),
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    return Changes(added=(done,), events=(acted("wound up", done.id),))


def plan(uow: ReadingUnit) -> tuple[Transfer, ...]:
    """Where every hour would go if the site were wound up now. Nothing is written.

    *Refuses* what ``windup`` refuses after the two people: anybody still inside, sheets on their
    way, moves without their other half, slips without an answer (``SiteStillOpen``), hours inside,
    on hold or carried over (``NotYetEmpty``).
    """
    named = {label: members.account_of(uow, label) for label in ("pot", "closure")}
    return wound_up(uow.accounts.all(), open_matters=still_open(uow), **named)


def destinations(uow: ReadingUnit, receipt: Receipt) -> tuple[PostedTransfer, ...]:
    """Where every hour went when the site was wound up; nothing where there was none."""
    event = receipt.events[-1]
    if not isinstance(event, WingActed):
        return ()
    done = store_of(uow).windup(FactId(event.subject))
    if done is None or done.transaction is None:
        return ()
    return transfers.get(uow, done.transaction).transfers


def passages(uow: ReadingUnit) -> tuple[tuple[Passage, PassageEnd | None], ...]:
    """Both kinds of halves in order of record, and what became of those that went out."""
    return store_of(uow).passages()


def side(uow: ReadingUnit) -> Site:
    """What this site's books say of moves, to be joined with those of others in ``crossing``."""
    store, known = store_of(uow), uow.accounts.by_label(CLEARING)
    account = None if known is None else uow.accounts.get(known)
    return Site(
        slug=uow.slug,
        passages=store.passages(),
        clearing_minutes=0 if account is None else account.balance_minutes,
        wound_up=store.wound_up(),
        zone=uow.banks.get().zone,
    )


def unposted(uow: ReadingUnit, person: str) -> tuple[str, ...]:
    """The paper numbers of live sheets with a line of this person that are not posted yet."""
    store = store_of(uow)
    own = store.membership(members.get(uow, person).id)
    if own is None:
        raise NotFoundError(kind="person in the scheme", ref=person)
    return store.papers_on_their_way(own.id)


def _other_site(uow: UnitOfWork, slug: str, *, field: str) -> str:
    """*Refuses* what is no slug, and this site's own: nobody moves to where they are."""
    if checked_slug(slug) == uow.slug:
        raise InputError(field=field, problem=f"{slug} is this site itself; name the other one")
    return slug


def _clearing(uow: UnitOfWork, by: Actor) -> AccountId:
    known = uow.accounts.by_label(CLEARING)
    if known is not None:
        return known
    return accounts.open(uow, kind="clearing", label=CLEARING, by=by).account_id


def _cleared(
    uow: UnitOfWork,
    own: Membership,
    amounts: dict[AccountId, int],
    found: Case,
    *,
    key: str | None,
) -> tuple[Movement, ...]:
    """Minutes out of accounts into the clearing, negative ones the other way; through freezes."""
    clearing, grounds = _clearing(uow, found.now.by), []
    approver = found.now.approved_by
    for account, minutes in amounts.items():
        if minutes == 0 or approver is None:
            continue
        source, target = (account, clearing) if minutes > 0 else (clearing, account)
        receipt = transfers.adjust(
            uow,
            source=source,
            target=target,
            hours=Hours(minutes=abs(minutes)),
            reason=REASON,
            by=found.now.by,
            approved_by=approver,
            key=None if key is None else f"{key}:{account}",
        )
        grounds.append(
            Movement(transaction=receipt.transaction_id, n=1, purpose=Purpose.MOVE, person=own.id)
        )
    return tuple(grounds)


def _ended(
    uow: UnitOfWork,
    code: str,
    outcome: Outcome,
    *,
    by: Actor,
    approved_by: Actor,
    key: str | None,
) -> Changes:
    half = _half(uow, code, outcome)
    before = locked_membership(uow, half.person)
    found = case(uow, by=by, approved_by=approved_by, people=(before.id,))
    action_name = f"custody.move_{outcome.value}"
    require_two(found, action_name)
    ends = {passage.id: end for passage, end in found.store.passages()}
    if (known := ends[half.id]) is not None:
        act = "arrive" if outcome is Outcome.ARRIVED else "be cancelled"
        raise WrongState(kind="move", id=half.id, state=known.outcome.value, act=act, possible=())
    went = half.direction is Direction.OUT
    if not went and before.state not in HERE:
        state, act = before.state.value, "give back hours that came"
        raise WrongState(kind="custody membership", id=before.id, state=state, act=act, possible=())
    grounds: tuple[Movement, ...] = ()
    if outcome is Outcome.CANCELLED:
        way = -1 if went else 1
        amounts = {
            before.custody: way * half.custody_minutes,
            before.held: way * half.held_minutes,
        }
        grounds = _cleared(uow, before, amounts, found, key=inner(key, "back"))
    end = PassageEnd(
        id=FactId(found.now.fresh.id()),
        passage=half.id,
        outcome=outcome,
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    if went:
        turned = _turned(uow, before, outcome, found, by=by)
    else:
        turned = Changes(added=(_shown(Rule.MOVE_TAKEN_BACK, half, before, found),))
    return Changes(
        added=(end, *grounds, *turned.added),
        changed=turned.changed,
        events=(acted(f"move {outcome.value}", half.id),),
    )


def _anew(before: Passage, after: Passage, found: Case) -> tuple[Exceptional, ...]:
    """A code that came for one person and is taken for another: whose hours they were, and are."""
    if before.person == after.person:
        return ()
    (whose,) = found.store.memberships([before.person])
    return (_shown(Rule.CODE_TAKEN_ANEW, after, whose, found),)


def _shown(rule: Rule, half: Passage, whose: Membership, found: Case) -> Exceptional:
    return exceptional(rule, half.person, whose.custody, found, minutes=half.minutes)


def _half(uow: UnitOfWork, code: str, outcome: Outcome) -> Passage:
    """The half that went out under this code; where there is none, one that came in to cancel.

    *Refuses* what is no code, with ``InputError``, and an unknown one, with ``NotFoundError``.
    """
    plain, _, _ = read_code(code)
    ways = (Direction.OUT, Direction.IN)[: 1 + (outcome is Outcome.CANCELLED)]
    for way in ways:
        if (known := store_of(uow).passage(plain, way)) is not None:
            return known[0]
    raise NotFoundError(kind="move", ref=plain)


def _turned(
    uow: UnitOfWork, before: Membership, outcome: Outcome, found: Case, *, by: Actor
) -> Changes:
    """The membership of somebody who is on the way; not of one who died or went missing there."""
    if before.state is not State.TRANSFERRING:
        return Changes()
    if outcome is Outcome.ARRIVED and _still_inside(uow, before):
        raise NotYetEmpty(member=before.id, what="hours inside: a late sheet was credited")
    act = "arrive" if outcome is Outcome.ARRIVED else "stay"
    after = moved(before, act, on=found.now.today)
    block(uow, after, by=by)
    change = change_of(before, after, act, found, reason=REASON)
    return Changes(added=(change,), changed=(after,))


def _still_inside(uow: UnitOfWork, own: Membership) -> bool:
    locked = uow.accounts.lock([own.custody, own.held])
    return any(account.balance_minutes for account in locked.values())
