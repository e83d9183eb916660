"""From an error to one clear line on stderr and the exit code of the contract."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, Final

from timebank import errors

FINDINGS: Final = 1
USAGE: Final = 2
STORAGE: Final = 3
REFUSED: Final = 4
INCOMPLETE: Final = 5
OUR_FAULT: Final = 70
INTERRUPTED: Final = 130

TRACEBACK: Final = "TIMEBANK_TRACEBACK"
"""Set in the environment: an unexpected error prints its traceback too, for a report."""

_CODES: Final[tuple[tuple[tuple[type[BaseException], ...], int], ...]] = (
    ((errors.InputError, errors.NotFoundError, errors.KeyReusedError), USAGE),
    ((errors.RefusedError,), REFUSED),
    ((errors.StorageError, errors.ConflictError, errors.OutcomeUnknownError), STORAGE),
    ((BrokenPipeError, KeyboardInterrupt), INTERRUPTED),
)


def report(error: BaseException, *, as_json: bool) -> int:
    """Say on stderr what went wrong, and give the exit code."""
    if isinstance(error, (BrokenPipeError, KeyboardInterrupt)):
        return INTERRUPTED
    if type(error).__name__ == "NoArgsIsHelpError":  # the parser's own, under no public name
        print(error.format_message(), file=sys.stderr)  # type: ignore[attr-defined]
        return USAGE
    code, facts = _judged(_ours(error))
    if code == OUR_FAULT and os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if as_json:
        print(json.dumps({"schema": "timebank.error/1", **facts}, default=str), file=sys.stderr)
    else:
        print(f"timebank: {facts['message']}", file=sys.stderr)
    return code


def _ours(error: BaseException) -> BaseException:
    """What a database said, as one of our errors where we know it."""
    from sqlalchemy.exc import SQLAlchemyError

    from timebank.storage.sql.faults import translated

    return translated(error) if isinstance(error, SQLAlchemyError) else error


def _judged(error: BaseException) -> tuple[int, dict[str, Any]]:
    if isinstance(error, errors.TimebankError):
        facts = errors.as_dict(error)
        noted = " ".join(getattr(error, "__notes__", ()))
        facts["message"] += f" ({noted})" if noted else ""
        return _exit_code(error), facts
    if usage := getattr(error, "format_message", None):
        said = usage().replace("Value error, ", "")
        return USAGE, _facts("usage", f"{said} (see {_help_of(error)})", http_status=422)
    if _is_connection_error(error):
        cause = getattr(error, "orig", None) or error
        unavailable = errors.DatabaseUnavailable(reason=_first_line(cause))
        return STORAGE, errors.as_dict(unavailable)
    hint = f"Our fault: please report it, with what {TRACEBACK}=1 adds."
    if isinstance(error, errors.BrokenInvariantError):
        hint = "Stop writing, run timebank audit, and report it."
    return OUR_FAULT, _facts("internal", f"{type(error).__name__}: {_first_line(error)}. {hint}")


def _exit_code(error: errors.TimebankError) -> int:
    return next((code for kinds, code in _CODES if isinstance(error, kinds)), OUR_FAULT)


def _facts(code: str, message: str, *, http_status: int = 500) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "retryable": False,
        "http_status": http_status,
        "data": {},
    }


def _help_of(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'timebank'} --help"


def _first_line(error: BaseException) -> str:
    """What it says, without the statement and its values, which may be personal."""
    return next(iter(str(error).strip().splitlines()), "no message")


def _is_connection_error(error: BaseException) -> bool:
    """Whether the database was out of reach or damaged."""
    from sqlalchemy import exc

    reach = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
    return isinstance(error, reach) or type(error) is exc.DatabaseError
