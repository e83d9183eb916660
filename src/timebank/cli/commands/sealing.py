"""``timebank seal``, ``checkpoint``, ``prove``, ``verify``: evidence that an outsider can keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

import timebank
from timebank.cli import options
from timebank.cli.command import place, reading
from timebank.cli.failures import FINDINGS
from timebank.cli.files import writing_to
from timebank.cli.render import Answer, grid
from timebank.cli.session import Place
from timebank.cli.signing import read, require_signature, sign
from timebank.errors import InputError
from timebank.ports import ReadingUnit
from timebank.proof import opening
from timebank.proof.checkpoint import Checkpoint, parse

PublicKey = Annotated[
    Path | None,
    typer.Option("--public-key", metavar="FILE", help="The checkpoint must be signed by this key."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to this file.")]


def register(app: typer.Typer) -> None:
    """Add ``seal``, ``checkpoint``, ``prove`` and ``verify``."""
    place(app, "seal", example="timebank seal")(seal)
    reading(app, "checkpoint", example="timebank checkpoint --out 2026-10-31.txt")(checkpoint)
    reading(app, "prove", example="timebank prove ann --out ann.proof")(prove)
    verified = "timebank verify ann.proof --checkpoint 2026-10-31.txt"
    app.command("verify", help=f"{verify.__doc__}\n\n\b\nExample:\n  {verified}")(verify)


def seal(where: Place, bank: options.Bank = None) -> Answer:
    """Turn the facts that wait into leaves of the sealed tree, and write a checkpoint.

    Made for a scheduled job: nobody who writes waits for it.
    """
    sealed = seal_all(where, where.chosen_bank(bank))
    if sealed is None:
        return Answer(document=_document(None), text=("Nothing to seal yet.",))
    return Answer(document=_document(sealed), text=(sealed.line,))


def seal_all(where: Place, slug: str) -> Checkpoint | None:
    """Seal until nothing waits; the latest checkpoint."""
    sealed = None
    while True:
        made = where.run(slug, timebank.journal.seal)
        if made is None or (sealed is not None and made.size == sealed.size):
            return sealed
        sealed = made


def checkpoint(
    uow: ReadingUnit,
    out: Out = None,
    sign_with: Annotated[
        Path | None,
        typer.Option("--sign", metavar="KEY_FILE", help="Sign it with this Ed25519 key (PEM)."),
    ] = None,
) -> Answer:
    """Print the latest sealed checkpoint: one line for a log book. The right to read suffices.

    --out overwrites no checkpoint that was kept before.
    """
    made = timebank.journal.checkpoint(uow)
    if sign_with is not None:
        made = sign(made, sign_with)
    if out is not None:
        _write(out, made.line + "\n", how="x")
    return Answer(document=_document(made), text=(made.line,))


def prove(
    uow: ReadingUnit,
    account: Annotated[str, typer.Argument(metavar="REF_OR_ACCOUNT")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The proof file.")],
    transaction: Annotated[
        str | None, typer.Option("--transaction", metavar="ID", help="Only this transaction's.")
    ] = None,
) -> Answer:
    """Write a proof of an account's sealed lines. It shows nobody else's account or balance."""
    proof = timebank.journal.prove(uow, account, transaction=transaction)
    _write(out, json.dumps(proof, indent=1) + "\n")
    lines, kept = len(proof["lines"]), proof["checkpoint"]
    document = {"schema": "timebank.proved/1", "lines": lines, "checkpoint": kept}
    return Answer(
        document=document,
        text=(f"{lines} transaction(s) proved in {out}, against the checkpoint:", kept),
    )


def verify(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="The proof file.")],
    checkpoint: Annotated[
        Path, typer.Option("--checkpoint", metavar="FILE", help="The checkpoint that was kept.")
    ],
    public_key: PublicKey = None,
    as_json: options.AsJson = False,
) -> None:
    """Check a proof against a kept checkpoint: with the two files alone, no database.

    A proof says that a line is in the journal, not that it is the latest of its account.
    Exit code 0: it holds. 1: it does not.
    """
    from timebank.cli.render import show

    kept, offered = _kept(checkpoint, public_key), read(proof, "proof")
    try:
        shown = opening.verified(_json(offered), kept)
    except InputError as error:
        answer = _verdict(kept, [], str(error))
    else:
        answer = _verdict(kept, shown, None)
    show(answer, as_json=as_json)
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)


def _verdict(kept: Checkpoint, shown: list[dict[str, str | None]], why_not: str | None) -> Answer:
    document = {
        "schema": "timebank.verified/1",
        "holds": why_not is None,
        "reason": why_not,
        "checkpoint": kept.line,
        "shown": shown,
    }
    if why_not is not None:
        return Answer(document=document, text=(f"It does not hold: {why_not}",), exit_code=FINDINGS)
    sides = [part for part in shown if part["record"] in ("source", "target")]
    rows = [(s["transaction"], s["account"], s["number"], s["balance_minutes"]) for s in sides]
    table = grid(("Transaction", "Account", ">Number", ">Balance (minutes)"), rows)
    count = len({side["transaction"] for side in sides})
    where = f"are in the journal of {kept.bank} at size {kept.size}"
    held = f"It holds: {len(rows)} line(s) of {count} transaction(s) {where}."
    return Answer(document=document, text=(held, table))


def _kept(file: Path, public_key: Path | None) -> Checkpoint:
    kept = parse(read(file, "checkpoint").decode(errors="replace"))
    if public_key is not None:
        require_signature(kept, public_key)
    return kept


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise InputError(field="proof", problem="it is not JSON") from None


def _write(file: Path, content: str, *, how: str = "w") -> None:
    with writing_to(file), file.open(how, encoding="utf-8") as opened:
        opened.write(content)


def _document(made: Checkpoint | None) -> dict[str, Any]:
    return {
        "schema": "timebank.checkpoint/1",
        "bank": None if made is None else made.bank,
        "size": 0 if made is None else made.size,
        "root": None if made is None else made.root.hex(),
        "sealed_at": None if made is None else made.sealed_at.isoformat(),
        "line": None if made is None else made.line,
    }
