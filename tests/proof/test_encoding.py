# mypy: disable-error-code="arg-type"
"""Golden vectors: what was sealed once must verify for ever, so version 1 never changes."""

import hmac
import struct
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest

from timebank.domain import ledger
from timebank.domain.account import AccountChange, ChangeField
from timebank.domain.actor import Actor, Role
from timebank.domain.bank import DayStatement, PeriodClose
from timebank.domain.exchange import Act, ExchangeAct, Side, State
from timebank.domain.policy import NEIGHBOURHOOD, PolicyVersion
from timebank.domain.transaction import Activity, PostedTransfer, Transaction, TransactionKind
from timebank.proof import encoding, merkle

DOMAIN = bytes(range(32))
WHEN = datetime(2026, 3, 29, 1, 30, 0, 1, tzinfo=UTC)
CORA = Actor(person="c" * 32, role=Role.COORDINATOR)
OLGA = Actor(person="0" * 32, role=Role.OFFICER)
BROKER = Actor(person="b" * 32, role=Role.BROKER, on_behalf_of="a" * 32)

TRANSACTION = Transaction(
    id="1" * 32,
    kind=TransactionKind.EXCHANGE,
    category="garden",
    happened_on=date(2026, 3, 28),
    counts_on=date(2026, 3, 29),
    recorded_at=WHEN,
    actor=BROKER,
    approver=OLGA,
    reason=None,
    policy_version=3,
    reverses=None,
    exchange="2" * 32,
    imported=False,
    overrides=True,
    note_digest=None,
    salt=bytes(16),
    encoding=1,
    transfers=(
        PostedTransfer(
            n=1,
            source="00000000000000aa",
            target="00000000000000bb",
            minutes=90,
            activity=Activity.SERVICE,
            source_number=7,
            source_balance_minutes=-30,
            target_number=1,
            target_balance_minutes=90,
        ),
        PostedTransfer(
            n=2,
            source="00000000000000bb",
            target="00000000000000cc",
            minutes=9,
            activity=Activity.LEVY,
            source_number=2,
            source_balance_minutes=81,
            target_number=40,
            target_balance_minutes=1009,
        ),
    ),
)
CHANGE = AccountChange(
    id="3" * 32,
    account="00000000000000aa",
    field=ChangeField.FLOOR,
    was="-1200",
    becomes="none",
    effective_on=date(2026, 3, 29),
    recorded_at=WHEN,
    actor=CORA,
    approver=OLGA,
    reason="hardship",
    review_on=date(2026, 6, 1),
    transaction=None,
    note_digest=bytes(32),
    policy_version=3,
)
POLICY = PolicyVersion(
    id="4" * 32,
    version=1,
    policy=NEIGHBOURHOOD,
    body='{"canonical":1}',
    recorded_at=WHEN,
    actor=Actor.system(),
)
ACT = ExchangeAct(
    id="5" * 32,
    exchange="2" * 32,
    n=4,
    act=Act.CONFIRM,
    side=Side.RECEIVER,
    state=State.CONFIRMED,
    minutes=90,
    recorded_at=WHEN,
    actor=BROKER,
    approver=None,
    reason=None,
    transaction="1" * 32,
    note_digest=None,
    policy_version=3,
)
PERIOD = PeriodClose(
    id="6" * 32,
    until=date(2026, 2, 28),
    recorded_at=WHEN,
    actor=CORA,
    approver=OLGA,
    policy_version=3,
)
STATED = DayStatement(
    id="7" * 32, day=date(2026, 3, 29), recorded_at=WHEN, actor=CORA, policy_version=3
)
GOLDEN = {
    "transaction": "ad116f9baf377ca58064609e68a2c11d86d286d277011e3d4460ebf8962d338b",
    "account_change": "c6b475b361e7496953d566fcd2ce966cd367e6ca521a967b68ad4b0d6118ab44",
    "policy": "fe01e9cffec8be6e755f1e916735b18811c448426cc0ef1e19d760a8c4d2df67",
    "exchange_act": "d3cf2db589ad489b968138fe7d4b44b24d6946a0d4849eef3a938202bf67935b",
    "day_statement": "e1e011cdf7bbf4c11ea0941d5060ee09b54403796e6404bcf52e614f0688d647",
    "period_close": "cda9c0cf0c89452a6a3f76b4f3f1751c065d70373e1b36a2ede56b8a26e325fa",
}
FACTS = dict(zip(GOLDEN, (TRANSACTION, CHANGE, POLICY, ACT, STATED, PERIOD), strict=True))


