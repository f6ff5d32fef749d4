"""What a camera and a zone need in law before their record is evidence (L01, L15, L21, L35, L60,
L69): with anything missing the owner is reminded like everybody, and nothing is escalated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models.errors import FlowRefused
from models.event import EventState
from models.people import Decision
from tests.models.city import City

S = EventState
MakeCity = Callable[..., City]


def _refused_after_the_reminder(city: City) -> list[str]:
    """The whole way to the officers' desk; why the first signature is refused."""
    event = city.to_review()
    assert (event.state, city.texts(event)) == (S.REVIEW_PENDING, ["N1", "N3"])
    for officer in (city.officer, city.second):
        with pytest.raises(FlowRefused) as refused:
            city.decide(event, officer)
        assert refused.value.http_status == 409
    assert city.session.scalar(select(func.count(Decision.id))) == 0
    assert event.state == S.REVIEW_PENDING
    return [refusal.code for refusal in refused.value.refusals]


@pytest.mark.parametrize(
    "missing",
    [{"legal_review": None}, {"technical_review": None}, {"sign_installed": False},
     {"published_at": None}],
)  # fmt: skip
def test_l01_each_of_the_four_is_needed(city: City, missing: dict[str, Any]) -> None:
    """行政处罚法 art. 41(1): 法制审核、技术审核、标志明显、向社会公布."""
    for name, value in missing.items():
        setattr(city.camera, name, value)
    assert _refused_after_the_reminder(city) == ["DEVICE_NOT_REVIEWED"]


def test_l15_what_was_recorded_for_no_purpose_proves_nothing(city: City) -> None:
    """行政处罚法 art. 46(3), PIPL art. 26: a camera that states no purpose is no lawful source."""
    city.camera.purpose = " "
    assert _refused_after_the_reminder(city) == ["NO_PURPOSE"]


def test_l35_a_verification_that_ran_out_is_no_evidence(city: City) -> None:
    """程序规定 art. 15; one that ends later on the same day still holds."""
    city.camera.calibrated_until = city.now - timedelta(seconds=1)
    assert _refused_after_the_reminder(city) == ["DEVICE_EXPIRED"]


def test_l35_a_verification_in_force_is_enough(city: City) -> None:
    city.camera.calibrated_until = city.now + timedelta(hours=1)
    assert city.to_escalated().state == S.ESCALATED


def test_l35_the_sign_at_the_place_has_its_photo(make_city: MakeCity) -> None:
    """程序规定 art. 15, 16: clear signs; where no photo shows one, nobody is accused."""
    city = make_city(sign_photo=None)
    assert _refused_after_the_reminder(city) == ["NO_SIGN_PHOTO"]


def test_l60_a_camera_that_is_not_approved_for_it_proves_nothing(city: City) -> None:
    """The approval was taken back after the event was flagged."""
    event = city.to_review()
    city.camera.approved_detectors = ["crowd"]
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.officer)
    assert refused.value.code == "DETECTOR_NOT_APPROVED"


def test_l69_a_month_without_filing_ends_its_use_as_evidence(city: City) -> None:
    """视频条例 art. 14: thirty days; before them it warns only."""
    city.camera.filing_no = None
    city.camera.created_at = city.now - timedelta(days=31)
    assert _refused_after_the_reminder(city) == ["DEVICE_NOT_FILED"]


def test_l69_within_the_month_it_only_warns(city: City) -> None:
    city.camera.filing_no = None
    city.camera.created_at = city.now - timedelta(days=29)
    assert city.to_escalated().state == S.ESCALATED


@pytest.mark.parametrize("zone", [{"authority": "traffic_police"}, {"surface": "motor_lane"}])
def test_l21_on_anothers_ground_nobody_is_texted_and_nothing_escalated(
    make_city: MakeCity, zone: dict[str, Any]
) -> None:
    """行政处罚法 art. 18, 25: handed over at once."""
    city = make_city(**zone)
    event = city.gates(city.open())
    assert (event.state, event.outcome) == (S.TRANSFERRED, "FOREIGN_AUTHORITY")
    assert city.texts(event) == []
    with pytest.raises(FlowRefused):
        city.decide(event, city.officer)
