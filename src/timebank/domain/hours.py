"""Hours: the unit of the ledger, in whole minutes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from timebank.errors import InvalidHours

MAX_MINUTES: Final = 10**12
"""No amount, balance or sum is larger: about 1.9 million years, far inside 64 bits."""

_FORMS: Final = (
    re.compile(r"(?P<h>[0-9]{1,11}):(?P<m>[0-5][0-9])"),
    re.compile(r"(?P<h>[0-9]{1,11})h(?P<m>[0-5][0-9])?"),
    re.compile(r"(?P<m>[0-9]{1,13})m"),
)


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Hours:
    """A signed number of whole minutes.

    *Refuses:* anything but an ``int`` (a float, a bool or a Decimal would lose minutes) and
    amounts beyond ``MAX_MINUTES``, with ``InvalidHours``.

    >>> Hours.of(1, 30) + Hours(minutes=45)
    Hours(minutes=135)
    >>> str(Hours(minutes=-45))
    '-0:45'
    """

    minutes: int

    def __post_init__(self) -> None:
        if type(self.minutes) is not int:
            raise InvalidHours(
                field="minutes", problem=f"{self.minutes!r} is not a whole number of minutes"
            )
        if abs(self.minutes) > MAX_MINUTES:
            raise InvalidHours(field="minutes", problem=f"{self.minutes} is beyond all reason")

    @classmethod
    def of(cls, hours: int, minutes: int = 0) -> Hours:
        """Whole hours and minutes: ``Hours.of(1, 30)`` is one hour and a half.

        *Refuses:* anything but non-negative ``int`` and minutes from 60 up, with ``InvalidHours``.
        """
        for name, number in (("hours", hours), ("minutes", minutes)):
            if type(number) is not int:
                raise InvalidHours(
                    field=name, problem=f"{number!r} is no whole number; write Hours.of(1, 30)"
                )
        if hours < 0:
            raise InvalidHours(field="hours", problem=f"{hours} is below 0")
        if not 0 <= minutes < 60:
            raise InvalidHours(field="minutes", problem=f"{minutes} does not lie in 0 to 59")
        return cls(minutes=60 * hours + minutes)

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read ``1:30``, ``1h30``, ``2h`` or ``90m``. No sign, no fraction, no bare number.

        *Refuses:* every other text, with ``InvalidHours``: "90" might be minutes or hours.
        """
        plain = text.strip() if isinstance(text, str) else ""
        for form in _FORMS:
            if found := form.fullmatch(plain):
                parts = found.groupdict(default="0")
                return cls(minutes=60 * int(parts.get("h", "0")) + int(parts["m"]))
        raise InvalidHours(
            field="hours",
            problem=f"{text!r} cannot be read; write 1:30, 1h30 or 90m"
            + (", and negate the Hours for a minus" if plain.startswith("-") else ""),
        )

    def split(self, parts: int) -> tuple[Hours, ...]:
        """``parts`` amounts that differ by at most a minute and sum exactly to this one.

        The first ones take the remainder.

        >>> Hours.of(10).split(3)
        (Hours(minutes=200), Hours(minutes=200), Hours(minutes=200))
        """
        return self.share([1] * parts)

    def share(self, weights: Iterable[int]) -> tuple[Hours, ...]:
        """Parts in proportion to whole, non-negative weights that sum exactly to this amount.

        Largest remainder method; equal remainders go to the earlier part.

        *Refuses:* no weights, others than whole ones, negative ones, or all zero, and a negative
        amount, with ``InvalidHours``.
        """
        shares = tuple(weights)
        whole = all(type(weight) is int and weight >= 0 for weight in shares)
        if not whole or not any(shares) or self.minutes < 0:
            raise InvalidHours(field="weights", problem=f"{shares} cannot share {self}")
        total = sum(shares)
        floors = [self.minutes * weight // total for weight in shares]
        remainders = [self.minutes * weight % total for weight in shares]
        left = self.minutes - sum(floors)
        order = sorted(range(len(shares)), key=lambda i: (-remainders[i], i))
        for i in order[:left]:
            floors[i] += 1
        return tuple(Hours(minutes=minutes) for minutes in floors)

    def __add__(self, other: Hours) -> Hours:
        return Hours(minutes=self.minutes + other.minutes)

    def __sub__(self, other: Hours) -> Hours:
        return Hours(minutes=self.minutes - other.minutes)

    def __neg__(self) -> Hours:
        return Hours(minutes=-self.minutes)

    def __bool__(self) -> bool:
        return self.minutes != 0

    def __str__(self) -> str:
        hours, minutes = divmod(abs(self.minutes), 60)
        return f"{'-' if self.minutes < 0 else ''}{hours}:{minutes:02d}"


def positive(hours: Hours, *, field: str = "hours") -> int:
    """The minutes of an amount to be moved: more than zero.

    *Refuses:* another type, zero and negative amounts, with ``InvalidHours``.
    """
    if not isinstance(hours, Hours):
        raise InvalidHours(field=field, problem=f"{hours!r} is not Hours; write Hours.of(1, 30)")
    if hours.minutes <= 0:
        raise InvalidHours(field=field, problem=f"{hours} is not more than 0:00")
    return hours.minutes
