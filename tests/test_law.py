"""docs/law.md is whole and true: every row of the law, of the awkward paths and of the invariants
stands in it, is held by tests that exist and run, or says why not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "law.md"

RANGES = (
    ("L", 1, 26), ("L", 30, 45), ("L", 50, 54), ("L", 60, 74), ("L", 80, 90),
    ("W", 1, 54), ("I", 1, 10),
)  # fmt: skip
"""Rows of the domain: articles of law, awkward paths, invariants."""

OPEN: frozenset[str] = frozenset()
"""Rows that Qifen does not hold yet. This list only ever gets shorter: a row that is held leaves
it, and none comes back."""

OUT_OF_SCOPE, OPEN_WORD = "out of scope: ", "open: "
LEAST_REASON = 20
"""Characters of a reason for leaving a row out."""
SKIPPING = frozenset({"skip", "skipif", "xfail"})
Named = ast.FunctionDef | ast.ClassDef


def _name(kind: str, number: int) -> str:
    return f"{kind}{number}" if kind == "I" else f"{kind}{number:02d}"


ROWS = [_name(kind, n) for kind, first, last in RANGES for n in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page's tables."""

    name: str
    cells: tuple[str, ...]
    """Between name and last cell: article, what it asks, what Qifen does."""
    held: str
    """Test names, or why there are none."""

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`(tests/[^`]+)`", self.held)

    @property
    def is_open(self) -> bool:
        return self.held.startswith(OPEN_WORD)

    @property
    def is_out_of_scope(self) -> bool:
        return self.held.startswith(OUT_OF_SCOPE)


def read_rows(page: str) -> list[Row]:
    rows: list[Row] = []
    for line in page.splitlines():
        if re.match(r"\| [LWI]\d+ \|", line):
            name, *cells, held = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append(Row(name, tuple(cells), held))
    return rows


TABLE = read_rows(PAGE.read_text(encoding="utf-8"))
NAMED = sorted({test for row in TABLE for test in row.tests})


def problem_of(test: str, root: Path = ROOT) -> str | None:
    """What is wrong with a test that the page names; None where it exists, runs and can fail."""
    return next(_problems(test, root), None)


def _problems(test: str, root: Path) -> Iterator[str]:
    """The first one counts: what comes after it may rest on what is not there."""
    path, *names = test.partition("[")[0].split("::")
    if not names or not names[-1].startswith("test_"):
        yield f"{test} names no test"
    if not (root / path).is_file():
        yield f"no file {path}"
    body: Sequence[ast.stmt] = _module(root / path).body
    if _marks(body) & SKIPPING:
        yield f"{path} is skipped as a whole"
    decorators: list[ast.expr] = []
    for name in names:
        found = [n for n in body if isinstance(n, Named) and n.name == name]
        if len(found) != 1:
            yield f"{path} has {len(found)} of {name}"
        decorators, body = found[0].decorator_list, found[0].body
        if {word for each in decorators for word in _words(each)} & SKIPPING:
            yield f"{name} is skipped"
    case = test.partition("[")[2].removesuffix("]")
    if case and not set(case.split("-")) <= set(_constants(decorators)):
        yield f"{names[-1]} has no case {case}"
    if not _can_fail(body, _module(root / path)):
        yield "it asserts nothing"


@cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _marks(body: Sequence[ast.stmt]) -> set[str]:
    """Words of a module's `pytestmark`."""
    marks = (n.value for n in body if isinstance(n, ast.Assign) and "pytestmark" in _words(n))
    return {word for value in marks for word in _words(value)}


def _words(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Name):
            yield each.id


def _constants(decorators: Sequence[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        for each in ast.walk(decorator):
            if isinstance(each, ast.Constant):
                yield str(each.value)


def _can_fail(body: Sequence[ast.stmt], module: ast.Module) -> bool:
    """An assertion or `pytest.raises`, here or in a function of the same file that is called."""
    calls: set[str] = set()
    for each in (node for statement in body for node in ast.walk(statement)):
        if isinstance(each, ast.Assert):
            return True
        if isinstance(each, ast.Call):
            calls |= set(_words(each.func))
    helpers = (n for n in module.body if isinstance(n, ast.FunctionDef) and n.name in calls)
    own = {id(statement) for statement in body}
    return "raises" in calls or any(
        _can_fail(helper.body, ast.Module([n for n in module.body if n is not helper], []))
        for helper in helpers
        if id(helper.body[0]) not in own
    )


def test_every_row_stands_once_in_its_order() -> None:
    assert [row.name for row in TABLE] == ROWS


def test_no_cell_is_empty() -> None:
    for row in TABLE:
        assert all(row.cells), row.name
        assert row.held, row.name


@pytest.mark.parametrize("test", NAMED)
def test_what_the_page_names_exists_and_runs(test: str) -> None:
    assert problem_of(test) is None


def test_each_row_is_held_or_says_why_not() -> None:
    for row in TABLE:
        said = [bool(row.tests), row.is_open, row.is_out_of_scope]
        assert any(said), f"{row.name} names no test and gives no reason"
        assert not (row.is_open and row.is_out_of_scope), row.name
        if row.is_out_of_scope:
            reason = row.held.removeprefix(OUT_OF_SCOPE).partition("`")[0]
            assert len(reason.strip()) >= LEAST_REASON, f"{row.name}: why is it out of scope?"


