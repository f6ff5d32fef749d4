"""Guard cases of officers with a conflict, verified grounds and old events."""

from __future__ import annotations

from models import casework, grounds, recusal
from models.flows import decision_guards as decision
from models.flows import guards as when
from models.flows import patrol_guards as patrol
from tests.models.guard_cases import (
    Case,
    Change,
    Scene,
    as_officer,
    ask,
    both,
    later,
    nothing,
    put,
)
from tests.models.walks_on_site import photos


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


def photo_of(kind: str) -> Change:
    def change(scene: Scene) -> None:
        scene.inputs["photo"] = scene.city.picture(scene.event, kind)

    return change


def urgent(scene: Scene) -> None:
    scene.facts["urgent"] = "消防通道"


def over(scene: Scene) -> None:
    """The paper notice's time is over, two photos were taken."""
    photo = scene.city.picture(scene.event, "PAPER")
    casework.paper_notice(
        scene.city.session, scene.event, scene.city.officer, photo, **scene.city.order()
    )
    scene.city.advance(431)
    photos(scene.city, scene.event)


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
    (patrol.told_on_paper, "to_patrol", put(grace_policy="paper"), nothing, "NOT_ON_PAPER"),
    (
        patrol.unmoved_on_site,
        "to_patrol",
        ask(plate="浙A12345", unmoved=True),
        ask(plate="浙A54321", unmoved=True),
        "MOVED_OR_OTHER",
    ),
    (patrol.two_photos_after_deadline, "to_patrol", over, nothing, "PHOTOS_MISSING"),
    (patrol.tow_photographed, "to_grace", photo_of("TOW"), photo_of("PAPER"), "NO_PHOTO"),
    (patrol.tow_by_day_or_urgent, "to_grace", nothing, later(11 * 3600), "NIGHT_OR_HOLIDAY"),
    (
        patrol.tow_by_day_or_urgent,
        "to_grace",
        both(later(11 * 3600), urgent),
        later(5 * 86_400),
        "NIGHT_OR_HOLIDAY",
    ),
]
