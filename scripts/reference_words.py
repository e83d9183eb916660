"""What the reference pages say beside the facts that the program itself knows."""

from typing import Final

from timebank.domain.account import BY_APPROVAL
from timebank.errors import Difference, Fault

ERROR_ADVICE: Final = {
    "invalid_input": "Correct the field that is named; the same call will never succeed.",
    "invalid_hours": "Give whole minutes: `Hours.of(1, 30)`, `Hours.parse('1:30')`.",
    "naive_time": "Give the time its zone, e.g. `datetime.now(UTC)`.",
    "day_in_future": "Record it on the day or later; the bank's zone decides which day it is.",
    "self_transfer": "Name two different accounts, or two different members.",
    "unknown_category": "Take one of `data['allowed']`, or add it to the house rules.",
    "file_faults": "Correct the lines that are listed and import the file again.",
    "not_found": "Check the id, ref or label, and that it is of this bank.",
    "refused": "The base of the refusals; you meet only the others.",
    "not_enough_hours": "Earn hours first, take a smaller amount, or have a coordinator name an "
    "override.",
    "ceiling_reached": "Spend or donate hours first, or have a coordinator name an override.",
    "account_frozen": "Ask who froze it; a coordinator or officer lifts the freeze.",
    "account_closed": "The member has left. Choose another account.",
    "member_not_active": "A pending member has to be approved; one who left has to join again.",
    "member_suspended": "A coordinator or officer resumes the membership.",
    "bank_is_copy": "Write where the bank is kept, and bring a bundle.",
    "bundle_damaged": "Export the bundle again, onto another stick if need be.",
    "bundle_gap": "Bring the bundle in between first, or export from the size that is named.",
    "copies_differ": "Find out with both sides what happened; nothing was chosen for you.",
    "wrong_state": "Read the state again; `data['possible']` says what can be done now.",
    "not_permitted": "Somebody else has to act: `data['needed']` says who.",
    "second_person_needed": "Name an approver (`approved_by`) who is not the one acting.",
    "already_reversed": "Nothing is left to undo; `data['reversed_by']` is the reversal.",
    "flow_not_allowed": "Hours may not go this way: see [flows](flows.md). Where the table says "
    "*approval*, name a second person.",
    "period_closed": "A coordinator may post late; it then counts on the first open day.",
    "hours_not_allowed": "Keep to the step, the maximum or the band that `data['rule']` names.",
    "ref_taken": "Choose another ref or slug.",
    "not_yet_empty": "Say where hours go (`hours_to`, `write_off_from`), or end what is open.",
    "too_late": "The days for this are over; a coordinator can reverse or adjust.",
    "clock_suspect": "Set the clock, or let a coordinator state the day: "
    "[when the clock is wrong](../how-to/when-the-clock-is-wrong.md).",
    "key_reused": "A mistake of the host: give every request a key of its own.",
    "conflict": "Roll back and repeat the whole unit of work; `standalone(...).run` does it.",
    "poster_busy": "Answer 503 and let the client repeat in a moment, with the same key.",
    "outcome_unknown": "Repeat with the same key to learn what became of it; without a key, look.",
    "storage": "The base of the operator's errors; you meet only the others.",
    "database_unavailable": "Call the operator: `data['reason']` says what the database cannot do.",
    "schema": "Run the command in `data['command']` with the release that the program uses.",
    "backend_setting": "Change the setting that is named; `data['next_step']` says how.",
}
"""Code → what to do about it."""

POLICY_WORDS: Final = {
    "preset": "The preset the rules began as; a file without one gets `own`.",
    "member_floor_minutes": "How far down a member's account may go.",
    "member_ceiling_minutes": "How far up a member's account may go.",
    "organisation_floor_minutes": "How far down an organisation's account may go.",
    "organisation_ceiling_minutes": "How far up an organisation's account may go.",
    "allotment_minutes": "How many hours the issuance account may hand out in all.",
    "warn_below_minutes": "A balance that falls below this puts a warning into the receipt.",
    "step_minutes": "Hours come in multiples of this: 1, 5, 15 or 30 minutes.",
    "rounding": "What becomes of hours off the step: `none` refuses them; `nearest`, `up` round.",
    "max_exchange_minutes": "The most that one exchange may have.",
    "band_minutes": "How far the two sides' reports may differ before it is a dispute.",
    "band_rule": "Which report counts within the band: `lower`, `higher`, `giver`, `receiver`.",
    "levy_percent": "What the community pot takes of each part of an exchange, rounded down.",
    "joining_needs_approval": "Whether a new member is pending until approved.",
    "proposal_days": "How long a proposal stands.",
    "agreement_days": "How long an agreement, and its hold, stands.",
    "dispute_days": "How long a confirmed exchange can be disputed.",
    "clock_ahead_days": "A clock so far after the last transaction is suspect.",
    "clock_behind_minutes": "A clock so far before the last transaction is suspect.",
    "late_roles": "Who may post what happened in a closed period.",
    "categories": "The words an exchange may be filed under.",
    "reasons": "The codes of reasons; other words become an erasable note beside `other`.",
    "flows": "Who may pay whom: [flows](flows.md).",
}
"""Field → what it means."""

