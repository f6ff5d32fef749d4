"""People come in by invitation, through the page, and leave when somebody says so."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import signin
from models.people import User
from tests.console.conftest import PASSWORD, City, Visitor
from tests.console.test_event_page import OUTSIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _invite(page: Page, city: City, username: str) -> str:
    """Fill in the form as the admin; gives the one-time link."""
    page.goto(f"{city.base_url}/console/people")
    page.get_by_label("用户名", exact=True).fill(username)
    page.get_by_label("姓名", exact=True).fill("钱一")
    page.get_by_label("执法证号", exact=True).fill("浙0001")
    page.get_by_label("有效期至（年-月-日）", exact=True).fill("2099-12-31")
    page.get_by_role("button", name="邀请").click()
    link = page.locator(".qf-sms", has_text="/invitation/")
    expect(link).to_be_visible()
    found = re.search(r"https?://\S+/invitation/\S+", link.inner_text())
    assert found, link.inner_text()
    return found[0]


def test_an_invited_officer_sets_a_password_and_comes_in(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    link = _invite(visitors().sign_in("boss"), city, "qian")
    page = visitors().open(link.removeprefix(city.base_url))
    expect(page.locator("input[name=username]")).to_have_value("qian")
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in")
    page.fill("input[name=username]", "qian")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/review")
    expect(page.get_by_text("qian · 退出")).to_be_visible()
    page = visitors().open(link.removeprefix(city.base_url))
    expect(page.get_by_role("alert")).to_contain_text("链接已失效")


def test_a_taken_name_and_a_wrong_date_are_named(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    page = visitors().sign_in("boss")
    page.goto(f"{city.base_url}/console/people")
    expect(page.locator("td", has_text="zhang").first).to_be_visible()
    page.get_by_label("用户名", exact=True).fill("zhang")
    page.get_by_role("button", name="邀请").click()
    expect(page.get_by_text("该名称已被使用")).to_be_visible()
    page.get_by_label("用户名", exact=True).fill("sun")
    page.get_by_label("有效期至（年-月-日）", exact=True).fill("明年")
    page.get_by_role("button", name="邀请").click()
    expect(page.get_by_text("日期写成 2027-12-31")).to_be_visible()
    with city.services.store.read() as session:
        assert session.scalar(select(User.id).where(User.username == "sun")) is None


def test_only_an_admin_sees_the_people(city: City, visitors: Callable[..., Visitor]) -> None:
    page = visitors().sign_in("zhang")
    assert page.get_by_role("link", name="人员", exact=True).count() == 0
    page.goto(f"{city.base_url}/console/people")
    expect(page.get_by_text("您没有此页面的权限")).to_be_visible()
    assert page.get_by_role("button", name="邀请").count() == 0


def test_nobody_comes_in_without_signing_in(city: City, visitors: Callable[..., Visitor]) -> None:
    """Every page leads to the sign-in, and from there back to where one wanted to go."""
    visitor = visitors()
    for path in ("review", "cameras", "people", "events/1", "cameras/1/zones"):
        page = visitor.open(f"/console/{path}")
        assert page.url == f"{city.base_url}/sign-in?next=/console/{path}"
    page = visitor.open("/console/cameras")
    page.fill("input[name=username]", "wang")
    page.fill("input[name=password]", "not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/cameras")


def test_a_page_left_open_ends_with_its_session(
    city: City, visitors: Callable[..., Visitor], waiting: int
) -> None:
    """An open page holds a live connection: without its session it must do nothing any more."""
    page = visitors().sign_in("zhang")
    page.goto(f"{city.base_url}/console/events/{waiting}")
    page.get_by_label("理由", exact=True).fill("不是违停")
    services = city.services
    with services.store.begin() as session:
        user = session.scalars(select(User).where(User.username == "zhang")).one()
        signin.sign_out_everywhere(session, user, at=services.clock.now())
    page.get_by_role("button", name="不成立，排除").click()
    page.wait_for_url("**/sign-in?next=/console/events/*")
    assert city.state(waiting) == "CONFIRM_PENDING"


def test_l71_where_somebody_works_is_set_on_the_page(
    city: City, visitors: Callable[..., Visitor]
) -> None:
    """On a phone too; the viewing log names it with every look from then on."""
    page = visitors(width=360, height=740).sign_in("boss")
    page.goto(f"{city.base_url}/console/people")
    page.get_by_label("工作人员", exact=True).click()
    page.get_by_role("option", name="zhang").click()
    page.get_by_label("现单位", exact=True).fill("队" * 61)
    page.get_by_role("button", name="保存单位").click()
    expect(page.get_by_text("单位至多60字")).to_be_visible()
    page.get_by_label("现单位", exact=True).fill("下城城管一中队")
    page.get_by_role("button", name="保存单位").click()
    expect(page.locator("td", has_text="下城城管一中队")).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    with city.services.store.read() as session:
        unit = session.scalar(select(User.unit).where(User.username == "zhang"))
    assert unit == "下城城管一中队"
