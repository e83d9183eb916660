"""What a linter cannot see: the house's own rules about its source, place by place."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "timebank"
MODULES = {str(path.relative_to(SRC)): path for path in sorted(SRC.rglob("*.py"))}
DOMAIN = [name for name in MODULES if name.startswith("domain/")]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text())


def places(name: str, wrong) -> list[str]:
    """Where in the module a node is wrong, as ``file:line``."""
    return [f"{name}:{getattr(node, 'lineno', 0)}" for node in ast.walk(tree(name)) if wrong(node)]


def _inexact(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float() | complex()):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
        case ast.Name(id="float" | "Decimal" | "Fraction"):
            return True
        case ast.ImportFrom(module="decimal" | "fractions"):
            return True
        case ast.Import(names=names):
            return any(alias.name in {"decimal", "fractions"} for alias in names)
    return False


@pytest.mark.parametrize("name", DOMAIN)
def test_the_domain_counts_in_whole_numbers(name):
    assert places(name, _inexact) == []


CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}


def _reads_a_clock(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    *owner, name = ast.unparse(node.func).split(".")
    return owner[-1:] in (["datetime"], ["date"], ["time"]) and name in CLOCKS


CLOCKLESS = [name for name in MODULES if not name.startswith("storage/")]


@pytest.mark.parametrize("name", CLOCKLESS)
def test_only_the_unit_of_work_reads_a_clock(name):
    """``uow.now()`` is the port's; ``datetime.now()`` stands in the storage alone."""
    assert places(name, _reads_a_clock) == []


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("cli/")])
def test_only_the_command_line_prints(name):
    def prints(node):
        return isinstance(node, ast.Call) and getattr(node.func, "id", None) == "print"

    assert places(name, prints) == []


@pytest.mark.parametrize("name", MODULES)
def test_no_rule_is_an_assert(name):
    """``python -O`` would switch it off."""
    assert places(name, lambda node: isinstance(node, ast.Assert)) == []


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_left_unwritten(name):
    def unwritten(node):
        return isinstance(node, ast.Name) and node.id == "NotImplementedError"

    assert places(name, unwritten) == []


@pytest.mark.parametrize("name", MODULES)
def test_no_function_is_longer_than_a_page(name):
    def long(node):
        return isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= 60

    assert places(name, long) == []


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_longer_than_400_lines(name):
    assert len(MODULES[name].read_text().splitlines()) <= 400


def _definitions(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Definition]]:
    """Public classes, functions and methods, by dotted name."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield owner + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{owner}{node.name}.")


def _only_dots(node: ast.AST) -> bool:
    """A Protocol's or an overload's method: ``...`` and nothing else."""
    match getattr(node, "body", None):
        case [ast.Expr(value=ast.Constant(value=value))]:
            return value is ...
    return False


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_documented(name):
    module = tree(name)
    assert ast.get_docstring(module), name
    undocumented = [
        f"{name}:{node.lineno} {dotted}"
        for dotted, node in _definitions(module.body)
        if not ast.get_docstring(node) and not _only_dots(node)
    ]
    assert undocumented == []


def test_the_source_was_found():
    assert len(DOMAIN) > 20
