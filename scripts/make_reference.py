"""Write the tables of the reference pages from the program itself.

    python scripts/make_reference.py            write them
    python scripts/make_reference.py --check    only say whether they are up to date

A table stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; the rest of a page is
written by hand.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from enum import Enum
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# From here on: E402, since the checkout has to be on the path first.
import timebank  # noqa: E402
from scripts import pictures  # noqa: E402
from scripts import reference_custody as custody  # noqa: E402
from scripts import reference_words as words  # noqa: E402
from timebank import errors  # noqa: E402
from timebank.domain.account import AccountKind  # noqa: E402
from timebank.domain.actor import MAY, Role  # noqa: E402
from timebank.domain.audit import CHECKS  # noqa: E402
from timebank.domain.events import EVENTS  # noqa: E402
from timebank.domain.exchange import ACTS, Act  # noqa: E402
from timebank.domain.flows import NEEDS_APPROVAL, NEVER, Pair  # noqa: E402
from timebank.domain.hours import Hours  # noqa: E402
from timebank.domain.policy import PRESETS, Policy  # noqa: E402
from timebank.formats import csv_import, timeoverflow  # noqa: E402

REFERENCE: Final = ROOT / "docs" / "reference"
_FILLED: Final = re.compile(r"(<!-- begin ([a-z_-]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    names = [*columns]
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def first_line(thing: object) -> str:
    """The first sentence of its docstring, in Markdown."""
    text = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
    return text.replace("``", "`")


def _code(text: object) -> str:
    return f"`{text}`"


# --- errors ------------------------------------------------------------------------------------


def error_tree(kind: type[errors.TimebankError]) -> Iterator[type[errors.TimebankError]]:
    """The error and all below it, depth first, in the order of the source."""
    yield kind
    for below in kind.__subclasses__():
        if below.__module__.startswith(errors.__name__):
            yield from error_tree(below)


def error_codes() -> dict[str, type[errors.TimebankError]]:
    """Code → error, of every error with a code of its own."""
    below = [*error_tree(errors.TimebankError)][1:]
    return {kind.code: kind for kind in below}


def met_errors() -> dict[str, type[errors.TimebankError]]:
    """Code → error, of those that a caller meets: each has a page."""
    bases = {errors.RefusedError, errors.StorageError}
    return {code: kind for code, kind in error_codes().items() if kind not in bases}


def made_errors() -> str:
    """The codes in the order of the tree, each with its page."""
    rows = (
        (f"[`{code}`](errors/{code}.md)", first_line(kind), words.ERROR_ADVICE[code])
        for code, kind in met_errors().items()
    )
    return table(("code", "means", "in short"), rows)


def made_error(code: str) -> str:
    """What the program knows of one error, and what a response would hold."""
    kind = error_codes()[code]
    branch = next(base for base in reversed(kind.__mro__) if base.__name__ in words.WHO_ACTS)
    shown = {**words.SAMPLES, **words.OWN_SAMPLES.get(code, {})}
    sample = kind(**{field.name: shown[field.name] for field in fields(kind)})
    facts = table(
        ("", ""),
        (
            ("who has to act", words.WHO_ACTS[branch.__name__]),
            ("in Python", f"`errors.{kind.__name__}`, of the branch `{branch.__name__}`"),
            ("HTTP status", kind.http_status),
            ("exit code", _exit_code(kind)),
            ("may be repeated as it is", "yes" if kind.retryable else "no"),
        ),
    )
    data = json.dumps(errors.as_dict(sample), indent=2, ensure_ascii=False)
    return f"{first_line(kind)}\n\n{facts}\n```json\n{data}\n```\n"


def _exit_code(kind: type[errors.TimebankError]) -> int:
    from timebank.cli.failures import _CODES

    return next(code for kinds, code in _CODES if issubclass(kind, kinds))


# --- tables of the domain ----------------------------------------------------------------------


def made_checks() -> str:
    """The checks and what must hold."""
    rows = ((f"[`{c.name}`](#{c.name})", c.holds) for c in CHECKS)
    return table(("check", "what must hold"), rows)


def made_events() -> str:
    """The events with their fields."""
    rows = (
        (_code(name), first_line(kind), ", ".join(_code(f.name) for f in fields(kind)))
        for name, kind in EVENTS.items()
    )
    return table(("event", "means", "fields"), rows)


def made_log_events() -> str:
    """What is told to a host's logs, with the attributes of each record."""
    from timebank.storage.sql.telling import EVENTS as TOLD

    rows = (
        (_code(event), words.LOG_EVENTS[event], ", ".join(_code(name) for name in facts))
        for event, facts in TOLD.items()
    )
    return table(("event", "means", "attributes"), rows)


