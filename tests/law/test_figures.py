"""L24 (行政处罚法 art. 74(3), 道路交通安全法 art. 86, 程序规定 art. 66): no quota of fines, and
nobody is measured by how many were punished. L23: no money anywhere.

There is no assessment in Qifen yet; whatever could carry such a figure is looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy.orm import Session

from api.app import create_app
from models.errors import BadInput
from models.policy import Policy, save_policy
from models.tables import metadata
from pipeline.services import Services
from pipeline.settings import Settings
from tests.api.conftest import SignIn
from tests.rows import NOON

FORBIDDEN = re.compile(
    r"(?:^|[_.])(fines?|penalties|quotas?|revenues?|amounts?|fees?|payments?|money|yuan"
    r"|(?:penalty|escalations?)_(?:counts?|numbers?|totals?|targets?|rates?))(?:$|[_.])",
    re.IGNORECASE,
)
"""Names of figures that must not exist: money, and penalties as something to be had more of."""


def names_of(value: Any) -> Iterator[str]:
    """Every key of a description, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from names_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_of(inner)


@pytest.mark.parametrize(
    "name",
    [
        "fine_amount", "penalty_count", "escalation_count", "fine", "unit.penalties",
        "monthly_quota", "escalation_target", "late_fee", "escalations_total",
    ],
)  # fmt: skip
def test_l24_the_look_out_knows_such_names(name: str) -> None:
    assert FORBIDDEN.search(name)


@pytest.mark.parametrize("name", ["fine_amount", "penalty_count", "escalation_count"])
def test_l24_no_setting_of_a_city_takes_such_a_figure(session: Session, name: str) -> None:
    """Refused by name, and nothing is stored."""
    with pytest.raises(BadInput) as refused:
        save_policy(session, {name: 100}, at=NOON, actor="boss")
    assert name in f"{refused.value.field} {refused.value}"


def test_l24_no_setting_and_no_column_is_such_a_figure() -> None:
    names = [field.name for field in fields(Policy)] + list(Settings.model_fields)
    names += [column.name for table in metadata.sorted_tables for column in table.c]
    names += [table.name for table in metadata.sorted_tables]
    assert len(names) > 300
    assert [name for name in names if FORBIDDEN.search(name)] == []


def test_l24_no_answer_and_no_metric_is_such_a_figure(
    signed_in: SignIn, services: Services
) -> None:
    """In the whole description of the API, and on the page of metrics."""
    described = list(names_of(create_app(services).openapi()))
    assert len(described) > 1000
    assert [name for name in described if FORBIDDEN.search(name)] == []
    shown = signed_in("boss").get("/api/v1/metrics").text
    metrics = re.findall(r"^# TYPE (\w+)", shown, re.MULTILINE)
    assert len(metrics) > 5
    assert [name for name in metrics if FORBIDDEN.search(name)] == []
