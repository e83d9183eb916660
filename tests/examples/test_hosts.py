"""Three applications with timebank inside, driven by real requests to real server processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException

import pytest
from sqlalchemy import Engine, create_engine, make_url

import timebank
from tests.examples.hosts import EXAMPLES, Answer, Server, environment, steps
from tests.postgres import create_database, drop_database
from timebank import accounts, audits, exchanges
from timebank.domain.audit import Verdict
from timebank.domain.exchange import State

PSYCOPG = pytest.param("fastapi_host-psycopg", marks=pytest.mark.long)
HOSTS = ("fastapi_host-asyncpg", PSYCOPG, "flask_host", "django_host")
BANK = "riverside"
CROWD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running example, and a look into its database from outside."""

    server: Server
    engine: Engine

    def reported(self, key: str, minutes: int = 1) -> str:
        """An exchange that Anna has reported and Ben may confirm."""
        asked = {"receiver": "ben", "minutes": minutes}
        id_: str = self.server.post("/exchanges", asked, member="anna", key=key).body["exchange"]
        self.server.post(f"/exchanges/{id_}/agree", member="ben", key=key).require()
        reported = self.server.post(
            f"/exchanges/{id_}/report", {"minutes": minutes}, member="anna", key=key
        )
        reported.require()
        return id_

    def confirm(self, exchange: str, *, thanks: str = "Thank you") -> Answer:
        """Ben says it took place; sent again, it is the same request."""
        path = f"/exchanges/{exchange}/confirm"
        return self.server.post(path, {"thanks": thanks}, member="ben", key=exchange)

    def minutes(self, member: str = "anna") -> int:
        """What the application says of somebody's balance."""
        return int(self.server.get("/balance", member).body["minutes"])

    def thanks(self) -> dict[str, str]:
        """The application's own rows."""
        found: dict[str, str] = self.server.get("/thanks").body
        return found

    def require_clean(self) -> None:
        """The books are in order, and the thanks are exactly those of confirmed exchanges."""
        with timebank.reading(self.engine, bank=BANK) as uow:
            assert audits.run(uow).verdict is Verdict.CLEAN
            confirmed = {x.id for x in exchanges.list(uow, state=State.CONFIRMED, limit=1000)}
            assert accounts.of_member(uow, "anna").balance.minutes == self.minutes()
        assert {*self.thanks()} == confirmed


@pytest.fixture(scope="module", params=HOSTS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """An example that was prepared and serves."""
    example, _, driver = request.param.partition("-")
    log = tmp_path_factory.mktemp(example) / "log"
    postgres = None
    if example == "flask_host":
        url = f"sqlite:///{log.with_name('noticeboard.sqlite')}"
        where = environment(DATABASE_URL=url)
    else:
        postgres = request.getfixturevalue("postgres_server")
        url = create_database(postgres)
        where = environment(**libpq(url), DATABASE_URL=f"postgresql+{driver}:///{name_of(url)}")
    server = Server(commands=steps(example), folder=EXAMPLES / example, environment=where, log=log)
    engine = create_engine(url)
    try:
        server.prepare()
        server.start()
        yield Place(server=server, engine=engine)
    finally:
        server.kill()
        engine.dispose()
        if postgres is not None:
            drop_database(postgres, url)


def name_of(url: str) -> str:
    return str(make_url(url).database)


def libpq(url: str) -> dict[str, str]:
    """The variables by which every PostgreSQL program finds its server."""
    found = make_url(url)
    host, port = found.query.get("host", found.host), found.query.get("port", found.port)
    named = {"PGHOST": host, "PGPORT": port, "PGUSER": found.username, "PGPASSWORD": found.password}
    return {**{k: str(v) for k, v in named.items() if v}, "PGDATABASE": name_of(url)}


def together(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """All at the same moment."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Answer]) -> Answer:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [*pool.map(one, acts)]


def test_an_exchange_is_confirmed(place: Place) -> None:
    before = place.minutes("anna"), place.minutes("ben")
    exchange = place.reported("first", 90)
    answer = place.confirm(exchange, thanks="The fence stands again")
    assert (answer.status, answer.body) == (200, {"exchange": exchange, "replayed": False})
    assert (place.minutes("anna"), place.minutes("ben")) == (before[0] + 90, before[1] - 90)
    assert place.thanks()[exchange] == "The fence stands again"
    place.require_clean()


def test_a_refusal_is_an_answer_with_a_stable_code(place: Place) -> None:
    exchange = place.reported("refused")
    body, path = {"thanks": "from myself"}, f"/exchanges/{exchange}/confirm"
    answer = place.server.post(path, body, member="anna", key="refused")
    assert (answer.status, answer.body["code"]) == (403, "not_permitted")
    unknown = place.server.post(path, body, member="nobody", key="refused")
    assert (unknown.status, unknown.body["code"]) == (404, "not_found")
    assert exchange not in place.thanks()


def test_the_hosts_rollback_takes_ours_along(place: Place) -> None:
    exchange, before = place.reported("rolled back", 30), place.minutes()
    answer = place.confirm(exchange, thanks="")
    assert (answer.status, answer.body["code"]) == (422, "thanks_refused")
    assert (place.minutes(), place.thanks().get(exchange)) == (before, None)
    answer = place.confirm(exchange, thanks="At last")
    assert (answer.status, answer.body["replayed"]) == (200, False)
    assert (place.minutes(), place.thanks()[exchange]) == (before + 30, "At last")
    place.require_clean()


def test_two_requests_with_one_key_make_one_exchange(place: Place) -> None:
    def propose() -> Answer:
        asked = {"receiver": "ben", "minutes": 5}
        return place.server.post("/exchanges", asked, member="anna", key="two clicks")

    first, second = together([propose] * 2)
    assert (first.status, second.status) == (200, 200)
    assert first.body["exchange"] == second.body["exchange"]
    assert sorted([first.body["replayed"], second.body["replayed"]]) == [False, True]

    exchange, before = place.reported("confirmed twice", 5), place.minutes()
    first, second = together([lambda: place.confirm(exchange)] * 2)
    assert (first.status, second.status) == (200, 200)
    assert place.minutes() == before + 5
    place.require_clean()


def killed_on_the_way(place: Place, waiting: Sequence[str]) -> list[str]:
    """Confirm all, four at once; the server dies with its workers after the second answer."""
    answered, turn = list[str](), threading.Lock()

    def confirm(exchange: str) -> None:
        with suppress(OSError, HTTPException):
            if place.confirm(exchange).status != 200:
                return
            with turn:
                answered.append(exchange)
                if len(answered) == 2:
                    place.server.kill()

    with ThreadPoolExecutor(4) as pool:
        [*pool.map(confirm, waiting)]
    return answered


@pytest.mark.parametrize("times", [1, pytest.param(12, marks=pytest.mark.long)])
def test_a_killed_server_loses_and_doubles_nothing(place: Place, times: int) -> None:
    for turn in range(times):
        waiting = [place.reported(f"crowd {times} {turn} {n}") for n in range(CROWD)]
        before = place.minutes()
        answered = killed_on_the_way(place, waiting)
        place.server.start()
        assert 2 <= len(answered) < CROWD
        assert {*answered} <= {*place.thanks()}, "what was answered was kept"
        place.require_clean()
        for exchange in waiting:
            place.confirm(exchange).require()
        assert place.minutes() == before + CROWD
        place.require_clean()
