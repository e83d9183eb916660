"""Two verifiers that share nothing agree on every proof of a bank, and on every forged one."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit import independent_verifier
from tests.audit.bank import a_sealed_bank
from tests.audit.independent_verifier import Refused
from tests.backends import MemoryBackend, World
from tests.cli.program import run
from timebank import Hours, exchanges, journal
from timebank.errors import InputError
from timebank.proof import opening, tree
from timebank.proof.checkpoint import Checkpoint, parse

TEN = tuple("abcdefghij")


@pytest.fixture(scope="module")
def evidence() -> tuple[World, Checkpoint]:
    """A sealed bank, in which ten people met."""
    world, _ = a_sealed_bank(MemoryBackend())
    for n, name in enumerate(TEN):
        world.join(name)
        world.give(name, 1_711 + 97 * n)  # balances that are told apart
    world.do(
        exchanges.group,
        givers=["a"],
        receivers=list(TEN[1:]),
        hours=Hours.of(3, 7),
        rule="shared",
        by=world.broker(),
    )
    made = world.do(journal.seal)
    assert made is not None
    return world, made


@pytest.fixture(scope="module")
def proofs(evidence: tuple[World, Checkpoint]) -> dict[str, Mapping[str, Any]]:
    """A proof for every account, as somebody reads it from a file."""
    world, _ = evidence
    accounts = world.see(lambda uow: [account.id for account in uow.accounts.all()])
    made = {account: world.see(journal.prove, account) for account in accounts}
    return {account: json.loads(json.dumps(proof)) for account, proof in made.items()}


def ours(proof: Mapping[str, Any], line: str) -> list[list[str | None]] | None:
    try:
        return [[*part.values()] for part in opening.verified(proof, parse(line))]
    except InputError:
        return None


def theirs(proof: Mapping[str, Any], line: str) -> list[list[str | None]] | None:
    try:
        found = independent_verifier.verify(proof, line)
    except Refused:
        return None
    return [[None if f is None else _text(f) for f in fields] for fields in found]


def _text(field: bytes) -> str:
    """Digests are no text."""
    try:
        return field.decode()
    except UnicodeDecodeError:
        return field.hex()


def test_it_shares_no_code_with_us() -> None:
    source = ast.parse(Path(independent_verifier.__file__).read_text())
    imported = {a.name for n in ast.walk(source) if isinstance(n, ast.Import) for a in n.names}
    imported |= {str(n.module) for n in ast.walk(source) if isinstance(n, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_both_agree_on_every_proof(
    evidence: tuple[World, Checkpoint], proofs: dict[str, Mapping[str, Any]]
) -> None:
    _, made = evidence
    assert len(proofs) > 20
    for proof in proofs.values():
        shown = ours(proof, made.line)
        assert shown is not None
        assert shown == theirs(proof, made.line)
    assert sum(len(proof["lines"]) for proof in proofs.values()) > 60


def hex_places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a proof holds bytes in hexadecimal."""
    if isinstance(value, dict):
        for key in value:
            if key in ("hash_domain", "salt", "record", "path", "lines", "opened"):
                yield from hex_places(value[key], (*where, key))
    elif isinstance(value, list):
        for n, part in enumerate(value):
            yield from hex_places(part, (*where, n))
    else:
        yield where


def forged(proof: Mapping[str, Any], where: tuple[Any, ...], at: int, mask: int) -> Any:
    """The proof with some bits of one byte turned."""
    other: Any = copy.deepcopy(proof)
    *way, last = where
    place = other
    for step in way:
        place = place[step]
    content = bytearray.fromhex(place[last])
    content[at % len(content)] ^= mask
    place[last] = content.hex()
    return other


@given(st.data())
def test_no_byte_of_a_proof_can_be_another(
    evidence: tuple[World, Checkpoint], proofs: dict[str, Mapping[str, Any]], data: st.DataObject
) -> None:
    _, made = evidence
    proof = proofs[data.draw(st.sampled_from([a for a in proofs if proofs[a]["lines"]]))]
    where = data.draw(st.sampled_from([*hex_places(proof)]))
    at, mask = data.draw(st.integers(0, 4000)), data.draw(st.integers(1, 255))
    other = forged(proof, where, at, mask)
    assert ours(other, made.line) is None
    assert theirs(other, made.line) is None


