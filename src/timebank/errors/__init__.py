"""The whole error tree, sorted by who must act.

    TimebankError
    ├── InputError             fix the call
    ├── NotFoundError          fix the call: nothing has that name
    ├── RefusedError           tell the person: the rules say no
    ├── KeyReusedError         fix the host: one key, two requests
    ├── ConflictError          repeat: somebody else was faster (retryable)
    ├── OutcomeUnknownError    repeat with the same key: the answer was lost
    └── StorageError           call the operator
    BrokenInvariantError       our fault: stands outside on purpose

Each has a stable ``code``, a message (what, where, what next) and typed ``data``: compare those.
Where a limit, a step, a list, a flow, a deadline or a clock said no, ``data["rule"]`` is the key in
the policy file, or says in words which rule it was that no policy can change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from timebank.errors.base import InputError as InputError
from timebank.errors.base import RefusedError as RefusedError
from timebank.errors.base import TimebankError as TimebankError
from timebank.errors.bundles import BankIsCopy as BankIsCopy
from timebank.errors.bundles import BundleDamaged as BundleDamaged
from timebank.errors.bundles import BundleGap as BundleGap
from timebank.errors.bundles import CopiesDiffer as CopiesDiffer
from timebank.errors.bundles import Difference as Difference


class InvalidHours(InputError):
    """Hours that are not a whole, sensible number of minutes."""

    code = "invalid_hours"


class NaiveTime(InputError):
    """A time without a zone."""

    code = "naive_time"


class DayInFuture(InputError):
    """Work was said to have happened on a day that has not come yet in the bank's zone."""

    code = "day_in_future"


class SelfTransfer(InputError):
    """Source and target are the same account, or giver and receiver the same member."""

    code = "self_transfer"


class UnknownCategory(InputError):
    """The category is not in the bank's list."""

    code = "unknown_category"
    field: str = "category"
    problem: str = ""
    category: str
    allowed: tuple[str, ...]
    rule: str = "categories"
    template = "category: {category!r} is not in this bank's list; it knows {allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in a file: line (1 is the header), column or "", what, and what next."""

    line: int
    column: str
    problem: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.problem}"


class FileFaults(InputError):
    """A file has faults; all of them are listed and nothing was taken from it."""

    code = "file_faults"
    field: str = "file"
    problem: str = ""
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        return f"{len(self.faults)} fault(s), nothing was taken from the file:\n{lines}"


class NotFoundError(TimebankError):
    """Nothing in this bank has that id, ref or key."""

    code = "not_found"
    http_status = 404
    template = "No {kind} {ref!r} in this {where}."
    kind: str
    ref: str
    where: str = "bank"


class NotEnoughHours(RefusedError):
    """The source account would end below its floor and further out than it is."""

    code = "not_enough_hours"
    template = (
        "Account {account} has {available_minutes} above its floor ({rule}: {floor_minutes}), "
        "{needed_minutes} are needed; {next_step}."
    )
    account: str
    available_minutes: int
    needed_minutes: int
    rule: str
    floor_minutes: int
    next_step: str


class CeilingReached(RefusedError):
    """The target account would end above its ceiling and further out than it is."""

    code = "ceiling_reached"
    template = (
        "Account {account} has room for {room_minutes} below its ceiling "
        "({rule}: {ceiling_minutes}), {offered_minutes} came; {next_step}."
    )
    account: str
    room_minutes: int
    offered_minutes: int
    rule: str
    ceiling_minutes: int
    next_step: str


class AccountFrozen(RefusedError):
    """The account is frozen in this direction."""

    code = "account_frozen"
    template = "Account {account} is frozen ({frozen}); a coordinator can lift the freeze."
    account: str
    frozen: str


class AccountClosed(RefusedError):
    """The account belonged to a member who left."""

    code = "account_closed"
    template = "Account {account} is closed: its member has left."
    account: str


class MemberNotActive(RefusedError):
    """The member is pending or has left."""

    code = "member_not_active"
    http_status = 403
    template = "Member {member} is {status}; only active members can do this."
    member: str
    status: str


class MemberSuspended(MemberNotActive):
    """The member is suspended."""

    code = "member_suspended"


class WrongState(RefusedError):
    """The thing is not in a state that allows the act."""

    code = "wrong_state"
    template = "{kind} {id} is {state}: it cannot {act} now. Possible: {possible}."
    kind: str
    id: str
    state: str
    act: str
    possible: tuple[str, ...]


class NotPermitted(RefusedError):
    """The actor may not do this."""

    code = "not_permitted"
    http_status = 403
    template = "{action} is not for {who}: {needed}."
    action: str
    who: str
    needed: str


