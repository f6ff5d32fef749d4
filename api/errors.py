"""Every refusal as one shape of JSON; bad input is never a 5xx.

{"error": {"code", "message", "hint", "field", "refusals": [{"code", "message"}]}}
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from models.errors import BadInput, Conflict, FlowRefused, Locked, NotSignedIn, QifenError
from vision.errors import StreamError, VisionError

_log = logging.getLogger(__name__)


def error_body(
    code: str,
    message: str,
    *,
    hint: str = "",
    field: str = "",
    refusals: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "hint": hint,
            "field": field,
            "refusals": list(refusals),
        }
    }


def answer(error: QifenError) -> JSONResponse:
    """The JSON of one of our own errors, with its HTTP status."""
    refusals: list[dict[str, str]] = []
    if isinstance(error, FlowRefused):
        refusals = [{"code": r.code, "message": r.message} for r in error.refusals]
    body = error_body(
        error.code,
        error.message,
        hint=error.hint,
        field=error.field if isinstance(error, BadInput) else "",
        refusals=refusals,
    )
    headers: dict[str, str] = {}
    if isinstance(error, Locked):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, error.http_status, headers)


def as_bad_input(error: VisionError, field: str = "") -> BadInput:
    """What the eyes refuse (a polygon that crosses itself) is bad input here."""
    return BadInput(error.message, field=error.field or field, code=error.code, hint=error.hint)


def install_handlers(app: FastAPI) -> None:
    app.add_exception_handler(QifenError, _ours)
    app.add_exception_handler(VisionError, _vision)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(IntegrityError, _integrity)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, QifenError)  # noqa: S101 (what the handler is registered for)
    if error.http_status >= 500:
        _log.warning("%s: %s", error.code, error.message)
    return answer(error)


def _vision(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VisionError)  # noqa: S101
    bad = as_bad_input(error)
    if isinstance(error, StreamError):
        bad.field = bad.field or "stream_url"
    return answer(bad)


def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    # The first part says where it stood (body, query, path): the field is what follows.
    field = ".".join(str(part) for part in first["loc"][1:])
    message = str(first["msg"]).removeprefix("Value error, ")
    return JSONResponse(error_body("BAD_INPUT", message[:300], field=field[:120]), 422)


def _integrity(_request: Request, error: Exception) -> JSONResponse:
    # Two people did the same thing at once, or the database refused what the flow would not.
    _log.warning("refused by the database: %s", type(error).__name__)
    return answer(Conflict("somebody else was faster, or the record forbids it", hint="reload"))


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    codes = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "TOO_LARGE"}
    code = codes.get(error.status_code, "BAD_REQUEST")
    headers = dict(error.headers) if error.headers else None
    return JSONResponse(error_body(code, str(error.detail)), error.status_code, headers)


def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    _log.error("unexpected %s", type(error).__name__, exc_info=error)
    return JSONResponse(error_body("ERROR", "something went wrong here; it is in the log"), 500)