@given(st.data())
def test_no_character_of_the_checkpoint_can_be_another(
    evidence: tuple[World, Checkpoint], proofs: dict[str, Mapping[str, Any]], data: st.DataObject
) -> None:
    _, made = evidence
    proof = next(proof for proof in proofs.values() if proof["lines"])
    at = data.draw(st.integers(0, len(made.line) - 1))
    character = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    line = made.line[:at] + character + made.line[at + 1 :]
    if line != made.line:
        assert ours(proof, line) is None
        assert theirs(proof, line) is None
        assert theirs({**proof, "checkpoint": line}, made.line) is None
        assert ours({**proof, "checkpoint": line}, made.line) is None


def test_the_programs_agree_too(
    evidence: tuple[World, Checkpoint], proofs: dict[str, Mapping[str, Any]], tmp_path: Path
) -> None:
    world, made = evidence
    proof, kept = tmp_path / "proof.json", tmp_path / "kept.txt"
    content = proofs[world.accounts["gill"]]
    other = forged(content, next(hex_places(content["lines"][0], ("lines", 0))), 0, 1)
    kept.write_text(made.line)
    for said, good in ((content, True), (other, False)):
        proof.write_text(json.dumps(said))
        assert (run("verify", str(proof), "--checkpoint", str(kept)).code == 0) is good
        command = (sys.executable, "-I", independent_verifier.__file__, str(proof), str(kept))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is good


Extends = Callable[[int, bytes, int, bytes, Any], bool]


@pytest.mark.parametrize("extends", [tree.extends, independent_verifier.consistent])
def test_every_checkpoint_extends_every_earlier_one(
    evidence: tuple[World, Checkpoint], extends: Extends
) -> None:
    world, _ = evidence
    with world.backend.reading() as uow:
        heads, node = list(uow.seals.heads()), uow.seals.node
    assert len(heads) > 4
    for n, newer in enumerate(heads):
        for older in heads[: n + 1]:
            path = tree.consistency(older.size, newer.size, node)
            args = (older.size, older.root, newer.size, newer.root)
            assert extends(*args, path)
            assert not extends(older.size, newer.root[::-1], newer.size, newer.root, path)
            assert not extends(*args, (*path, newer.root))
            for i, step in enumerate(path):
                wrong = bytes([step[0] ^ 1]) + step[1:]
                assert not extends(*args, (*path[:i], wrong, *path[i + 1 :]))


def test_a_line_of_ten_people_shows_one_account(
    evidence: tuple[World, Checkpoint], proofs: dict[str, Mapping[str, Any]]
) -> None:
    world, made = evidence
    with world.backend.reading() as uow:
        page = uow.journal.list(account=world.accounts["a"], after=None, limit=10)
        met = next(t for t in page if len({x.source for x in t.transfers}) >= 9)
    for name in TEN[1:]:
        own = world.accounts[name]
        proof = world.see(journal.prove, own, transaction=met.id)
        assert ours(proof, made.line) == theirs(proof, made.line) is not None
        text = json.dumps(proof["lines"])
        plain = b"".join(bytes.fromhex(part["record"]) for part in proof["lines"][0]["opened"])
        for transfer in met.transfers:
            for account in {transfer.source, transfer.target} - {own}:
                assert account not in text
                assert account.encode() not in plain
                assert account.encode().hex() not in text
        shown = [part for part in opening.verified(proof, made) if "account" in part]
        assert {part["account"] for part in shown} == {own}
        entry = next(x for x in met.transfers if x.source == own)
        assert [(p["number"], p["balance_minutes"]) for p in shown] == [
            (str(entry.source_number), str(entry.source_balance_minutes))
        ]
        others = {
            balance
            for x in met.transfers
            for account, balance in (
                (x.source, x.source_balance_minutes),
                (x.target, x.target_balance_minutes),
            )
            if account != own
        }
        assert len(others) > 9
        for balance in others - {entry.source_balance_minutes}:
            said = str(balance).encode()
            assert len(said).to_bytes(4, "big") + said not in plain
