"""The owner's page: number and code open one case and nothing else (B10); no script, no cookie
but a pass; pictures blurred, the plate masked; a statement in every state that is not over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select

from api.owner_words import RULES, STAGES, WORDS
from models.audit import Viewing
from models.chain import add_evidence
from models.clock import FakeClock
from models.event import Event, EventState
from models.people import Statement
from models.policy import save_policy
from models.zone import Surface
from pipeline.services import Services
from tests import rows
from tests.api.conftest import jpeg
from tests.rows import NOON

CODE = "9F3M"
Make = Callable[..., Event]


@pytest.fixture
def make(services: Services) -> Make:
    """An event in a state, its panorama with real bytes beside it."""

    def made(
        state: EventState = EventState.GRACE, kinds: tuple[str, ...] = ("E1",), **values: Any
    ) -> Event:
        data = jpeg()
        key = services.evidence.put(data, "jpg")
        deadline = NOON + timedelta(seconds=420)
        given = {"notified_at": NOON, "grace_deadline_at": deadline, "gone_at": NOON} | values
        with services.store.begin() as session:
            event = rows.event(session, state=state, **given)
            for n, kind in enumerate(kinds):
                add_evidence(
                    session, event=event, camera=event.camera, kind=kind, data=data,
                    media_type="image/jpeg", storage_key=key,
                    captured_at=NOON + timedelta(seconds=n),
                )  # fmt: skip
        return event

    return made


def enter(
    browser: httpx.Client, event: Event, *, lang: str = "zh", code: str = CODE
) -> httpx.Response:
    form = {"number": event.query_no, "code": code}
    return browser.post(f"/o?lang={lang}", data=form, follow_redirects=True)


def test_number_and_code_open_the_case(nobody: httpx.Client, make: Make, clock: FakeClock) -> None:
    """Place, time, rule with its article, what happens next, the seconds left; plate masked."""
    event = make()
    clock.advance(108)
    page = enter(nobody, event)
    assert (page.status_code, page.url.path) == (200, "/o/case")
    for shown in (
        "请在 12:07:00 前驶离", "5:12", "浙A12**5", "延安路人行道", "第五十六条", "不予处罚",
        event.event_no, "陈述申辩", "0571-12345678", 'data-seconds-left="312"',
    ):  # fmt: skip
        assert shown in page.text, shown
    assert "浙A12345" not in page.text
    assert 'http-equiv="refresh" content="15;' in page.text


def test_the_page_is_small_and_shut_tight(nobody: httpx.Client, make: Make) -> None:
    """Under 50 KB without pictures, no script, nothing from elsewhere, nothing kept."""
    event = make(EventState.GRACE, ("E1", "E4", "LEFT"))
    pages = [nobody.get("/o"), enter(nobody, event), nobody.get("/o/statement")]
    for page in pages:
        assert len(page.content) < 50_000
        assert "<script" not in page.text
        assert not re.findall(r'(?:src|href|action|url)\s*[=(]\s*"?https?:', page.text)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'nonce-")
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-frame-options"] == "DENY"


def test_the_code_is_nowhere_but_in_the_form(nobody: httpx.Client, make: Make) -> None:
    """Not in an address, not in the page, not in the cookie."""
    event = make()
    page = enter(nobody, event)
    seen = [str(page.url), page.text, nobody.cookies["qifen_owner"]]
    seen += [str(step.url) + str(step.headers) for step in page.history]
    assert not any(CODE in text for text in seen)
    cookie = page.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/o" in cookie


def test_a_wrong_code_tells_nothing_and_ten_lock(
    nobody: httpx.Client, make: Make, clock: FakeClock
) -> None:
    """A number that nobody has answers word for word the same."""
    event = make()
    wrong = enter(nobody, event, code="0000")
    ghost = nobody.post("/o?lang=zh", data={"number": "ZZZZ", "code": "0000"})
    assert (wrong.status_code, ghost.status_code) == (401, 401)

    def without_own_words(text: str) -> str:
        plain = re.sub(r'nonce="[^"]*"', "", text)
        return plain.replace(event.query_no, "ZZZZ")

    assert without_own_words(wrong.text) == without_own_words(ghost.text)
    for _ in range(9):
        enter(nobody, event, code="0000")
    locked = enter(nobody, event)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
    assert "15分钟" in locked.text
    clock.advance(900)
    assert enter(nobody, event).status_code == 200


def test_nothing_of_another_case_can_be_reached(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    """By enumeration: with one case's pass, every picture of every other one is not found."""
    mine = make(EventState.GRACE, ("E1", "E2"))
    for _ in range(3):
        make(EventState.GRACE, ("E1", "E2"))
    enter(nobody, mine)
    with services.store.read() as session:
        own = session.scalars(select(Viewing.id)).all()
    found = [n for n in range(-1, 12) if nobody.get(f"/o/picture/{n}").status_code == 200]
    assert found == [1], "the panorama; the close-up of the plate stays in the office"
    assert nobody.get(f"/o/picture/{2**63}").status_code == 404
    with services.store.read() as session:
        assert len(session.scalars(select(Viewing.id)).all()) == len(own) + 1
    nobody.cookies.clear()
    assert nobody.get("/o/picture/1").status_code == 401
    assert nobody.get("/o/case").status_code == 401


