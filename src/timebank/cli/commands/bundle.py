"""``timebank bundle``: a bank without a network sends its copy what is new, on a stick."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

import timebank
from timebank.cli import options
from timebank.cli.command import group, place
from timebank.cli.commands.journal import WithPeople
from timebank.cli.commands.sealing import PublicKey, seal_all
from timebank.cli.failures import FINDINGS
from timebank.cli.files import lines_of, require_new, require_two, slug_in, whole
from timebank.cli.render import Answer
from timebank.cli.session import Place
from timebank.cli.signing import read, signer, verifier
from timebank.domain.audit import Verdict
from timebank.errors import ConflictError, CopiesDiffer, InputError, WrongState
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.proof.checkpoint import Checkpoint, parse

_ATTEMPTS: Final = 5
"""How often facts are sealed and looked for anew, while somebody goes on writing."""
_AS_IT_IS: Final = "surrogateescape"
"""How bytes that are no text are read: the checksums of the file say what is wrong with it."""
_lines: Final = partial(lines_of, errors=_AS_IT_IS)


def register(app: typer.Typer) -> None:
    """Add ``bundle export`` and ``bundle import``."""
    bundle = group(app, "bundle", "Carry what is new to the bank's copy elsewhere, on a stick.")
    exported = "timebank bundle export --since office.txt --out north-12.bundle"
    place(bundle, "export", example=exported)(export)
    place(bundle, "import", example="timebank bundle import north-12.bundle")(import_)


def export(
    where: Place,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The bundle, a new file.")],
    bank: options.Bank = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since", metavar="CHECKPOINT_FILE", help="The line that the last import answered."
        ),
    ] = None,
    from_size: Annotated[
        int | None,
        typer.Option("--from-size", metavar="N", help="Or only its size, as read from paper."),
    ] = None,
    with_people: WithPeople = None,
    sign_with: Annotated[
        Path | None,
        typer.Option("--sign", metavar="KEY_FILE", help="Sign it with this Ed25519 key (PEM)."),
    ] = None,
) -> Answer:
    """Seal what waits, and write what the copy does not have yet.

    Without --since and --from-size the bundle holds everything. It holds no names: those are in the
    file of --with-people, which the copy takes with this bundle only.
    """
    if since is not None and from_size is not None:
        raise InputError(field="since", problem="give --since or --from-size, not both")
    require_new(out, "out")
    if with_people is not None:
        require_new(with_people, "with_people")
        require_two(out, with_people)
    start = _start(since, from_size)
    sign = None if sign_with is None else signer(sign_with)
    slug = where.chosen_bank(bank)
    for attempt in range(_ATTEMPTS):
        seal_all(where, slug)
        with where.reading(slug) as uow:
            people = None if with_people is None else [*timebank.bundles.export_people(uow)]
            try:
                lines = timebank.bundles.export(uow, since=start, people=people, sign=sign)
            except WrongState:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            with ExitStack() as files:  # both of them are there in the end, or none
                if people is not None and with_people is not None:
                    _laid(people, files.enter_context(whole(with_people, mode=0o600)))
                ends = _laid(lines, files.enter_context(whole(out)))
            return _exported(uow, ends, out)
    raise ConflictError(reason="somebody goes on writing")


def _start(since: Path | None, from_size: int | None) -> Checkpoint | int:
    if since is not None:
        return parse(read(since, "since").decode(errors="replace"))
    return from_size or 0


def _exported(uow: ReadingUnit, ends: tuple[str, str], out: Path) -> Answer:
    head, end = map(json.loads, ends)
    start, size, lines = head["from"]["size"], head["to"]["size"], end["lines"] + 1
    document = {
        "schema": "timebank.bundle-exported/1",
        "bank": uow.slug,
        "from_size": start,
        "to_size": size,
        "root": head["to"]["root"],
        "lines": lines,
        "sha256": end["sha256"],
        "key": end.get("key"),
        "people": head["people"] is not None,
    }
    said = f"{uow.slug} from size {start} to {size}, {lines} lines in {out}."
    return Answer(document=document, text=(said,))


def import_(
    where: Place,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")],
    with_people: WithPeople = None,
    public_key: PublicKey = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the acknowledgement to this file."),
    ] = None,
) -> Answer:
    """Bring the copy of a bank to where a bundle leads: all of it, or nothing.

    Answers with a checkpoint for the site, which exports its next bundle since then. A bundle that
    came before is passed over. Exit code 1: the copy has other facts, which are listed, or the
    audit of the copy found something. 2: the bundle is torn or edited. 4: one before it is missing.
    """
    given = {it.resolve() for it in (file, with_people, public_key) if it is not None}
    if out is not None and out.resolve() in given:
        raise InputError(field="out", problem=f"{out} is read; nothing is overwritten")
    where.require_schema()
    slug = _slug_in(file)
    verify = None if public_key is None else verifier(public_key)

    def act(uow: UnitOfWork) -> timebank.bundles.Taken:
        with ExitStack() as files:
            lines = files.enter_context(_lines(file))
            people = files.enter_context(_lines(with_people)) if with_people else None
            return timebank.bundles.load(uow, lines, people, verify=verify)

    try:
        taken = where.run(slug, act)
    except CopiesDiffer as error:
        return _differing(error)
    if out is not None:
        with whole(out) as target:
            _laid([taken.checkpoint.line], target)
    return _imported(where, taken)


def _imported(where: Place, taken: timebank.bundles.Taken) -> Answer:
    report = None
    if taken.written:
        with where.reading(taken.bank) as uow:
            report = timebank.audits.run(uow, since=taken.before)
    document: dict[str, Any] = {
        "schema": "timebank.bundle-imported/1",
        "bank": taken.bank,
        "outcome": "taken" if taken.written else "already",
        "from_size": 0 if taken.before is None else taken.before.size,
        "to_size": taken.checkpoint.size,
        "facts": taken.facts,
        "things": taken.things,
        "differences": [],
        "verdict": None if report is None else report.verdict.value,
        "acknowledgement": taken.checkpoint.line,
    }
    said = f"Nothing new: {taken.bank} was there already."
    if taken.written:
        said = f"{taken.bank}: {taken.facts} fact(s) and {taken.things} other row(s) taken."
    is_clean = report is None or report.verdict is Verdict.CLEAN
    audited = () if is_clean else (f"The copy is not clean: timebank audit --bank {taken.bank}",)
    text = (said, *audited, "For the site, which exports its next bundle --since this line:")
    code = 0 if is_clean else FINDINGS
    return Answer(document=document, text=(*text, taken.checkpoint.line), exit_code=code)


def _differing(error: CopiesDiffer) -> Answer:
    """A conflict is a finding: it is listed, and nobody chooses."""
    document = {
        "schema": "timebank.bundle-imported/1",
        "bank": error.bank,
        "outcome": "conflict",
        "from_size": None,
        "to_size": None,
        "facts": 0,
        "things": 0,
        "differences": [
            {"position": d.position, "copy": d.copy, "bundle": d.bundle} for d in error.differences
        ],
        "verdict": None,
        "acknowledgement": None,
    }
    return Answer(
        document=document, text=(str(error), *map(str, error.differences)), exit_code=FINDINGS
    )


def _laid(lines: Iterable[str], target: TextIO) -> tuple[str, str]:
    """Write lines into a file; the first and the last of them."""
    first = last = ""
    for last in lines:
        first = first or last
        target.write(f"{last}\n")
    return first, last


def _slug_in(file: Path) -> str:
    """The bank that the bundle's first line names."""
    slug = slug_in(file, errors=_AS_IT_IS)
    if slug is None:
        problem = f"{file} is no bundle, or its first line is damaged"
        raise timebank.errors.BundleDamaged(section="0", problem=problem)
    return slug
