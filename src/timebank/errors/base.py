"""What every error of timebank is: facts with a name, told in one sentence."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import Any, ClassVar, dataclass_transform


@dataclass_transform(eq_default=False, kw_only_default=True)
@dataclass(eq=False, repr=False, kw_only=True)
class TimebankError(Exception):
    """Base of everything that timebank refuses or cannot do; every subclass is a dataclass."""

    code: ClassVar[str] = "timebank_error"
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    template: ClassVar[str] = "Something went wrong."

    def __init_subclass__(cls) -> None:
        dataclass(eq=False, repr=False, kw_only=True)(cls)

    @property
    def data(self) -> dict[str, Any]:
        """The typed facts of this error, by field name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        said = {name: _said(name, value) for name, value in self.data.items()}
        return self.template.format(**said)

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.data.items())
        return f"{type(self).__name__}({facts})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **self.data), ()


class InputError(TimebankError):
    """A value can never be right, whatever the state of the bank."""

    code = "invalid_input"
    http_status = 422
    template = "{field}: {problem}"
    field: str
    problem: str


class RefusedError(TimebankError):
    """The rules of the bank say no. Nothing was written."""

    code = "refused"
    http_status = 409


def _said(name: str, value: Any) -> Any:
    """A fact in words: amounts in hours and minutes, lists without brackets."""
    if name.endswith("minutes") and isinstance(value, int):
        return f"{'-' if value < 0 else ''}{abs(value) // 60}:{abs(value) % 60:02d}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    return value