def leaf(kind: str) -> str:
    return merkle.leaf_hash(encoding.leaf_data(FACTS[kind], DOMAIN)).hex()


@pytest.mark.parametrize("kind", GOLDEN)
def test_a_leaf_is_what_it_was_in_the_first_week(kind):
    assert leaf(kind) == GOLDEN[kind]


def test_the_ledger_records_the_version_that_is_encoded():
    assert ledger.ENCODING == encoding.VERSION == 1


def test_the_record_of_a_period_can_be_read_by_hand():
    def field(text: str | None) -> bytes:
        if text is None:
            return b"\x00"
        return b"\x01" + struct.pack(">I", len(text)) + text.encode()

    microseconds = str(1774747800 * 1_000_000 + 1)
    by_hand = b"\x01" + DOMAIN
    for text in (
        "period_close",
        "6" * 32,
        "2026-02-28",
        microseconds,
        "coordinator",
        "c" * 32,
        None,
        "officer",
        "0" * 32,
        None,
        "3",
    ):
        by_hand += field(text)
    assert encoding.leaf_data(PERIOD, DOMAIN) == by_hand


def test_each_part_is_blinded_with_a_salt_of_its_own():
    parts = encoding.parts(TRANSACTION, DOMAIN)
    expected = [
        hmac.new(TRANSACTION.salt, struct.pack(">I", n), sha256).digest()[:16] for n in range(7)
    ]
    assert [part.salt for part in parts] == expected
    assert len({part.salt for part in parts}) == 7


def test_one_side_shows_no_other_account_number_or_balance():
    header, common, source, *_ = (part.record for part in encoding.parts(TRANSACTION, DOMAIN))
    for part in (header, common):
        assert b"00000000000000aa" not in part
        assert b"00000000000000bb" not in part
    assert b"00000000000000aa" in source
    assert b"00000000000000bb" not in source


def test_missing_and_empty_are_different():
    empty, missing = (encoding.record(DOMAIN, "kind", value) for value in ("", None))
    assert empty != missing


CHANGED = [
    {"category": None},
    {"happened_on": date(2026, 3, 27)},
    {"counts_on": date(2026, 3, 30)},
    {"recorded_at": WHEN.replace(microsecond=2)},
    {"actor": CORA},
    {"approver": None},
    {"reason": "other"},
    {"policy_version": 4},
    {"reverses": "9" * 32},
    {"exchange": None},
    {"imported": True},
    {"overrides": False},
    {"note_digest": bytes(32)},
    {"kind": TransactionKind.GROUP},
    {"id": "7" * 32},
    {"salt": bytes(15) + b"\x01"},
    {"transfers": TRANSACTION.transfers[:1]},
    {"transfers": TRANSACTION.transfers[::-1]},
]


@pytest.mark.parametrize("change", CHANGED, ids=lambda change: next(iter(change)))
def test_every_field_of_a_transaction_is_in_its_leaf(change):
    changed = replace(TRANSACTION, **change)
    assert encoding.leaf_data(changed, DOMAIN) != encoding.leaf_data(TRANSACTION, DOMAIN)


@pytest.mark.parametrize(
    "change",
    [
        {"n": 3},
        {"source": "00000000000000ad"},
        {"target": "00000000000000ad"},
        {"minutes": 91},
        {"activity": Activity.GIFT},
        {"source_number": 8},
        {"source_balance_minutes": 0},
        {"target_number": 2},
        {"target_balance_minutes": 0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_of_a_transfer_is_in_the_leaf(change):
    first, second = TRANSACTION.transfers
    changed = replace(TRANSACTION, transfers=(replace(first, **change), second))
    assert encoding.leaf_data(changed, DOMAIN) != encoding.leaf_data(TRANSACTION, DOMAIN)