RULES_WORDS: Final = {
    "rounding": "How the minutes of a line are rounded, once: `up_to_quarter`, or `none`.",
    "session_minutes": "The longest session, and the most of a line without a length.",
    "daily_minutes": "The most of one person on one day, of whatever sheets.",
    "weekly_minutes": "The most of one person from Monday to Sunday.",
    "classes": "Activity → where its hours may go: `own` is the earner's choice and holds for all "
    "others, `pot_only`, or `recognised_only`, which counts and moves nothing.",
    "goods": "Activities that make goods: none is credited.",
    "goods_allowed": "Those of them that are credited all the same, each reported on its own.",
    "confidential": "Activities entered as a total of a week or more, without times and names.",
    "held_allowed": "Whether hours may be held until release.",
    "beneficiary_days": "For how many days a beneficiary is approved, if nobody says a day.",
    "gift_percent": "A gift of more than this share of a balance is shown to human eyes, …",
    "gift_days": "… if it goes to somebody approved within so many days.",
    "lawful_basis": "The ground on which what names an applicant is kept: `consent`, `contract`, "
    "`legal_obligation`, `vital_interests`, `public_task`, `legitimate_interests`.",
    "retention_days": "For how many days that is kept, unless two people say otherwise.",
    "pins": "Whether whoever signs at the commands types a PIN of their own.",
}
"""Rule of the custody scheme → what it means."""

SHEET_COLUMNS: Final = {
    "paper": "The number on the paper, as `S-17`: at most three letters, then numbers.",
    "activity": "One of the bank's categories.",
    "worked_on": "The day, as `2026-10-05`; of a total its first day.",
    "person": "The ref or id of a person inside.",
    "minutes": "Whole minutes as they stand on the paper, before rounding.",
    "basis": "`voluntary` where it is left out, `paid` or `sentence_requirement`.",
    "until": "The last day of a total of a confidential activity.",
    "starts": "When the session began, as `09:30`.",
    "length": "How long it was, as `2:00`.",
    "supervisor": "Who was in charge: a ref or id.",
    "drafted_by": "Who wrote the paper, also somebody inside: a ref or id.",
}
"""Column of a file of papers → what stands in it."""

EXIT_CODES: Final = {
    0: "in order",
    1: "findings: of an audit, or where two sides are not the same",
    2: "wrong usage or input",
    3: "the database is out of reach, not at our schema, or too busy",
    4: "refused by the rules",
    5: "incomplete: something could not be read",
    70: "our fault",
    130: "interrupted",
}
"""Exit code of the command line → what it means."""

LOG_EVENTS: Final = {
    "timebank.recorded": "An action was written. Whether it stays is for the host's commit to say.",
    "timebank.key_taken": "The key was used when all was to be written; the first receipt answers.",
    "timebank.refused": "A refusal left the unit of work: our part was undone.",
    "timebank.failed": "Any other error left it: our part was undone.",
    "timebank.repeated": "`standalone(...).run` tries again, after so many attempts.",
    "timebank.migrated": "The schema went from one revision to another.",
}
"""Event → what it means."""

WHO_ACTS: Final = {
    "InputError": "whoever wrote the call: it can never succeed",
    "NotFoundError": "whoever wrote the call: nothing has that name",
    "RefusedError": "the person: the rules of the bank say no",
    "KeyReusedError": "whoever wrote the host: one key, two requests",
    "ConflictError": "nobody: repeat, somebody else was faster",
    "OutcomeUnknownError": "nobody: repeat with the same key, the answer was lost",
    "StorageError": "the operator of the database",
}
"""Branch of the tree → who has to do something."""

