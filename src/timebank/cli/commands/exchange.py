"""``timebank exchange``: the acts, from a proposal to hours that have moved."""

from __future__ import annotations

from typing import Annotated

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import Desk, group, writing
from timebank.cli.commands import exchange_reads
from timebank.domain.exchange import GroupRule
from timebank.domain.receipt import Receipt
from timebank.errors import InputError

Which = Annotated[str, typer.Argument(metavar="EXCHANGE", help="Its id, or the beginning of it.")]
Giver = Annotated[str, typer.Option("--giver", metavar="REF", help="Who gives the time.")]
Receiver = Annotated[str, typer.Option("--receiver", metavar="REF", help="Who receives it.")]


def register(app: typer.Typer) -> None:
    """Add the group ``exchange``."""
    exchange = group(app, "exchange", "Exchanges: from a proposal to hours that have moved.")
    start = "timebank exchange"
    parties = "--giver anna --receiver ben --hours 1:30"
    for name, act, words in (
        ("record", record, f"{parties} --on 2026-10-31 --by cora"),
        ("propose", propose, f"{parties} --by anna"),
        ("agree", agree, "0192f3 --by ben"),
        ("report", report, "0192f3 --hours 1:45 --by anna"),
        ("confirm", confirm, "0192f3 --by ben"),
        ("decline", decline, "0192f3 --by ben"),
        ("cancel", cancel, "0192f3 --by ben"),
        ("dispute", dispute, '0192f3 --reason "he left at four" --by ben'),
        ("resolve", resolve, '0192f3 --hours 1:00 --reason "not as agreed" --by cora'),
        ("reverse", reverse, '0192f3 --reason "entered twice" --by cora'),
        (
            "group",
            group_,
            "--giver anna --receiver ben --receiver dan --hours 3:00 --rule shared --by cora",
        ),
    ):
        writing(exchange, name, example=f"{start} {name} {words}")(act)
    exchange_reads.register(exchange)


def record(
    desk: Desk,
    giver: Giver,
    receiver: Receiver,
    hours: options.NeededHours,
    on: options.OnDay = None,
    category: options.Category = None,
    approved_by: options.ApprovedBy = None,
    reason: options.Reason = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Record in one act what already took place: staff's daily work."""
    return timebank.exchanges.record(
        desk.uow,
        giver=names.person(desk.uow, giver, field="giver"),
        receiver=names.person(desk.uow, receiver, field="receiver"),
        hours=hours,
        happened_on=on,
        category=category,
        approved_by=desk.approver(approved_by),
        reason=reason,
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def propose(
    desk: Desk,
    giver: Giver,
    receiver: Receiver,
    hours: options.NeededHours,
    on: options.OnDay = None,
    category: options.Category = None,
    listing: Annotated[
        str | None,
        typer.Option("--listing", metavar="ID", help="The offer or request it takes up."),
    ] = None,
) -> Receipt:
    """Propose an exchange to the other side."""
    return timebank.exchanges.propose(
        desk.uow,
        giver=names.person(desk.uow, giver, field="giver"),
        receiver=names.person(desk.uow, receiver, field="receiver"),
        hours=hours,
        happens_on=on,
        category=category,
        listing=None if listing is None else names.listing(desk.uow, listing),
        by=desk.by,
        key=desk.key,
    )


def agree(desk: Desk, exchange: Which) -> Receipt:
    """Agree, as the other side; the receiver's hours are set aside."""
    which = names.exchange(desk.uow, exchange)
    return timebank.exchanges.agree(desk.uow, which, by=desk.by, key=desk.key)


def report(desk: Desk, exchange: Which, hours: options.NeededHours) -> Receipt:
    """Say how long it took."""
    which = names.exchange(desk.uow, exchange)
    return timebank.exchanges.report(desk.uow, which, hours=hours, by=desk.by, key=desk.key)


def confirm(
    desk: Desk,
    exchange: Which,
    hours: options.SomeHours = None,
    on: options.OnDay = None,
    approved_by: options.ApprovedBy = None,
    reason: options.Reason = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Confirm, as the receiver, that it took place: the hours move to the giver."""
    return timebank.exchanges.confirm(
        desk.uow,
        names.exchange(desk.uow, exchange),
        hours=hours,
        happened_on=on,
        approved_by=desk.approver(approved_by),
        reason=reason,
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def decline(desk: Desk, exchange: Which, reason: options.Reason = None) -> Receipt:
    """Say no to a proposal, as the other side."""
    which = names.exchange(desk.uow, exchange)
    return timebank.exchanges.decline(desk.uow, which, reason=reason, by=desk.by, key=desk.key)


def cancel(desk: Desk, exchange: Which, reason: options.Reason = None) -> Receipt:
    """Call it off; hours on hold are free again."""
    which = names.exchange(desk.uow, exchange)
    return timebank.exchanges.cancel(desk.uow, which, reason=reason, by=desk.by, key=desk.key)


def dispute(desk: Desk, exchange: Which, reason: options.Reason = None) -> Receipt:
    """Say that it was not like that; a coordinator resolves it."""
    which = names.exchange(desk.uow, exchange)
    return timebank.exchanges.dispute(desk.uow, which, reason=reason, by=desk.by, key=desk.key)


def resolve(
    desk: Desk,
    exchange: Which,
    reason: options.NeededReason,
    hours: options.SomeHours = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="It did not take place.")] = False,
    on: options.OnDay = None,
    approved_by: options.ApprovedBy = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """End a dispute, as a coordinator: with --hours it took place, with --cancel it did not."""
    if cancel == (hours is not None):
        raise InputError(field="hours", problem="say either --hours HOURS or --cancel")
    return timebank.exchanges.resolve(
        desk.uow,
        names.exchange(desk.uow, exchange),
        hours=hours,
        reason=reason,
        happened_on=on,
        approved_by=desk.approver(approved_by),
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def reverse(
    desk: Desk,
    exchange: Which,
    reason: options.NeededReason,
    approved_by: options.ApprovedBy = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Move the hours of a confirmed exchange back, levy and all."""
    return timebank.exchanges.reverse(
        desk.uow,
        names.exchange(desk.uow, exchange),
        reason=reason,
        approved_by=desk.approver(approved_by),
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def group_(
    desk: Desk,
    giver: Annotated[
        list[str], typer.Option("--giver", metavar="REF", help="Who gives; may be repeated.")
    ],
    receiver: Annotated[
        list[str], typer.Option("--receiver", metavar="REF", help="Who receives; may be repeated.")
    ],
    hours: options.NeededHours,
    rule: Annotated[GroupRule, typer.Option("--rule", help="Who pays what.")],
    on: options.OnDay = None,
    category: options.Category = None,
    approved_by: options.ApprovedBy = None,
    reason: options.Reason = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Record a session of one giver and many receivers, or many and one.

    shared: the many share the hours. each: everybody of the many counts them in full. pot: the
    community pot pays each giver in full.
    """
    return timebank.exchanges.group(
        desk.uow,
        givers=[names.person(desk.uow, who, field="giver") for who in giver],
        receivers=[names.person(desk.uow, who, field="receiver") for who in receiver],
        hours=hours,
        rule=rule,
        happened_on=on,
        category=category,
        approved_by=desk.approver(approved_by),
        reason=reason,
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )
