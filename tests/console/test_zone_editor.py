"""Drawing zones with the mouse, on a camera that is out of service: nothing is flagged here."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from api.console.zones import LEGAL_BASES
from models.zone import Zone, ZoneVersion
from tests.console.conftest import DARK, City, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SQUARE = [(0.2, 0.3), (0.6, 0.3), (0.6, 0.8), (0.2, 0.8)]


class Editor:
    """The page as an operator handles it; points are shares of the picture."""

    def __init__(self, page: Page, city: City) -> None:
        self.page = page
        page.goto(f"{city.base_url}/console/cameras/{city.camera_id(DARK)}/zones")
        self.image = page.locator(".qf-zone-image").first
        expect(self.image).to_be_visible()
        page.wait_for_timeout(400)  # until the page's first layout is done

    def _at(self, x: float, y: float) -> tuple[float, float]:
        box = self.image.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click(self, *points: tuple[float, float]) -> None:
        for count, point in enumerate(points, start=len(self.corners()) + 1):
            self.page.mouse.click(*self._at(*point))
            expect(self._circles()).to_have_count(count)

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self._at(*begin))
        self.page.mouse.down()
        self.page.mouse.move(*self._at((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2))
        self.page.mouse.move(*self._at(*end))
        self.page.mouse.up()

    def _circles(self) -> Locator:
        return self.image.locator("circle")

    def corners(self) -> list[tuple[float, float]]:
        """The corners that the page shows, as shares of a picture of 1280x720."""
        found = self._circles().evaluate_all("all => all.map(c => [c.getAttribute('cx'), "
                                             "c.getAttribute('cy')])")  # fmt: skip
        return [(float(x) / 1280, float(y) / 720) for x, y in found]

    def fill(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).fill(value)

    def save(self) -> None:
        self.page.get_by_role("button", name="保存").click()


@pytest.fixture
def editor(city: City, visitors: Callable[..., Visitor]) -> Editor:
    return Editor(visitors().sign_in("wang"), city)


def _versions(city: City, name: str) -> list[ZoneVersion]:
    with city.services.store.read() as session:
        return list(
            session.scalars(
                select(ZoneVersion)
                .join(Zone)
                .where(Zone.name == name)
                .order_by(ZoneVersion.version)
            )
        )


def test_corners_are_set_dragged_and_undone(editor: Editor) -> None:
    editor.click(*SQUARE)
    editor.drag(SQUARE[2], (0.7, 0.7))
    expect(editor.image.locator("circle").nth(2)).to_have_attribute(
        "cx", re.compile(r"89[4-7]\.\d")
    )
    x, y = editor.corners()[2]
    assert (x, y) == pytest.approx((0.7, 0.7), abs=0.01)
    assert len(editor.corners()) == 4, "a drag sets no new corner"
    editor.page.get_by_role("button", name="撤销一点").click()
    expect(editor.image.locator("circle")).to_have_count(3)
    editor.page.get_by_role("button", name="清空").click()
    expect(editor.image.locator("circle")).to_have_count(0)


def test_a_zone_that_crosses_itself_is_refused_and_mended(editor: Editor, city: City) -> None:
    """The mend is shown, nothing is saved, and what was drawn stays to be mended."""
    editor.click(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])
    editor.fill("区域名称", "交叉")
    editor.save()
    expect(editor.page.get_by_text("区域的边互相交叉")).to_be_visible()
    expect(editor.page.get_by_text("请沿边界依次点出各顶点")).to_be_visible()
    assert _versions(city, "交叉") == []
    assert len(editor.corners()) == 4
    expect(editor.page.get_by_label("区域名称", exact=True)).to_have_value("交叉")


def test_a_second_version_keeps_the_first(editor: Editor, city: City) -> None:
    page = editor.page
    editor.click(*SQUARE)
    editor.fill("区域名称", "版本")
    editor.save()
    expect(page.get_by_text("已保存版本 1")).to_be_visible()
    expect(editor.image.locator("circle")).to_have_count(0)
    page.get_by_label("区域", exact=True).click()
    page.get_by_role("option", name="版本", exact=True).click()
    expect(editor.image.locator("circle")).to_have_count(4)
    expect(page.get_by_label("区域名称", exact=True)).to_have_value("版本")
    editor.drag(SQUARE[0], (0.1, 0.2))
    editor.fill("停留（聚集持续）多久算（秒）", "90")
    editor.save()
    expect(page.get_by_text("已保存版本 2")).to_be_visible()
    first, second = _versions(city, "版本")
    assert first.polygon[0] == pytest.approx(SQUARE[0], abs=0.01), "the first is as it was"
    assert first.dwell_seconds == 60
    assert second.polygon[0] == pytest.approx((0.1, 0.2), abs=0.01)
    assert second.polygon[1:] == first.polygon[1:]
    assert second.dwell_seconds == 90
    named = page.get_by_role("rowheader", name="版本", exact=True)
    rows = page.locator(".qf-card", has_text="历史版本").locator("tr").filter(has=named)
    expect(rows.first).to_contain_text("wang")
    assert rows.filter(has_text="版本 2").count() == 1
    assert rows.filter(has_text="版本 1").count() >= 1


def test_a_new_zone_begins_empty_after_one_was_looked_at(editor: Editor) -> None:
    """Else the next drawing would become a version of the zone that was looked at."""
    page = editor.page
    editor.click(*SQUARE)
    editor.fill("区域名称", "先前")
    editor.save()
    expect(page.get_by_text("已保存版本 1")).to_be_visible()
    for chosen, name, corners in (("先前", "先前", 4), ("新区域", "", 0)):
        page.get_by_label("区域", exact=True).click()
        page.get_by_role("option", name=chosen, exact=True).click()
        expect(page.get_by_label("区域名称", exact=True)).to_have_value(name)
        expect(editor.image.locator("circle")).to_have_count(corners)


def test_wrong_hours_are_named(editor: Editor, city: City) -> None:
    editor.click(*SQUARE)
    editor.fill("区域名称", "时段")
    editor.fill("短信时段 自", "7点")
    editor.save()
    expect(editor.page.get_by_text("时间写成 07:00")).to_be_visible()
    assert _versions(city, "时段") == []


@pytest.mark.parametrize("username", ["zhang"])
def test_who_is_no_operator_draws_nothing(
    city: City, visitors: Callable[..., Visitor], username: str
) -> None:
    page = visitors().sign_in(username)
    page.goto(f"{city.base_url}/console/cameras")
    expect(page.get_by_text(DARK)).to_be_visible()
    assert page.get_by_text("绘制区域").count() == 0
    assert page.get_by_text("添加摄像头").count() == 0
    page.goto(f"{city.base_url}/console/cameras/{city.camera_id(DARK)}/zones")
    expect(page.get_by_text("您没有此页面的权限")).to_be_visible()
    assert page.locator(".qf-zone-image").count() == 0


def test_a_poster_zone_with_an_approved_place(editor: Editor, city: City) -> None:
    """The zone's corners, then a box dragged round what may hang; it begins in shadow, and the
    page says why."""
    page = editor.page
    page.get_by_label("区域类型", exact=True).click()
    page.get_by_role("option", name="宣传物", exact=True).click()
    expect(page.locator(".qf-kind-hint")).to_contain_text("影子")
    expect(page.get_by_label("法律依据", exact=True)).to_have_value(LEGAL_BASES["poster"])
    editor.click(*SQUARE)
    page.get_by_text("绘制批准位置").click()
    editor.image.scroll_into_view_if_needed()
    editor.drag((0.3, 0.4), (0.5, 0.6))
    place = page.locator(".qf-part")
    expect(place).to_have_count(1)
    assert len(editor.corners()) == 4, "a place that is drawn is no corner"
    place.get_by_label("内容", exact=True).fill("店招")
    place.get_by_label("批准文号", exact=True).fill("城管许〔2026〕8号")
    place.get_by_label("至（年-月-日）", exact=True).fill("2099-12-31")
    editor.fill("区域名称", "墙面")
    editor.save()
    expect(page.get_by_text("已保存版本 1")).to_be_visible()
    expect(place).to_have_count(0)
    (version,) = _versions(city, "墙面")
    (approved,) = version.approved
    assert version.phase == "shadow"
    assert (approved["label"], approved["document"]) == ("店招", "城管许〔2026〕8号")
    assert (approved["valid_from"], approved["valid_until"]) == (None, "2099-12-31")
    corners = [(0.3, 0.4), (0.5, 0.4), (0.5, 0.6), (0.3, 0.6)]
    for found, drawn in zip(approved["polygon"], corners, strict=True):
        assert found == pytest.approx(drawn, abs=0.01)
    page.get_by_label("区域", exact=True).click()
    page.get_by_role("option", name="墙面", exact=True).click()
    expect(place.get_by_label("内容", exact=True)).to_have_value("店招")
    expect(editor.image.locator("polygon[stroke='#2ea043']")).to_have_count(1)


def test_hanging_is_not_designated_by_a_form(editor: Editor) -> None:
    """L50: the designation is the zone's legal basis; the traffic law in its place would make
    every street a designated one."""
    page = editor.page
    for kind, basis in (("沿街晾挂", ""), ("停放", LEGAL_BASES["parking"]), ("人员聚集", "")):
        page.get_by_label("区域类型", exact=True).click()
        page.get_by_role("option", name=kind, exact=True).click()
        expect(page.get_by_label("法律依据", exact=True)).to_have_value(basis)