SAMPLES: Final[dict[str, object]] = {
    "account": "3f9c02d1a4b5e677",
    "act": "confirm",
    "action": "exchanges.confirm",
    "allowed": ("garden", "transport", "other"),
    "available_minutes": 30,
    "category": "gardening",
    "ceiling_minutes": 6000,
    "closed_until": "2026-09-30",
    "command": "timebank db upgrade",
    "day": "2026-09-12",
    "days": 14,
    "differing": ("hours",),
    "expected": "0001",
    "faults": (Fault(line=4, column="minutes", problem="'1.5' is not a whole number"),),
    "field": "hours",
    "floor_minutes": -1200,
    "found": "missing",
    "frozen": "out",
    "id": "01a10b4e40007d858264256a8c00580e",
    "kind": "exchange",
    "last_recorded_at": "2026-10-05T09:02:00+00:00",
    "limit_minutes": 15,
    "member": "01a10b4e40007d858264256a8c00580e",
    "minutes": 20,
    "needed": "the receiver, or a broker on the receiver's behalf",
    "needed_minutes": 90,
    "next_step": "take a multiple of 0:15",
    "now": "2019-01-01T00:00:12+00:00",
    "offered_minutes": 90,
    "possible": ("confirm", "dispute"),
    "problem": "'90' cannot be read; write 1:30, 1h30 or 90m",
    "reason": "serialization failure",
    "ref": "anna",
    "reversed_by": "01a10b53be4073e99e063b2e5b136c5d",
    "room_minutes": 30,
    "rule": "step",
    "scope": "exchanges.record",
    "setting": "foreign_keys",
    "source_kind": "member",
    "state": "confirmed",
    "status": "pending",
    "target_kind": "issuance",
    "transaction": "01a10b4e9807d858264256a8c00580e1",
    "until": "2026-09-19",
    "what": "1:30 on the account",
    "who": "anna",
}
"""Field of an error → what a page shows for it."""

OWN_SAMPLES: Final[dict[str, dict[str, object]]] = {
    "invalid_input": {"field": "limit", "problem": "0 is no whole number of 1 or more"},
    "naive_time": {"field": "at", "problem": "needs a time zone"},
    "day_in_future": {"field": "happened_on", "problem": "2026-10-06 lies in the future"},
    "self_transfer": {"field": "receiver", "problem": "giver and receiver are the same"},
    "file_faults": {"field": "file", "problem": "1 fault, nothing was taken from it"},
    "not_found": {"kind": "member", "ref": "ana", "where": "bank"},
    "member_suspended": {"status": "suspended"},
    "unknown_category": {
        "field": "category",
        "problem": "is not in the list",
        "rule": "categories",
    },
    "not_enough_hours": {"rule": "member_floor", "next_step": BY_APPROVAL},
    "ceiling_reached": {"rule": "member_ceiling", "next_step": BY_APPROVAL},
    "flow_not_allowed": {"rule": "flows", "needed": "never"},
    "period_closed": {"rule": "late_roles", "who": ("coordinator", "system")},
    "ref_taken": {"kind": "ref"},
    "not_permitted": {"who": "the giver"},
    "wrong_state": {"possible": ("reverse",)},
    "too_late": {"act": "dispute", "rule": "dispute_days"},
    "clock_suspect": {"rule": "clock_behind"},
    "poster_busy": {"reason": "1000 requests wait already"},
    "database_unavailable": {"reason": "disk is full", "next_step": "Make room, then try again."},
    "bank_is_copy": {"bank": "north"},
    "bundle_damaged": {
        "field": "file",
        "section": "3",
        "problem": "it was edited, or lines of it are missing",
    },
    "bundle_gap": {"bank": "north", "have": 120, "begins": 207},
    "copies_differ": {
        "bank": "north",
        "size": 209,
        "differences": (
            Difference(position=207, copy="transaction 01a10b4e40007d85", bundle="policy 01a10c"),
        ),
        "next_step": "They part at leaf 207, 1 listed; people have to say which is right.",
    },
    "backend_setting": {
        "found": "off",
        "expected": "on",
        "next_step": "Call timebank.prepare_sqlite(engine) once.",
    },
}
"""Code → what its page shows instead."""
