"""L69: drawing privacy masks with the mouse, as an operator does, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from api.camera_masks import save_masks
from models.registry import get_camera, retire_zone, save_zone
from tests.console.conftest import DARK, City, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WINDOW = [(0.1, 0.1), (0.3, 0.1), (0.3, 0.4), (0.1, 0.4)]
DOOR = [(0.6, 0.2), (0.8, 0.2), (0.8, 0.5)]
KERB = [[0.05, 0.05], [0.35, 0.05], [0.35, 0.45], [0.05, 0.45]]


class Drawing:
    """The page as an operator handles it; points are shares of the picture."""

    def __init__(self, visitor: Page, city: City) -> None:
        self.page = visitor
        visitor.goto(f"{city.base_url}/console/cameras/{city.camera_id(DARK)}/masks")
        self.image = visitor.locator(".qf-zone-image").first
        expect(self.image).to_be_visible()
        visitor.wait_for_timeout(400)  # until the page's first layout is done

    def draw(self, points: list[tuple[float, float]]) -> None:
        box = self.image.bounding_box()
        assert box is not None
        for count, (x, y) in enumerate(points, start=1):
            self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
            expect(self.image.locator("circle")).to_have_count(count)

    def masks(self) -> Locator:
        return self.image.locator("text")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def drawing(city: City, visitors: Callable[..., Visitor]) -> Iterator[Drawing]:
    yield Drawing(visitors().sign_in("wang"), city)
    with city.services.store.begin() as session:
        camera = get_camera(session, DARK)
        save_masks(session, city.services, camera, [], actor="test")


def kept(city: City) -> list[list[list[float]]]:
    with city.services.store.read() as session:
        return get_camera(session, DARK).privacy_masks


def test_l69_masks_are_drawn_saved_and_taken_away(drawing: Drawing, city: City) -> None:
    page = drawing.page
    expect(page.get_by_text("没有遮挡")).to_be_visible()
    drawing.draw(WINDOW)
    drawing.press("完成一块")
    expect(drawing.masks()).to_have_count(1)
    drawing.draw(DOOR)
    drawing.press("保存")
    expect(page.get_by_text("已保存，数秒内生效")).to_be_visible()
    expect(drawing.masks()).to_have_count(2)
    expect(page.get_by_role("cell", name="wang")).to_be_visible()
    first, second = kept(city)
    assert first == [pytest.approx(list(point), abs=0.01) for point in WINDOW]
    assert len(second) == 3
    page.reload()
    expect(drawing.masks()).to_have_count(2)
    page.get_by_role("button", name="删除").first.click()
    expect(drawing.masks()).to_have_count(1)
    assert len(kept(city)) == 2, "nothing is saved yet"
    drawing.press("保存")
    expect(page.get_by_text("已保存，数秒内生效")).to_be_visible()
    assert [len(mask) for mask in kept(city)] == [3]


def test_l69_a_refused_mask_says_why_and_stays_to_be_mended(drawing: Drawing, city: City) -> None:
    page = drawing.page
    with city.services.store.begin() as session:
        version = save_zone(
            session, get_camera(session, DARK), {"name": "路缘", "polygon": KERB},
            at=city.services.clock.now(), actor="test",
        )  # fmt: skip
    drawing.draw([WINDOW[0], WINDOW[2], WINDOW[1], WINDOW[3]])
    drawing.press("保存")
    expect(page.get_by_text("区域的边互相交叉")).to_be_visible()
    expect(drawing.masks()).to_have_count(1)
    page.get_by_role("button", name="删除").click()
    drawing.draw([(0.0, 0.0), (0.5, 0.0), (0.5, 0.6), (0.0, 0.6)])
    drawing.press("保存")
    expect(page.get_by_text("区域大部分会被遮挡：请缩小遮挡，或先停用、重画该区域")).to_be_visible()
    assert kept(city) == []
    with city.services.store.begin() as session:
        zone = session.merge(version.zone)
        retire_zone(session, zone, at=city.services.clock.now(), actor="test")


def test_l69_only_operators_see_the_page(city: City, visitors: Callable[..., Visitor]) -> None:
    page = visitors().sign_in("zhang")
    page.goto(f"{city.base_url}/console/cameras/{city.camera_id(DARK)}/masks")
    expect(page.get_by_text("您没有此页面的权限。")).to_be_visible()
    expect(page.locator(".qf-zone-image")).to_have_count(0)
