"""P-29 and P-30: words that name somebody are planted wherever words go in, and looked for.

Before an erasure they stand in the tables that can be erased, and nowhere else: in no other table,
export, log or page of somebody else. After it they are not even in the bytes of the file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine, MetaData, make_url, select

from tests.cli.program import Answer, named, run

ERASABLE: Final = {"timebank_person", "timebank_note", "timebank_listing"}
"""The stores of what names somebody: rows that forgetting empties."""
TWO: Final = ("--by", "cora", "--approved-by", "olga")
DAYS: Final = ("--from", "2020-01-01", "--to", "2999-12-31")
RAY: Final = {
    "name": "Raymond Quillfeather",
    "ref": "rqx-77319064",
    "contact": "12 Quillcontact Lane",
    "title": "Quilltitle lessons",
    "note": "for quillnote and his mother",
    "frozen": "quillfrozen was unwell",
    "left": "quillleft went to Leeds",
    "key": "quillkey-1",
}
"""What is said of Ray, or by him, in every field that takes words."""
DEE: Final = {"name": "Deirdre Plumwhistle", "ref": "dee-plum-4482"}
"""Somebody of the staff, who is no member."""
PIA: Final = {"name": "Pia Figwhisper", "ref": "pia-fig-6617"}
"""Somebody who served years ago."""
GRAN: Final = {"name": "Granny Thistledown", "ref": "gran-thistle-91"}
"""Somebody outside, to whom Ray gives hours."""
REFUSED: Final = {"reason": "quillreason hit somebody", "paper": "quill-paper"}
"""Words where the scheme takes codes and numbers alone."""
HIS: Final = (*RAY.values(), *DEE.values(), *PIA.values(), *REFUSED.values())
EVERY: Final = (*HIS, *GRAN.values())


class Program:
    """The program, and whatever it said."""

    def __init__(self) -> None:
        self.err: list[tuple[tuple[str, ...], str]] = []

    def __call__(self, *words: str, code: int = 0) -> Answer:
        answer = run(*words)
        assert answer.code == code, (answer.out, answer.err)
        self.err.append((words, answer.err))
        return answer


@pytest.fixture
def ask(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Program:
    """A site in which words were planted by every command that takes any."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TIMEBANK_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TIMEBANK_ACTOR", "cora")
    ask = Program()
    _founded(ask, tmp_path)
    _planted(ask)
    return ask


def _founded(ask: Program, folder: Path) -> None:
    pins = folder / "pins.toml"
    pins.write_text("pins = false\n", encoding="utf-8")
    ask("db", "upgrade", "--wing", "custody")
    ask("bank", "create", "site", "--policy", "custody", "--first-coordinator", "cora")
    for ref in ("olga", "otto"):
        ask("staff", "add", ref, "--role", "officer")
    ask("custody", "rules", "set", str(pins), *TWO)
    ask("staff", "add", DEE["ref"], "--name", DEE["name"], "--role", "broker")
    served = ("--role", "broker", "--from", "2020-01-01")
    ask("staff", "add", PIA["ref"], "--name", PIA["name"], *served)
    ask("staff", "end", PIA["ref"], "--role", "broker", "--until", "2020-12-31")
    ask("member", "join", "--name", GRAN["name"], "--ref", GRAN["ref"])
    ask("member", "approve", GRAN["ref"])


