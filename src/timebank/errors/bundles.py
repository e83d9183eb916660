"""What goes wrong between a bank and its copy elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from timebank.errors.base import InputError, RefusedError


class BundleDamaged(InputError):
    """A bundle is torn or was edited; nothing was taken from it."""

    code = "bundle_damaged"
    template = "Section {section} of the bundle: {problem}. Nothing was taken; export it again."
    field: str = "file"
    problem: str
    section: str


class BankIsCopy(RefusedError):
    """The bank is the copy of one that is kept elsewhere: only bundles write in it."""

    code = "bank_is_copy"
    template = "{bank} is a copy here: write where the bank is kept, and bring a bundle."
    bank: str


class BundleGap(RefusedError):
    """The bundle begins after the end of the copy: one before it has not come yet."""

    code = "bundle_gap"
    template = (
        "The copy of {bank} ends at size {have}, this bundle begins at {begins}: bring the one"
        " between first, or at the site: timebank bundle export --from-size {have}"
    )
    bank: str
    have: int
    begins: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A place in the tree with another fact in the copy than in the bundle; None where one ends."""

    position: int
    copy: str | None
    bundle: str | None

    def __str__(self) -> str:
        here, there = self.copy or "nothing", self.bundle or "nothing"
        return f"leaf {self.position}: the copy has {here}, the bundle {there}"


class CopiesDiffer(RefusedError):
    """The bank and its copy have other facts at the same sizes. Nobody chooses; see who is right.

    ``differences`` is empty where only the roots are known: a bundle from size 0 names the facts.
    """

    code = "copies_differ"
    template = (
        "{bank} and its copy are not the same up to size {size}; nothing was written. {next_step}"
    )
    bank: str
    size: int
    differences: tuple[Difference, ...]
    next_step: str
