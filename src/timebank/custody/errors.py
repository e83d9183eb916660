"""What only a custody scheme refuses; everything else is refused by the ledger's own errors."""

from __future__ import annotations

from timebank.errors import NotPermitted, RefusedError


class InCustody(NotPermitted):
    """A person in custody holds no office in the scheme, whatever roles somebody gave them."""

    code = "custody_in_custody"


class LineRefused(RefusedError):
    """A line of an attendance sheet breaks a rule: overlap, session length, cap, or standing."""

    code = "custody_line_refused"
    template = "Line {line} ({person}): {minutes} are refused by the rule {rule} ({because})."
    line: int
    person: str
    minutes: int
    rule: str
    limit_minutes: int
    because: str


class SiteStillOpen(RefusedError):
    """A site is wound up once nobody is inside and nothing is on its way."""

    code = "custody_site_still_open"
    template = "The site cannot be wound up yet; it still has {what}."
    what: tuple[str, ...]


class GoodsNotAllowed(RefusedError):
    """The activity makes goods, and the scheme's rules do not allow it by name."""

    code = "custody_goods"
    template = "{category} makes goods: no hours are credited for it unless the rules allow it."
    category: str


class NotABeneficiary(RefusedError):
    """The account is not on this person's list of approved beneficiaries today."""

    code = "custody_not_a_beneficiary"
    template = "{person} has no approved beneficiary {beneficiary} today; hours go to the pot."
    person: str
    beneficiary: str


class NotOnThePriceList(RefusedError):
    """Hours are spent at listed prices only."""

    code = "custody_not_on_the_price_list"
    template = "{item!r} is not on the price list today; it has {listed}."
    item: str
    listed: tuple[str, ...]


class WrongPin(RefusedError):
    """What was typed is not the PIN of who acts, or of who approves."""

    code = "custody_wrong_pin"
    http_status = 403
    template = "This is not the PIN of {person}; {next_step}"
    person: str
    left: int
    next_step: str


class PinLocked(RefusedError):
    """Too many wrong PINs in a row: a coordinator resets it first."""

    code = "custody_pin_locked"
    http_status = 403
    template = (
        "The PIN of {person} is locked after {tries} wrong ones; "
        "another coordinator unlocks it: timebank custody pin reset"
    )
    person: str
    tries: int


class NoPin(RefusedError):
    """The scheme asks for PINs, and this person has none."""

    code = "custody_no_pin"
    http_status = 403
    template = "{person} has no PIN yet; a coordinator sets it: timebank custody pin set"
    person: str
