"""The pages as people see them: words instead of codes, nothing cut off, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models.notice import DeliveryReceipt, Notice
from tests.console.conftest import DARK, STREET, City, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OUTSIDE = """() => {
  const width = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > width + 1 || box.left < -1)
      && !e.closest('.q-notifications, .q-loading-bar, .q-focus-helper');
  });
  return out.map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 30));
}"""
"""Elements that stick out of the page at the left or right."""
CUT = """() => [...document.querySelectorAll('.qf-page *')].filter(e =>
    e.children.length === 0 && e.textContent.trim() && e.tagName !== 'INPUT'
    && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible'
  ).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40))"""
"""Texts that are cut off inside their own box."""
SQUEEZED = """() => [...document.querySelectorAll('.qf-page td, .qf-page th')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width < 60 && box.height > 80 && e.textContent.length > 3;
  }).map(e => e.textContent)"""
"""Cells so narrow that their text stands letter under letter."""
RAW_KEYS = (
    "confident_share", "samples_seen", "confidence_mean", "plate_vote", "detection_share",
    "registry_found", "True", "False", "None", "SYSTEM", "CONFIRM_PENDING", "first_seen",
)  # fmt: skip


@pytest.fixture
def pages(city: City, waiting: int) -> list[str]:
    dark = city.camera_id(DARK)
    return [
        *(f"/console/review?tab={tab}" for tab in ("confirm", "decide", "running", "ended")),
        f"/console/events/{waiting}",
        "/console/cameras",
        f"/console/cameras/{dark}/zones",
        f"/console/cameras/{city.camera_id(STREET)}/zones",
        "/console/people",
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (360, 740)])
def test_nothing_is_cut_off(
    city: City,
    visitors: Callable[..., Visitor],
    pages: list[str],
    language: str,
    width: int,
    height: int,
) -> None:
    page = visitors(width=width, height=height).sign_in("boss", language)
    for path in pages:
        page.goto(city.base_url + path)
        expect(page.locator(".qf-page > *:visible").first).to_be_visible()
        assert page.evaluate(OUTSIDE) == [], path
        assert page.evaluate(CUT) == [], path
        assert page.evaluate(SQUEEZED) == [], path


def _event(city: City, visitor: Visitor, waiting: int, language: str = "zh") -> Page:
    page = visitor.sign_in("zhang", language)
    page.goto(f"{city.base_url}/console/events/{waiting}")
    expect(page.locator("h1.qf-plate")).to_be_visible()
    return page


def test_codes_and_keys_are_told_in_words(
    city: City, visitors: Callable[..., Visitor], waiting: int
) -> None:
    page = _event(city, visitors(), waiting)
    said = page.locator(".qf-page").inner_text()
    for key in RAW_KEYS:
        assert key not in said, key
    share = page.locator("th[title=confident_share]")
    expect(share).to_have_text("检测置信度达标的占比")
    expect(page.locator("td[title=registry_found] + td")).to_have_text("否")
    expect(page.locator("tr", has=page.locator("th[title=dwell_seconds]")).first).to_contain_text(
        "5 秒"
    )
    assert "C车位 · 版本 1 · 正式" in said
    assert "《道路交通安全法》第五十六条" in said
    assert "停留满时限" in said
    reads = page.locator("table.numbers tr")
    assert reads.count() >= 6, "a head and five reads at least"
    expect(reads.nth(1)).to_contain_text("蓝")
    assert reads.nth(1).locator("td", has_text="%").count() == 3, "lowest, province, lead"


def test_the_same_in_english(city: City, visitors: Callable[..., Visitor], waiting: int) -> None:
    page = _event(city, visitors(), waiting, "en")
    said = page.locator(".qf-page").inner_text()
    for key in RAW_KEYS:
        assert key not in said, key
    expect(page.locator("th[title=confident_share]")).to_have_text("share of looks that were sure")
    assert page.get_by_role("button", name="Confirm and text the owner").is_visible()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("button", name="确认并通知车主")).to_be_visible()
    assert page.url.endswith(f"/console/events/{waiting}"), "the language keeps the page"


def test_pictures_stand_in_order_with_their_names(
    city: City, visitors: Callable[..., Visitor], waiting: int
) -> None:
    page = _event(city, visitors(), waiting)
    captions = page.locator("figcaption b")
    # E3 comes ten seconds after E1, and the clip when its last second is over.
    expect(captions).to_have_count(4, timeout=40_000)
    assert [text for text in captions.all_inner_texts() if text != "V1"] == ["E1", "E2", "E3"]
    expect(page.locator("figcaption").first).to_contain_text("全景 发现时（T0）")
    for image in page.locator("figure img").all():
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("i => i.naturalWidth") > 0
    assert page.locator("figure").nth(1).locator("svg").count() == 0, "no zone on a close-up"


def test_a_look_of_the_camera_loads_no_picture_again(
    city: City, visitors: Callable[..., Visitor], waiting: int
) -> None:
    """Each loading is a line in the viewing log; the looks run on every second."""
    page = _event(city, visitors(), waiting)
    expect(page.locator("figcaption")).to_have_count(4, timeout=40_000)
    page.wait_for_timeout(500)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    seen = page.locator(".qf-card", has_text="复核记录").last
    expect(seen).not_to_have_text(seen.inner_text(), timeout=15_000)
    assert [url for url in loaded if "/evidence/" in url] == []


def test_an_event_that_is_not_there_is_told(city: City, visitors: Callable[..., Visitor]) -> None:
    page = visitors().sign_in("zhang")
    page.goto(f"{city.base_url}/console/events/99999")
    expect(page.get_by_text("找不到")).to_be_visible()


def test_a_plate_that_is_none_is_refused_with_the_mend(
    city: City, visitors: Callable[..., Visitor], waiting: int
) -> None:
    page = _event(city, visitors(), waiting)
    page.get_by_label("号牌（可更正）").fill("浙A1")
    page.get_by_role("button", name="确认并通知车主").click()
    expect(page.get_by_text("请写成 浙A12345")).to_be_visible()
    assert city.state(waiting) == "CONFIRM_PENDING"
    page.get_by_label("号牌（可更正）").fill("")
    page.get_by_role("button", name="不成立，排除").click()
    expect(page.get_by_text("请写明理由")).to_be_visible()
    assert city.state(waiting) == "CONFIRM_PENDING"


def test_who_is_no_officer_decides_nothing(
    city: City, visitors: Callable[..., Visitor], waiting: int
) -> None:
    page = visitors().sign_in("wang")
    page.goto(f"{city.base_url}/console/events/{waiting}")
    expect(page.locator("h1.qf-plate")).to_be_visible()
    assert page.get_by_role("button", name="确认并通知车主").count() == 0


def test_focus_is_visible_on_every_link(city: City, visitors: Callable[..., Visitor]) -> None:
    page = visitors().sign_in("zhang")
    page.goto(f"{city.base_url}/console/review?tab=confirm")
    for _ in range(8):
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("() => document.activeElement.outerHTML")


@pytest.fixture(scope="module")
def called(city: City, waiting: int) -> None:
    """Nobody was reached by a text, and the voice call found the line busy (A13)."""
    at = city.services.clock.now()
    with city.services.store.begin() as session:
        call = Notice(
            event_id=waiting, template="VC", phone="+8613800138000", status="undelivered",
            provider="twilio-voice", provider_id="CA-busy", next_attempt_at=at, created_at=at,
            sending_at=at, accepted_at=at, body=SAID,
        )  # fmt: skip
        session.add(call)
        session.flush()
        for status, word in (("sent", "ringing"), ("undelivered", "busy")):
            session.add(
                DeliveryReceipt(
                    notice_id=call.id, provider="twilio-voice", provider_id="CA-busy",
                    status=status, provider_status=word, received_at=at, counted=True,
                )
            )  # fmt: skip


SAID = "这里是下城城管。您的浙 A 1 2 某 某 5车，14点03分停在延安路人行道，请7分钟内驶离。"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("语音电话告知", "占线", "振铃中")),
        ("en", ("voice call", "busy", "ringing")),
    ],
)
@pytest.mark.parametrize("width", [1366, 360])
@pytest.mark.usefixtures("called")
def test_a13_a_call_and_its_outcome_stand_with_the_texts(
    city: City,
    visitors: Callable[..., Visitor],
    waiting: int,
    language: str,
    words: tuple[str, str, str],
    width: int,
) -> None:
    """What was said, that the line was busy, and every report; the phone nowhere."""
    page = _event(city, visitors(width=width, height=768), waiting, language)
    shown = page.locator(".qf-text", has_text=SAID)
    title, outcome, ringing = words
    expect(shown.locator("b")).to_have_text(title)
    expect(shown.locator(".qf-badge")).to_have_text(outcome)
    expect(shown.locator(".qf-caption")).to_contain_text(ringing)
    assert "13800138000" not in page.content()
    assert page.evaluate(OUTSIDE) == []
