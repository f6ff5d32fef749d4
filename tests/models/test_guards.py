"""Every named guard both ways: once it passes, once it refuses with its code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.errors import Refusal
from models.flow import Guard
from models.flows import decision_guards as decision
from models.flows import watch_guards as watch
from models.flows.parking import PARKING
from tests.models.city import City
from tests.models.guard_cases import CASES, Case, Change, Scene
from tests.models.guard_cases_ground import GROUND_CASES
from tests.models.guard_cases_people import PEOPLE_CASES
from tests.models.guard_cases_review import REVIEW_CASES
from tests.models.guard_cases_texts import TEXT_CASES
from tests.models.keeping_cases import KEEPING_CASES

MakeCity = Callable[..., City]
ALL = [*CASES, *GROUND_CASES, *PEOPLE_CASES, *REVIEW_CASES, *TEXT_CASES, *KEEPING_CASES]

APART = {"seen_throughout", "pack_complete"}
"""Their refusals need another history; see the tests below."""


def _refusal(make: MakeCity, guard: Guard, way: str, change: Change) -> Refusal | None:
    city = make()
    scene = Scene(city, getattr(city, way)())
    change(scene)
    city.session.flush()
    return guard(scene.step())


def _name(case: Case) -> str:
    return f"{case[0].__name__}-{case[4]}"


def test_every_guard_of_the_table_has_a_case() -> None:
    used = {guard for row in PARKING.transitions for guard in row.guards}
    assert used == {case[0] for case in ALL}


@pytest.mark.parametrize("case", ALL, ids=_name)
def test_guard_passes(case: Case, make_city: MakeCity) -> None:
    guard, way, passing, _, _ = case
    assert _refusal(make_city, guard, way, passing) is None


@pytest.mark.parametrize("case", [c for c in ALL if c[0].__name__ not in APART], ids=_name)
def test_guard_refuses(case: Case, make_city: MakeCity) -> None:
    """The refusal has a stable code and a sentence."""
    guard, way, _, refusing, code = case
    refusal = _refusal(make_city, guard, way, refusing)
    assert refusal is not None
    assert refusal.code == code
    assert len(refusal.message) > 10


def test_seen_throughout_refuses_after_a_gap(city: City) -> None:
    """W02: out of sight for more than a minute of the grace."""
    event = city.to_grace()
    city.watch(event, "present", 300)
    city.advance(61)
    city.watch(event, "present", 70)
    refusal = watch.seen_throughout(Scene(city, event).step())
    assert refusal is not None
    assert refusal.code == "GAP_DURING_GRACE"


def test_pack_complete_refuses_without_the_third_picture(city: City) -> None:
    event = city.prepare(city.to_confirmed())
    refusal = decision.pack_complete(Scene(city, event).step())
    assert refusal is not None
    assert refusal.code == "PACK_INCOMPLETE"
    assert "E3, E4, E6" in refusal.message


def test_left_in_time_refuses_who_stayed_first(city: City) -> None:
    """Present for ten seconds by its plate after the deadline, and gone only then."""
    event = city.to_recheck()
    city.watch(event, "present", 15)
    city.watch(event, "absent", 40)
    refusal = watch.left_in_time(Scene(city, event).step())
    assert refusal is not None
    assert refusal.code == "STAYED"
    assert event.state == "RECHECK"


def test_zone_redrawn_through_the_place(city: City) -> None:
    """W31: redrawn so that it stands outside, or in a new bay; any other change keeps it."""
    event = city.to_grace()
    step = Scene(city, event).step()
    city.edit_zone(dwell_seconds=90)
    assert watch.zone_no_longer_covers(step) is not None
    city.edit_zone(polygon=[[0.1, 0.1], [0.9, 0.1], [0.9, 0.8], [0.1, 0.9]])
    assert watch.zone_no_longer_covers(step) is not None
    bay = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]
    city.edit_zone(bays=[bay])
    assert watch.zone_no_longer_covers(step) is None
    city.edit_zone(polygon=[[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]])
    assert watch.zone_no_longer_covers(step) is None


def test_l69_a_mask_over_the_place_lifts_the_zone_there(city: City) -> None:
    """Nobody may look there any more: under the foot or the middle, not beside them."""
    event = city.to_grace()
    step = Scene(city, event).step()
    x1, y1, x2, y2 = event.box
    for left, top, right, bottom, lifts in (
        (x1, y2 - 0.01, x2, y2 + 0.01, True),
        (x1, (y1 + y2) / 2 - 0.01, x2, (y1 + y2) / 2 + 0.01, True),
        (x1, y1, x2, y1 + 0.02, False),
        (x2 + 0.01, y1, x2 + 0.02, y2, False),
    ):
        mask = [[left, top], [right, top], [right, bottom], [left, bottom]]
        event.zone.camera.privacy_masks = [mask]
        assert (watch.zone_no_longer_covers(step) is None) is lifts