def test_what_is_open_is_counted() -> None:
    """Nothing is hidden, and what is held is not called open."""
    assert {row.name for row in TABLE if row.is_open} == OPEN


def test_the_page_counts_rightly() -> None:
    text = PAGE.read_text(encoding="utf-8")
    said = re.search(
        r"Of (\d+) rows \*\*(\d+)\*\* are held by tests, \*\*(\d+)\*\* are out of scope, "
        r"\*\*(\d+)\*\* are open",
        text,
    )
    assert said is not None
    left_out = sum(row.is_out_of_scope for row in TABLE)
    is_open = sum(row.is_open for row in TABLE)
    counted = (len(TABLE), len(TABLE) - left_out - is_open, left_out, is_open)
    assert tuple(int(number) for number in said.groups()) == counted


GOOD = "def test_a():\n    assert True\n"


@pytest.mark.parametrize(
    ("source", "test", "problem"),
    [
        (GOOD, "tests/t.py::test_a", None),
        (GOOD, "tests/t.py::test_b", "has 0 of test_b"),
        (GOOD, "tests/u.py::test_a", "no file"),
        (GOOD, "tests/t.py", "names no test"),
        ("def test_a():\n    pass\n", "tests/t.py::test_a", "asserts nothing"),
        ("def h():\n    assert 1\ndef test_a():\n    h()\n", "tests/t.py::test_a", None),
        ("def h():\n    h()\ndef test_a():\n    h()\n", "tests/t.py::test_a", "asserts nothing"),
        ("@pytest.mark.skip\n" + GOOD, "tests/t.py::test_a", "is skipped"),
        ("@pytest.mark.skipif(True, reason='')\n" + GOOD, "tests/t.py::test_a", "is skipped"),
        ("@pytest.mark.xfail\n" + GOOD, "tests/t.py::test_a", "is skipped"),
        ("pytestmark = [pytest.mark.skip]\n" + GOOD, "tests/t.py::test_a", "as a whole"),
        ("@p.parametrize('x', ['y'])\n" + GOOD, "tests/t.py::test_a[y]", None),
        ("@p.parametrize('x', ['y'])\n" + GOOD, "tests/t.py::test_a[z]", "no case z"),
        ("class T:\n    def test_a(self):\n        assert 1\n", "tests/t.py::T::test_a", None),
    ],
)
def test_a_name_that_proves_nothing_is_found(
    tmp_path: Path, source: str, test: str, problem: str | None
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "t.py").write_text(source, encoding="utf-8")
    found = problem_of(test, tmp_path)
    assert (found is None) if problem is None else (found is not None and problem in found)