def _planted(ask: Program) -> None:
    """Ray works, gives, says things and is spoken of; what takes no words is asked as well."""
    today, ref = date.today().isoformat(), RAY["ref"]
    ask("custody", "person", "apply", "--name", RAY["name"], "--ref", ref)
    ask("custody", "person", "admit", ref, "--key", RAY["key"])
    ask("member", "update", ref, "--contact", RAY["contact"])
    ask("listing", "offer", "--title", RAY["title"], "--category", "other", "--member", ref)
    new = ("custody", "sheet", "new")
    line = ("--activity", "learning", "--on", today, "--line", f"{ref}=2:00", "--by", DEE["ref"])
    ask(*new, "S-1", *line, "--drafted-by", ref)
    ask(*new, REFUSED["paper"], *line, code=2)
    ask("custody", "sheet", "submit", "S-1", "--by", DEE["ref"])
    ask(
        "custody",
        "destination",
        "set",
        ref,
        "--part",
        "own",
        "--given-on",
        today,
        "--paper",
        "D-1",
        *TWO,
    )
    ask("custody", "sheet", "verify", "S-1", "--paper", "S-1", "--by", "olga")
    ask("custody", "sheet", "approve", "S-1", "--paper", "S-1", "--by", "otto")
    ask("custody", "sheet", "post", "S-1")
    ask("custody", "person", "suspend", ref, "--reason", REFUSED["reason"], code=2)
    proposed = run("custody", "beneficiary", "propose", ref, "--account", GRAN["ref"], "--json")
    one = named(proposed.document, "subject")
    ask("custody", "beneficiary", "approve", one, *TWO)
    ask("custody", "give", ref, "--hours", "0:30", "--beneficiary", one, *TWO)
    ask("custody", "give", ref, "--hours", "9:30", *TWO, code=4)
    ask("seal")


def leave(ask: Program) -> None:
    """Ray is released, leaves the scheme and the bank; Dee serves no more."""
    ref = RAY["ref"]
    ask("custody", "person", "release", ref, "--reason", "other", *TWO)
    ask("account", "freeze", ref, "out", "--reason", RAY["frozen"])
    ask("account", "freeze", ref, "none", "--reason", "other")
    gift = ("--source", ref, "--hours", "0:30", "--note", RAY["note"], "--by", ref)
    ask("transfer", "donate", *gift)
    ask("custody", "person", "close", ref, "--reason", "other", *TWO)
    ask("member", "leave", ref, "--hours-to", "pot", "--reason", RAY["left"])


def planted(text: str | bytes, words: Iterable[str] = EVERY) -> list[str]:
    """Those of the words that stand in it."""
    raw = text.encode() if isinstance(text, str) else text
    return [word for word in words if word.encode() in raw]


