"""``timebank member access`` and ``forget``: what is held on a person, given out or taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import Desk, reading, writing
from timebank.cli.documents import plain
from timebank.cli.files import writing_to
from timebank.cli.render import Answer, to_json
from timebank.domain.erasure import FORGOTTEN
from timebank.domain.events import MemberForgotten
from timebank.domain.ids import PersonId, checked_id
from timebank.domain.receipt import Receipt
from timebank.errors import InputError, WrongState
from timebank.formats import access_page
from timebank.ports import ReadingUnit

CERTIFICATES: Final = "timebank.erasures/1"
_ELSEWHERE: Final = (
    "Copies made before still hold the person: backups, files of people beside exports and\n"
    "bundles, printed pages; and a copy at an office, until it takes the next bundle.\n"
    "Keep the next line in a file outside. After a restore of an older backup:\n"
    "timebank member forget --again FILE --approved-by REF"
)


def register(member: typer.Typer) -> None:
    """Add ``access`` and ``forget`` to the group ``member``."""
    reading(member, "access", example="timebank member access anna --out anna --html")(access)
    example = "timebank member forget anna --reason 'left the bank' --by cora --approved-by olga"
    writing(member, "forget", example=example)(forget)


def access(
    uow: ReadingUnit,
    member: Annotated[
        str, typer.Argument(metavar="REF", help="A ref, or the beginning of the id.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder for what is held.")
    ],
    as_html: Annotated[bool, typer.Option("--html", help="Also a page to be printed.")] = False,
) -> Answer:
    """Write what is held on one person, for that person; others appear as roles.

    DIR/access.json holds all of it; what somebody did as staff is in the log. Free words that
    somebody else wrote are withheld: read them before you give them out. Backups and exports made
    before are not looked through.
    """
    document = timebank.members.access(uow, names.person(uow, member))
    pages = {"access.json": to_json(document) + "\n"}
    if as_html:
        pages["access.html"] = access_page.as_html(document)
    written = _write_new(out, pages)
    answer = {"schema": "timebank.access-written/1", "bank": uow.slug, "files": written}
    return Answer(document=answer, text=(f"Written: {', '.join(written)}",))


def _write_new(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """Files for their owner alone. *Refuses* a folder that is there, with ``InputError``."""
    with writing_to(folder):
        folder.mkdir(mode=0o700, parents=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    return [str(folder / name) for name in pages]


def forget(
    desk: Desk,
    member: Annotated[
        str | None,
        typer.Argument(metavar="REF", help="Who has left: a ref, or the beginning of the id."),
    ] = None,
    approved_by: options.ApprovedBy = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="CODE", help="A code of the policy.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; keep it.")] = False,
    again: Annotated[
        Path | None,
        typer.Option("--again", metavar="FILE", help="Certificates to apply anew."),
    ] = None,
) -> Answer:
    """Erase a member who has left: name, ref, contact, titles of listings, free words. Staff who
    serve no more are forgotten in the same way.

    The books stay as they were, under an opaque id. Prints a certificate; keep it outside the
    database, several in one file if you like: after a restore from an older backup, --again FILE
    erases the same people anew, all or none, and passes over those who are erased already.
    Somebody who had not left when the backup was made has to leave again first.
    """
    second = desk.second_person(approved_by)
    done: list[tuple[str, Receipt]] = []
    key = None if again else desk.key  # one key is for one request; certificates may be many
    for who, why in _asked(desk, member, reason, again):
        try:
            receipt = timebank.members.forget(
                desk.uow, who, reason=why, by=desk.by, approved_by=second, key=key
            )
        except WrongState as error:
            if again is None or error.state != FORGOTTEN:
                raise
        else:
            done.append((why, receipt))
    certificates = [_certificate(desk, why, receipt, second) for why, receipt in done]
    document = {
        "schema": CERTIFICATES,
        "bank": desk.uow.slug,
        "dry_run": dry_run,
        "erasures": certificates,
    }
    text = [_words(one) for one in certificates] or ["Nobody was left to forget."]
    if dry_run:
        text.insert(0, "Nothing was kept: this was a dry run of:")
    elif certificates:
        text += [_ELSEWHERE, json.dumps(document)]
    return Answer(document=document, text=tuple(text))


def _asked(
    desk: Desk, member: str | None, reason: str | None, again: Path | None
) -> Iterator[tuple[PersonId, str]]:
    """Whom to forget and why. *Refuses* neither and both of a member and a file."""
    if again is not None and member is None:
        yield from _read(again, desk.uow.slug)
    elif member is None or again is not None:
        raise InputError(field="member", problem="name a member, or give a file with --again")
    elif reason is None:
        raise InputError(field="reason", problem="say why: --reason CODE")
    else:
        yield names.person(desk.uow, member), reason


def _read(file: Path, bank: str) -> Iterator[tuple[PersonId, str]]:
    """Whom the certificates of this bank name. *Refuses* a file without any, and dry runs."""
    try:
        found = [*_documents(file.read_text(encoding="utf-8"))]
        kinds = {(one["schema"], one["bank"], one["dry_run"]) for one in found}
        if kinds != {(CERTIFICATES, bank, False)}:
            raise InputError(field="again", problem=f"{file} holds no certificates of {bank}")
        for one in (erasure for document in found for erasure in document["erasures"]):
            yield PersonId(checked_id(one["member"], field="member")), str(one["reason"])
    except OSError as error:
        raise InputError(field="again", problem=f"{file}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(field="again", problem=f"{file} holds no certificates") from None


def _documents(text: str) -> Iterator[Any]:
    """Every JSON object in a text, whatever stands between them."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        document, end = decoder.raw_decode(text, at)
        yield document
        at = text.find("{", end)


def _certificate(desk: Desk, reason: str, receipt: Receipt, approver: Any) -> dict[str, Any]:
    (event,) = (e for e in receipt.events if isinstance(e, MemberForgotten))
    return {
        "member": event.member,
        "receipt": receipt.id,
        "recorded_at": receipt.recorded_at.isoformat(),
        "reason": reason,
        "by": plain(desk.by),
        "approved_by": plain(approver),
        "listings": event.listings,
        "notes": event.notes,
    }


def _words(certificate: Mapping[str, Any]) -> str:
    return (
        "Member {member} was forgotten at {recorded_at} ({reason}): name, ref and contact, "
        "{listings} title(s), {notes} note(s)."
    ).format(**certificate)