def made_states() -> str:
    """The table of states and acts."""
    acts = [act for act in Act if any(act in allowed for allowed in ACTS.values())]
    rows = (
        (_code(state.value), *("yes" if act in allowed else "" for act in acts))
        for state, allowed in ACTS.items()
    )
    return table(("state", *(act.value for act in acts)), rows)


def made_roles() -> str:
    """The table of actions and roles."""
    rows = (
        (_code(action), *("yes" if role in allowed else "" for role in Role))
        for action, allowed in MAY.items()
    )
    return table(("action", *(role.value for role in Role)), rows)


def made_flows(name: str) -> str:
    """The flows of a preset: from the kinds of the rows to those of the columns."""
    policy = PRESETS[name]
    used = {kind for flow in policy.flows for kind in (flow.source, flow.target)}
    kinds = [kind for kind in AccountKind if kind in used]
    rows = (
        (f"**{source.value}** to", *(policy.flow(source, target)[0].value for target in kinds))
        for source in kinds
    )
    return table(("", *(kind.value for kind in kinds)), rows)


def made_nevers() -> str:
    """What no policy can allow."""
    return _listed(NEVER)


def made_approvals() -> str:
    """What no policy can allow without a second person."""
    return _listed(NEEDS_APPROVAL)


def _listed(pairs: Iterable[Pair]) -> str:
    words = sorted((source.value, target.value) for source, target in pairs)
    return "".join(f"- {source} to {target}\n" for source, target in words)


def made_policy() -> str:
    """Every field with the presets' values."""
    known = [f.name for f in fields(Policy) if f.init]
    rows = ((_code(_toml_name(name)), words.POLICY_WORDS[name], *_values(name)) for name in known)
    return table(("key", "means", *PRESETS), rows)


def _toml_name(name: str) -> str:
    return name.removesuffix("_minutes")


def _values(name: str) -> Iterator[str]:
    for policy in PRESETS.values():
        value = getattr(policy, name)
        yield "see the page" if name == "flows" else _shown(name, value)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if name.endswith("_minutes"):
        return str(Hours(minutes=value))
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(sorted(_shown(name, item) for item in value))
    return str(value)


def made_columns(form: csv_import.Format[Any]) -> str:
    """The columns of an import file."""
    rows = (
        (_code(c.name), "required" if c.required else "optional", _identity(form, c.name))
        for c in form.columns
    )
    return table(("column", "", ""), rows)


def _identity(form: csv_import.Format[Any], name: str) -> str:
    return "identifies the row: once in a file, and for good" if name == form.identity else ""


# --- the front door ----------------------------------------------------------------------------


