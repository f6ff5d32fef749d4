"""W28: naming points on a camera's picture with their places on the map, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from models.ground_plane import metres_per_degree
from models.ground_reference import GroundReference, remove_reference
from models.registry import get_camera
from tests.console.conftest import DARK, City, Visitor
from tests.models.two_cameras import CORNERS, SOUTH, in_picture, on_map

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Naming:
    """The page as an operator handles it; places are metres on the ground."""

    def __init__(self, page: Page, city: City) -> None:
        self.page = page
        page.goto(f"{city.base_url}/console/cameras/{city.camera_id(DARK)}/ground")
        self.image = page.locator(".qf-zone-image").first
        expect(self.image).to_be_visible()
        page.wait_for_timeout(400)  # until the page's first layout is done

    def name(self, *places: tuple[float, float]) -> None:
        """Click on each place and enter its coordinates."""
        box = self.image.bounding_box()
        assert box is not None
        begun = self.image.locator("circle").count()
        for number, place in enumerate(places, start=begun + 1):
            x, y = in_picture(SOUTH, *place)
            self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
            expect(self.image.locator("circle")).to_have_count(number)
            self.enter(number, **on_map(*place))

    def enter(self, number: int, latitude: float, longitude: float) -> None:
        self.page.get_by_label(f"{number} · 纬度", exact=True).fill(f"{latitude:.7f}")
        self.page.get_by_label(f"{number} · 经度", exact=True).fill(f"{longitude:.7f}")

    @property
    def fits(self) -> Locator:
        return self.page.get_by_role("status")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def naming(city: City, visitors: Callable[..., Visitor]) -> Iterator[Naming]:
    visitor = visitors().sign_in("wang")
    yield Naming(visitor, city)
    with city.services.store.begin() as session:
        camera = get_camera(session, DARK)
        remove_reference(session, camera, at=city.services.clock.now(), actor="test")


def kept(city: City) -> list[dict[str, float]]:
    with city.services.store.read() as session:
        row = session.get(GroundReference, city.camera_id(DARK))
        return [] if row is None else row.points


def test_w28_four_points_are_named_judged_saved_and_removed(naming: Naming, city: City) -> None:
    page = naming.page
    expect(page.get_by_text("尚未定位")).to_be_visible()
    expect(naming.fits).to_have_text("至少四点")
    naming.name(*CORNERS)
    expect(naming.fits).to_have_text("吻合，最大偏差 0.00 m")
    naming.press("保存")
    expect(page.get_by_text("定位生效")).to_be_visible()
    points = kept(city)
    assert len(points) == 4
    x, y = in_picture(SOUTH, *CORNERS[0])
    assert (points[0]["x"], points[0]["y"]) == pytest.approx((x, y), abs=0.005)
    assert points[0]["latitude"] == pytest.approx(on_map(*CORNERS[0])["latitude"], abs=1e-6)
    page.reload()
    expect(naming.image.locator("circle")).to_have_count(4)
    expect(page.get_by_label("4 · 纬度", exact=True)).to_have_value(re.compile(r"30\.2503"))
    naming.press("取消定位")
    expect(page.get_by_text("尚未定位")).to_be_visible()
    assert kept(city) == []


def test_w28_a_point_that_does_not_fit_is_named_with_metres_and_not_saved(
    naming: Naming, city: City
) -> None:
    naming.name(*CORNERS, (20.0, 20.0), (30.0, 14.0))
    wrong = on_map(20.0, 20.0)
    north, _ = metres_per_degree(wrong["latitude"])
    naming.enter(5, wrong["latitude"] + 6 / north, wrong["longitude"])
    expect(naming.fits).to_have_text(
        re.compile(r"各点最多相差 \d\.\d 米（允许 0.5 米），请核对第 5 点")
    )
    expect(naming.page.get_by_text("← 请核对")).to_have_count(1)
    naming.press("保存")
    expect(naming.page.locator(".q-notification")).to_contain_text("请核对第 5 点")
    assert kept(city) == []
    naming.enter(5, **wrong)
    expect(naming.fits).to_have_text(re.compile("吻合，最大偏差"))
    naming.press("保存")
    expect(naming.page.get_by_text("定位生效")).to_be_visible()
    assert len(kept(city)) == 6
