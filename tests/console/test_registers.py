"""The registers in a real browser: who answers, what is permitted, whom to call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models.event import Event, FlowName
from models.people import User
from models.place import FrontageAgreement, PlacePermit, Responder, ResponderCall, ResponsibleParty
from models.registry import save_zone
from models.states import CrowdState
from tests import rows
from tests.console.conftest import City, Visitor
from tests.console.test_event_page import CUT, OUTSIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="session")
def street(city: City) -> None:
    """A camera out of service with a hanging and a crowd zone."""
    at = city.services.clock.now()
    with city.services.store.begin() as session:
        camera = rows.camera(session, enabled=False)
        for name, kind, more in (
            ("沿街晾挂", "hanging", {}),
            ("广场", "crowd", {"threshold": 20}),
        ):
            values = {"name": name, "kind": kind, "polygon": rows.SQUARE, "phase": "warning"}
            save_zone(session, camera, values | more, at=at, actor="test")


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label).click()
    page.get_by_role("option", name=option, exact=True).click()


def _add(page: Page, nth: int = 0) -> None:
    page.get_by_role("button", name="登记").nth(nth).click()
    expect(page.get_by_text("已登记").first).to_be_visible()


@pytest.mark.usefixtures("street")
def test_a_shop_signs_and_is_ended(city: City, visitors: Callable[..., Visitor]) -> None:
    """Operators keep shops and agreements; what is over stays readable."""
    page = visitors(width=360, height=740).sign_in("wang")
    page.goto(f"{city.base_url}/console/registers")
    page.get_by_label("名称（住户只填门牌）").fill("好味面馆")
    page.get_by_label("地址（20字内）").fill("延安路88号")
    page.get_by_label("手机（可不填）").fill("13800000000")
    _add(page)
    expect(page.get_by_text("好味面馆").first).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CUT) == []
    page.reload()
    _choose(page, "责任主体", "好味面馆")
    _choose(page, "区域", "沿街晾挂")
    page.get_by_label("文件编号").fill("门前三包-7")
    page.get_by_label("签订日期 2026-11-22").fill("2026-11-01")
    _add(page, 1)
    expect(page.get_by_text("门前三包-7")).to_be_visible()
    page.get_by_role("button", name="终止").last.click()
    expect(page.get_by_text("已记录。").first).to_be_visible()
    with city.services.store.read() as session:
        party = session.scalars(select(ResponsibleParty)).one()
        agreement = session.scalars(select(FrontageAgreement)).one()
    assert party.phone == "+8613800000000"
    assert (agreement.party_id, agreement.ended_at is not None) == (party.id, True)


@pytest.mark.usefixtures("street")
def test_officers_permit_and_operators_do_not(city: City, visitors: Callable[..., Visitor]) -> None:
    page = visitors().sign_in("wang")
    page.goto(f"{city.base_url}/console/registers?tab=reg_permits")
    _fill_permit(page)
    page.get_by_role("button", name="登记").click()
    expect(page.locator(".q-notification").first).to_be_visible()
    with city.services.store.read() as session:
        assert session.scalars(select(PlacePermit)).all() == []
    officer = visitors().sign_in("zhang")
    officer.goto(f"{city.base_url}/console/registers?tab=reg_permits")
    _fill_permit(officer)
    _add(officer)
    expect(officer.get_by_text("杭文旅〔2026〕9号")).to_be_visible()


def _fill_permit(page: Page) -> None:
    _choose(page, "区域", "广场")
    page.get_by_label("文件编号").fill("杭文旅〔2026〕9号")
    page.get_by_label("批准单位").fill("文旅局")
    page.get_by_label("开始 2026-11-22 08:00").fill("2031-05-01 08:00")
    page.get_by_label("结束 2026-11-22 22:00").fill("2031-05-01 22:00")
    page.get_by_label("批准人数（仅聚集活动）").fill("300")


@pytest.mark.usefixtures("street")
def test_a_responder_sees_the_own_calls(city: City, visitors: Callable[..., Visitor]) -> None:
    page = visitors().sign_in("wang")
    page.goto(f"{city.base_url}/console/registers?tab=reg_responders")
    page.get_by_label("姓名").fill("武林派出所")
    _choose(page, "本系统人员（可不填）", "li")
    _add(page)
    at = city.services.clock.now()
    with city.services.store.begin() as session:
        responder = session.scalars(select(Responder)).one()
        li = session.scalars(select(User).where(User.username == "li")).one()
        assert responder.user_id == li.id
        event: Event = rows.event(
            session, flow=FlowName.CROWD, state=CrowdState.DISPATCHED, plate=None
        )
        session.add(
            ResponderCall(
                event_id=event.id, responder_id=responder.id, called_at=at,
                answer_by=at + timedelta(days=1),
            )
        )  # fmt: skip
        event_id = event.id
    officer = visitors().sign_in("li")
    officer.goto(f"{city.base_url}/console/calls")
    expect(officer.locator(f'a[href="/console/events/{event_id}"]')).to_be_visible()
    nobody = visitors().sign_in("zhang")
    nobody.goto(f"{city.base_url}/console/calls")
    expect(nobody.get_by_text("现在没有对您的呼叫。")).to_be_visible()
