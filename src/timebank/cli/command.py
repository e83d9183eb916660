"""How a command is made: its own options, the shared ones, and one way to answer.

A *place* command gets the database, a *reading* one a snapshot of the bank, a *writing* one a desk:
the unit of work with the actor. It answers, or returns what the action returned.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeVar, get_type_hints

import typer

from timebank.cli import documents, options, words
from timebank.cli.names import Labels
from timebank.cli.render import Answer, show
from timebank.cli.session import Place, actor, approver, opened, second_person
from timebank.domain.actor import Actor
from timebank.domain.bank import require_own
from timebank.domain.receipt import Receipt
from timebank.errors import RefusedError, TimebankError
from timebank.ports import ReadingUnit, UnitOfWork

F = TypeVar("F", bound=Callable[..., Any])
ActorNeed = Literal["named", "system"]
OnRefusal = Callable[["Desk", RefusedError], object]
Before = Callable[[Place, Mapping[str, Any]], object]

_PLACE: Final[dict[str, Any]] = {
    "url": options.Url,
    "schema": options.Schema,
    "as_json": options.AsJson,
}
_READING: Final[dict[str, Any]] = {"bank": options.Bank, **_PLACE}
_WRITING: Final[dict[str, Any]] = {
    "by": options.By,
    "by_role": options.ByRole,
    "on_behalf_of": options.OnBehalfOf,
    "key": options.Key,
    **_READING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A bank, opened for writing by somebody."""

    uow: UnitOfWork
    by: Actor
    key: str | None

    def approver(self, ref: str | None) -> Actor | None:
        """The second person, if one is named."""
        return approver(self.uow, ref)

    def second_person(self, ref: str | None) -> Actor:
        """The second person. *Refuses* nobody."""
        return second_person(self.uow, ref)


def group(app: typer.Typer, name: str, help: str) -> typer.Typer:
    """A group of commands."""
    made = new_app(help)
    app.add_typer(made, name=name)
    return made


def new_app(help: str) -> typer.Typer:
    """An application with the manners of the house: plain help, no completion, no tracebacks."""
    return typer.Typer(
        help=help,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    )


def place(app: typer.Typer, name: str, *, example: str) -> Callable[[F], F]:
    """A command on the database: ``fn(place, …) -> Answer``."""

    def run(fn: Callable[..., Answer], own: dict[str, Any], shared: dict[str, Any]) -> None:
        with opened(shared["url"], shared["schema"]) as where:
            _answer(fn(where, **own), as_json=shared["as_json"])

    return _command(app, name, example, _PLACE, run)


def reading(app: typer.Typer, name: str, *, example: str) -> Callable[[F], F]:
    """A command that reads a bank: ``fn(uow, …) -> Answer``."""

    def run(fn: Callable[..., Answer], own: dict[str, Any], shared: dict[str, Any]) -> None:
        with (
            opened(shared["url"], shared["schema"]) as where,
            where.reading(shared["bank"]) as uow,
        ):
            answer = fn(uow, **own)
        _answer(answer, as_json=shared["as_json"])

    return _command(app, name, example, _READING, run)


def writing(
    app: typer.Typer,
    name: str,
    *,
    example: str,
    unnamed: ActorNeed = "named",
    on_refusal: OnRefusal | None = None,
    each_time: bool = False,
    before: Before | None = None,
) -> Callable[[F], F]:
    """A command that acts: ``fn(desk, …) -> Receipt``, a tuple of receipts, or an answer.

    ``unnamed="system"`` lets the program itself act where nobody is named. Of a command with the
    option ``dry_run`` nothing is kept where it is given. ``on_refusal`` is called in a commit of
    its own, after everything was undone, where the rules said no. ``each_time`` takes who acts from
    the command alone, never from the environment; its dry run asks for nobody. ``before`` is called
    first, with the place and what was given, in commits of its own.
    """

    def run(fn: Callable[..., Any], own: dict[str, Any], shared: dict[str, Any]) -> None:
        def act(uow: UnitOfWork) -> Answer:
            require_own(uow.banks.get())
            by = Actor.system()
            looks = each_time and own.get("dry_run")
            if shared["by"] or (unnamed == "named" and not looks):
                by = actor(
                    uow, shared["by"], role=shared["by_role"], on_behalf_of=shared["on_behalf_of"]
                )
            done = fn(Desk(uow=uow, by=by, key=shared["key"]), **own)
            return done if isinstance(done, Answer) else receipts(uow, done)

        def remember(keep: OnRefusal, error: RefusedError, uow: UnitOfWork) -> None:
            who = actor(uow, shared["by"], role=shared["by_role"])
            keep(Desk(uow=uow, by=who, key=None), error)

        with opened(shared["url"], shared["schema"]) as where:
            if before is not None:
                before(where, shared | own)
            do = where.rehearse if own.get("dry_run") else where.write
            try:
                answer = do(shared["bank"], act)
            except RefusedError as error:
                if on_refusal is not None and not own.get("dry_run"):
                    with suppress(TimebankError):  # the refusal is what the person has to see
                        where.write(shared["bank"], partial(remember, on_refusal, error))
                raise
        _answer(answer, as_json=shared["as_json"])

    shared_options = _WRITING | ({"by": options.NamedBy} if each_time else {})
    return _command(app, name, example, shared_options, run)


def receipts(uow: ReadingUnit, done: Receipt | tuple[Receipt, ...]) -> Answer:
    """The receipt, or several, as the answer of a command."""
    many = done if isinstance(done, tuple) else (done,)
    accounts, people = words.subjects(many)
    labels = Labels(uow).learn(accounts=accounts, people=people)
    text = tuple(part for receipt in many for part in words.receipt_text(receipt, labels))
    if isinstance(done, Receipt):
        return Answer(document=documents.receipt(done), text=text)
    listed = [documents.receipt(receipt) for receipt in many]
    document = {"schema": "timebank.receipts/1", "receipts": listed}
    return Answer(document=document, text=text or ("Nothing was due.",))


def _answer(answer: Answer, *, as_json: bool) -> None:
    show(answer, as_json=as_json)
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)


def _command(
    app: typer.Typer,
    name: str,
    example: str,
    shared: dict[str, Any],
    run: Callable[[Callable[..., Any], dict[str, Any], dict[str, Any]], None],
) -> Callable[[F], F]:
    """Register a command whose options are those of the function, then the shared ones."""

    def made(fn: F) -> F:
        hints = get_type_hints(fn, include_extras=True)
        own = list(inspect.signature(fn).parameters.values())[1:]
        known = _without_clash(shared, {p.name for p in own})

        def call(**values: Any) -> None:
            common = {option: values.pop(option) for option in known}
            run(fn, values, common)

        parameters = [p.replace(annotation=hints[p.name], kind=p.KEYWORD_ONLY) for p in own]
        parameters += [
            inspect.Parameter(
                option,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if option == "as_json" else None,
                annotation=annotation,
            )
            for option, annotation in known.items()
        ]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(name, help=f"{_paragraphs(fn)}\n\n\b\nExample:\n  {example}")(call)
        return fn

    return made


def _without_clash(shared: dict[str, Any], own: set[str]) -> dict[str, Any]:
    """``--role`` is the role that is given where a command gives one."""
    if "role" not in own or "by_role" not in shared:
        return shared
    return shared | {"by_role": options.ByRoleOnly}


def _paragraphs(fn: Callable[..., Any]) -> str:
    return inspect.cleandoc(fn.__doc__ or "")
