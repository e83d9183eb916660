"""``audit``: the full audit of the books beside one raw aggregate scan of the transfers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks import books
from benchmarks.journal import a_journal
from benchmarks.lines import Line, interleaved, times
from benchmarks.places import Place

SCAN: Final = "SELECT COUNT(*), SUM(minutes) FROM timebank_transfer"


def audit(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Seconds for all checks over n transfers; the verdict has to be clean each time."""
    journal = a_journal(place, n)
    with place.driver() as connection:

        def run_limit() -> None:
            found = connection.execute(SCAN).fetchone()
            if found[0] != journal.n:
                raise books.BooksWrong(f"{found[0]} transfers instead of {journal.n}")

        pairs = interleaved(lambda: books.audited(place), run_limit, rounds=rounds)
    yield times("audit", place.backend, n, pairs, "s", scale=1)
