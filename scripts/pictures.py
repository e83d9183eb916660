"""Pictures of the site as text, from the program itself, so that they show what there is.

Each is a graph in the language of Graphviz; ``docs/conf.py`` draws them where a page has the block
`` ```text picture NAME``, whose own text is for readers of the plain file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from timebank.domain.exchange import ACTS, Act, State
from timebank.storage.sql import schema

ROOT: Final = Path(__file__).resolve().parents[1]
LEADS_TO: Final = {
    Act.AGREE: (State.AGREED,),
    Act.DECLINE: (State.DECLINED,),
    Act.REPORT: (State.REPORTED,),
    Act.CONFIRM: (State.CONFIRMED,),
    Act.CANCEL: (State.CANCELLED,),
    Act.DISPUTE: (State.DISPUTED,),
    Act.RESOLVE: (State.CONFIRMED, State.CANCELLED, State.REVERSED),
    Act.EXPIRE: (State.EXPIRED,),
    Act.REVERSE: (State.REVERSED,),
}
"""Act → the states it may end in. Reports that lie too far apart are a dispute besides."""


def _graph(lines: Iterable[str], *, direction: str, shape: str = "box") -> str:
    look = (
        f'rankdir={direction}; bgcolor="transparent"; nodesep=0.3; ranksep=0.5;',
        f'node [shape={shape}, style=rounded, fontname="sans-serif", fontsize=11];',
        'edge [fontname="sans-serif", fontsize=9, arrowsize=0.7];',
    )
    return "digraph {\n" + "".join(f"  {line}\n" for line in (*look, *lines)) + "}\n"


def exchange_states() -> str:
    """Every state, and every act that leads from one to another."""
    last = [state.value for state, acts in ACTS.items() if not acts]
    lines = [f"{name} [peripheries=2];" for name in last]
    for state, acts in ACTS.items():
        for act in sorted(acts, key=lambda act: act.value):
            lines += [f'{state.value} -> {to.value} [label="{act.value}"];' for to in LEADS_TO[act]]
    return _graph(lines, direction="LR")


def layers() -> list[list[str]]:
    """The rooms floor by floor, from the top, as the import contract has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    there = {path.stem for path in (ROOT / "src" / "timebank").iterdir()}
    named = ([part.strip(" ()") for part in floor.split("|")] for floor in floors)
    return [rooms for floor in named if (rooms := [room for room in floor if room in there])]


def rooms() -> str:
    """Who may import whom: only from the floors below."""
    floors = layers()
    lines = [f"{{rank=same; {'; '.join(floor)};}}" for floor in floors]
    for above, below in pairwise(floors):
        lines += [f"{upper} -> {lower};" for upper in above for lower in below]
    return _graph(lines, direction="TB")


def references() -> Iterator[tuple[str, str]]:
    """Which table refers to which by a foreign key; all of them refer to the bank as well."""
    for table in schema.metadata.sorted_tables:
        targets = {key.referred_table.name for key in table.foreign_key_constraints}
        for target in sorted(targets - {schema.bank.name, table.name}):
            yield table.name.removeprefix(schema.PREFIX), target.removeprefix(schema.PREFIX)


def tables() -> str:
    """Every table and what it refers to; facts, which are never edited, with a double line."""
    facts = {table.name for table in schema.FACTS}
    lines = []
    for table in schema.metadata.sorted_tables:
        short = table.name.removeprefix(schema.PREFIX)
        lines.append(f'"{short}"{" [peripheries=2]" if table.name in facts else ""};')
    lines += [f'"{table}" -> "{target}";' for table, target in references()]
    return _graph(lines, direction="LR")


def rooms_block() -> str:
    """The block for a page: the floors from the top, in plain text."""
    return _block("rooms", ["   ".join(floor) for floor in layers()])


def tables_block() -> str:
    """The block for a page: every table and what it refers to, in plain text."""
    to: dict[str, list[str]] = {}
    for name, target in references():
        to.setdefault(name, []).append(target)
    lines = []
    for table in sorted(schema.metadata.tables.values(), key=lambda found: found.name):
        short = table.name.removeprefix(schema.PREFIX)
        arrow = f" ──▶ {', '.join(to[short])}" if short in to else ""
        lines.append(f"{'*' if table in schema.FACTS else ' '} {short}{arrow}")
    return _block("tables", lines)


def _block(name: str, lines: Iterable[str]) -> str:
    return "\n".join([f"```text picture {name}", *lines, "```"]) + "\n"


BEATS: Final = {
    "gather": "lock what will change,\\nthen read what the rules need",
    "decide": "one pure function: refuse,\\nor say what changes",
    "record": "keys first, then all the rest,\\nin a fixed order",
    "answer": "a receipt",
}


def beats() -> str:
    """The four beats of every write."""
    lines = ['"a call" [shape=plaintext];', '"a call" -> gather -> decide -> record -> answer;']
    lines += [f'{beat} [label="{beat}\\n{words}"];' for beat, words in BEATS.items()]
    return _graph(lines, direction="LR")


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "beats": beats,
    "exchange-states": exchange_states,
    "rooms": rooms,
    "tables": tables,
}
"""Name of a picture → its text."""
