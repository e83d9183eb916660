"""A host owns its transaction: the sentences of house.md, each on every kind of host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import timebank
from tests.hosts.host import SQLITE, Host, Notice, by_default, with_begin_hook
from timebank import Hours, transfers
from timebank.domain.audit import Verdict
from timebank.errors import (
    BackendSettingError,
    BrokenInvariantError,
    ConflictError,
    NotEnoughHours,
    NotPermitted,
)
from timebank.storage.sql import driver

WRITES = {"sqlite": 9, "postgresql": 1}
"""How many statements write a recorded exchange."""


class TheHostChangesItsMind(Exception):
    """Raised by the host for reasons of its own."""


def too_much(host: Host, uow: Any, key: str | None = None) -> None:
    """A donation that the bank refuses."""
    transfers.donate(
        uow,
        source=host.world.accounts["anna"],
        hours=Hours(minutes=9_999),
        by=host.world.member("anna"),
        key=key,
    )


@pytest.fixture(autouse=True)
def clean_at_the_end(host: Host) -> Any:
    """Whatever a host does, the books are in order."""
    yield
    report = host.world.see(timebank.audits.run)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())


def test_both_commit_together(host: Host) -> None:
    with host.session() as session, session.begin():
        with host.unit(session) as uow:
            receipt = host.give(uow)
        session.add(Notice(words=receipt.transaction_id))
        assert host.kept() == ([], 0), "nobody else sees it before the host commits"
    assert host.kept() == ([receipt.transaction_id], 60)


def test_both_roll_back_together(host: Host) -> None:
    with host.session() as session:
        with host.unit(session) as uow:
            receipt = host.give(uow)
        session.add(Notice(words=receipt.transaction_id))
        session.flush()
        session.rollback()
    assert host.kept() == ([], 0)


def test_a_host_that_has_only_read_and_rolls_back_keeps_nothing_of_ours(host: Host) -> None:
    """On SQLite's default mode a savepoint would be the whole transaction, and its end a commit."""
    with host.session() as session:
        assert session.scalars(select(Notice)).all() == []
        with host.unit(session) as uow:
            host.give(uow)
        session.rollback()
    assert host.kept() == ([], 0)


def test_a_host_that_closes_without_a_commit_keeps_nothing(host: Host) -> None:
    with host.session() as session, host.unit(session) as uow:
        host.give(uow)
    assert host.kept() == ([], 0)


def writes_first(host: Host) -> bool:
    """Whether this host may write before our unit: foreign keys are on, or need not be."""
    with host.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            return True
        connection.connection.invalidate()
    with host.engine.connect() as connection:
        return bool(connection.exec_driver_sql("PRAGMA foreign_keys").scalar())


def test_a_host_may_write_first_or_is_told_which_setting_forbids_it(host: Host) -> None:
    allowed = writes_first(host)
    with host.session() as session:
        session.add(Notice(words="first"))
        session.flush()
        if not allowed:
            with pytest.raises(BackendSettingError) as caught:
                host.unit(session).__enter__()
            assert caught.value.setting == "foreign_keys"
            session.commit()
            assert host.kept() == (["first"], 0)
            return
        with host.unit(session) as uow:
            host.give(uow)
        session.commit()
    assert host.kept() == (["first"], 60)


def test_pending_rows_of_the_host_are_flushed_first(host: Host) -> None:
    with host.session() as session, session.begin():
        session.add(Notice(words="pending"))
        with host.unit(session) as uow:
            assert not session.new
            host.give(uow)
    assert host.kept() == (["pending"], 60)


def test_errors_of_pending_rows_surface_in_our_call(host: Host) -> None:
    with host.session() as session, session.begin():
        session.add(Notice(words="twice"))
    with host.session() as session:
        session.add(Notice(words="twice"))
        with pytest.raises(IntegrityError):
            host.unit(session).__enter__()
        session.rollback()
    assert host.kept() == (["twice"], 0)


