"""Public pages: camera places, rules, processing of personal data; nothing of anybody in them."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import httpx
import pytest

from api.languages import words_in
from api.public_words import PLACES, SURFACES, WORDS
from models.camera import PlaceKind
from models.policy import save_policy
from models.registry import get_camera, update_camera
from models.zone import Surface, ZoneKind
from models.zones import save_zone
from pipeline.services import Services
from tests import rows
from tests.rows import NOON, SQUARE

PAGES = ("cameras", "rules", "privacy")
SECRETS = ("rtsp", "secret", "浙A", "camera 1", "法审2026")


@pytest.fixture
def street(services: Services) -> int:
    """A published camera with a live zone, one of a blind track and one in shadow; an event."""
    with services.store.begin() as session:
        camera = rows.camera(session, name="camera 1", place="延安路", direction="东")
        rows.event(session, rows.zone(session, camera, legal_basis="《道路交通安全法》第五十六条"))
        rows.zone(session, camera, name="盲道", surface="blind_track", place="体育场路盲道")
        rows.zone(session, camera, name="试", phase="shadow", place="影子路")
        hidden = rows.camera(session, name="hidden", place="未公布路", published_at=None)
        rows.zone(session, hidden, place="未公布人行道")
        return camera.id


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_pages_are_small_plain_and_name_nobody(
    nobody: httpx.Client, street: int, page: str, language: str
) -> None:
    """L20, L22, L61: for everybody, in two languages, without script, under 50 KB."""
    answer = nobody.get(f"/public/{page}?lang={language}")
    assert answer.status_code == 200
    assert len(answer.content) < 50_000
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not [secret for secret in SECRETS if secret in answer.text]
    assert "0571-12345678" in answer.text
    wanted = "zh-CN" if language == "zh" else "en"
    assert f'<html lang="{wanted}">' in answer.text


def test_l01_published_cameras_are_listed(
    nobody: httpx.Client, street: int, services: Services
) -> None:
    page = nobody.get("/public/cameras?lang=zh").text
    assert "延安路" in page
    assert "未公布路" not in page
    (shown,) = nobody.get("/api/v1/public/cameras").json()
    assert (shown["place"], shown["place_kind"]) == ("延安路", "street")
    assert shown["looks_for"] == ["parking", "hanging", "poster", "crowd"]
    with services.store.begin() as session:
        changes: dict[str, Any] = {"published_at": None}
        update_camera(session, get_camera(session, street), changes, at=NOON, actor="test")
    assert "目前没有公布的设备" in nobody.get("/public/cameras?lang=zh").text


def test_l01_the_day_of_publication_is_the_citys(
    nobody: httpx.Client, street: int, services: Services
) -> None:
    """Midnight in the city is the day before in UTC."""
    day: dict[str, Any] = {"published_at": "2026-11-01T00:00:00+08:00"}
    with services.store.begin() as session:
        update_camera(session, get_camera(session, street), day, at=NOON, actor="test")
    assert "<td>2026-11-01</td>" in nobody.get("/public/cameras?lang=zh").text


def test_l20_rules_say_basis_procedure_and_remedies(
    nobody: httpx.Client, street: int, services: Services
) -> None:
    """What is in force now, from the zones and the policy themselves."""
    with services.store.begin() as session:
        save_policy(session, {"grace_seconds": 600}, at=NOON, actor="test")
    page = nobody.get("/public/rules?lang=zh").text
    assert "《道路交通安全法》第五十六条" in page
    assert "宽容期: 10 分钟" in re.sub(r"\s+", " ", page)
    assert "不设宽容期: 盲道" in page
    assert "影子路" not in page, "a zone in shadow asks nothing of anybody"
    assert "未公布人行道" not in page
    for told in ("行政复议", "六十日", "申辩不加重处罚", "两名执法人员"):
        assert told in page
    assert not re.search(r"\d+\s*元", page), "no amount of money"


def test_l20_a_zone_in_warning_is_said_to_remind_only(
    nobody: httpx.Client, street: int, services: Services
) -> None:
    with services.store.begin() as session:
        values = {"name": "新", "polygon": SQUARE, "place": "新路人行道", "phase": "warning"}
        save_zone(session, get_camera(session, street), values, at=NOON, actor="test")
    page = nobody.get("/public/rules?lang=zh").text
    assert re.search(r"新路人行道</td><td>人行道违停（仅提醒）", page)


def test_l61_the_periods_are_the_citys_own(nobody: httpx.Client, services: Services) -> None:
    with services.store.begin() as session:
        save_policy(session, {"keep_log_days": 777}, at=NOON, actor="test")
        known = {field.name for field in fields(save_policy(session, {}, at=NOON, actor="test"))}
    page = nobody.get("/public/privacy?lang=en").text
    assert "777 days" in page
    assert "keep_left_days" in known


def test_every_code_has_words_in_both_languages() -> None:
    assert set(PLACES) == {kind.value for kind in PlaceKind}
    assert set(SURFACES) == {surface.value for surface in Surface}
    for language in ("zh", "en"):
        assert {f"kind_{kind.value}" for kind in ZoneKind} <= set(words_in(WORDS, language))
        assert all(words_in(WORDS, language).values())
