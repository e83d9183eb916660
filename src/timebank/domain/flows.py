"""Who may pay whom: a table of flows, and the few nevers that no configuration can lift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from timebank.domain.account import FIXED
from timebank.domain.account import AccountKind as K
from timebank.errors import InputError

Pair = tuple[K, K]
"""Source kind and target kind."""


class Verdict(Enum):
    """What the table says of a flow."""

    ALLOWED = "allowed"
    APPROVAL = "approval"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Hours may go from accounts of kind ``source`` to accounts of kind ``target``: or not."""

    source: K
    target: K
    verdict: Verdict

    def __post_init__(self) -> None:
        for name, kind in (("source", K), ("target", K), ("verdict", Verdict)):
            if not isinstance(getattr(self, name), kind):
                problem = (
                    f"{name} {getattr(self, name)!r} is not one of {', '.join(map(str, kind))}"
                )
                raise InputError(field="flows", problem=problem)


NEVER: Final = frozenset(
    {
        (K.CUSTODY, K.CUSTODY),
        (K.HELD, K.HELD),
        (K.HELD, K.CUSTODY),
        (K.MEMBER, K.CUSTODY),
        (K.MEMBER, K.HELD),
    }
)
"""Fixed in the domain: hours never become a currency between people in custody."""

NEEDS_APPROVAL: Final = frozenset(
    {
        *((source, K.CUSTODY) for source in K if (source, K.CUSTODY) not in NEVER),
        *(
            (source, K.HELD)
            for source in K
            if (source, K.HELD) not in NEVER | {(K.CUSTODY, K.HELD)}
        ),
        *((source, K.MEMBER) for source in (K.CUSTODY, K.HELD)),
    }
)
"""At least that, in every bank: nothing reaches a person in custody, and nothing goes from one to
somebody else, unless two people answer for that very step."""

SAME_OWNER: Final = frozenset({(K.CUSTODY, K.HELD)})
"""Flows between two accounts of one person, and of nobody else: fixed in the domain."""

_PEOPLE = (K.MEMBER, K.ORGANISATION)

OPEN_FLOWS: Final = (
    *(Flow(source=a, target=b, verdict=Verdict.ALLOWED) for a in _PEOPLE for b in _PEOPLE),
    *(Flow(source=a, target=K.POT, verdict=Verdict.ALLOWED) for a in _PEOPLE),
    *(Flow(source=K.POT, target=a, verdict=Verdict.ALLOWED) for a in _PEOPLE),
    *(Flow(source=K.ISSUANCE, target=a, verdict=Verdict.ALLOWED) for a in (*_PEOPLE, K.POT)),
    *(Flow(source=a, target=K.CLOSURE, verdict=Verdict.APPROVAL) for a in (*_PEOPLE, K.POT)),
    *(Flow(source=K.CLOSURE, target=a, verdict=Verdict.APPROVAL) for a in (*_PEOPLE, K.POT)),
    *(Flow(source=a, target=K.RESERVE, verdict=Verdict.APPROVAL) for a in (*_PEOPLE, K.POT)),
    *(Flow(source=K.RESERVE, target=a, verdict=Verdict.APPROVAL) for a in (*_PEOPLE, K.POT)),
)
"""The flows of an ordinary time bank. A pair that is not listed is never allowed."""


def flow_table(flows: tuple[Flow, ...]) -> Mapping[Pair, Verdict]:
    """The flows by pair of kinds.

    *Refuses* a table that names a pair twice, tries to lift a fixed never, or leaves a second
    person out where one is always needed, with ``InputError``.
    """
    table: dict[Pair, Verdict] = {}
    for flow in flows:
        pair = (flow.source, flow.target)
        name = f"{flow.source.value} → {flow.target.value}"
        if pair in table:
            raise InputError(field="flows", problem=f"{name} is listed twice")
        if pair in NEVER and flow.verdict is not Verdict.NEVER:
            raise InputError(field="flows", problem=f"{name} can never be allowed")
        if pair in NEEDS_APPROVAL and flow.verdict is Verdict.ALLOWED:
            raise InputError(field="flows", problem=f"{name} always needs approval")
        table[pair] = flow.verdict
    return table


def verdict_for(table: Mapping[Pair, Verdict], pair: Pair) -> tuple[Verdict, str]:
    """What holds for this pair of kinds, and the name of the rule that says so."""
    if pair in NEVER:
        return Verdict.NEVER, FIXED
    return table.get(pair, Verdict.NEVER), "flows"
