"""Logs: no plate, no phone, no password, whoever wrote the line (peers.md B15)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from pipeline.logs import get_logger, redact, set_up_logs

SECRETS = ("浙A8K2M6", "浙AD52816", "13800138000", "hunter2")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    set_up_logs("debug", "json", stream)
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("car 浙A8K2M6 seen", "car [plate] seen"),
        ("浙A·12345", "[plate]"),
        ("新能源浙AD52816!", "新能源[plate]!"),
        ("粤B1234警", "[plate]"),
        ("WJ浙12345", "[plate]"),
        ("call +86 138 0013 8000 now", "call [phone] now"),
        ("call 13800138000", "call [phone]"),
        ("to=+14155550123", "to=[phone]"),
        ("rtsp://admin:hunter2@10.0.0.1:554/1", "rtsp://[hidden]@10.0.0.1:554/1"),
        ("postgresql://qifen:hunter2@db/q", "postgresql://[hidden]@db/q"),
        # What must stay readable:
        ("event HZ1122-0031 at 2026-11-22T03:10:00Z", "event HZ1122-0031 at 2026-11-22T03:10:00Z"),
        ("http://127.0.0.1:8080/o", "http://127.0.0.1:8080/o"),
        ("0571-12345678", "0571-12345678"),
        ("浙A12**5", "浙A12**5"),
    ],
)
def test_redact(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_every_field_is_redacted_however_deep(log: io.StringIO) -> None:
    get_logger("t").info(
        "saw 浙A8K2M6",
        phone="13800138000",
        token="hunter2",
        plate="",
        deep={
            "list": ["浙AD52816", 3, None, {"url": "rtsp://a:hunter2@h/1"}],
            "password": "hunter2",
        },
        object=ValueError("浙A8K2M6"),
        raw=b"x",
    )
    text = log.getvalue()
    assert not [secret for secret in SECRETS if secret in text]
    line = json.loads(text)
    assert line["event"] == "saw [plate]"
    assert line["phone"] == "[hidden]"
    assert line["plate"] == ""
    assert line["deep"]["list"][1:3] == [3, None]


def test_tracebacks_are_redacted_ours_and_the_libraries(log: io.StringIO) -> None:
    """An exception's text often quotes what it choked on."""
    for write in (
        lambda: get_logger("ours").exception("ours"),
        lambda: logging.getLogger("library").exception("theirs"),
    ):
        try:
            raise ValueError("rtsp://admin:hunter2@host and 浙A8K2M6")
        except ValueError:
            write()
    text = log.getvalue()
    assert not [secret for secret in SECRETS if secret in text]
    assert text.count("Traceback") == 2


def test_library_lines_pass_through_the_same_door(log: io.StringIO) -> None:
    logging.getLogger("uvicorn").warning("GET /o?phone=%s", "13800138000")
    logging.getLogger("alembic").info("silent")
    assert "[phone]" in log.getvalue()
    assert "silent" not in log.getvalue()


def test_a_library_with_handlers_of_its_own_is_led_back_to_the_same_door() -> None:
    """As uvicorn's own configuration leaves it: a handler on standard error, no propagation."""
    root, theirs = logging.getLogger(), logging.getLogger("uvicorn")
    before = (root.handlers[:], root.level)
    stream, outside = io.StringIO(), io.StringIO()
    theirs.addHandler(logging.StreamHandler(outside))
    theirs.propagate = False
    set_up_logs("info", "json", stream)
    theirs.warning("GET /o?phone=%s", "13800138000")
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()
    assert "[phone]" in stream.getvalue()
    assert outside.getvalue() == ""


def test_console_form_is_redacted_too() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    set_up_logs("info", "console", stream)
    get_logger("t").info("saw 浙A8K2M6")
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()
    assert "[plate]" in stream.getvalue()