def public_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions a module offers: those of ``__all__``, or its own without an underscore."""
    own = [name for name, found in vars(module).items() if _is_own(module, name, found)]
    names = getattr(module, "__all__", own)
    found = {name: getattr(module, name) for name in names}
    return {name: thing for name, thing in found.items() if inspect.isfunction(thing)}


def _is_own(module: ModuleType, name: str, found: object) -> bool:
    if not inspect.isfunction(found) or name.startswith("_"):
        return False
    return bool(inspect.unwrap(found).__module__ == module.__name__)


def made_python() -> str:
    """Every name of the front door; of a module, every public call."""
    return _door(timebank, "The front door")


def made_custody_python() -> str:
    """The same of the custody wing."""
    from timebank import custody as wing

    return _door(wing, "Names")


def _door(door: ModuleType, title: str) -> str:
    named = {name: getattr(door, name) for name in door.__all__}
    modules = {n: v for n, v in named.items() if isinstance(v, ModuleType)}
    others = {n: v for n, v in named.items() if n not in modules}
    parts = [f"## {title}\n", *_calls(door.__name__, others)]
    for name, module in modules.items():
        parts.append(f"\n## `{door.__name__}.{name}`\n\n{first_line(module)}\n")
        parts += _calls(name, public_functions(module))
    return "\n".join(parts) + "\n"


def _calls(prefix: str, found: Mapping[str, Any]) -> Iterator[str]:
    for name, thing in found.items():
        shown = f"{prefix}.{name}{_arguments(thing)}" if callable(thing) else f"{prefix}.{name}"
        yield f"- `{shown}`<br>{first_line(thing)}"


def _arguments(thing: Any) -> str:
    """The names of the arguments; those that may be left out with an ellipsis."""
    if isinstance(thing, type) and issubclass(thing, Enum):
        return ""
    given = [*inspect.signature(thing).parameters.values()]
    shown, starred = [], False
    for parameter in given:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            shown.append("*")
            starred = True
        stars: dict[Any, str] = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        optional = "" if parameter.default is parameter.empty else "=…"
        shown.append(f"{stars.get(parameter.kind, '')}{parameter.name}{optional}")
        starred |= parameter.kind is parameter.VAR_POSITIONAL
    return f"({', '.join(shown)})"


# --- the command line --------------------------------------------------------------------------


SHARED: Final = ("by", "by_role", "on_behalf_of", "key", "bank", "url", "schema", "as_json")
"""Options that many commands have; the page explains them once."""


def made_commands() -> str:
    """The shared options, then every command with its own, from the program."""
    from timebank.cli.main import program

    options = {o.name: o for o in _all_options(program()) if o.name in SHARED}
    shared = table(("option", ""), (_option(options[name]) for name in SHARED if name in options))
    head = f"## Options that many commands have\n\n{shared}"
    return "\n".join([head, *_commands(program(), "timebank")])


def _all_options(command: Any) -> Iterator[Any]:
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from _all_options(below)


def _commands(command: Any, name: str) -> Iterator[str]:
    for below, found in getattr(command, "commands", {}).items():
        if getattr(found, "commands", None):
            yield f"## `{name} {below}`\n\n{found.help}\n"
            yield from _commands(found, f"{name} {below}")
        else:
            yield _command(found, f"{name} {below}")


def _command(command: Any, name: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    text, _, example = command.help.partition("\b\nExample:\n")
    usage = " ".join((name, *(_metavar(argument) for argument in arguments)))
    rows = [_option(p) for p in options if p.name not in SHARED]
    parts = [f"### `{usage}`", text.strip(), f"```sh\n{inspect.cleandoc(example).strip()}\n```"]
    parts += [table(("option", ""), rows).rstrip()] if rows else []
    also = ", ".join(_code(p.opts[0]) for p in options if p.name in SHARED)
    return "\n\n".join([*parts, *([f"Also: {also}."] if also else [])]) + "\n"


def _metavar(parameter: Any) -> str:
    shown = str(parameter.metavar or parameter.name.strip("_").upper())
    return shown if parameter.required or parameter.param_type_name == "option" else f"[{shown}]"


def _option(option: Any) -> tuple[str, str]:
    metavar = "" if option.is_flag else f" {_metavar(option)}"
    needed = " Required." if option.required else ""
    names = ", ".join(option.opts)
    return f"`{names}{metavar}`".replace("|", "\\|"), f"{option.help or ''}{needed}"


def made_exit_codes() -> str:
    """The exit codes."""
    return table(("code", "means"), words.EXIT_CODES.items())


MADE: Final[dict[str, Callable[[], str]]] = {
    "errors": made_errors,
    "exit-codes": made_exit_codes,
    "checks": made_checks,
    "events": made_events,
    "states": made_states,
    "roles": made_roles,
    "flows-neighbourhood": lambda: made_flows("neighbourhood"),
    "log-events": made_log_events,
    "rooms": pictures.rooms_block,
    "tables": pictures.tables_block,
    "flows-custody": lambda: made_flows("custody"),
    "nevers": made_nevers,
    "approvals": made_approvals,
    "policy": made_policy,
    "import-timebank": lambda: made_columns(csv_import.EXCHANGES),
    "import-members": lambda: made_columns(csv_import.MEMBERS),
    "import-timeoverflow-users": lambda: made_columns(timeoverflow.MEMBERS_REPORT),
    "import-timeoverflow-transfers": lambda: made_columns(timeoverflow.TRANSFERS_REPORT),
    "python": made_python,
    "commands": made_commands,
    **{f"error-{code}": partial(made_error, code) for code in met_errors()},
    "custody-python": made_custody_python,
    "custody-columns": custody.made_columns,
    "custody-states": custody.made_states,
    "custody-freezes": custody.made_freezes,
    "custody-steps": custody.made_steps,
    "custody-rules": custody.made_rules,
    "custody-checks": custody.made_checks,
    "custody-errors": custody.made_errors,
}
"""Name of a place in a page → what stands there."""


def filled(page: str) -> str:
    """The page with its tables as they should be."""
    return _FILLED.sub(lambda found: f"{found[1]}{MADE[found[2]]()}{found[3]}", page)


def stale() -> dict[Path, str]:
    """The pages whose tables are not up to date, with the text that they should have."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(REFERENCE.rglob("*.md"))}
    return {path: text for path, page in pages.items() if (text := filled(page)) != page}


def main(arguments: list[str]) -> int:
    """Write the tables, or check them."""
    found = stale()
    if arguments == ["--check"]:
        for path in found:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: scripts/make_reference.py\n")
        return 1 if found else 0
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
