"""Guard cases and walks of what becomes of an event whose stored evidence is broken (W52)."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import NotFound
from models.event import Event
from models.evidence import EvidenceAlarm
from models.flows import decision_guards as decision
from models.integrity import check_event
from tests.models.city import City
from tests.models.guard_cases import Case, Scene, nothing


def lost(_key: str) -> bytes:
    raise NotFound("gone")


def break_files(city: City, event: Event) -> list[EvidenceAlarm]:
    """The night's check finds that every file of the event is missing."""
    return check_event(city.session, event, lost, policy=city.policy, at=city.now)


def broken(scene: Scene) -> None:
    break_files(scene.city, scene.event)


def walk_w52(make: Callable[..., City]) -> tuple[City, Event]:
    city = make()
    event = city.to_review()
    break_files(city, event)
    return city, event


KEEPING_CASES: list[Case] = [
    (decision.evidence_is_broken, "to_recheck", broken, nothing, "EVIDENCE_SOUND"),
]
KEEPING_WALKS = {"W52": walk_w52}
