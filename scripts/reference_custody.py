"""The tables of the custody page, from the wing itself."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from scripts.reference_words import RULES_WORDS, SHEET_COLUMNS
from timebank.custody import errors
from timebank.custody.domain.audit import CHECKS
from timebank.custody.domain.membership import FREEZES, TRANSITIONS, State
from timebank.custody.domain.rules import DEFAULT
from timebank.custody.domain.sheet import STEP_ROLES, STEPS
from timebank.custody.rules_text import as_plain
from timebank.custody.sheet_file import OPTIONAL, REQUIRED
from timebank.domain.account import AccountKind
from timebank.errors import TimebankError

_FREEZE_COLUMNS = (AccountKind.CUSTODY, AccountKind.HELD, AccountKind.MEMBER)


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = [*columns]
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _code(word: object) -> str:
    return f"`{word}`"


def _turns(table: Mapping[str, tuple[frozenset[Any], Any]], order: type[Enum]) -> Any:
    for act, (starts, becomes) in table.items():
        known = [_code(state.value) for state in order if state in starts]
        yield _code(act), ", ".join(known), _code(becomes.value)


def made_states() -> str:
    """Act, where it may start from, where it leads to."""
    return _table(("act", "from", "to"), _turns(TRANSITIONS, State))


def made_freezes() -> str:
    """What each state blocks, by kind of account."""
    rows = (
        (
            _code(state.value),
            *(b.value if (b := kinds[k]) else "as it was" for k in _FREEZE_COLUMNS),
        )
        for state, kinds in FREEZES.items()
    )
    return _table(("state", "custody", "held", "outside"), rows)


def made_steps() -> str:
    """The steps of a sheet, with who may do them."""
    rows = (
        (*turn, ", ".join(sorted(role.value for role in STEP_ROLES[act])))
        for act, turn in zip(STEPS, _turns(STEPS, type(STEPS["post"][1])), strict=True)
    )
    return _table(("step", "from", "to", "who"), rows)


def made_rules() -> str:
    """Each rule, what it means and what is shipped."""
    shipped = as_plain(DEFAULT).items()
    rows = ((_code(name), RULES_WORDS[name], _code(_toml(value))) for name, value in shipped)
    return _table(("rule", "means", "as shipped"), rows)


def _toml(value: object) -> str:
    """As it stands in a file."""
    return "{}" if value == {} else json.dumps(value)


def made_columns() -> str:
    """The columns of a file of papers."""
    needed = {**dict.fromkeys(REQUIRED, "required"), **dict.fromkeys(OPTIONAL, "optional")}
    rows = ((_code(name), word, SHEET_COLUMNS[name]) for name, word in needed.items())
    return _table(("column", "", "means"), rows)


def made_checks() -> str:
    """Each check and what must hold."""
    return _table(("check", "what must hold"), ((_code(c.name), c.holds) for c in CHECKS))


def made_errors() -> str:
    """The scheme's own refusals."""
    kinds = [
        kind
        for kind in vars(errors).values()
        if inspect.isclass(kind)
        and issubclass(kind, TimebankError)
        and kind.__module__ == errors.__name__
    ]
    rows = ((_code(kind.code), (inspect.getdoc(kind) or "").split("\n\n")[0]) for kind in kinds)
    return _table(("code", "means"), rows)
