"""L66, 个人信息保护法 art. 36: what a city's authorities collect stays in the country; where a
provider is abroad, or nobody can tell, Qifen says so and names the setting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from pipeline.abroad import abroad
from pipeline.services import Services
from pipeline.settings import Settings
from tests.api.conftest import serving
from tests.rows import PASSWORD

TWILIO = {
    "channel": "twilio", "twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": "t",
    "twilio_from": "+15005550006",
}  # fmt: skip


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(data_dir=tmp_path, **values)


def aliyun(tmp_path: Path, host: str) -> Settings:
    return settings(
        tmp_path, channel="aliyun", aliyun_access_key_id="LTAI", aliyun_access_key_secret="s",
        aliyun_templates=tmp_path / "t.toml", aliyun_push_token="p" * 32,
        aliyun_endpoint=f"https://{host}",
    )  # fmt: skip


def test_l66_texts_shown_here_leave_nothing(tmp_path: Path) -> None:
    assert abroad(settings(tmp_path)) == []


def test_l66_a_company_abroad_is_named_with_the_article(tmp_path: Path) -> None:
    (told,) = abroad(settings(tmp_path, **TWILIO))
    for word in ("Twilio", "PIPL art. 36", "QIFEN_CHANNEL"):
        assert word in told


def test_l66_calls_abroad_are_named_besides_the_texts(tmp_path: Path) -> None:
    """A13: whose texts stay in the country may still call from abroad."""
    calls = {"voice": "twilio", "voice_from": "+15005550006"}
    account = {name: TWILIO[name] for name in ("twilio_account_sid", "twilio_auth_token")}
    (told,) = abroad(settings(tmp_path, **account, **calls))
    for word in ("Voice calls", "Twilio", "PIPL art. 36", "QIFEN_VOICE"):
        assert word in told
    assert len(abroad(settings(tmp_path, **TWILIO, **calls))) == 2
    assert abroad(settings(tmp_path, voice="local")) == []


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        ("dysmsapi.aliyuncs.com", True),
        ("dysmsapi.cn-hangzhou.aliyuncs.com", True),
        ("sms.hangzhou.gov.cn", True),
        ("10.1.2.3", True),
        ("localhost", True),
        ("dysmsapi.cn-hongkong.aliyuncs.com", False),
        ("dysmsapi.ap-southeast-1.aliyuncs.com", False),
        ("8.8.8.8", False),
        ("dysmsapi.aliyuncs.com.example.org", False),
    ],
)
def test_l66_the_same_providers_addresses_abroad_are_told_apart(
    tmp_path: Path, host: str, stays: bool
) -> None:
    told = abroad(aliyun(tmp_path, host))
    assert (told == []) is stays
    assert all(host in sentence and "QIFEN_ALIYUN_ENDPOINT" in sentence for sentence in told)


def test_l66_the_system_page_says_so(services: Services, tmp_path: Path) -> None:
    sent_abroad = replace(services, settings=settings(tmp_path, **TWILIO))
    with serving(create_app(sent_abroad)) as url, httpx.Client(base_url=url, timeout=30) as olive:
        body = {"username": "olive", "password": PASSWORD}
        olive.headers["Origin"] = url
        assert olive.post("/api/v1/auth/sign-in", json=body).status_code == 200
        (told,) = olive.get("/api/v1/health/details").json()["abroad"]
    assert "Twilio" in told
