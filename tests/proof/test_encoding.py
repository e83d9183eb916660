# mypy: disable-error-code="arg-type"
"""Golden vectors: what was sealed once must verify for ever, so version 1 never changes."""

import hmac
import struct
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest

from timebank.domain import ledger
from timebank.domain.account import Account, AccountChange, AccountKind, ChangeField
from timebank.domain.actor import Actor, Role
from timebank.domain.bank import DayStatement, PeriodClose
from timebank.domain.exchange import Act, Exchange, ExchangeAct, GroupRule, Side, State
from timebank.domain.policy import NEIGHBOURHOOD, PolicyVersion
from timebank.domain.sealed import Beginning, Founding, Opening, WingRows
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
ACCOUNT = Account(
    id="00000000000000aa",
    kind=AccountKind.CUSTODY,
    owner="a" * 32,
    label=None,
    floor_minutes=0,
    ceiling_minutes=None,
)
OPENING = Opening(
    change=replace(CHANGE, field=ChangeField.STATUS, was="unopened", becomes="active"),
    account=ACCOUNT,
)
BEGINNING = Beginning(
    act=replace(ACT, n=1, act=Act.RECORD),
    exchange=Exchange(
        id="2" * 32,
        state=State.CONFIRMED,
        givers=("a" * 32, "d" * 32),
        receivers=("e" * 32,),
        proposed_by=Side.GIVER,
        agreed_minutes=90,
        giver_minutes=None,
        receiver_minutes=None,
        category="garden",
        listing="8" * 32,
        happens_on=date(2026, 3, 28),
        rule=GroupRule.SHARED,
        hold=None,
        transaction="1" * 32,
        deadline=None,
        recorded_at=WHEN,
        acts=1,
    ),
)
FOUNDING = Founding(
    version=POLICY,
    accounts=(
        replace(ACCOUNT, kind=AccountKind.POT, owner=None, label="pot"),
        replace(ACCOUNT, id="00000000000000bb", kind=AccountKind.ISSUANCE, owner=None, label="i"),
    ),
)
WING = WingRows(
    wing="library",
    table="loan",
    id="8" * 32,
    rows=(
        {"id": "8" * 32, "tool_id": "9" * 32, "n": 1, "until": date(2026, 4, 1), "note": None},
        {"id": "8" * 32, "tool_id": "a" * 32, "n": 2, "until": None, "at": WHEN, "tag": b"\x07"},
    ),
)
GOLDEN = {
    "transaction": "ad116f9baf377ca58064609e68a2c11d86d286d277011e3d4460ebf8962d338b",
    "account_change": "c6b475b361e7496953d566fcd2ce966cd367e6ca521a967b68ad4b0d6118ab44",
    "policy": "fe01e9cffec8be6e755f1e916735b18811c448426cc0ef1e19d760a8c4d2df67",
    "exchange_act": "d3cf2db589ad489b968138fe7d4b44b24d6946a0d4849eef3a938202bf67935b",
    "day_statement": "e1e011cdf7bbf4c11ea0941d5060ee09b54403796e6404bcf52e614f0688d647",
    "period_close": "cda9c0cf0c89452a6a3f76b4f3f1751c065d70373e1b36a2ede56b8a26e325fa",
    "opening": "2a0e3ee84d4751ccc2c83cdb1d45afaeb4b20a3c2b8a9c8a974eaa06aec00c66",
    "beginning": "547242e7565e4dc9b6e6ec3f417713a13c41a667d21edda5f6de10df3981c39f",
    "wing": "6a618b07419b92942c86c23b80df00ff57588644a2d11a4afeae019e75db4414",
    "founding": "0f18331e54dd9439773b3e2a091f4e967e32ba25c02d53f72c0cff67a749c896",
}
FACTS = dict(
    zip(
        GOLDEN,
        (
            *(TRANSACTION, CHANGE, POLICY, ACT, STATED, PERIOD),
            *(OPENING, BEGINNING, WING, FOUNDING),
        ),
        strict=True,
    )
)


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


@pytest.mark.parametrize(
    "change",
    [
        {"id": "00000000000000ad"},
        {"kind": AccountKind.HELD},
        {"owner": "b" * 32},
        {"owner": None, "label": "a" * 32},
    ],
    ids="-".join,
)
def test_what_an_account_is_for_ever_is_in_the_leaf_of_its_opening(change):
    other = replace(OPENING, account=replace(ACCOUNT, **change))
    assert encoding.leaf_data(other, DOMAIN) != encoding.leaf_data(OPENING, DOMAIN)


def test_what_an_account_has_now_is_not_in_the_leaf_of_its_opening():
    other = replace(OPENING, account=replace(ACCOUNT, balance_minutes=90, number=1))
    assert encoding.leaf_data(other, DOMAIN) == encoding.leaf_data(OPENING, DOMAIN)


@pytest.mark.parametrize(
    "change",
    [
        {"givers": ("d" * 32, "a" * 32)},
        {"givers": ("a" * 32,), "receivers": ("d" * 32, "e" * 32)},
        {"receivers": ("f" * 32,)},
        {"proposed_by": None},
        {"agreed_minutes": 91},
        {"category": None},
        {"listing": None},
        {"happens_on": date(2026, 3, 29)},
        {"rule": GroupRule.EACH},
    ],
    ids="-".join,
)
def test_what_was_agreed_between_whom_is_in_the_leaf_of_the_first_act(change):
    other = replace(BEGINNING, exchange=replace(BEGINNING.exchange, **change))
    assert encoding.leaf_data(other, DOMAIN) != encoding.leaf_data(BEGINNING, DOMAIN)


def test_where_an_exchange_stands_now_is_not_in_the_leaf_of_its_first_act():
    now = replace(BEGINNING.exchange, state=State.REVERSED, giver_minutes=80, acts=2)
    other = replace(BEGINNING, exchange=now)
    assert encoding.leaf_data(other, DOMAIN) == encoding.leaf_data(BEGINNING, DOMAIN)


def test_the_accounts_of_a_new_bank_are_in_the_leaf_of_its_founding():
    for accounts in (FOUNDING.accounts[:1], FOUNDING.accounts[::-1]):
        other = replace(FOUNDING, accounts=accounts)
        assert encoding.leaf_data(other, DOMAIN) != encoding.leaf_data(FOUNDING, DOMAIN)


def test_a_column_that_a_later_release_of_a_wing_adds_leaves_older_leaves_as_they_are():
    first, second = WING.rows
    for rows in (({**first, "colour": None}, second), (dict(sorted(first.items())), second)):
        assert encoding.leaf_data(replace(WING, rows=rows), DOMAIN) == encoding.leaf_data(
            WING, DOMAIN
        )


@pytest.mark.parametrize(
    "change",
    [
        {"wing": "librar"},
        {"table": "tool"},
        {"id": "9" * 32},
        {"rows": WING.rows[:1]},
        {"rows": WING.rows[::-1]},
        {"rows": ({**WING.rows[0], "n": 2}, WING.rows[1])},
        {"rows": ({**WING.rows[0], "note": ""}, WING.rows[1])},
        {"rows": ({**WING.rows[0], "until": None}, WING.rows[1])},
    ],
)
def test_what_a_wing_wrote_and_where_is_in_its_leaf(change):
    other = replace(WING, **change)
    assert encoding.leaf_data(other, DOMAIN) != encoding.leaf_data(WING, DOMAIN)
