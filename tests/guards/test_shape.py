"""What the tables refuse by themselves, and what the guards keep of changing rows."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import Engine

from tests.guards.raw import copy_of, refusal
from timebank.storage.sql import schema

NEW = {
    "n": "n + 1000",
    "source_number": "source_number + 1000",
    "target_number": "target_number + 1000",
}
"""What a second row must change to stand beside the first one."""


def test_a_sound_transfer_is_accepted_so_that_each_refusal_below_has_one_cause(
    full: Engine,
) -> None:
    assert refusal(full, copy_of(schema.transfer, **NEW)) is None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"source_id": "target_id"}, "CHECK"),
        ({"minutes": "0"}, "CHECK"),
        ({"minutes": "-60"}, "CHECK"),
        ({"minutes": "NULL"}, "NULL"),
        ({"n": "0"}, "CHECK"),
        ({"activity": "'wages'"}, "CHECK"),
        ({"source_number": "source_number"}, "UNIQUE"),
        ({"target_number": "target_number"}, "UNIQUE"),
        ({"n": "n"}, "UNIQUE"),
    ],
    ids=lambda value: " ".join(map(str, value.items())) if isinstance(value, dict) else value,
)
def test_a_transfer_out_of_shape_is_refused(full: Engine, fault: dict[str, str], said: str) -> None:
    found = refusal(full, copy_of(schema.transfer, **(NEW | fault)))
    by_guard = full.dialect.name == "sqlite" and said == "UNIQUE"
    null = {"sqlite": "SQLITE_CONSTRAINT_NOTNULL", "postgresql": "23502"}[full.dialect.name]
    assert found == ("TRIGGER" if by_guard else null if said == "NULL" else said)


@pytest.mark.parametrize("words", ["ninety", "1.5", ""])
def test_minutes_that_are_words_are_refused(full: Engine, words: str) -> None:
    mark = "?" if full.dialect.name == "sqlite" else "%s"
    statement = copy_of(schema.transfer, **NEW, minutes=mark)
    assert refusal(full, statement, words) == "TYPE"


def test_half_a_minute_is_never_stored(full: Engine) -> None:
    """SQLite refuses it; PostgreSQL's column cannot hold it and rounds, as it does everywhere."""
    statement = copy_of(schema.transfer, **NEW, minutes="1.5")
    if full.dialect.name == "sqlite":
        assert refusal(full, statement) == "TYPE"
        return
    with full.connect() as connection:
        returned = connection.exec_driver_sql(f"{statement} RETURNING minutes").scalar_one()
    assert (type(returned), returned) == (int, 2)


def test_a_transaction_is_reversed_once(full: Engine) -> None:
    form = {"sqlite": "x'{}'", "postgresql": "'{}'::uuid"}[full.dialect.name]
    new_id = form.format(os.urandom(16).hex())
    again = copy_of(schema.transaction, "WHERE reverses IS NOT NULL", id=new_id)
    sound = copy_of(schema.transaction, "WHERE reverses IS NOT NULL", id=new_id, reverses="NULL")
    assert refusal(full, sound) is None
    assert refusal(full, again) == ("TRIGGER" if full.dialect.name == "sqlite" else "UNIQUE")


ENDED = "(SELECT id FROM timebank_hold WHERE outcome IS NOT NULL)"
OPEN = "(SELECT id FROM timebank_hold WHERE outcome IS NULL)"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"UPDATE timebank_hold SET outcome = 'released', ended_at = 1 WHERE id IN {OPEN}", None),
        (f"UPDATE timebank_hold SET outcome = 'released' WHERE id IN {ENDED}", "TRIGGER"),
        (
            f"UPDATE timebank_hold SET outcome = NULL, ended_at = NULL WHERE id IN {ENDED}",
            "TRIGGER",
        ),
        (f"UPDATE timebank_hold SET outcome = 'released' WHERE id IN {OPEN}", "CHECK"),
        (f"UPDATE timebank_hold SET settled_minutes = minutes + 1 WHERE id IN {OPEN}", "CHECK"),
        (f"UPDATE timebank_hold SET minutes = minutes + 1 WHERE id IN {OPEN}", "TRIGGER"),
        (f"UPDATE timebank_hold SET deadline = deadline + 1 WHERE id IN {OPEN}", "TRIGGER"),
        ("UPDATE timebank_account SET number = number + 1", None),
        ("UPDATE timebank_account SET number = number - 1 WHERE number > 0", "TRIGGER"),
        ("UPDATE timebank_account SET balance_minutes = 0, held_minutes = 0", None),
        ("UPDATE timebank_account SET held_minutes = -1", "CHECK"),
        ("UPDATE timebank_account SET frozen = 'some'", "CHECK"),
        ("UPDATE timebank_account SET kind = 'pot' WHERE kind = 'member'", "TRIGGER"),
        ("UPDATE timebank_account SET id = 5 WHERE label = 'pot'", "TRIGGER"),
        ("UPDATE timebank_account SET label = 'kitty' WHERE label = 'pot'", "TRIGGER"),
        ("UPDATE timebank_account SET owner_id = NULL WHERE kind = 'member'", "TRIGGER"),
        ("UPDATE timebank_account SET unit = 'euro'", "TRIGGER"),
        ("UPDATE timebank_bank SET name = 'Riverside'", None),
        ("UPDATE timebank_bank SET slug = 'hillside'", "TRIGGER"),
        ("UPDATE timebank_bank SET hash_domain = secret", "TRIGGER"),
        ("UPDATE timebank_bank SET secret = hash_domain", "TRIGGER"),
        ("UPDATE timebank_member SET status = 'gone'", "CHECK"),
        ("UPDATE timebank_exchange SET state = 'lost'", "CHECK"),
        ("UPDATE timebank_exchange_party SET side = 'giver' WHERE side = 'receiver'", "TRIGGER"),
        ("UPDATE timebank_outbox SET done_at = 1", None),
        ("UPDATE timebank_outbox SET body = '{}'", "TRIGGER"),
    ],
)
def test_changing_rows_keep_what_must_stay(full: Engine, statement: str, said: str | None) -> None:
    assert refusal(full, statement) == said