class SecondPersonNeeded(RefusedError):
    """The action needs an approver who is not the actor."""

    code = "second_person_needed"
    http_status = 403
    template = "{action} needs {needed}."
    action: str
    needed: str = "a second person (approved_by) who is not the one acting"


class AlreadyReversed(RefusedError):
    """The transaction has been reversed before; it can be reversed once."""

    code = "already_reversed"
    template = "Transaction {transaction} was reversed by {reversed_by}; nothing is left to undo."
    transaction: str
    reversed_by: str


class FlowNotAllowed(RefusedError):
    """Hours may not go from this kind of account to that."""

    code = "flow_not_allowed"
    template = "Hours may not go from {source_kind} to {target_kind} ({rule}): {needed}."
    source_kind: str
    target_kind: str
    rule: str
    needed: str


class PeriodClosed(RefusedError):
    """The day lies in a closed period and the actor may not post late."""

    code = "period_closed"
    template = (
        "{day} lies in a closed period (until {closed_until}); who may post late ({rule}): {who}."
    )
    day: str
    closed_until: str
    who: tuple[str, ...]
    rule: str = "late_roles"


class HoursNotAllowed(RefusedError):
    """The hours break a rule of the bank: step, maximum, or the agreed band."""

    code = "hours_not_allowed"
    template = "{minutes} are refused by the rule {rule} ({limit_minutes}); {next_step}."
    minutes: int
    rule: str
    limit_minutes: int
    next_step: str


class RefTaken(RefusedError):
    """The ref, slug or label is in use."""

    code = "ref_taken"
    template = "{kind} {ref!r} exists already; {next_step}."
    kind: str
    ref: str
    next_step: str = "choose another"


class NotYetEmpty(RefusedError):
    """A member cannot leave with hours, holds or exchanges still open."""

    code = "not_yet_empty"
    template = "Member {member} still has {what}; say what becomes of it first."
    member: str
    what: str


class TooLate(RefusedError):
    """The days the policy allows for this act are over."""

    code = "too_late"
    template = "{act} was possible until {until} ({rule}: {days})."
    act: str
    until: str
    days: int
    rule: str


class ClockSuspect(RefusedError):
    """The computer's clock disagrees with what was last recorded."""

    code = "clock_suspect"
    http_status = 503
    template = (
        "The clock says {now}, last was {last_recorded_at} ({rule}); "
        "set it, or: timebank bank today"
    )
    now: str
    last_recorded_at: str
    rule: str


class KeyReusedError(TimebankError):
    """A key came back with another request; the fields that differ are named."""

    code = "key_reused"
    http_status = 422
    template = "This key was used in {scope} for another request; these fields differ: {differing}."
    scope: str
    differing: tuple[str, ...]


class ConflictError(TimebankError):
    """Somebody else was faster, or the database is busy. Repeat the whole unit of work."""

    code = "conflict"
    retryable = True
    http_status = 409
    template = "The database could not serve two requests at once ({reason}); repeat this one."
    reason: str


class PosterBusy(ConflictError):
    """More requests came to a poster than it could serve in time. Nothing was written."""

    code = "poster_busy"
    http_status = 503
    template = "The poster is busy ({reason}); nothing was written; repeat in a moment."


class OutcomeUnknownError(TimebankError):
    """The answer of a commit was lost or late. Repeat with the same key, and only with one."""

    code = "outcome_unknown"
    retryable = True
    http_status = 503
    template = "No answer came from the commit; repeat with the same key to learn the outcome."


class StorageError(TimebankError):
    """The database cannot serve: call the operator."""

    code = "storage"
    http_status = 503


class DatabaseUnavailable(StorageError):
    """The database is out of reach, full, damaged or read-only."""

    code = "database_unavailable"
    template = "The database cannot serve ({reason}); nothing was written. {next_step}"
    reason: str
    next_step: str = "Call the operator."


class SchemaError(StorageError):
    """Code and database schema disagree."""

    code = "schema"
    template = "The database schema is {found}, this release needs {expected}. Run: {command}"
    found: str
    expected: str
    command: str = "timebank db upgrade"


class BackendSettingError(StorageError):
    """A setting of the connection would break a promise."""

    code = "backend_setting"
    template = "The setting {setting} is {found} and must be {expected}. {next_step}"
    setting: str
    found: str
    expected: str
    next_step: str


class BrokenInvariantError(Exception):
    """A rule that our own code guarantees does not hold. Stop and report it."""


def as_dict(error: TimebankError) -> dict[str, Any]:
    """The error as plain data for a host's response, fit for ``json.dumps``: tuples are lists."""
    lists = {n: [*map(str, value)] for n, value in error.data.items() if isinstance(value, tuple)}
    return {
        "code": error.code,
        "message": str(error),
        "retryable": error.retryable,
        "http_status": error.http_status,
        "data": error.data | lists,
    }
