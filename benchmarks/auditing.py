"""``audit``, ``audit_…`` and ``seal…``: what proving the books costs."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from time import perf_counter
from typing import Final

import timebank
from benchmarks import books
from benchmarks.journal import a_journal
from benchmarks.lines import Line, Pair, interleaved, line, rates, times
from benchmarks.places import Place
from benchmarks.world import BANK, Orders, World, a_world
from timebank import audits, journal, transfers
from timebank.actions.audits import AuditReport
from timebank.domain.sealed import Sealed
from timebank.domain.transaction import Transaction
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.proof.encoding import leaf_data, parts
from timebank.storage.sql import recording

SCAN: Final = "SELECT COUNT(*), SUM(minutes) FROM timebank_transfer"
AT_ONCE: Final = 10_000
"""How many facts become leaves in one commit: what ``timebank seal`` does."""

SAMPLE: Final = 20_000
"""How many leaves are kept in memory as the bytes that are hashed for them."""

LATER: Final = 10_000
"""How many leaves come after the checkpoint that an auditor kept; a tenth of a small journal."""


def audit(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Seconds for all checks over n transfers; the verdict has to be clean each time."""
    found = a_journal(place, n)
    with place.driver() as connection:

        def run_limit() -> None:
            row = connection.execute(SCAN).fetchone()
            if row[0] != found.n:
                raise books.BooksWrong(f"{row[0]} transfers instead of {found.n}")

        pairs = interleaved(lambda: books.audited(place), run_limit, rounds=rounds)
    yield times("audit", place.backend, n, pairs, "s", scale=1)


def audit_leaves(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Leaves recomputed a second, beside SHA-256 over the same bytes in a bare loop."""
    a_journal(place, n)
    sealed(place)
    size, data = hashed(place)

    def run_ours() -> None:
        _audited(place, ["leaves_match_facts"])

    def run_limit() -> None:
        for each in data:
            sha256(each).digest()

    pairs = interleaved(run_ours, run_limit, rounds=rounds)
    kept = min(SAMPLE, size)
    found = [(size / ours, kept / limit) for ours, limit in pairs]
    yield line("audit_leaves", place.backend, n, found, "leaves/s")


def audit_since(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Seconds for an audit since a checkpoint 10,000 leaves ago, beside the whole audit."""
    a_journal(place, n)
    kept = sealed(place, later=min(LATER, n // 10))
    pairs = interleaved(
        lambda: _audited(place, since=kept), lambda: _audited(place, kept=kept), rounds=rounds
    )
    yield times("audit_since", place.backend, n, pairs, "s", scale=1)


def seal(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Leaves sealed a second, beside transfers posted a second in batches of 1,000."""
    pairs = _sealing(place, n, rounds, batch=1_000)
    yield line("seal", place.backend, n, pairs, "leaves/s")


def seal_share(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Transfers posted one by one a second, beside the rate at which the same are sealed.

    The ratio is the part of the posting time that a nightly sealer takes, were nobody to post
    meanwhile: on SQLite, where a sealer is one more writer, that is what it costs at most.
    """
    pairs = [(posted, taken) for taken, posted in _sealing(place, n, rounds, batch=1)]
    yield line("seal_share", place.backend, n, pairs, "facts/s")


def seal_queue(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Batches of 1,000 as they are, beside the same without the row in the sealer's queue.

    What was never queued is never sealed: no audit of the facts of these rounds would be clean.
    """
    world = a_world(place)
    orders = Orders(world)
    queued = recording._queued

    def post() -> None:
        _post(world, orders, n, batch=1_000)

    def post_unqueued() -> None:
        recording._queued = lambda added: ()
        try:
            post()
        finally:
            recording._queued = queued

    pairs = interleaved(
        post, post_unqueued, check=lambda: books.check(place), settle=place.settle, rounds=rounds
    )
    yield rates("seal_queue", place.backend, n, pairs, "transfers/s")


def _sealing(place: Place, n: int, rounds: int, *, batch: int) -> list[Pair]:
    """In each round, leaves sealed a second and transfers posted a second."""
    world = a_world(place)
    orders = Orders(world)
    sealed(place)
    pairs = []
    for i in range(rounds + 1):
        begun = perf_counter()
        _post(world, orders, n, batch=batch)
        posted = perf_counter()
        sealed(place)
        pairs.append((n / (perf_counter() - posted), n / (posted - begun)))
        if i == 0:
            place.settle()
    _audited(place)
    return pairs[1:]


def _post(world: World, orders: Orders, n: int, *, batch: int) -> None:
    for start in range(0, n, batch):
        drafts = [order.draft() for order in orders.take(min(batch, n - start))]
        world.do(transfers.post, drafts, by=world.cora)


def sealed(place: Place, *, later: int = 0) -> Checkpoint:
    """Everything that waits is sealed; the answer is a checkpoint so many leaves before."""
    while _waiting(place) > later:
        _seal(place, min(AT_ONCE, _waiting(place) - later))
    kept = _seal(place, 0)
    while _waiting(place):
        _seal(place, AT_ONCE)
    return kept


def _seal(place: Place, limit: int) -> Checkpoint:
    with timebank.standalone(place.engine, bank=BANK) as uow:
        if limit:
            journal.seal(uow, limit=limit)
        head = uow.seals.head()
    assert head is not None
    return checkpoint_of(BANK, head)


def _waiting(place: Place) -> int:
    with timebank.reading(place.engine, bank=BANK) as uow:
        return uow.audit.unsealed()[0]


def _audited(
    place: Place,
    checks: list[str] | None = None,
    *,
    kept: Checkpoint | None = None,
    since: Checkpoint | None = None,
) -> AuditReport:
    with timebank.reading(place.engine, bank=BANK) as uow:
        report = audits.run(uow, checks, kept=kept, since=since)
    if report.findings or report.verdict.value.startswith("incomplete"):
        raise books.BooksWrong(f"{place.backend}: {report.verdict.value}: {report.findings[:3]}")
    return report


def hashed(place: Place) -> tuple[int, list[bytes]]:
    """How many leaves there are, and all that is hashed for the first of them."""
    with timebank.reading(place.engine, bank=BANK) as uow:
        domain = uow.banks.get().hash_domain
        leaves = list(islice(uow.seals.leaves(), SAMPLE))
        facts = uow.seals.facts([(leaf.kind, leaf.fact) for leaf in leaves])
        found = [data for fact in facts.values() for data in _bytes_of(fact, domain)]
        return uow.audit.counted()["leaves"], found


def _bytes_of(fact: Sealed, domain: bytes) -> Iterator[bytes]:
    """What SHA-256 is taken of: salts (twice each, as HMAC does), parts, inner nodes, the leaf."""
    if isinstance(fact, Transaction):
        made = parts(fact, domain)
        for place, part in enumerate(made):
            pad = fact.salt.ljust(64, b"\0")
            yield pad + place.to_bytes(4, "big")
            yield pad + bytes(32)
            yield b"\0" + part.salt + part.record
        yield from (bytes(65) for _ in made[1:])
    yield b"\0" + leaf_data(fact, domain)
