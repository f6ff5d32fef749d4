"""Delivery receipts that a provider brings: the seven minutes start here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from api.deps import Serving
from models.errors import NotFound
from models.policy import load_policy
from notify.receipts import apply_receipt

router = APIRouter(tags=["receipts"])


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=100)
    return {key: value for key, value in form.items() if not isinstance(value, UploadFile)}


@router.post("/receipts/twilio", status_code=204)
def twilio_receipt(
    request: Request, services: Serving, form: Annotated[dict[str, str], Depends(_form)]
) -> Response:
    """Twilio's status callback. Its signature covers the public address, so that is what it is
    checked against, whatever proxy stands between."""
    if services.channel.name != "twilio":
        raise NotFound("texts do not go through Twilio here")
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{services.settings.base_url}{request.url.path}{query}"
    receipt = services.channel.parse_receipt(form, dict(request.headers), url)
    with services.store.begin() as session:
        apply_receipt(session, receipt, policy=load_policy(session), at=services.clock.now())
    return Response(status_code=204)
