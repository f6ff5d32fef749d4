"""The channel that needs nothing is a provider of its own kind, with a memory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from models.clock import FakeClock
from models.notice import NoticeStatus
from notify.channel import BadSignature, Call, Submission, TryLater, Underway
from notify.local_channel import LocalChannel
from tests.notify.test_twilio_channel import BODY, text
from tests.rows import NOON


def test_the_text_is_shown_in_full_and_the_phone_is_not() -> None:
    lines: list[str] = []
    LocalChannel(FakeClock(NOON), show=lines.append).submit(text())
    assert lines == [f"+86138****8000  {BODY}"]


def test_the_log_has_neither_phone_nor_code() -> None:
    with structlog.testing.capture_logs() as logs:
        LocalChannel(FakeClock(NOON)).submit(text())
        LocalChannel(FakeClock(NOON)).submit(text(secret=""))
    assert logs[0]["text"] == BODY.replace("9F3M", "****")
    assert logs[0]["to"] == "+86138****8000"
    assert "13800138000" not in str(logs)


def test_it_is_delivered_a_second_later() -> None:
    clock = FakeClock(NOON)
    channel = LocalChannel(clock)
    sid = channel.submit(text()).provider_id
    underway = [Underway(sid, 7, NOON)]
    assert channel.poll(underway, NOON + timedelta(seconds=0.9)) == []
    (receipt,) = channel.poll(underway, NOON + timedelta(seconds=1))
    assert receipt.provider_id == sid
    assert receipt.status is NoticeStatus.DELIVERED
    assert receipt.notice_id == 7


def test_a_phone_that_is_off_gets_nothing() -> None:
    channel = LocalChannel(FakeClock(NOON), receipt_seconds=None)
    sid = channel.submit(text()).provider_id
    assert channel.poll([Underway(sid, 7, NOON)], NOON + timedelta(days=1)) == ()


def test_it_remembers_across_a_restart_what_it_took(tmp_path: Path) -> None:
    """Also after a kill that cut its last line short; no phone and no words lie on the disk."""
    outbox = tmp_path / "spool" / "outbox.jsonl"
    clock = FakeClock(NOON)
    sid = LocalChannel(clock, outbox=outbox).submit(text()).provider_id
    with outbox.open("ab") as file:
        file.write(b'\n{"id": "local-8-ab')
    again = LocalChannel(clock, outbox=outbox)
    other = again.submit(text(notice_id=9)).provider_id
    third = LocalChannel(clock, outbox=outbox)
    assert third.find(text(), since=NOON) == Submission(sid, NoticeStatus.ACCEPTED)
    assert third.find(text(notice_id=9), since=NOON) == Submission(other, NoticeStatus.ACCEPTED)
    assert third.find(text(notice_id=8), since=NOON) is None
    assert third.find(text(), since=NOON + timedelta(seconds=1)) is None
    content = outbox.read_text()
    assert "138001" not in content
    assert "K7Q2" not in content
    assert outbox.stat().st_mode & 0o077 == 0


def test_what_it_cannot_remember_it_does_not_take(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    channel = LocalChannel(FakeClock(NOON), outbox=tmp_path / "file" / "outbox.jsonl")
    with pytest.raises(TryLater, match="outbox"):
        channel.submit(text())
    assert channel.find(text(), since=NOON) is None


def test_nobody_outside_may_report_on_its_texts() -> None:
    with pytest.raises(BadSignature):
        LocalChannel(FakeClock(NOON)).receipts(Call("http://127.0.0.1/", {}, b""))
    with pytest.raises(BadSignature):
        LocalChannel(FakeClock(NOON)).replies(Call("http://127.0.0.1/", {}, b""))
