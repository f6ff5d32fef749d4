"""What a provider brings: delivery receipts, by which the seven minutes start, and replies."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from api.deps import Serving
from models import replies
from models.errors import BadInput, NotFound
from models.policy import load_policy
from notify.channel import Call, Channel
from notify.receipts import apply_receipt
from pipeline.services import Services

router = APIRouter(tags=["receipts"])

MAX_BODY_BYTES = 1024 * 1024
"""A batch of some thousand reports."""

TAKEN: dict[str, Any] = {"code": 0, "msg": "接收成功"}
"""What a provider of Aliyun's form wants to hear, else it brings the same again."""


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise BadInput("this is too large", field="body")
    return bytes(body)


Body = Annotated[bytes, Depends(_body)]
Token = Annotated[str, Path(max_length=200)]


@router.post("/receipts/twilio", status_code=204)
def twilio_receipt(request: Request, services: Serving, body: Body) -> Response:
    """Twilio's status callback. Its signature covers the public address, so that is what it is
    checked against, whatever proxy stands between."""
    _take_receipts(services, "twilio", _call(request, body))
    return Response(status_code=204)


@router.post("/receipts/twilio-voice", status_code=204)
def twilio_voice_receipt(request: Request, services: Serving, body: Body) -> Response:
    """What became of a voice call (A13), signed as Twilio's other callbacks are."""
    _take_receipts(services, "twilio-voice", _call(request, body))
    return Response(status_code=204)


@router.post("/receipts/aliyun/{token}")
def aliyun_receipts(
    request: Request, services: Serving, body: Body, token: Token
) -> dict[str, Any]:
    """A batch of status reports (SmsReport). The address is the secret."""
    _take_receipts(services, "aliyun", _call(request, body, token))
    return TAKEN


@router.post("/replies/twilio")
def twilio_reply(request: Request, services: Serving, body: Body) -> Response:
    """An incoming message at Twilio, signed as its callbacks are. Nothing is sent back."""
    _take_replies(services, "twilio", _call(request, body))
    return Response("<Response/>", media_type="text/xml")


@router.post("/replies/aliyun/{token}")
def aliyun_replies(request: Request, services: Serving, body: Body, token: Token) -> dict[str, Any]:
    """A batch of answers of phones (SmsUp). The address is the secret."""
    _take_replies(services, "aliyun", _call(request, body, token))
    return TAKEN


def _call(request: Request, body: bytes, token: str = "") -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(str(request.url), headers, body, token)


def _carrier(services: Services, provider: str) -> Channel:
    for carrier in (services.channel, services.voice):
        if carrier is not None and carrier.name == provider:
            return carrier
    raise NotFound(f"nothing goes through {provider} here")


def _take_receipts(services: Services, provider: str, call: Call) -> None:
    """Each in a transaction of its own; brought again they change nothing (W18)."""
    for receipt in _carrier(services, provider).receipts(call):
        with services.store.begin() as session:
            apply_receipt(session, receipt, policy=load_policy(session), at=services.clock.now())


def _take_replies(services: Services, provider: str, call: Call) -> None:
    for reply in _carrier(services, provider).replies(call):
        with services.store.begin() as session:
            kept = replies.Inbound(reply.provider, reply.provider_id, reply.phone, reply.text)
            policy = load_policy(session)
            replies.receive(session, kept, policy=policy, at=services.clock.now())
