"""Around a decision, in a real browser: lease, recusal, hand-over (W42, L09, L10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import casework, leases, pre_notice, recusal
from models.event import Event, EventState
from models.flows.case_effects import new_case
from models.handover import open_handover
from models.penalty import PenaltyHandover
from models.people import Decision, User
from models.policy import load_policy
from tests import rows
from tests.console.conftest import City, Visitor
from tests.console.test_event_page import CUT, OUTSIDE
from tests.pipeline.test_pack_phones import words

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _event(city: City, *, established: bool = False) -> int:
    """An event of a camera out of service, before officers or established by two of them."""
    at = city.services.clock.now()
    with city.services.store.begin() as session:
        camera = rows.camera(session, enabled=False)
        zone = rows.zone(session, camera, legal_basis="《道路交通安全法》第五十六条")
        event = rows.event(
            session, zone, state=EventState.REVIEW_PENDING, plate=f"浙A{camera.id:05d}",
            notified_at=at - timedelta(minutes=10), grace_deadline_at=at - timedelta(minutes=3),
            flagged_at=at, first_seen_at=at,
        )  # fmt: skip
        event.version = 8
        if established:
            for name in ("zhang", "li"):
                officer = session.scalars(select(User).where(User.username == name)).one()
                session.add(
                    Decision(
                        event_id=event.id, officer_id=officer.id, kind="escalate", is_true=True,
                        is_clear=True, is_complete=True, is_accurate=True, obstruction=True,
                        licence_no="1", decided_at=at,
                    )
                )  # fmt: skip
            session.flush()
            event.state = EventState.ESCALATED
            session.flush()
            new_case(
                session, event=event, source="AI_DETECTION", loop="LIMITED_TIME", mode="",
                type_code="0505", place="延安路", policy=load_policy(session), at=at,
                command_id=f"test:{event.id}",
            )  # fmt: skip
            open_handover(session, event, at=at)
        return event.id


def _open(city: City, visitor: Visitor, who: str, event_id: int) -> Page:
    page = visitor.sign_in(who)
    page.goto(f"{city.base_url}/console/events/{event_id}")
    expect(page.locator("h1.qf-plate")).to_be_visible()
    return page


def test_w42_the_second_officer_sees_who_has_it(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    """Opened by one, held for the other; given back, it can be decided at once."""
    event_id = _event(city)
    first = _open(city, visitors(), "zhang", event_id)
    expect(first.get_by_role("checkbox", name="真实")).to_be_visible()
    second = _open(city, visitors(), "li", event_id)
    expect(second.get_by_text("正在审核: zhang")).to_be_visible()
    expect(second.get_by_role("button", name="不予认定")).to_have_count(0)
    second.goto(f"{city.base_url}/console/review?tab=decide")
    expect(second.get_by_text("正在审核 zhang").first).to_be_visible()
    first.get_by_role("button", name="放回队列").click()

    def is_free() -> bool:
        with city.services.store.read() as session:
            return leases.holder(session, event_id, at=city.services.clock.now()) is None

    city.wait_for(is_free, "lease given back")
    second.goto(f"{city.base_url}/console/events/{event_id}")
    expect(second.get_by_role("button", name="放回队列")).to_be_visible()


def test_l09_an_officer_recuses_himself(city: City, visitors: Callable[..., Visitor]) -> None:
    event_id = _event(city)
    page = _open(city, visitors(), "zhang", event_id)
    page.get_by_text("回避", exact=True).click()
    page.get_by_label("回避事由").click()
    page.get_by_role("option", name="本人车辆").click()
    page.get_by_role("button", name="我申请回避").click()
    expect(page.get_by_text("已回避: zhang")).to_be_visible()
    with city.services.store.read() as session:
        found = recusal.recused(session, event_id)
    assert [(name, row.reason_code) for row, name in found] == [("zhang", "OWN_VEHICLE")]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (360, 740)])
def test_l10_from_the_sheet_to_the_file(
    city: City, visitors: Callable[..., Visitor], width: int, height: int, tmp_path: Path
) -> None:
    """Written, waived, handed over as a file; nothing sticks out of the page."""
    event_id = _event(city, established=True)
    page = _open(city, visitors(width=width, height=height), "zhang", event_id)
    expect(page.get_by_text("尚未制作事先告知书")).to_be_visible()
    page.get_by_text("事先告知书", exact=True).last.click()
    page.get_by_label("拟处罚种类").click()
    page.get_by_role("option", name="警告").click()
    page.get_by_label("拟处罚内容（不得写金额）").fill("拟罚款200元")
    page.get_by_label("理由", exact=True).last.fill("占用人行道，行人绕行")
    page.get_by_role("button", name="保存告知书").click()
    expect(page.get_by_text("不得写明金额", exact=False)).to_be_visible()
    page.get_by_label("拟处罚内容（不得写金额）").fill("拟给予警告")
    page.get_by_role("button", name="保存告知书").click()
    expect(page.get_by_text("事先告知书尚未送达", exact=False)).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CUT) == []
    page.get_by_label("放弃陈述申辩的书面记录").fill("当事人声明 2026-7")
    page.get_by_role("button", name="登记放弃").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="移交（下载）").click()
    target = tmp_path / "handover.json"
    download.value.save_as(target)
    told = json.loads(target.read_text(encoding="utf-8"))
    assert told["pre_notice"]["content"] == "拟给予警告"
    with city.services.store.read() as session:
        sheet = pre_notice.latest(session, session.get_one(Event, event_id))
    assert sheet is not None
    assert sheet.waiver == "当事人声明 2026-7"


def test_l10_l17_number_and_service_need_no_api(
    city: City, visitors: Callable[..., Visitor], tmp_path: Path
) -> None:
    """Printed, numbered and delivered, handed over, decided and served: each on the page, with its
    way, day and who took it."""
    event_id = _event(city, established=True)
    with city.services.store.begin() as session:
        event = session.get_one(Event, event_id)
        officer = session.scalars(select(User).where(User.username == "zhang")).one()
        texts = replace(pre_notice.prepared(event), content="拟给予警告", reasons="占用人行道")
        at = city.services.clock.now()
        pre_notice.write(session, event, officer, texts, sanction="WARNING", at=at)
    page = _open(city, visitors(width=360, height=740), "zhang", event_id)
    page.get_by_label("告知书文号").fill("先告〔2026〕9号")
    page.get_by_role("button", name="登记文号").click()
    expect(page.get_by_text("先告〔2026〕9号").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="打印告知书").click()
    target = tmp_path / "sheet.pdf"
    download.value.save_as(target)
    assert "先告〔2026〕9号" in words(target.read_bytes())
    page.get_by_label("送达回证编号").fill("送-9")
    page.get_by_role("button", name="登记送达").click()
    expect(page.get_by_text("请选择收件人", exact=False)).to_be_visible()
    _choose(page, "收件人", "同住成年家属")
    page.get_by_role("button", name="登记送达").click()
    expect(page.get_by_text("当面送达 · 同住成年家属", exact=False)).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CUT) == []
    _hand_over(city, event_id)
    page.reload()
    page.get_by_label("处罚决定书文号").fill("罚决〔2026〕3号")
    page.get_by_role("button", name="登记决定", exact=True).click()
    _choose(page, "决定送达方式", "邮寄送达")
    _choose(page, "收件人", "单位收发部门")
    page.get_by_label("送达回证编号").fill("EMS 3")
    page.get_by_role("button", name="登记决定送达").click()
    expect(page.get_by_text("邮寄送达 · 单位收发部门", exact=False)).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    with city.services.store.read() as session:
        row = session.get_one(PenaltyHandover, event_id)
    assert (row.decision_no, row.served_how, row.received_by) == ("罚决〔2026〕3号", "post", "unit")


def _choose(page: Page, caption: str, option: str) -> None:
    page.get_by_label(caption, exact=True).click()
    page.get_by_role("option", name=option).click()


def _hand_over(city: City, event_id: int) -> None:
    """As an officer does when the time to speak is over; this city's clock is the real one."""
    with city.services.store.begin() as session:
        session.get_one(PenaltyHandover, event_id).exported_at = city.services.clock.now()


def test_a24_of_what_was_taken_back_no_paper_goes_on(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    """What was written is still shown; nothing can be written, printed or delivered any more."""
    event_id = _event(city, established=True)
    services = city.services
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        officer = session.scalars(select(User).where(User.username == "zhang")).one()
        texts = replace(pre_notice.prepared(event), content="拟给予警告", reasons="占用人行道")
        at = services.clock.now()
        sheet = pre_notice.write(session, event, officer, texts, sanction="WARNING", at=at)
        number = sheet.number
    page = _open(city, visitors(), "zhang", event_id)
    expect(page.get_by_role("button", name="打印告知书")).to_be_visible()
    with services.store.begin() as session:
        officer = session.scalars(select(User).where(User.username == "zhang")).one()
        casework.void(
            session, session.get_one(Event, event_id), officer, reason="STOLEN_OR_ABUSED",
            policy=load_policy(session), at=services.clock.now(), command_id=f"void:{event_id}",
        )  # fmt: skip
    page.reload()
    expect(page.get_by_text(number, exact=True)).to_be_visible()
    for button in ("打印告知书", "登记文号", "登记送达", "保存告知书"):
        expect(page.get_by_role("button", name=button)).to_have_count(0)
