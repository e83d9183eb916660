"""Policy files: what they say becomes a policy; every fault is named with its key and line."""

import pytest

from tests.support import refusal
from timebank.domain.account import AccountKind
from timebank.domain.actor import Role
from timebank.domain.flows import Verdict
from timebank.domain.policy import CUSTODY, NEIGHBOURHOOD, PRESETS, BandRule, Rounding
from timebank.errors import FileFaults
from timebank.schemas import LIMITS, read_policy

WHOLE = """
member_floor = "-10:00"
member_ceiling = "none"
organisation_floor = "0:00"
organisation_ceiling = "200:00"
allotment = "100:00"
"""


def policy(tmp_path, text: str):
    file = tmp_path / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return read_policy(file)


def faults(tmp_path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(FileFaults) as caught:
        policy(tmp_path, text)
    return [(fault.line, fault.column) for fault in caught.value.faults]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_alone_is_the_preset(tmp_path, name):
    assert policy(tmp_path, f'preset = "{name}"') == PRESETS[name]


def test_a_file_says_only_what_differs(tmp_path):
    found = policy(
        tmp_path,
        """
        preset = "neighbourhood"
        member_floor = "none"
        step = "0:15"
        rounding = "up"
        band_rule = "receiver"
        max_exchange = "8:00"
        levy_percent = 5
        late_roles = ["officer"]
        categories = ["chess", "other"]
        """,
    )
    assert found.member_floor_minutes is None
    assert (found.step_minutes, found.rounding) == (15, Rounding.UP)
    assert (found.band_rule, found.max_exchange_minutes) == (BandRule.RECEIVER, 480)
    assert (found.levy_percent, found.late_roles) == (5, frozenset({Role.OFFICER}))
    assert found.categories == ("chess", "other")
    assert found.organisation_floor_minutes == NEIGHBOURHOOD.organisation_floor_minutes


def test_without_a_preset_the_limits_are_all_there(tmp_path):
    found = policy(tmp_path, WHOLE)
    assert (found.preset, found.member_floor_minutes) == ("own", -600)
    assert (found.member_ceiling_minutes, found.allotment_minutes) == (None, 6000)
    assert faults(tmp_path, "levy_percent = 1") == [(1, key) for key in LIMITS]


def test_flows_replace_and_join_those_of_the_preset(tmp_path):
    found = policy(
        tmp_path,
        """
        preset = "neighbourhood"
        [[flows]]
        source = "member"
        target = "pot"
        verdict = "never"
        [[flows]]
        source = "member"
        target = "activity"
        verdict = "approval"
        """,
    )
    assert found.flow(AccountKind.MEMBER, AccountKind.POT)[0] is Verdict.NEVER
    assert found.flow(AccountKind.MEMBER, AccountKind.ACTIVITY)[0] is Verdict.APPROVAL
    assert found.flow(AccountKind.MEMBER, AccountKind.MEMBER)[0] is Verdict.ALLOWED
    assert len(found.flows) == len(NEIGHBOURHOOD.flows) + 1


def test_every_fault_at_once_with_its_line(tmp_path):
    text = (
        'member_floor = 20\ncolour = 1\nband_rule = "x"\nlevy_percent = 500\nlate_roles = ["king"]'
    )
    assert faults(tmp_path, f'preset = "custody"\n{text}\n') == [
        (2, "member_floor"),
        (3, "colour"),
        (4, "band_rule"),
        (5, "levy_percent"),
        (6, "late_roles.1"),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('preset = "none"', "preset"),
        ("preset = 1", "preset"),
        ('preset = "custody"\nmember_floor = "20:00"', "member_floor"),
        ('preset = "custody"\nmember_floor = "20"', "member_floor"),
        ('preset = "custody"\nstep = "0:07"', "step"),
        ('preset = "custody"\nreasons = ["welcome"]', "reasons"),
        ('preset = "custody"\ncategories = [""]', "categories.1"),
        ('preset = "custody"\njoining_needs_approval = "yes"', "joining_needs_approval"),
        ('preset = "custody"\nlevy_percent = 1.5', "levy_percent"),
        (
            'preset = "custody"\nflows = [{source="x", target="pot", verdict="never"}]',
            "flows.1",
        ),
        (
            'preset = "custody"\nflows = [{source="held", target="held", verdict="allowed"}]',
            "flows",
        ),
        (
            'preset = "custody"\nflows = [{source="pot", target="pot", verdict="never"},'
            '{source="pot", target="pot", verdict="never"}]',
            "flows.2",
        ),
    ],
)
def test_one_fault(tmp_path, text, key):
    assert [column for _, column in faults(tmp_path, text)] == [key]


def test_what_is_no_toml_or_no_file(tmp_path):
    assert refusal(lambda: policy(tmp_path, "x = [")) == "invalid_input policy"
    assert refusal(lambda: read_policy(tmp_path / "none.toml")) == "invalid_input policy"
    (tmp_path / "latin.toml").write_bytes(b'preset = "caf\xe9"')
    assert refusal(lambda: read_policy(tmp_path / "latin.toml")) == "invalid_input policy"


def test_the_custody_preset_keeps_its_nevers(tmp_path):
    assert policy(tmp_path, 'preset = "custody"\nlevy_percent = 0') == CUSTODY
