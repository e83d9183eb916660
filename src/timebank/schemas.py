"""Policy files and accepted findings: TOML in, values out, with every fault at once.

Pydantic is needed here and nowhere below; import this module only when a file is to be read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from timebank.domain.account import AccountKind
from timebank.domain.actor import Role
from timebank.domain.audit import Accepted
from timebank.domain.flows import Flow, Pair, Verdict
from timebank.domain.hours import Hours
from timebank.domain.policy import PRESETS, STEPS, BandRule, Policy, Rounding
from timebank.errors import Fault, FileFaults, InputError

NO_LIMIT: Final = "none"
LIMITS: Final = (
    "member_floor",
    "member_ceiling",
    "organisation_floor",
    "organisation_ceiling",
    "allotment",
)
"""What a policy without a preset has to say in so many words; a limit left out is not "none"."""

_OWN: Final = "own"


def _minutes(value: object) -> int:
    """Minutes of an amount such as ``"20:00"`` or ``"-20:00"``."""
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is no amount; write hours in quotes: "20:00"')
    plain = value.strip()
    below = plain.startswith("-")
    try:
        hours = Hours.parse(plain[1:] if below else plain)
    except InputError as error:
        raise ValueError(error.problem) from None
    return -hours.minutes if below else hours.minutes


def _limit(value: object) -> int | None:
    """As ``_minutes``, or None for the word ``none``."""
    if value is None or (isinstance(value, str) and value.strip() == NO_LIMIT):
        return None
    return _minutes(value)


Amount = Annotated[int, BeforeValidator(_minutes)]
Limit = Annotated[int | None, BeforeValidator(_limit)]
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FlowTable(_Table):
    """One line of the table of flows: hours may go from this kind of account to that, or not."""

    source: str
    target: str
    verdict: str


class PolicyFile(_Table):
    """A policy file. Amounts are text such as ``"20:00"``; ``"none"`` is no limit, on purpose."""

    preset: str | None = None
    member_floor: Limit = None
    member_ceiling: Limit = None
    organisation_floor: Limit = None
    organisation_ceiling: Limit = None
    allotment: Limit = None
    warn_below: Limit = None
    step: Amount = 1
    rounding: Literal["none", "nearest", "up"] = "none"
    max_exchange: Amount = 24 * 60
    band: Amount = 15
    band_rule: Literal["lower", "higher", "giver", "receiver"] = "lower"
    levy_percent: int = Field(default=0, ge=0, le=100)
    joining_needs_approval: bool = False
    proposal_days: int = Field(default=30, ge=1)
    agreement_days: int = Field(default=90, ge=1)
    dispute_days: int = Field(default=14, ge=0)
    clock_ahead_days: int = Field(default=60, ge=1)
    clock_behind: Amount = 5
    late_roles: list[Literal["member", "broker", "coordinator", "officer", "system"]] = []
    categories: list[Word] = []
    reasons: list[Word] = []
    flows: list[FlowTable] = []


_AMOUNTS: Final = (*LIMITS, "warn_below", "step", "max_exchange", "clock_behind", "band")
"""Fields that are called ``…_minutes`` in the domain."""


def read_policy(path: Path | str) -> Policy:
    """The house rules in a TOML file.

    ``preset`` names a shipped policy as the base: the file then says only what differs, and its
    flows replace or join those of the preset, pair by pair. Without a preset all limits must be
    there.

    *Refuses* a file that cannot be read or is no TOML (``InputError``), and every unknown key,
    wrong value and missing limit together, with ``FileFaults``.
    """
    text, content = read_toml(path, "policy")
    return policy_of(content, _lines_of(text))


def read_toml(path: Path | str, field: str) -> tuple[str, dict[str, Any]]:
    """A TOML file as text and as data. *Refuses* what cannot be read, with ``InputError``."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except OSError as error:
        problem = f"{path} cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        problem = f"{path} is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        problem = f"{path} is not TOML: {error}"
    raise InputError(field=field, problem=problem)


class AcceptedFinding(_Table):
    """A finding that two people have looked at: exactly this value, until the review date."""

    check: Word
    subject: str
    found: str
    approver: Word
    reason: str
    review_on: date


class AcceptedFile(_Table):
    """The file of ``timebank audit --accepted``."""

    accepted: list[AcceptedFinding]


