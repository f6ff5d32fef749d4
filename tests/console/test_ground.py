"""Bays and hours of a zone, a camera's standing in law, the list of exemptions, a zone's trial: as
people handle them in a browser, on a camera that is out of service."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models.exemptions import Exemption
from models.precision import TrialAnswer
from models.registry import get_camera
from models.zone import Zone, ZoneVersion
from models.zones import save_zone
from tests import rows
from tests.console.conftest import DARK, City, Visitor
from tests.console.test_zone_editor import SQUARE, Editor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BAY = [(0.3, 0.4), (0.4, 0.4), (0.4, 0.6), (0.3, 0.6)]


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_l32_a_bay_is_drawn_with_its_hours(city: City, visitors: Callable[..., Visitor]) -> None:
    """Corner by corner, no corner of the zone; kept with the version and shown again."""
    editor = Editor(visitors().sign_in("wang"), city)
    page = editor.page
    editor.click(*SQUARE)
    page.get_by_role("switch", name="绘制泊位").click()
    editor.image.scroll_into_view_if_needed()
    for point in BAY:
        page.mouse.click(*editor._at(*point))
    page.get_by_role("button", name="泊位完成").click()
    bay = page.locator(".qf-bay")
    expect(bay).to_have_count(1)
    assert len(editor.corners()) == 4, "a bay's corner is none of the zone's"
    bay.get_by_role("button", name="增加时段").click()
    bay.get_by_label("自", exact=True).fill("18:00")
    bay.get_by_label("至", exact=True).fill("08:00")
    editor.fill("区域名称", "有泊位")
    editor.save()
    expect(page.get_by_text("已保存版本 1")).to_be_visible()
    with city.services.store.read() as session:
        version = session.scalars(select(ZoneVersion).join(Zone).where(Zone.name == "有泊位")).one()
    (drawn,) = version.bays
    for found, meant in zip(drawn, BAY, strict=True):
        assert found == pytest.approx(meant, abs=0.01)
    assert version.bay_hours == [[{"days": ["work"], "start": "18:00", "end": "08:00"}]]
    _choose(page, "区域", "有泊位")
    expect(page.locator(".qf-bay")).to_have_count(1)
    expect(editor.image.locator("polygon[stroke='#60a5fa']")).to_have_count(1)
    expect(page.get_by_text("仅提醒，不作证据，尚缺").first).to_be_visible()


def test_l01_a_cameras_standing_is_put_in_order(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    """What is missing is listed; a day that is none is refused and nothing is saved."""
    page = visitors().sign_in("wang")
    page.goto(f"{city.base_url}/console/cameras/{city.camera_id(DARK)}/standing")
    page.get_by_label("公安备案号", exact=True).fill("杭公视备2026-7")
    page.get_by_label("检定有效期至", exact=True).fill("年底")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("calibrated_on")).to_be_visible()
    page.get_by_label("检定有效期至", exact=True).fill("2099-12-31")
    page.get_by_label("用途", exact=True).fill("违停提醒")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存", exact=True)).to_be_visible()
    with city.services.store.read() as session:
        camera = get_camera(session, DARK)
        assert (camera.filing_no, camera.purpose) == ("杭公视备2026-7", "违停提醒")
        assert camera.calibrated_until is not None
        assert camera.calibrated_until.isoformat() == "2099-12-31T15:59:59+00:00"


def test_w25_an_exemption_is_added_and_ended(city: City, visitors: Callable[..., Visitor]) -> None:
    with city.services.store.begin() as session:
        values = {"name": "免责区", "polygon": rows.SQUARE, "area": "体育场路南侧"}
        at = city.services.clock.now()
        save_zone(session, get_camera(session, DARK), values, at=at, actor="test")
    page = visitors().sign_in("wang")
    page.goto(f"{city.base_url}/console/exemptions")
    _choose(page, "类别", "残疾人专用")
    _choose(page, "执法区域", "体育场路南侧")
    for label, value in (
        ("号牌（考试、殡葬可空）", "浙A88888"), ("任务", "就医"), ("文号", "残2026-1"),
        ("批准人", "区残联"), ("自（2026-11-22 07:00）", "2026-01-01 00:00"),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="增加免责").click()
    expect(page.get_by_text("valid_until must be")).to_be_visible()
    page.get_by_label("至", exact=True).last.fill("2098-01-01 00:00")
    page.get_by_role("button", name="增加免责").click()
    expect(page.get_by_text("within three years")).to_be_visible()
    page.get_by_label("至", exact=True).last.fill("2028-12-01 00:00")
    page.get_by_role("button", name="增加免责").click()
    expect(page.get_by_text("浙A88**8")).to_be_visible()
    page.get_by_label("终止理由", exact=True).first.fill("已换证")
    page.get_by_role("button", name="终止").first.click()
    expect(page.get_by_text(re.compile("已终止.*已换证"))).to_be_visible()
    with city.services.store.read() as session:
        row = session.scalars(select(Exemption).where(Exemption.plate == "浙A88888")).one()
        assert row.ended_reason == "已换证"


def test_b11_an_officer_answers_for_a_zone(city: City, visitors: Callable[..., Visitor]) -> None:
    """Oldest first; a wrong one needs its reason; the numbers follow."""
    with city.services.store.begin() as session:
        at = city.services.clock.now()
        values = {"name": "试行区", "polygon": rows.SQUARE}
        version = save_zone(session, get_camera(session, DARK), values, at=at, actor="test")
        events = [
            rows.event(session, version, state="DISCARDED", plate=None, flagged_at=at).id
            for _ in range(2)
        ]
        zone = version.zone_id
    page = visitors().sign_in("zhang")
    page.goto(f"{city.base_url}/console/zones/{zone}/trial")
    expect(page.get_by_text("0 / 50")).to_be_visible()
    page.get_by_role("button", name="识别正确").first.click()
    expect(page.get_by_text("1 / 50")).to_be_visible()
    page.get_by_role("button", name="识别错误").click()
    expect(page.get_by_text("请写明理由（至多300字）")).to_be_visible()
    page.get_by_label("错在哪里", exact=True).fill("树影")
    page.get_by_role("button", name="识别错误").click()
    expect(page.get_by_text("没有待核对的事件")).to_be_visible()
    with city.services.store.read() as session:
        answers = session.scalars(select(TrialAnswer).where(TrialAnswer.event_id.in_(events)))
        assert sorted(answer.right for answer in answers) == [False, True]
