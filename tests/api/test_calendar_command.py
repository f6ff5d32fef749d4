"""qifen calendar: a year of holidays goes in from a file and is shown again (L18)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import app

YEAR = 2090
"""No package will know it while this suite is run."""
TABLE: dict[str, Any] = {
    "document": "国办发明电〔2089〕7号",
    "holidays": [f"{YEAR}-01-01", *(f"{YEAR}-10-{n:02d}" for n in range(1, 15))],
    "work_days": [f"{YEAR}-10-15"],
}


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own; a command sends the logs to its own stderr, so they are put back."""
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def qifen(*words: object) -> Result:
    return CliRunner().invoke(app, ["calendar", *map(str, words)])


def shown(year: int = YEAR) -> dict[str, Any]:
    answer = qifen("show", year, "--json")
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def put(tmp_path: Path, table: Any) -> Path:
    file = tmp_path / "table.json"
    file.write_text(json.dumps(table), encoding="utf-8")
    return file


def test_a_year_goes_in_and_is_shown(tmp_path: Path) -> None:
    assert shown()["known"] is False
    assert "every day" in qifen("show", YEAR).stdout
    assert qifen("import", put(tmp_path, TABLE)).exit_code == 0
    told = shown()
    assert (told["known"], told["document"]) == (True, TABLE["document"])
    assert told["worked"] == [f"{YEAR}-10-15"]
    weekdays = [day for day in told["days_off"] if day.startswith(f"{YEAR}-10")]
    assert len(weekdays) == 10, "of fourteen days, two weekends"


def test_years_add_up_and_a_year_is_brought_in_anew(tmp_path: Path) -> None:
    qifen("import", put(tmp_path, TABLE))
    other = {"holidays": [f"{YEAR + 1}-01-{n:02d}" for n in range(1, 14)]}
    assert qifen("import", put(tmp_path, other)).exit_code == 0
    assert (shown()["known"], shown(YEAR + 1)["known"]) == (True, True)
    corrected = {**TABLE, "work_days": []}
    assert qifen("import", put(tmp_path, corrected)).exit_code == 0
    assert shown()["worked"] == []
    assert qifen("import", put(tmp_path, other), "--replace").exit_code == 0
    assert shown()["known"] is False


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ([], "no table"),
        ({"feasts": []}, "no feasts"),
        ({"holidays": "2090-01-01"}, "list of days"),
        ({"holidays": ["1 January"]}, "holidays[0]"),
        ({"holidays": ["2090-10-01"]}, "New Year"),
        ({"document": 5}, "document"),
    ],
)
def test_a_wrong_table_is_one_line_and_exit_code_two(tmp_path: Path, table: Any, says: str) -> None:
    answer = qifen("import", put(tmp_path, table))
    assert answer.exit_code == 2
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr
    assert shown()["known"] is False


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    answer = qifen("import", tmp_path / "none.json")
    assert answer.exit_code == 2
    assert "none.json" in answer.stderr
    assert "hint: " in answer.stderr


def test_a_year_beyond_every_calendar() -> None:
    assert qifen("show", 99999).exit_code == 2