def rows(engine: Engine, *, erasable: bool) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of ours, as bytes: of what can be erased, or of all the others."""
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        for table in found.sorted_tables:
            if (table.name in ERASABLE) is erasable:
                for row in connection.execute(select(table)):
                    cells = (c if isinstance(c, bytes) else str(c).encode() for c in row)
                    yield table.name, b"\0".join(cells)


def test_p29_words_stand_in_the_tables_that_can_be_erased_and_nowhere_else(
    ask: Program, engine: Engine
) -> None:
    leave(ask)
    assert {name for name, row in rows(engine, erasable=False) if planted(row)} == set()
    known = b"\n".join(row for _, row in rows(engine, erasable=True))
    taken = {RAY["key"], *REFUSED.values()}
    assert [word for word in EVERY if word not in taken and word.encode() not in known] == []


REFS: Final = {RAY["ref"], GRAN["ref"]}
"""The trial balance names accounts by ref, for the staff who print it."""
PRINTED: Final = {
    "balances": ("balances",),
    "balances as JSON": ("balances", "--json"),
    "balances as CSV": ("balances", "--csv"),
    "audit": ("audit",),
    "audit as JSON": ("audit", "--json"),
    "checkpoint": ("checkpoint",),
    "log as JSON": ("log", *DAYS, "--json"),
    "attempts": ("custody", "attempts"),
    "attempts as JSON": ("custody", "attempts", "--json"),
    "todo": ("custody", "todo"),
    "todo as JSON": ("custody", "todo", "--json"),
    "due": ("custody", "due"),
    "exceptions": ("custody", "exceptions", "list"),
    "exceptions as JSON": ("custody", "exceptions", "list", "--json"),
    "sheets as JSON": ("custody", "sheet", "list", "--json"),
    "transfers as JSON": ("transfer", "list", "--json"),
    "journal": ("export", "--format", "jsonl"),
    "beancount": ("export", "--format", "beancount"),
    "hledger": ("export", "--format", "hledger"),
    "CSV": ("export", "--format", "csv"),
    "a blank sheet": ("custody", "print", "sheet", "S-9", "--activity", "learning"),
    "Ray's page": ("custody", "print", "statement", RAY["ref"], *DAYS),
    "statement without names": ("statement", GRAN["ref"], *DAYS, "--no-names", "--json"),
}


def test_p30_no_export_and_no_list_holds_a_planted_word(ask: Program, tmp_path: Path) -> None:
    leaks = {}
    for what, words in PRINTED.items():
        allowed = {*words} | (REFS if words[0] == "balances" else set())
        out = tmp_path / what.replace(" ", "-")
        given = (*words, "--out", str(out)) if words[0] == "export" or "print" in words else words
        answer = ask(*given)
        text = answer.out + (out.read_text(encoding="utf-8") if out.exists() else "")
        if found := [word for word in planted(text) if word not in allowed]:
            leaks[what] = found
    for what, words in {
        "bundle": ("bundle", "export", "--out"),
        "proof": ("prove", GRAN["ref"], "--out"),
    }.items():
        ask(*words, str(tmp_path / what))
        if found := planted((tmp_path / what).read_bytes()):
            leaks[what] = found
    assert leaks == {}


@pytest.mark.parametrize(
    "form", [("--json",), ("--csv",), ("--html",), ()], ids=["json", "csv", "html", "text"]
)
def test_p32_a_statement_of_somebody_outside_names_nobody_inside(
    ask: Program, form: tuple[str, ...]
) -> None:
    answer = ask("statement", GRAN["ref"], *DAYS, *form)
    assert planted(answer.out, HIS) == []
    assert planted(ask("statement", RAY["ref"], *DAYS, *form).out, GRAN.values()) == []


def test_p32_everybodys_pages_name_their_own_people_alone(ask: Program, tmp_path: Path) -> None:
    ask("statement", "--all", "--html", *DAYS, "--out", str(tmp_path / "pages"))
    pages = {file.name: file.read_bytes() for file in (tmp_path / "pages").iterdir()}
    assert len(pages) > 2
    for name, page in pages.items():
        own = GRAN if name.startswith(GRAN["ref"]) else RAY
        assert planted(page, {*EVERY} - {*own.values()}) == [], name


def forget(ask: Program) -> None:
    """Ray and Pia are forgotten by two people."""
    leave(ask)
    for ref in (RAY["ref"], PIA["ref"]):
        ask("member", "forget", ref, "--reason", "other", *TWO)
    ask("seal")


def test_p30_no_word_is_logged_and_the_program_repeats_only_what_was_typed(
    ask: Program, caplog: pytest.LogCaptureFixture
) -> None:
    forget(ask)
    assert {record.name for record in caplog.records if planted(record.getMessage())} == set()
    said = {words: planted(err, {*EVERY} - {*words}) for words, err in ask.err}
    assert {words: found for words, found in said.items() if found} == {}


def test_p30_what_is_forgotten_is_not_in_the_bytes_of_the_file(
    ask: Program, engine: Engine
) -> None:
    gone = (*RAY.values(), *PIA.values(), *REFUSED.values())
    forget(ask)
    assert {name for name, row in rows(engine, erasable=True) if planted(row, gone)} == set()
    assert {name for name, row in rows(engine, erasable=False) if planted(row)} == set()
    assert ask("audit").code == 0
    if engine.dialect.name == "sqlite":
        engine.dispose()
        file = Path(str(make_url(str(engine.url)).database))
        raw = b"".join(p.read_bytes() for p in file.parent.glob(f"{file.name}*"))
        assert planted(raw, gone) == []
        assert planted(raw, GRAN.values()) == [*GRAN.values()]