def read_accepted(path: Path | str) -> tuple[Accepted, ...]:
    """The findings that a TOML file accepts, each an ``[[accepted]]`` table.

    *Refuses* a file that cannot be read or is no TOML (``InputError``), and every unknown key and
    wrong value together, with ``FileFaults``.
    """
    text, content = read_toml(path, "accepted")
    where = _lines_of(text)
    try:
        found = AcceptedFile.model_validate(content)
    except ValidationError as error:
        faults = (
            Fault(line=where.get(key.split(".")[-1], 1), column=key, problem=problem)
            for key, problem in _faults(error)
        )
        raise FileFaults(field="accepted", faults=tuple(faults)) from None
    return tuple(Accepted(**item.model_dump()) for item in found.accepted)


def policy_of(content: Mapping[str, Any], lines: Mapping[str, int] | None = None) -> Policy:
    """The policy that a parsed file describes. ``lines`` says where each key stands.

    *Refuses* every fault together, with ``FileFaults``.
    """
    where = lines or {}
    try:
        found = PolicyFile.model_validate(dict(content))
        given, faults = found.model_dump(exclude_unset=True), [*_missing(content)]
    except ValidationError as error:
        given, faults = {}, [*_missing(content), *_faults(error)]
    named = content.get("preset")
    base = PRESETS.get(named) if isinstance(named, str) else None
    if isinstance(named, str) and base is None:
        faults.append(("preset", f"{named!r} is not one of {', '.join(PRESETS)}"))
    flows: tuple[Flow, ...] = ()
    if not faults:
        flows = _flows(given.pop("flows", []), base, faults)
    if not faults:
        try:
            return _made(given, base, flows)
        except InputError as error:
            faults.append((error.field.removesuffix("_minutes"), error.problem))
    raise FileFaults(
        field="policy",
        faults=tuple(
            sorted(
                (
                    Fault(line=where.get(key.split(".")[0], 1), column=key, problem=problem)
                    for key, problem in faults
                ),
                key=lambda fault: fault.line,
            )
        ),
    )


def _missing(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "preset" not in content:
        for key in LIMITS:
            if key not in content:
                yield key, f'is missing; say "{NO_LIMIT}" for no limit, or name a preset'


def _faults(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The key and what is wrong with it, for everything that pydantic found."""
    for found in error.errors(include_url=False):
        key = ".".join(str(part + 1) if isinstance(part, int) else part for part in found["loc"])
        if found["type"] == "extra_forbidden":
            known = ", ".join(PolicyFile.model_fields)
            yield key, f"is no key of a policy; there are: {known}"
        else:
            yield key, found["msg"].removeprefix("Value error, ")


def _flows(
    tables: list[dict[str, str]], base: Policy | None, faults: list[tuple[str, str]]
) -> tuple[Flow, ...]:
    """The table of flows, the file's pairs in place of the preset's."""
    own: dict[Pair, Flow] = {}
    for n, table in enumerate(tables, start=1):
        try:
            flow = Flow(
                source=AccountKind(table["source"]),
                target=AccountKind(table["target"]),
                verdict=Verdict(table["verdict"]),
            )
        except ValueError as error:
            faults.append((f"flows.{n}", str(error)))
            continue
        pair = (flow.source, flow.target)
        if pair in own:
            faults.append((f"flows.{n}", f"{table['source']} to {table['target']} stands twice"))
        own[pair] = flow
    kept = [f for f in base.flows if (f.source, f.target) not in own] if base else []
    return (*kept, *own.values())


def _made(given: dict[str, Any], base: Policy | None, flows: tuple[Flow, ...]) -> Policy:
    """The domain's value. *Refuses* what contradicts itself, with ``InputError``."""
    given.pop("preset", None)
    if (step := given.get("step")) is not None and step not in STEPS:
        raise InputError(field="step", problem=f"must be one of {STEPS} minutes")
    values = {f"{key}_minutes" if key in _AMOUNTS else key: v for key, v in given.items()}
    readers: dict[str, Any] = {
        "rounding": Rounding,
        "band_rule": BandRule,
        "late_roles": lambda roles: frozenset(Role(role) for role in roles),
        "categories": tuple,
        "reasons": tuple,
    }
    values |= {key: readers[key](values[key]) for key in readers if key in values}
    if flows:
        values["flows"] = flows
    if base is not None:
        return replace(base, **values)
    return Policy(preset=_OWN, **values)


def _lines_of(text: str) -> dict[str, int]:
    """The line on which each top-level key, or the first of its tables, stands."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        key = line.split("=")[0].strip().strip("[]").strip()
        lines.setdefault(key.split(".")[0], number)
    return lines