def test_a_refusal_caught_outside_our_block_leaves_the_hosts_rows_and_no_trace(
    host: Host,
) -> None:
    with host.session() as session, session.begin():
        with pytest.raises(NotEnoughHours), host.unit(session) as uow:  # noqa: PT012
            host.give(uow, key="form-1")
            too_much(host, uow, key="form-2")
        session.add(Notice(words="refused"))
    assert host.kept() == (["refused"], 0)
    with host.session() as session, session.begin(), host.unit(session) as uow:
        assert not host.give(uow, key="form-1").replayed, "the key can be used again"
    assert host.kept() == (["refused"], 60)


def test_a_refusal_caught_inside_our_block_leaves_what_was_done_before(host: Host) -> None:
    with host.session() as session, session.begin():
        with host.unit(session) as uow:
            host.give(uow)
            with pytest.raises(NotEnoughHours):
                too_much(host, uow, key="form-1")
            with pytest.raises(NotPermitted):
                transfers.grant(
                    uow,
                    to=host.world.accounts["ben"],
                    hours=Hours(minutes=1),
                    reason="welcome",
                    by=host.world.member("ben"),
                    key="form-1",
                )
        session.add(Notice(words="partly"))
    assert host.kept() == (["partly"], 60)
    with host.session() as session, session.begin(), host.unit(session) as uow:
        receipt = host.give(uow, 5, key="form-1")
        assert not receipt.replayed


def test_an_exception_that_leaves_our_block_rolls_back_our_savepoint_only(host: Host) -> None:
    with host.session() as session, session.begin():
        session.add(Notice(words="before"))
        if writes_first(host):
            session.flush()
        with pytest.raises(TheHostChangesItsMind), host.unit(session) as uow:  # noqa: PT012
            host.give(uow)
            raise TheHostChangesItsMind
        with host.unit(session) as uow:
            host.give(uow, 30)
        session.add(Notice(words="after"))
    assert host.notices()[0] == "after"
    assert host.world.balance("anna") == 30


def test_a_failed_flush_of_the_host_inside_our_block_rolls_back_our_savepoint_only(
    host: Host,
) -> None:
    with host.session() as session, session.begin():
        session.add(Notice(words="taken"))
    with host.session() as session, session.begin():
        with pytest.raises(IntegrityError), host.unit(session) as uow:  # noqa: PT012
            host.give(uow)
            session.add(Notice(words="taken"))
            session.flush()
        session.add(Notice(words="went on"))
    assert host.kept() == (["taken", "went on"], 0)


def test_an_action_that_answers_is_seen_by_the_next_in_the_same_unit(host: Host) -> None:
    with host.session() as session, session.begin(), host.unit(session) as uow:
        first = host.give(uow, key="form-1")
        again = host.give(uow, key="form-1")
        assert (first.id, again.replayed) == (again.id, True)
    assert host.kept() == ([], 60)


def test_two_units_in_one_transaction_share_its_fate(host: Host) -> None:
    with host.session() as session:
        for minutes in (10, 20):
            with host.unit(session) as uow:
                host.give(uow, minutes)
        session.rollback()
        for minutes in (1, 2):
            with host.unit(session) as uow:
                host.give(uow, minutes)
        session.commit()
    assert host.kept() == ([], 3)


