"""Exemptions belong to a task: document, place, period, approver (W23 to W25, L39, L43)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models import casework, exemptions
from models.event import EventState
from tests import rows
from tests.models.city import CONTACT, PLATE, City

S = EventState


def entry(city: City, **values: Any) -> exemptions.Exemption:
    details: dict[str, Any] = {
        "kind": "SANITATION", "plate": PLATE, "area_id": city.zone.area_id, "task": "清运垃圾",
        "document": "城管作业2026-9", "approver": "下城环卫所",
        "valid_from": city.now - timedelta(hours=1), "valid_until": city.now + timedelta(days=1),
    }  # fmt: skip
    return exemptions.add_exemption(
        city.session, details | values, at=city.now, actor="test", user=city.officer
    )


def test_w24_at_work_within_the_task(city: City) -> None:
    """EXEMPT with the reason, and by which entry; nobody is looked up or texted."""
    row = entry(city)
    event = city.gates(city.open())
    assert (event.state, event.outcome, city.texts(event)) == (S.EXEMPT, "SANITATION", [])
    log = city.log(event)[-1]
    assert (log.transition, log.facts["exemption_id"]) == ("A5", row.id)
    assert log.facts["exemption_document"] == "城管作业2026-9"


@pytest.mark.parametrize(
    "outside",
    [
        {"plate": "浙A99999"},
        {"valid_until": "before"},
        {"valid_from": "after"},
        {"hours": [{"days": ["work"], "start": "05:00", "end": "07:00"}]},
        {"area_id": "elsewhere"},
        {"zone_id": "elsewhere"},
        {"ended": True},
    ],
    ids="-".join,
)
def test_l43_outside_the_task_it_is_a_car_like_others(city: City, outside: dict[str, Any]) -> None:
    """Another car, before, after, at another hour, in another place, or ended: not exempt."""
    values = dict(outside)
    if values.get("valid_until"):
        values["valid_until"] = city.now
    if values.get("valid_from"):
        values["valid_from"] = city.now + timedelta(minutes=1)
    if "elsewhere" in outside.values():
        other = rows.zone(city.session, rows.camera(city.session), name="别处", area="别处").zone
        values = (
            {"area_id": other.area_id}
            if "area_id" in outside
            else {"area_id": None, "zone_id": other.id}
        )
    ended = values.pop("ended", False)
    row = entry(city, **values)
    if ended:
        exemptions.end_exemption(
            city.session, row, reason="作业结束", at=city.now, actor="test", user=city.officer
        )
    assert city.gates(city.open()).state == S.CONFIRMED


def test_w25_an_exam_day_holds_for_everybody_there(city: City) -> None:
    """Also for a car whose plate nobody could read."""
    entry(city, kind="EXAM_DAY", plate=None)
    assert city.gates(city.open()).outcome == "EXAM_DAY"
    unread = city.open(None, box=(0.7, 0.7, 0.8, 0.8))
    assert city.gates(unread).outcome == "EXAM_DAY"


def test_w25_a_permit_that_the_officer_reads(city: City) -> None:
    """The machine read another plate; the one that the officer types has a permit."""
    entry(city, kind="DISABLED_PERMIT", plate="浙A12346")
    event = city.to_confirm()
    casework.confirm_by_officer(
        city.session, event, city.officer, plate="浙A12346", contact=CONTACT, **city.order()
    )
    assert (event.state, event.outcome, city.texts(event)) == (S.EXEMPT, "DISABLED_PERMIT", [])


def test_w23_an_officer_finds_out_about_the_duty(city: City) -> None:
    """After half an hour; on duty: exempt, and the reason says by what."""
    event = city.gates(city.open("浙A1234警", plate_kind="police"))
    city.seen(event, "present", 1_800)
    assert event.state == S.CONFIRM_PENDING
    casework.exempt_by_officer(
        city.session, event, city.officer, **city.order(reason="接处警0571-110-7")
    )
    assert (event.state, event.outcome, city.texts(event)) == (S.EXEMPT, "接处警0571-110-7", [])


def test_w23_private_use_of_an_official_plate(city: City) -> None:
    """An officer confirms it: it is a car like others."""
    event = city.gates(city.open("浙A1234警", plate_kind="police"))
    city.seen(event, "present", 1_800)
    casework.confirm_by_officer(
        city.session, event, city.officer, plate=None, contact=CONTACT, **city.order()
    )
    assert (event.state, city.texts(event)) == (S.NOTICE_PENDING, ["N1"])


def test_w23_gone_before_anybody_asked(city: City) -> None:
    event = city.gates(city.open("浙A1234警", plate_kind="police"))
    city.seen(event, "present", 600)
    city.watch(event, "absent", 40)
    assert (event.state, event.outcome) == (S.DISCARDED, "GONE")


def test_w35_a_broken_down_car_is_the_officers_call(city: City) -> None:
    """道路交通安全法 art. 52: hazard lights and triangle; lenient, with the reason on record."""
    event = city.to_confirm()
    casework.discard_by_officer(city.session, event, city.officer, **city.order(reason="BREAKDOWN"))
    assert (event.state, event.outcome, city.texts(event)) == (S.DISCARDED, "BREAKDOWN", [])


def test_w35_a_breakdown_that_the_owner_tells_of_later(city: City) -> None:
    """After the text: voided as an emergency, one of the eight grounds (L39)."""
    event = city.to_review()
    casework.void(city.session, event, city.officer, **city.order(reason="EMERGENCY_AVOIDANCE"))
    assert (event.state, event.outcome) == (S.VOIDED, "EMERGENCY_AVOIDANCE")


@pytest.mark.parametrize(
    "zone", [{"surface": "motor_lane"}, {"authority": "traffic_police"}], ids=str
)
def test_w45_another_authoritys_road(make_city: Any, zone: dict[str, Any]) -> None:
    """L21: handed over before anybody is asked or texted."""
    city = make_city(**zone)
    event = city.gates(city.open())
    assert (event.state, event.outcome, city.texts(event)) == (
        S.TRANSFERRED, "FOREIGN_AUTHORITY", []
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["motorcycle", "bicycle"])
def test_w46_two_wheelers_get_no_text(city: City, kind: str) -> None:
    """Type 0506: somebody walks there."""
    event = city.gates(city.open(plate=None, object_kind=kind))
    assert (event.type_code, event.state, city.texts(event)) == ("0506", S.PATROL_ASSIGNED, [])
