"""The page about what is kept: periods and log for all, answers and holds for officers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.audit_log import record_viewing
from models.deadlines import years_later
from models.event import Event
from models.owner_requests import OwnerRequest, receive_request
from models.policy import LOCAL_ZONE
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


@pytest.fixture
def ageing(city: City) -> Iterator[Event]:
    """An event that somebody forgot, seven hundred days ago; gone again after the test."""
    at = city.services.clock.now()
    old = at - timedelta(days=700)
    with city.services.store.begin() as session:
        camera = rows.camera(session, enabled=False)
        event = rows.event(
            session, rows.zone(session, camera), state="REVIEW_PENDING", plate="浙A70001",
            first_seen_at=old, flagged_at=old, last_seen_at=old, created_at=old,
        )  # fmt: skip
    yield event
    with city.services.store.begin() as session:
        row = session.get_one(Event, event.id)
        row.state, row.ended_at = "UNDETERMINED", at


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (360, 780)])
def test_l19_officers_are_warned_before_two_years_are_over(
    city: City, ageing: Event, visitors: Callable[..., Visitor], width: int, height: int
) -> None:
    """Above the queue, and each with its day on the page of what is kept; plates masked."""
    page = visitors(width=width, height=height).sign_in("zhang")
    page.goto(f"{city.base_url}/console/review")
    page.get_by_text("1 件两年时效将届满或已届满").click()
    page.wait_for_url("**/console/keeping#two-years")
    until = years_later(ageing.first_seen_at, 2).astimezone(LOCAL_ZONE)
    row = page.locator("tr", has_text=ageing.event_no).first
    expect(row).to_contain_text("尚未认定")
    expect(row).to_contain_text(f"{until:%Y-%m-%d}")
    expect(row).to_contain_text("浙A70**1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    row.get_by_role("link").click()
    expect(page.locator("h1.qf-plate")).to_be_visible()