def test_a_failure_in_the_middle_of_recording_leaves_nothing_of_ours(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host catches it, inside our block or outside, and commits."""
    cases = [
        (step, inside)
        for step in range(1, WRITES[host.engine.dialect.name] + 1)
        for inside in (True, False)
    ]
    for step, inside in cases:
        with host.session() as session, session.begin():
            with monkeypatch.context() as patch, pytest.raises(OSError, match="written"):  # noqa: PT012
                _break_after(patch, step)
                _record_and_go_on(host, session, inside=inside)
            session.add(Notice(words=f"caught {step} {inside}"))
    assert host.kept() == (sorted(f"caught {step} {inside}" for step, inside in cases), 0)
    with host.session() as session, session.begin(), host.unit(session) as uow:
        assert not host.record(uow, key="form-1").replayed


def _record_and_go_on(host: Host, session: Session, *, inside: bool) -> None:
    with host.unit(session) as uow:
        try:
            host.record(uow, key="form-1")
        except OSError:
            if not inside:
                raise
        with pytest.raises(BrokenInvariantError):
            host.give(uow)


def _break_after(patch: pytest.MonkeyPatch, step: int) -> None:
    """The program fails as soon as the n-th statement that writes is done."""
    real, calls = driver.execute, Counter[str]()

    def broken(connection: Any, sql: str, given: Any, **how: bool) -> Any:
        found = real(connection, sql, given, **how)
        if sql.startswith(("INSERT", "UPDATE", "WITH")):
            calls["writes"] += 1
            if calls["writes"] == step:
                raise OSError("written")
        return found

    patch.setattr(driver, "execute", broken)


def test_we_never_commit_nor_roll_back_more_than_our_savepoint(host: Host) -> None:
    seen: Counter[str] = Counter()
    for name in ("commit", "rollback", "savepoint", "release_savepoint", "rollback_savepoint"):
        event.listen(host.engine, name, lambda *_args, name=name: seen.update([name]))
    with host.session() as session:
        session.begin()
        with host.unit(session) as uow:
            host.give(uow, key="form-1")
            host.give(uow, key="form-1")
        with pytest.raises(NotEnoughHours), host.unit(session) as uow:
            too_much(host, uow)
        assert seen == {"savepoint": 2, "release_savepoint": 1, "rollback_savepoint": 1}
        session.commit()
    assert seen["commit"] == 1


BEGIN_AT_ONCE = [("postgresql", by_default), ("sqlite", with_begin_hook)]


@pytest.mark.parametrize("host", BEGIN_AT_ONCE, indirect=True)
def test_a_unit_joins_a_session_that_joins_a_connection(host: Host) -> None:
    """In SQLite's default mode the host's own savepoint would commit, with or without us."""
    with host.engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            with host.unit(session) as uow:
                host.give(uow)
            session.commit()
        transaction.rollback()
    assert host.kept() == ([], 0)


@pytest.mark.parametrize("host", [("postgresql", by_default)], indirect=True)
@pytest.mark.parametrize("key", [None, "form-1"])
def test_a_host_that_swallows_a_conflict_is_told_again_at_the_end_of_our_block(
    host: Host, key: str | None
) -> None:
    """PostgreSQL ends a transaction at the first error; nothing of ours may seem to be kept."""
    with host.session() as holder, holder.begin(), host.unit(holder) as theirs:
        host.give(theirs)
        with host.session() as session:
            session.connection().exec_driver_sql("SET lock_timeout = '50ms'")
            with pytest.raises(ConflictError) as caught, host.unit(session) as uow:
                swallowed(lambda: host.give(uow, key=key))
            assert caught.value.reason == "lock not available"
            session.add(Notice(words="went on"))
            session.commit()
    assert host.kept() == (["went on"], 60)


def swallowed(act: Callable[[], object]) -> None:
    with pytest.raises(ConflictError):
        act()


@pytest.mark.parametrize("host", [("sqlite", way) for way in SQLITE], indirect=True)
def test_a_database_that_is_busy_for_too_long_is_a_conflict(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = create_engine(host.engine.url)
    with writer.connect() as busy:
        busy.exec_driver_sql("BEGIN IMMEDIATE")
        with host.session() as session:
            _impatient(session.connection(), monkeypatch)
            with pytest.raises(ConflictError) as caught:
                host.unit(session).__enter__()
            assert caught.value.retryable
            session.rollback()
        busy.rollback()
    writer.dispose()
    assert host.kept() == ([], 0)


def _impatient(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    from timebank.storage.sql import sqlite

    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 50)
    connection.exec_driver_sql("PRAGMA busy_timeout = 50")
