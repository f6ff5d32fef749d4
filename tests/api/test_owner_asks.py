"""What an owner sends: a photo with a statement, and other requests (L03, L09, L67)."""

from __future__ import annotations

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select

from models import recusal
from models.clock import FakeClock
from models.event import EventState
from models.evidence import Evidence
from models.owner_requests import OwnerRequest
from models.people import Statement, User
from models.recusal import RecusalRequest, RequestAnswer
from pipeline.services import Services
from tests.api.conftest import jpeg
from tests.api.test_owner import Make, enter, make

__all__ = ["make"]
SPEAKS = [
    EventState.FLAGGED, EventState.CONFIRM_PENDING, EventState.CONFIRMED,
    EventState.NOTICE_PENDING, EventState.GRACE, EventState.RECHECK, EventState.STAYED,
    EventState.REVIEW_PENDING, EventState.PATROL_ASSIGNED,
]  # fmt: skip
PNG = bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
HUGE = PNG[:16] + (30_000).to_bytes(4, "big") * 2 + PNG[24:]
"""Says that it is thirty thousand pixels wide and high."""


def _say(browser: httpx.Client, photo: bytes | None, text: str = "我在送病人") -> httpx.Response:
    files = {"photo": ("p.jpg", b"" if photo is None else photo, "image/jpeg")}
    return browser.post("/o/statement?lang=zh", data={"text": text}, files=files)


@pytest.mark.parametrize("state", SPEAKS)
def test_l03_a_statement_with_a_photo_in_every_state_before_a_decision(
    nobody: httpx.Client, make: Make, services: Services, state: EventState
) -> None:
    """The form is there, works without script, and the photo is evidence of this event."""
    event = make(state)
    page = enter(nobody, event)
    assert "/o/statement" in page.text
    form = nobody.get("/o/statement?lang=zh").text
    assert 'type="file"' in form
    assert 'enctype="multipart/form-data"' in form
    for text in (page.text, form):
        assert "<script" not in text
        assert len(text.encode()) < 50_000
    told = _say(nobody, PNG)
    assert (told.status_code, told.headers["location"]) == (303, "/o/case?said=1&lang=zh")
    with services.store.read() as session:
        said = session.scalars(select(Statement)).one()
        photo = session.scalars(select(Evidence).where(Evidence.kind == "STATEMENT")).one()
    assert (photo.event_id, photo.details) == (event.id, {"statement": said.id})
    assert photo.media_type == "image/png"
    assert services.evidence.get(photo.storage_key) == PNG


def test_l03_without_a_photo_too(nobody: httpx.Client, make: Make, services: Services) -> None:
    enter(nobody, make(EventState.REVIEW_PENDING))
    assert _say(nobody, None).status_code == 303
    with services.store.read() as session:
        assert len(session.scalars(select(Statement)).all()) == 1


@pytest.mark.parametrize("photo", [b"GIF89a", b"\xff\xd8\xff not one", HUGE, PNG[:20]])
def test_l03_a_bad_photo_loses_no_word(
    nobody: httpx.Client, make: Make, services: Services, photo: bytes
) -> None:
    """What was typed comes back; nothing was kept."""
    enter(nobody, make(EventState.REVIEW_PENDING))
    refused = _say(nobody, photo, "急救，照片见附件")
    assert (refused.status_code, "急救，照片见附件" in refused.text) == (422, True)
    assert "照片无法读取" in refused.text
    with services.store.read() as session:
        assert session.scalars(select(Statement)).all() == []


def test_l67_nobody_without_a_pass_leaves_a_file(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    make()
    photo = jpeg(320, 240)
    assert _say(nobody, photo).status_code == 401
    assert nobody.get("/o/request").status_code == 401
    assert nobody.post("/o/request", data={"kind": "access"}).status_code == 401
    assert nobody.post("/o/request", data={"kind": "recusal", "text": "x"}).status_code == 401
    with services.store.read() as session:
        assert session.scalars(select(OwnerRequest)).all() == []
        assert session.scalars(select(RecusalRequest)).all() == []


def test_l09_the_party_asks_on_the_page_and_reads_the_answer(
    nobody: httpx.Client, make: Make, services: Services, clock: FakeClock
) -> None:
    event = make(EventState.REVIEW_PENDING)
    enter(nobody, event)
    assert "申请执法人员回避" in nobody.get("/o/request?lang=zh").text
    sent = nobody.post("/o/request?lang=zh", data={"kind": "recusal", "text": "陈警官是邻居"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/o/case?asked=1&lang=zh")
    page = nobody.get("/o/case?asked=1&lang=zh").text
    assert "陈警官是邻居" in page
    assert "处理中" in page
    with services.store.begin() as session:
        row = session.scalars(select(RecusalRequest)).one()
        zhao = session.scalars(select(User).where(User.username == "zhao")).one()
        answer = RequestAnswer("同意，另派人员", ["chen"])
        recusal.answer_request(session, row, zhao, answer, at=clock.now())
    page = nobody.get("/o/case?lang=zh").text
    assert "已同意" in page
    assert "同意，另派人员" in page
    assert "chen" not in page, "the officer's name is nobody's business here"


@pytest.mark.parametrize(
    ("kind", "text"), [("access", ""), ("correction", "车不是我的"), ("deletion", "请删除")]
)
def test_l67_access_correction_deletion(
    nobody: httpx.Client, make: Make, services: Services, kind: str, text: str
) -> None:
    """W53: recorded with its day, in whatever state, also when all is over."""
    event = make(EventState.LEFT_IN_TIME)
    enter(nobody, event)
    assert nobody.post("/o/request?lang=zh", data={"kind": kind, "text": text}).status_code == 303
    with services.store.read() as session:
        row = session.scalars(select(OwnerRequest)).one()
    assert (row.event_id, row.kind, row.text) == (event.id, kind, text)
    assert row.due_at > row.received_at
    assert "您的申请" in nobody.get("/o/case?lang=zh").text


def test_l67_what_is_missing_comes_back(
    nobody: httpx.Client, make: Make, services: Services
) -> None:
    enter(nobody, make(EventState.LEFT_IN_TIME))
    for data, kept in (
        ({"kind": "correction", "text": ""}, ""),
        ({"kind": "parole", "text": "x"}, "x"),
        ({"kind": "recusal", "text": "y"}, "y"),
        ({"kind": "deletion", "text": "z" * 1001}, "z" * 1001),
    ):
        refused = nobody.post("/o/request?lang=zh", data=data)
        assert refused.status_code == 422, data
        assert f">{kept}</textarea>" in refused.text
    with services.store.read() as session:
        assert session.scalars(select(OwnerRequest)).all() == []


def test_a26_the_page_speaks_of_the_paper_notice(nobody: httpx.Client, make: Make) -> None:
    """Who was told on paper is not told of a text that never came."""
    page = enter(nobody, make(EventState.GRACE, grace_policy="paper")).text
    assert "纸质告知" in page
    assert "短信送达" not in page
