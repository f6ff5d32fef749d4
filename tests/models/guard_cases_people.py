"""Guard cases of officers with a conflict, verified grounds and old events."""

from __future__ import annotations

from models import grounds, recusal
from models.flows import decision_guards as decision
from models.flows import guards as when
from tests.models.guard_cases import Case, Scene, as_officer, both, later, nothing


def conflict(scene: Scene) -> None:
    """The officer at the desk has declared that it is his own car."""
    recusal.declare(
        scene.city.session, scene.event, scene.city.officer, reason_code="OWN_VEHICLE",
        at=scene.city.now,
    )  # fmt: skip


def conflict_of_another(scene: Scene) -> None:
    recusal.declare(
        scene.city.session, scene.event, scene.city.second, reason_code="RELATIVE",
        at=scene.city.now,
    )  # fmt: skip


def party_asks(scene: Scene) -> None:
    recusal.request(scene.city.session, scene.event, "请王警官回避", at=scene.city.now)


def ground(scene: Scene) -> None:
    grounds.verify_ground(
        scene.city.session, scene.event, scene.city.officer, reason="STOLEN_OR_ABUSED",
        policy=scene.city.policy, at=scene.city.now,
    )  # fmt: skip


YEAR = 365 * 86_400
PEOPLE_CASES: list[Case] = [
    (
        when.not_recused,
        "to_review",
        both(as_officer, conflict_of_another),
        both(as_officer, conflict),
        "RECUSED",
    ),
    (decision.no_open_recusal_request, "to_review", nothing, party_asks, "RECUSAL_OPEN"),
    (decision.no_void_ground, "to_review", nothing, ground, "VOID_GROUND"),
    (decision.within_two_years, "to_review", later(YEAR), later(2 * YEAR + 86_400), "TOO_OLD"),
]
