"""The error tree: stable codes, data that travels, texts that render."""

import json
import pickle
from dataclasses import fields

import pytest

from timebank import errors
from timebank.errors import (
    BrokenInvariantError,
    ConflictError,
    Fault,
    FileFaults,
    InputError,
    KeyReusedError,
    NotFoundError,
    OutcomeUnknownError,
    PosterBusy,
    RefusedError,
    StorageError,
    TimebankError,
    as_dict,
)

FAULTS = (
    Fault(line=2, column="minutes", problem="is not a number"),
    Fault(line=3, column="", problem="is empty"),
)
SAMPLES = {"int": 7, "tuple[str, ...]": ("one", "two"), "tuple[Fault, ...]": FAULTS}


def _tree(kind=TimebankError):
    yield kind
    for sub in kind.__subclasses__():
        yield from _tree(sub)


KINDS = list(dict.fromkeys(_tree()))


def sample(kind):
    return kind(**{f.name: SAMPLES.get(str(f.type), f"some {f.name}") for f in fields(kind)})


def test_the_whole_tree_is_walked():
    listed = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, TimebankError)
    }
    ours = {kind for kind in KINDS if kind.__module__.startswith(errors.__name__)}  # not of wings
    assert listed == ours


def test_codes_are_unique_and_each_class_has_its_own():
    assert all("code" in vars(kind) for kind in KINDS)
    assert len({kind.code for kind in KINDS}) == len(KINDS)


CODES = {
    "account_closed",
    "account_frozen",
    "already_reversed",
    "backend_setting",
    "ceiling_reached",
    "clock_suspect",
    "conflict",
    "database_unavailable",
    "day_in_future",
    "file_faults",
    "flow_not_allowed",
    "hours_not_allowed",
    "invalid_hours",
    "invalid_input",
    "key_reused",
    "member_not_active",
    "member_suspended",
    "naive_time",
    "not_enough_hours",
    "not_found",
    "not_permitted",
    "not_yet_empty",
    "outcome_unknown",
    "period_closed",
    "poster_busy",
    "ref_taken",
    "refused",
    "schema",
    "second_person_needed",
    "self_transfer",
    "storage",
    "timebank_error",
    "too_late",
    "unknown_category",
    "wrong_state",
}


def test_codes_are_promises():
    """Add freely; a code that is listed here is never renamed or taken away."""
    assert {kind.code for kind in KINDS} >= CODES


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling(kind):
    error = sample(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy.data == error.data
    assert repr(copy) == repr(error)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_renders_its_data(kind):
    """Every datum that the template asks for is there, and none stays in braces."""
    text = str(sample(kind))
    assert text
    assert "{" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_plain_data_for_a_host(kind):
    error = sample(kind)
    plain = as_dict(error)
    assert set(plain) == {"code", "message", "retryable", "http_status", "data"}
    assert (plain["code"], plain["message"]) == (kind.code, str(error))
    assert set(plain["data"]) == set(error.data)
    assert json.loads(json.dumps(plain)) == plain


def test_faults_are_told_by_line():
    error = FileFaults(faults=FAULTS)
    assert as_dict(error)["data"]["faults"] == [str(fault) for fault in error.faults]


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (InputError, {422}),
        (NotFoundError, {404}),
        (RefusedError, {403, 409, 503}),
        (KeyReusedError, {422}),
        (ConflictError, {409, 503}),
        (OutcomeUnknownError, {503}),
        (StorageError, {503}),
    ],
)
def test_each_branch_says_who_must_act(kind, statuses):
    assert {sub.http_status for sub in _tree(kind)} == statuses


def test_only_what_may_be_repeated_is_retryable():
    expected: set[type[TimebankError]] = {ConflictError, PosterBusy, OutcomeUnknownError}
    assert {kind for kind in KINDS if kind.retryable} == expected


def test_our_own_fault_stands_outside_the_tree():
    assert not issubclass(BrokenInvariantError, TimebankError)
