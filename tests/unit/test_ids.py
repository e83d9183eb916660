"""Ids: their one form, and the bank's id that follows from its slug."""

import pytest

from tests.support import refusal
from timebank.domain.ids import (
    bank_id_of,
    checked_account_id,
    checked_id,
    checked_slug,
    is_account_id,
)
from timebank.testing.builders import account_id, person_id

UUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"


def test_an_id_is_kept_in_one_form():
    assert checked_id(UUID, field="x") == "0f8fad5bd9cb469fa16570867728950e"
    assert checked_account_id("0F8FAD5BD9CB469F") == "0f8fad5bd9cb469f"


@pytest.mark.parametrize("wrong", ["", "abc", "g" * 32, "a" * 33, "a" * 32 + "\n", 7, None])
def test_other_ids_are_refused(wrong):
    assert refusal(lambda: checked_id(wrong, field="member")) == "invalid_input member"
    assert refusal(lambda: checked_account_id(wrong)) == "invalid_input account"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(person_id(1), False), (account_id(1), True), ("a" * 15, False), (UUID, False), (7, False)],
)
def test_which_text_has_the_form_of_an_accounts_id(text, expected):
    assert is_account_id(text) is expected


@pytest.mark.parametrize("slug", ["a", "riverside", "north-2", "a" * 63])
def test_slugs(slug):
    assert checked_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a_b", "a" * 64, "é", 5, "a\n"])
def test_other_slugs_are_refused(slug):
    assert refusal(lambda: checked_slug(slug)) == "invalid_input bank"


@pytest.mark.parametrize(
    ("slug", "number"),
    [("riverside", 1346195809466666603), ("a", -3848465438864589366)],
)
def test_the_id_of_a_bank_never_changes(slug, number):
    assert bank_id_of(slug) == number
