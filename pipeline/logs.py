"""Logs that name no plate, no phone and no password (design.md 7; peers.md B15).

Redaction stands at the end of the chain, over the finished event, so that it holds for our own
lines, for libraries' lines and for tracebacks alike.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO, cast

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = re.compile(
    rf"(?:[{_PROVINCES}][A-Z]|WJ[{_PROVINCES}]?)[·\s]?[0-9A-Z]{{4,6}}[警学挂领港澳应急]*"
)
_PHONE = re.compile(r"(?<![\w.-])\+?(?:86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\w])")
_E164 = re.compile(r"(?<!\w)\+[1-9]\d{6,14}(?!\d)")
_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@")
_SECRET_FIELDS = re.compile(r"(?:password|secret|token|api_key|auth|phone|plate)$", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with plates, phones and passwords in addresses taken out.

    >>> redact("浙A8K2M6 rtsp://user:word@10.0.0.1/1 +8613800138000")
    '[plate] rtsp://[hidden]@10.0.0.1/1 [phone]'
    """
    text = _USERINFO.sub(r"\g<scheme>[hidden]@", text)
    text = _PLATE.sub("[plate]", text)
    text = _PHONE.sub("[phone]", text)
    return _E164.sub("[phone]", text)


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: every text in the event, however deep, is redacted."""
    return {key: _clean(value, key) for key, value in event.items()}


def _clean(value: Any, key: str = "") -> Any:
    if key.startswith("_"):  # structlog's own bookkeeping
        return value
    if isinstance(value, str):
        return "[hidden]" if value and _SECRET_FIELDS.search(key) else redact(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {name: _clean(item, str(name)) for name, item in items}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_clean(item, key) for item in cast("Sequence[Any]", value)]
    if value is None or isinstance(value, int | float | bool):
        return value
    return redact(str(value))


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact_event,
)


def set_up_logs(level: str = "info", form: str = "console", stream: TextIO | None = None) -> None:
    """Send all logs, ours and the libraries', redacted to `stream` (standard error by default)."""
    target = stream or sys.stderr
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=target.isatty())
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED[:-2], _foreign_exception, redact_event],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _quieten()
    _join()


def _join() -> None:
    """Libraries that brought handlers of their own write through ours: no line goes round it."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _foreign_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Fold a library's traceback into the event, so that redaction sees it."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and record.exc_info:
        event["exc_info"] = record.exc_info
        record.exc_info = None
        record.exc_text = None
    return structlog.processors.format_exc_info(logger, method, event)


def _quieten() -> None:
    """Libraries that tell every step at `info` speak up only when something is wrong."""
    for name in ("alembic", "httpx", "twilio", "aio_rtsp_toolkit", "uvicorn.access", "openvino"):
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))
