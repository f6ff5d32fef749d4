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
from api.console.zones import LEGAL_BASES
from models.event import EventState
from models.registry import get_camera
from models.zone import ConfirmMode, Zone, ZonePhase, ZoneVersion
from tests.console.conftest import STREET, City, Visitor, foot_zone

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]

ZONE = "店前人行道"
GRACE_SECONDS = 25
CAR = next(v for v in samples.truth("demo_day")["vehicles"] if v["id"] == "B")


def test_from_the_drawn_zone_to_the_second_signature(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    """One car's whole way, and nothing of it by any other hand than a person's or the camera's."""
    _operator_draws(city, visitors())
    event_id = city.flagged_in(ZONE)
    first = visitors().sign_in("zhang")
    _queue_leads_to(first, event_id, city)
    _countdown_ticks(first)
    _half_typed_reason_survives(first)
    _officer_confirms(first, event_id, city)
    number, code = _number_and_code(first)
    _owner_watches(visitors(width=360, height=740), number, code)
    city.wait_for(lambda: city.state(event_id) == EventState.REVIEW_PENDING, "review", 120.0)
    _signs(first, event_id, city, "认定，交另一名执法人员复核")
    expect(first.get_by_text("等待另一名执法人员复核")).to_be_visible()
    assert city.state(event_id) == EventState.REVIEW_PENDING, "one signature opens no case"
    second = visitors().sign_in("li")
    _signs(second, event_id, city, "复核同意，转为案件")
    expect(second.locator(".qf-badge", has_text="已转案件").first).to_be_visible()
    assert city.state(event_id) == EventState.ESCALATED


def _operator_draws(city: City, operator: Visitor) -> None:
    city.wait_for(lambda: _has_picture(city), "picture of the camera")
    page = operator.sign_in("wang")
    page.goto(f"{city.base_url}/console/cameras")
    page.locator(f'a[href="/console/cameras/{city.camera_id(STREET)}/zones"]').click()
    image = page.locator(".qf-zone-image").first
    expect(image).to_be_visible(timeout=60_000)  # the first blurred copy loads three networks
    page.wait_for_timeout(800)  # the picture sets its size once it is loaded
    box = image.bounding_box()
    assert box is not None
    for x, y in foot_zone("B"):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    _fill(page, "区域名称", ZONE)
    _fill(page, "短信中的地点（至多10字）", "延安路人行道")
    _fill(page, "停留（聚集持续）多久算（秒）", "5")
    _fill(page, "宽容期（秒）", str(GRACE_SECONDS))
    # Whatever the time of day, the text goes out at once.
    _fill(page, "短信时段 自", "00:00")
    _fill(page, "短信时段 至", "24:00")
    expect(page.get_by_label("法律依据", exact=True)).to_have_value(LEGAL_BASES["parking"])
    page.get_by_label("阶段").click()
    page.get_by_role("option", name="正式").click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("试运行尚未达标")).to_be_visible()  # nobody has answered for it yet
    page.get_by_label("阶段").click()
    page.get_by_role("option", name="提醒：不升级").click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存版本 1")).to_be_visible()
    city.goes_live(ZONE)
    with city.services.store.read() as session:
        query = select(ZoneVersion).join(Zone).where(Zone.name == ZONE)
        version = session.scalars(query.order_by(ZoneVersion.version)).first()
    assert version is not None
    assert version.legal_basis == LEGAL_BASES["parking"]
    assert version.phase == ZonePhase.WARNING
    assert version.confirm_mode == ConfirmMode.OFFICER
    for drawn, meant in zip(version.polygon, foot_zone("B"), strict=True):
        assert drawn == pytest.approx(meant, abs=0.01), "the corner lies where the mouse was"


def _fill(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)


def _has_picture(city: City) -> bool:
    with city.services.store.read() as session:
        return get_camera(session, STREET).last_picture is not None


def _queue_leads_to(page: Page, event_id: int, city: City) -> None:
    """By keyboard alone: the row is a link that takes the focus."""
    page.goto(f"{city.base_url}/console/review?tab=confirm")
    row = page.locator(f'a[href="/console/events/{event_id}"]')
    expect(row).to_contain_text(CAR["plate"])
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/events/{event_id}")


def _countdown_ticks(page: Page) -> None:
    count = page.locator(".qf-count").first
    expect(count).to_have_text(re.compile(r"\d:\d\d"))
    before = count.inner_text()
    expect(count).not_to_have_text(before, timeout=2_000)


def _half_typed_reason_survives(page: Page) -> None:
    """The camera looks every second and the page says so; nothing typed is lost by it."""
    reason = page.get_by_label("理由", exact=True)
    reason.fill("车主在旁边装")
    seen = page.locator(".qf-card", has_text="复核记录").last
    before = seen.inner_text()
    expect(seen).not_to_have_text(before, timeout=15_000)
    expect(reason).to_have_value("车主在旁边装")
    expect(reason).to_be_focused()


def _officer_confirms(page: Page, event_id: int, city: City) -> None:
    expect(page.get_by_label("号牌（可更正）")).to_have_value(CAR["plate"])
    page.get_by_role("button", name="确认并通知车主").click()
    city.wait_for(lambda: city.state(event_id) == EventState.GRACE, "delivered text", 30.0)
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
