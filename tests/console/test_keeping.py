"""The page about what is kept: periods and log for all, answers and holds for officers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.audit_log import record_viewing
from models.event import Event
from models.owner_requests import OwnerRequest, receive_request
from models.registry import get_camera, save_zone
from tests import rows
from tests.console.conftest import DARK, City, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def ended(city: City) -> Event:
    """Somebody who left in time today, and asks to be forgotten."""
    at = city.services.clock.now()
    with city.services.store.begin() as session:
        zone = {"name": "无人街角", "polygon": rows.SQUARE, "phase": "shadow"}
        camera = get_camera(session, DARK)
        version = save_zone(session, camera, zone, at=at, actor="test")
        event = rows.event(
            session, version, state="LEFT_IN_TIME", ended_at=at, first_seen_at=at, flagged_at=at,
            last_seen_at=at, created_at=at,
        )  # fmt: skip
        receive_request(session, event, "deletion", "请删除我的信息", at=at)
        record_viewing(session, at=at, viewer="zhang", reason="行政复议2026-7", event=event)
    return event


def test_w53_an_officer_answers_holds_and_lifts(
    city: City, ended: Event, visitors: Callable[..., Visitor]
) -> None:
    """A request is refused with the day; a hold is laid and lifted, all on one page."""
    page = visitors().sign_in("zhang")
    page.get_by_role("link", name="保存").click()
    expect(page.get_by_text("按时驶离、已整改")).to_be_visible()
    expect(page.locator("td", has_text="60 天").first).to_be_visible()
    expect(page.get_by_text(f"{ended.event_no} · 删除")).to_be_visible()
    page.get_by_role("button", name="按保存需要答复").first.click()
    expect(page.get_by_text(f"{ended.event_no} · 删除")).to_have_count(0)
    with city.services.store.read() as session:
        request = session.scalars(
            select(OwnerRequest).where(OwnerRequest.event_id == ended.id)
        ).one()
    assert request.status == "refused"
    assert "保存期限未满" in request.answer
    page.get_by_label("事件编号", exact=True).fill(ended.event_no)
    page.get_by_label("事由", exact=True).last.fill("行政复议")
    page.get_by_role("button", name="保全").click()
    expect(page.get_by_text("文书编号").first).to_be_visible()
    expect(page.locator(".q-notification").first).to_be_visible()
    page.get_by_label("文书编号", exact=True).fill("复议2026-7")
    page.get_by_role("button", name="保全").click()
    expect(page.get_by_text(f"{ended.event_no} · 复议2026-7")).to_be_visible()
    page.get_by_label("事由", exact=True).first.fill("复议终结")
    page.get_by_role("button", name="解除").click()
    expect(page.get_by_text(f"{ended.event_no} · 复议2026-7")).to_have_count(0)


def test_l71_the_administrator_sees_who_looked_and_others_do_not(
    city: City, ended: Event, visitors: Callable[..., Visitor]
) -> None:
    page = visitors().sign_in("boss")
    page.get_by_role("link", name="保存").click()
    expect(page.locator("td", has_text="行政复议2026-7").first).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "tables scroll alone"
    other = visitors().sign_in("wang")
    other.goto(f"{city.base_url}/console/keeping")
    expect(other.get_by_text("保存期限").first).to_be_visible()
    expect(other.locator("td", has_text="行政复议2026-7")).to_have_count(0)
    expect(other.get_by_role("button", name="保全")).to_have_count(0)
