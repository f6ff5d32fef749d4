"""What a city may choose, and what it may not: texts that cost more than they promise."""

from __future__ import annotations

import pytest

from pipeline.services import Services
from tests.api.conftest import SignIn


def test_a_policy_within_the_texts_budget_is_saved(signed_in: SignIn, services: Services) -> None:
    answer = signed_in("boss").patch("/api/v1/policy", json={"signature": "上城城管"})
    assert answer.status_code == 200, answer.text
    assert services.policy().signature == "上城城管"


@pytest.mark.parametrize(
    ("changes", "template"),
    [
        ({"signature": "上城区综合行政执法局市容大队"}, "zh.N1"),
        # brackets stand round every signature already: L85
        ({"signature": "【上城】"}, ""),
    ],
)
def test_texts_that_would_not_fit_are_refused_and_nothing_is_saved(
    signed_in: SignIn, services: Services, changes: dict[str, str], template: str
) -> None:
    """The refusal names the template; the policy in force stays, with all its other values."""
    before = services.policy()
    answer = signed_in("boss").patch("/api/v1/policy", json={**changes, "city_prefix": "SH"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["hint"]
    assert template in error["field"]
    assert services.policy() == before
