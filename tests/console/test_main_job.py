"""The main job as people do it, in a real browser on a running installation: an operator draws the
zone, a car is flagged in it, an officer confirms, the owner sees the seconds run, two officers
decide."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

import samples
from models.camera import Camera
from models.event import Event, EventState
from models.zone import ConfirmMode, ZonePhase, ZoneVersion
from tests.console.conftest import City, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]

GRACE_SECONDS = 25
CAR = next(v for v in samples.truth("demo_day")["vehicles"] if v["id"] == "B")


def test_from_the_drawn_zone_to_the_second_signature(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    """One car's whole way, and nothing of it by any other hand than a person's or the camera's."""
    _operator_draws(city, visitors())
    event_id = _flagged(city)
    first = visitors().sign_in("zhang")
    _officer_confirms(first, event_id, city)
    number, code = _number_and_code(first)
    _owner_watches(visitors(width=360, height=740), number, code)
    city.wait_for(lambda: _state(city, event_id) == EventState.REVIEW_PENDING, "review", 120.0)
    _signs(first, event_id, city, "认定，交另一名执法人员复核")
    expect(first.get_by_text("等待另一名执法人员复核")).to_be_visible()
    assert _state(city, event_id) == EventState.REVIEW_PENDING, "one signature opens no case"
    second = visitors().sign_in("li")
    _signs(second, event_id, city, "复核同意，转为案件")
    expect(second.locator(".qf-badge", has_text="已转案件").first).to_be_visible()
    assert _state(city, event_id) == EventState.ESCALATED


def _operator_draws(city: City, operator: Visitor) -> None:
    city.wait_for(lambda: _has_picture(city), "picture of the camera")
    page = operator.sign_in("wang")
    page.goto(f"{city.base_url}/console/cameras")
    page.get_by_text("绘制区域").click()
    image = page.locator(".nicegui-interactive-image, img").first
    expect(image).to_be_visible()
    page.wait_for_timeout(800)  # the picture sets its size once it is loaded
    box = image.bounding_box()
    assert box is not None
    for x, y in _round_the_car():
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    _fill(page, "区域名称", "店前人行道")
    _fill(page, "短信中的地点（至多10字）", "延安路人行道")
    _fill(page, "停留多久算停放（秒）", "5")
    _fill(page, "宽容期（秒）", str(GRACE_SECONDS))
    page.get_by_label("阶段").click()
    page.get_by_role("option", name="正式").click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存版本 1")).to_be_visible()
    with city.services.store.read() as session:
        version = session.scalars(select(ZoneVersion)).one()
    assert version.phase == ZonePhase.LIVE
    assert version.confirm_mode == ConfirmMode.OFFICER
    for drawn, meant in zip(version.polygon, _round_the_car(), strict=True):
        assert drawn == pytest.approx(meant, abs=0.01), "the corner lies where the mouse was"


def _round_the_car() -> list[tuple[float, float]]:
    """Corners of a zone round the foot of one standing car only."""
    x1, _, x2, y2 = CAR["stands"][0]["box"]
    middle = (x1 + x2) / 2
    return [
        (middle - 0.1, y2 - 0.12),
        (middle + 0.1, y2 - 0.12),
        (middle + 0.1, y2 + 0.1),
        (middle - 0.1, y2 + 0.1),
    ]


def _fill(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)


def _has_picture(city: City) -> bool:
    with city.services.store.read() as session:
        return session.scalars(select(Camera.last_picture)).one() is not None


def _flagged(city: City) -> int:
    def found() -> int | None:
        with city.services.store.read() as session:
            return session.scalars(
                select(Event.id).where(Event.state == EventState.CONFIRM_PENDING)
            ).first()

    return city.wait_for(found, "flagged car")


def _state(city: City, event_id: int) -> str:
    with city.services.store.read() as session:
        return session.get_one(Event, event_id).state


def _officer_confirms(page: Page, event_id: int, city: City) -> None:
    page.goto(f"{city.base_url}/console/review?tab=confirm")
    page.locator(f'a[href="/console/events/{event_id}"]').click()
    expect(page.get_by_label("号牌（可更正）")).to_have_value(CAR["plate"])
    page.get_by_role("button", name="确认并通知车主").click()
    city.wait_for(lambda: _state(city, event_id) == EventState.GRACE, "delivered text", 30.0)
    expect(page.locator(".qf-sms").first).to_contain_text("不予处罚", timeout=10_000)


def _number_and_code(page: Page) -> tuple[str, str]:
    """As the owner finds them in the text."""
    text = page.locator(".qf-sms").first.inner_text()
    found = re.search(r"号([0-9A-Z]{4})码([0-9A-Z]{4})", text)
    assert found, text
    assert CAR["plate"] not in text, "a text never carries a full plate"
    return found[1], found[2]


def _owner_watches(owner: Visitor, number: str, code: str) -> None:
    page = owner.open("/o?lang=zh")
    page.fill("input[name=number]", number)
    page.fill("input[name=code]", code)
    page.locator("form button").first.click()
    left = page.locator("[data-seconds-left]")
    expect(left).to_be_visible()
    seconds = int(left.get_attribute("data-seconds-left") or "0")
    assert 0 < seconds <= GRACE_SECONDS + 1
    assert CAR["plate"] not in page.content(), "the owner's page masks the plate"
    assert page.locator("figure img").first.is_visible()


def _signs(page: Page, event_id: int, city: City, button: str) -> None:
    page.goto(f"{city.base_url}/console/events/{event_id}")
    for tick in ("真实", "清晰", "完整", "准确", "妨碍行人、车辆通行"):
        page.get_by_role("checkbox", name=tick, exact=True).click()
    page.get_by_label("如何妨碍").fill("占满人行道，行人须绕行机动车道")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("已记录。")).to_be_visible()