def test_pictures_are_small_and_others_are_blurred(nobody: httpx.Client, make: Make) -> None:
    """The person at the left is made coarse; our own car stays as it was."""
    event = make()
    enter(nobody, event)
    answer = nobody.get("/o/picture/1")
    assert answer.headers["content-type"] == "image/jpeg"
    assert "max-age" in answer.headers["cache-control"]
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (540, 960)
    person, car = shown[160:420, 60:130], shown[230:310, 400:560]
    assert person.std() < car.std() / 3


def test_a_small_picture_stays_and_a_broken_one_is_not_shown(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    """What cannot be blurred is not shown at all."""
    event = make(EventState.LEFT_IN_TIME, ())
    with services.store.begin() as session:
        row = session.get_one(Event, event.id)
        for data, details in ((jpeg(320, 180), {"box": [0, 0, 1, 1]}), (b"no picture", {})):
            add_evidence(
                session, event=row, camera=row.camera, kind="E1", media_type="image/jpeg",
                data=data, storage_key=services.evidence.put(data, "jpg"), captured_at=NOON,
                details=details,
            )  # fmt: skip
    enter(nobody, event)
    answer = nobody.get("/o/picture/1")
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (180, 320)
    assert nobody.get("/o/picture/2").status_code == 503


def test_the_pass_ends_after_half_an_hour(
    nobody: httpx.Client, make: Make, clock: FakeClock
) -> None:
    enter(nobody, make())
    clock.advance(1800)
    for path in ("/o/case", "/o/statement"):
        over = nobody.get(path)
        assert (over.status_code, "重新输入" in over.text) == (401, True)
    late = nobody.post("/o/statement", data={"text": "太晚"})
    assert late.status_code == 401


def test_leaving_forgets_the_pass(nobody: httpx.Client, make: Make) -> None:
    enter(nobody, make())
    assert nobody.post("/o/leave", follow_redirects=True).url.path == "/o"
    assert nobody.get("/o/case").status_code == 401


FAVOURABLE = {
    EventState.LEFT_IN_TIME, EventState.REJECTED, EventState.UNDETERMINED, EventState.EXEMPT,
    EventState.DUPLICATE, EventState.DISCARDED, EventState.EXPIRED_UNREVIEWED, EventState.VOIDED,
}  # fmt: skip
REACHABLE = sorted(set(EventState) - {EventState.ESCALATED})


@pytest.mark.parametrize("state", REACHABLE)
def test_every_state_has_its_words(nobody: httpx.Client, make: Make, state: EventState) -> None:
    """In both languages; a statement can be made wherever it is not over in one's favour (L03)."""
    event = make(state)
    for lang, index in (("zh", 0), ("en", 1)):
        page = enter(nobody, event, lang=lang)
        title = STAGES[state].title[index].partition("{")[0]
        assert title in page.text
        assert ('href="/o/statement' in page.text) == (state not in FAVOURABLE)
    assert ("refresh" in page.text) == (state in {"GRACE", "RECHECK", "NOTICE_PENDING"})


def test_after_the_deadline_the_page_does_not_promise_time(
    nobody: httpx.Client, make: Make, clock: FakeClock
) -> None:
    """The sweep may be a second late; the page never shows time that is gone."""
    event = make()
    clock.advance(420)
    page = enter(nobody, event)
    assert "正在复核现场" in page.text
    assert "data-seconds-left" not in page.text


def test_a_statement_is_taken_in_whole(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    """陈述申辩, with its lines; shown with its answer's state."""
    event = make(EventState.REVIEW_PENDING, ("E1", "E4"))
    enter(nobody, event)
    text = "车已经卖了，\r\n不是我停的。<b>\x00"
    page = nobody.post("/o/statement", data={"text": text}, follow_redirects=True)
    assert "已收到" in page.text
    assert "正在复核" in page.text
    assert "&lt;b&gt;" in page.text
    with services.store.read() as session:
        statement = session.scalars(select(Statement)).one()
    assert statement.text == "车已经卖了，\n不是我停的。<b>"
    assert (statement.channel, statement.event_id) == ("web", event.id)


def test_a_statement_that_does_not_fit_comes_back(nobody: httpx.Client, make: Make) -> None:
    """Nothing typed is lost: empty and too long are said, with the words still there."""
    enter(nobody, make(EventState.REVIEW_PENDING))
    assert nobody.post("/o/statement", data={"text": " \n "}).status_code == 422
    long = nobody.post("/o/statement", data={"text": "长" * 2001})
    assert long.status_code == 422
    assert "长" * 2001 in long.text


def test_a_machine_cannot_fill_the_page(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    """Ten open ones, then the landline."""
    event = make(EventState.REVIEW_PENDING)
    with services.store.begin() as session:
        session.add_all(
            Statement(event_id=event.id, text=str(n), received_at=NOON) for n in range(10)
        )
    enter(nobody, event)
    answer = nobody.post("/o/statement", data={"text": "十一"})
    assert (answer.status_code, "0571" in answer.text) == (422, True)


def test_what_is_over_takes_no_statement(nobody: httpx.Client, make: Make) -> None:
    enter(nobody, make(EventState.LEFT_IN_TIME))
    for answer in (
        nobody.get("/o/statement", follow_redirects=True),
        nobody.post("/o/statement", data={"text": "谢谢"}, follow_redirects=True),
    ):
        assert answer.url.path == "/o/case"
        assert "谢谢" not in answer.text


@pytest.mark.parametrize(
    ("path", "accept", "word"),
    [
        ("/o", "en-GB,en;q=0.9", "Parking reminder"),
        ("/o", "zh-CN,zh;q=0.9,en;q=0.8", "停车提醒"),
        ("/o", "fr-FR,de", "停车提醒"),
        ("/o", "", "停车提醒"),
        ("/o?lang=en", "zh-CN", "Parking reminder"),
        ("/o?lang=xx", "en", "Parking reminder"),
    ],
)
def test_the_language_is_the_browsers_or_the_chosen(
    nobody: httpx.Client, path: str, accept: str, word: str
) -> None:
    page = nobody.get(path, headers={"Accept-Language": accept})
    assert f"<h1>{word}</h1>" in page.text


def test_forms_work_although_browsers_hide_their_origin(nobody: httpx.Client, make: Make) -> None:
    """With no-referrer a browser sends "Origin: null" with a form: our own must still work, a
    page elsewhere must not."""
    enter(nobody, make(EventState.REVIEW_PENDING))
    form = {"text": "说明"}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert nobody.post("/o/statement", data=form, headers=elsewhere).status_code == 403
    assert nobody.post("/o/statement", data=form, headers={"Origin": "null"}).status_code == 303


def test_the_city_s_own_words_stand_on_the_page(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    """Landline and signature from the policy, the zone's legal basis beside the rule."""
    with services.store.begin() as session:
        changes = {"landline": "400-000-1234", "signature": "上城城管"}
        save_policy(session, changes, at=NOON, actor="boss")
    event = make(EventState.TRANSFERRED)
    page = enter(nobody, event)
    assert "疑问请拨 400-000-1234" in page.text
    assert "上城城管" in nobody.get("/o").text


def test_with_the_database_away_the_page_says_so(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    """Friendly, with 503, and the words of a statement are not lost."""
    event = make()
    enter(nobody, event)
    with services.store.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE event RENAME TO event_away")
        connection.exec_driver_sql("ALTER TABLE city_setting RENAME TO city_setting_away")
    said = nobody.post("/o/statement", data={"text": "说明原因"})
    number_and_code = {"number": event.query_no, "code": CODE}
    for answer in (said, nobody.get("/o/case"), nobody.post("/o", data=number_and_code)):
        assert answer.status_code == 503
        assert "请稍后再试" in answer.text
    assert "说明原因" in said.text
    assert nobody.get("/o/statement").status_code == 503
    assert nobody.get("/o").status_code == 200


def test_every_state_and_surface_is_spoken_of() -> None:
    assert set(STAGES) == set(EventState)
    assert set(RULES) == set(Surface)
    assert all(len(pair) == 2 and all(pair) for pair in WORDS.values())
