"""P-6 by any path: random sequences of everything that anybody can ask for, at two sites.

Whatever the order, and whoever asks: no hour reaches a person in custody but in a step that two
members of staff answer for by name (also where they take a code back and anew for another, which
is shown to human eyes); no balance inside is ever below zero; all balances sum to zero; what left
for another site and did not arrive is what the clearing accounts show; and an audit finds nothing
but what went past the scheme. ``TIMEBANK_CUSTODY_STEPS=20000`` is the long run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from pkgutil import iter_modules
from random import Random

import pytest
from sqlalchemy import create_engine

from tests.backends import SqlBackend
from tests.custody.anybody import Anybody, name_of
from tests.custody.asked import ASKED, OFTEN, RULES, SCHEME
from tests.custody.follow import Follower, cleared, closed_down, rerouted
from tests.custody.scheme import Scheme, a_scheme
from tests.postgres import Server, create_database, drop_database
from timebank import Hours, accounts, members
from timebank.custody import actions, destinations
from timebank.custody import scheme as schemes

STEPS = int(os.environ.get("TIMEBANK_CUSTODY_STEPS", "400"))
LOOKS = 50
"""How often everything is looked at."""
AUDITS = 8
SCHEMES_OWN = "custody_"
RE_EXPORTED = ("access",)


def public() -> set[str]:
    """Every function of the scheme that anybody may call, whatever module it stands in."""
    found = set()
    for module in iter_modules(actions.__path__):
        if module.name.startswith("_"):
            continue
        room = import_module(f"{actions.__name__}.{module.name}")
        for name, value in vars(room).items():
            own = getattr(value, "__module__", "") == room.__name__ or name in RE_EXPORTED
            if isfunction(value) and own and not name.startswith("_"):
                found.add(name_of(value))
    return found


def test_everything_that_the_scheme_can_be_asked_is_asked_in_any_order() -> None:
    assert {name_of(action) for action in SCHEME} == public()


@pytest.fixture
def leyhill(sqlite_scheme: Scheme) -> Scheme:
    """The other site in the same database."""
    assert isinstance(sqlite_scheme.backend, SqlBackend)
    return a_scheme(sqlite_scheme.backend, "leyhill")


@pytest.fixture
def far_leyhill(sqlite_scheme: Scheme, office_file: Path, tmp_path: Path) -> Iterator[Scheme]:
    """The other site in a database of its own."""
    file = shutil.copyfile(office_file, tmp_path / "leyhill.sqlite")
    yield from _founded(f"sqlite:///{file}", sqlite_scheme)


@pytest.fixture
def postgres_leyhill(
    postgres_scheme: Scheme, postgres_server: Server, office_template: str
) -> Iterator[Scheme]:
    """The other site in another database of the same server."""
    url = create_database(postgres_server, office_template)
    yield from _founded(url, postgres_scheme)
    drop_database(postgres_server, url)


def _founded(url: str, other: Scheme) -> Iterator[Scheme]:
    assert isinstance(other.backend, SqlBackend)
    engine = create_engine(url)
    yield a_scheme(SqlBackend(engine, other.backend.clock), "leyhill")
    engine.dispose()


def prepared(site: Scheme) -> None:
    """What the people of a site need: a price, rules, and an organisation that pays."""
    site.do(accounts.open, kind="activity", label="library", by=site.cora)
    price = {"account": "library", "hours": Hours(minutes=15)}
    site.two(destinations.set_price, "library", **price)
    site.two(schemes.set_rules, RULES)
    site.do(members.join, name="Charity", ref="charity", kind="organisation", by=site.cora)
    site.do(members.approve, "charity", by=site.cora)


def audited(site: Scheme, past: set[str]) -> None:
    """The ledger's checks are clean; the scheme's name only what went past the scheme."""
    for finding in site.audit().findings:
        assert finding.check.startswith(SCHEMES_OWN), finding
        assert finding.subject.split()[1] in past, finding


def any_order(here: Scheme, there: Scheme, *, steps: int, seed: int) -> Anybody:
    """So many steps, with everything looked at now and then and at the end."""
    for site in (here, there):
        prepared(site)
    anybody = Anybody(here, there, Random(seed))
    followers = [Follower(site) for site in anybody.sites]
    for n in range(1, steps + 1):
        anybody.step(ASKED, OFTEN)
        if n % LOOKS == 0 or n == steps:
            anybody.look_around()
            for follower in followers:
                follower.follow(anybody.past[follower.site.bank])
            cleared(anybody.sites)
            for site in anybody.sites:
                rerouted(site)
        if n % max(1, steps // AUDITS) == 0 or n == steps:
            for site in anybody.sites:
                audited(site, anybody.past[site.bank])
    assert sum(follower.into_custody for follower in followers) > 0
    report(anybody)
    closed_down(anybody.sites)
    return anybody


def report(anybody: Anybody) -> None:
    """What was asked and what came of it: shown by ``pytest -s``."""
    print()
    for title, counts in (("done", anybody.done), ("refused", anybody.refused)):
        listed = ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
        print(f"{title} {counts.total()}: {listed}")


@pytest.mark.parametrize("other", ["leyhill", "far_leyhill"])
def test_p06_no_hour_goes_from_one_person_inside_to_another_by_any_path(
    sqlite_scheme: Scheme, other: str, request: pytest.FixtureRequest
) -> None:
    there = request.getfixturevalue(other)
    anybody = any_order(sqlite_scheme, there, steps=STEPS // 2, seed=len(other))
    assert anybody.refused.total() > STEPS // 10


def test_p06_by_any_path_on_postgresql(postgres_scheme: Scheme, postgres_leyhill: Scheme) -> None:
    anybody = any_order(postgres_scheme, postgres_leyhill, steps=STEPS // 2, seed=3)
    assert anybody.refused.total() > STEPS // 10
