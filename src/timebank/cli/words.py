"""A receipt in plain words: what happened, the ids, and the balances after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from timebank.cli.names import Labels
from timebank.cli.render import Grid, grid
from timebank.domain import events
from timebank.domain.changes import Warning
from timebank.domain.hours import Hours
from timebank.domain.receipt import Receipt

SENTENCES: Final[Mapping[type[events.Event], str]] = {
    events.BankCreated: "Bank {slug} was created.",
    events.PolicySet: "Version {version} of the house rules holds from now on.",
    events.DayStated: "Today is {day}, as stated.",
    events.StaffAdded: "{person} holds the role of {role}.",
    events.StaffEnded: "The role of {role} ends for {person}.",
    events.MemberJoined: "Member {member} joined ({status}); account {account}.",
    events.MemberUpdated: "Member {member} was updated.",
    events.MemberForgotten: "Member {member} was forgotten: {listings} title(s), {notes} note(s).",
    events.MemberStatusChanged: "Member {member} is {becomes} now (was {was}).",
    events.ListingPlaced: "The {kind} {listing} stands.",
    events.ListingWithdrawn: "Listing {listing} was withdrawn.",
    events.ExchangeProposed: "Exchange {exchange} was proposed: {hours}.",
    events.ExchangeAgreed: "Exchange {exchange} was agreed: {hours}.",
    events.ExchangeDeclined: "Exchange {exchange} was declined.",
    events.ExchangeReported: "Exchange {exchange}: {hours} were reported.",
    events.ExchangeConfirmed: "Exchange {exchange} is confirmed: {hours}.",
    events.ExchangeCancelled: "Exchange {exchange} was cancelled.",
    events.ExchangeDisputed: "Exchange {exchange} is disputed; a coordinator resolves it.",
    events.ExchangeExpired: "Exchange {exchange} has expired.",
    events.ExchangeReversed: "Exchange {exchange} was reversed.",
    events.HoldPlaced: "{hours} are on hold on account {account}.",
    events.HoldEnded: "Hold {hold} was {outcome}{settled}.",
    events.TransactionRecorded: "Transaction {transaction} ({kind}) moved {hours}.",
    events.LimitOverridden: "Account {account} was let out of its limits on purpose.",
    events.AccountChanged: "Account {account}: {field} is {becomes} now (was {was}).",
    events.WingActed: "{wing}: {act} {subject}.",
    events.PeriodWasClosed: "Every day up to and including {until} is closed.",
}
"""What each event means, for people."""

_WARNINGS: Final = {
    "below_soft_limit": "Account {subject} stands at {hours}, below the soft limit."
}
_NAMED: Final = ("account", "member", "person")
LIMITS: Final = ("floor", "ceiling", "override")
"""The changes of an account whose values are minutes."""


def receipt_text(receipt: Receipt, labels: Labels) -> tuple[Grid | str, ...]:
    """The receipt for people; ``labels`` knows the accounts and people in it."""
    lines = [sentence(event, labels) for event in receipt.events]
    lines += [_warning(warning, labels) for warning in receipt.warnings]
    if receipt.replayed:
        lines.insert(0, "Done before with this key; nothing was written now. It was:")
    if not receipt.balances:
        return ("\n".join(lines),)
    rows = [(labels.short(a), a, hours) for a, hours in receipt.balances.items()]
    return "\n".join(lines), grid(("Account", "Id", ">Balance after"), rows)


def sentence(event: events.Event, labels: Labels) -> str:
    """The event in plain words."""
    facts = {field.name: getattr(event, field.name) for field in fields(event)}
    words = {n: labels.full(v) if n in _NAMED else v for n, v in facts.items()}
    words["hours"] = _hours(facts.get("minutes"))
    settled = facts.get("settled_minutes")
    words["settled"] = f"; {_hours(settled)} of it counted" if settled else ""
    if facts.get("field") in LIMITS:
        words |= {name: limit(facts[name]) for name in ("was", "becomes")}
    return SENTENCES[type(event)].format(**words)


def subjects(receipts: Iterable[Receipt]) -> tuple[set[Any], set[Any]]:
    """The accounts and the people that the receipts speak of."""
    accounts: set[Any] = set()
    people: set[Any] = set()
    for receipt in receipts:
        accounts |= set(receipt.balances) | {warning.subject for warning in receipt.warnings}
        for event in receipt.events:
            accounts |= {getattr(event, "account", None)}
            people |= {getattr(event, name, None) for name in ("member", "person")}
    return accounts - {None}, people - {None}


def _warning(warning: Warning, labels: Labels) -> str:
    text = _WARNINGS.get(warning.code, f"{warning.code}: {{subject}}, {{hours}}.")
    hours = Hours(minutes=warning.minutes)
    return "Warning: " + text.format(subject=labels.full(warning.subject), hours=hours)


def _hours(minutes: int | None) -> str:
    return "no hours" if minutes is None else str(Hours(minutes=minutes))


def limit(minutes: str) -> str:
    """A floor or ceiling as a change of an account has it, in hours."""
    return minutes if minutes == "none" else str(Hours(minutes=int(minutes)))
