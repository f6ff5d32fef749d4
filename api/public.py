"""Pages for everybody: where the cameras stand, by what rules, and what is done with what they see.

行政处罚法 art. 34, 39, 41 (L01, L20) and PIPL art. 35 (L61). Plain HTML without script, in Chinese
and English. Nothing here names a person, a plate, a stream or a case.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.deps import Serving
from api.languages import pick, wished, words_in
from api.public_words import PLACES, SURFACES, WORDS
from models.camera import Camera
from models.flows.texts import STANDARD_GRACE_SECONDS
from models.policy import LOCAL_ZONE, Policy, load_policy
from models.zone import Surface, Zone, ZoneKind, ZonePhase, ZoneVersion
from pipeline.services import Services

router = APIRouter(prefix="/public", include_in_schema=False)
_templates = Environment(
    loader=PackageLoader("api", "templates/public"), autoescape=True, undefined=StrictUndefined
)
_HOUR = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language"}

Lang = Annotated[str | None, Query(max_length=10)]


@dataclass(frozen=True)
class Place:
    """One published camera, as everybody may know it."""

    place: str
    kind: str
    direction: str
    purpose: str
    published_on: str
    kinds: Sequence[str]


@dataclass(frozen=True)
class Rule:
    """One zone that is not merely counted in."""

    place: str
    kind: str
    surface: str
    basis: str
    minutes: int
    no_grace: str
    reminder_only: bool


@router.get("/cameras")
def cameras(request: Request, services: Serving, lang: Lang = None) -> Response:
    """Where the published cameras stand (设置地点应当向社会公布)."""
    language = wished(request, lang)
    with services.store.read() as session:
        places = published(session, language)
    return _page("cameras.html", services, language, places=places)


@router.get("/rules")
def rules(request: Request, services: Serving, lang: Lang = None) -> Response:
    """Standards, basis, procedure and remedies (L20)."""
    language = wished(request, lang)
    with services.store.read() as session:
        found = rules_in_force(session, load_policy(session), language)
    return _page("rules.html", services, language, rules=found)


@router.get("/privacy")
def privacy(request: Request, services: Serving, lang: Lang = None) -> Response:
    """What is processed, why, for how long, and the rights of whoever is seen (L61)."""
    return _page("privacy.html", services, wished(request, lang))


def published(session: Session, language: str) -> list[Place]:
    """Published cameras by place; one whose place was not published stays unnamed."""
    query = select(Camera).where(Camera.published_at.is_not(None)).order_by(Camera.place)
    return [
        Place(
            place=camera.place,
            kind=pick(PLACES[camera.place_kind], language),
            direction=camera.direction,
            purpose=camera.purpose,
            published_on=_day(camera.published_at),
            kinds=[pick(WORDS[f"kind_{kind}"], language) for kind in camera.approved_detectors],
        )
        for camera in session.scalars(query)
    ]


def _day(at: datetime | None) -> str:
    """The city's day, which begins eight hours before that of UTC."""
    return "" if at is None else at.astimezone(LOCAL_ZONE).date().isoformat()


def rules_in_force(session: Session, policy: Policy, language: str) -> list[Rule]:
    """What is forbidden where, on published cameras only. A zone in shadow asks nothing of anybody
    and stands in no list."""
    query = (
        select(Zone)
        .join(Camera, Camera.id == Zone.camera_id)
        .where(
            Zone.retired_at.is_(None), Camera.published_at.is_not(None), Camera.enabled.is_(True),
            Zone.kind != ZoneKind.CROWD,
        )
        .order_by(Zone.id)
    )  # fmt: skip
    shown = [zone for zone in session.scalars(query) if zone.current.phase != ZonePhase.SHADOW]
    found = [_rule(zone, zone.current, policy, language) for zone in shown]
    return sorted(set(found), key=lambda rule: (rule.place, rule.kind))


def _rule(zone: Zone, version: ZoneVersion, policy: Policy, language: str) -> Rule:
    own = version.grace_seconds
    seconds = policy.grace_seconds if own == STANDARD_GRACE_SECONDS else own
    surface = pick(SURFACES[version.surface], language)
    return Rule(
        place=zone.area.place or zone.area.name,
        kind=pick(WORDS[f"kind_{zone.kind}"], language),
        surface=surface if zone.kind == ZoneKind.PARKING else "",
        basis=version.designation_document or version.legal_basis,
        minutes=int(seconds // 60),
        no_grace=version.no_grace or (surface if version.surface == Surface.BLIND_TRACK else ""),
        reminder_only=version.phase != ZonePhase.LIVE,
    )


def _page(template: str, services: Services, language: str, **values: Any) -> Response:
    policy = services.policy()
    nonce = secrets.token_urlsafe(16)
    body = _templates.get_template(template).render(
        w=words_in(WORDS, language), lang=language, nonce=nonce, policy=policy,
        grace_minutes=int(policy.grace_seconds // 60), page=template.removesuffix(".html"),
        **values,
    )  # fmt: skip
    security = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(body, headers={"Content-Security-Policy": security, **_HOUR})
