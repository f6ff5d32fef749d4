"""Is it alive, how is it doing, what has the city chosen, who did what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi import Body as BodyOf
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api import reply_shapes, shapes
from api.deps import Admin, Anybody, Limit, QueryId, Serving, Staff, signed_in
from models.audit import AuditEntry
from models.camera import Camera
from models.delivery import open_pause, share
from models.errors import NotAllowed, Unavailable
from models.event import Deadline, Event
from models.integrity import open_alarms
from models.notice import Notice
from models.owner_requests import open_requests
from models.people import Role
from models.policy import LOCAL_ZONE, Policy, load_policy, save_policy
from models.precision import falls
from notify.templates import load_templates
from pipeline.abroad import abroad
from pipeline.services import Services

router = APIRouter(tags=["system"], dependencies=signed_in)
public = APIRouter(tags=["public"])


@public.get("/health")
def health(services: Serving, response: Response) -> dict[str, str]:
    """For a load balancer: `ok`, or 503 where the database is away. Tells nothing else."""
    try:
        with services.store.read() as session:
            session.execute(text("SELECT 1"))
    except Unavailable:
        response.status_code = 503
        return {"status": "unavailable"}
    return {"status": "ok"}


@router.get("/health/details")
def health_details(_caller: Staff, services: Serving) -> dict[str, Any]:
    """What waits and what is late, and how each camera feels."""
    at = services.clock.now()
    with services.store.read() as session:
        due = select(func.count(), func.min(Deadline.due_at)).where(
            Deadline.done_at.is_(None), Deadline.due_at <= at
        )
        late, oldest = session.execute(due).one()
        return {
            "now": shapes.when(at),
            "deadlines_due": late,
            "oldest_due_seconds": (at - oldest).total_seconds() if oldest else 0.0,
            "notices": _counts(session, Notice.status),
            "deliveries": reply_shapes.deliveries(session, policy=load_policy(session), at=at),
            "abroad": abroad(services.settings),
            "plates_misread": _misread(session),
            "events": _counts(session, Event.state),
            "evidence_alarms": len(open_alarms(session)),
            "owner_requests_overdue": sum(row.due_at < at for row in open_requests(session)),
            "cameras": [
                {
                    "id": row.id,
                    "name": row.name,
                    "health": row.health,
                    "since": shapes.when(row.health_since),
                    "reason": row.health_reason,
                    "last_frame_at": shapes.when(row.last_frame_at),
                }
                for row in session.scalars(select(Camera).order_by(Camera.name))
            ],
            "zones_fallen": [
                {
                    "zone": fall.zone,
                    "camera": fall.camera,
                    "at": shapes.when(fall.at),
                    "trial": fall.details,
                }
                for fall in falls(session, at=at)
            ],
            "calendar": _calendar(load_policy(session), at),
        }


def _calendar(policy: Policy, at: datetime) -> dict[str, Any]:
    """Until when work days are known, and whether somebody must bring in the next year (L18)."""
    today = at.astimezone(LOCAL_ZONE).date()
    return {
        "known_until": shapes.when(policy.calendar.known_until(today)),
        "ends_soon": policy.calendar.ends_soon(today),
    }


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
def metrics(caller: Anybody, services: Serving) -> Response:
    """Prometheus' form. Needs an operator or a machine's key."""
    if caller.user is not None and not caller.has(Role.OPERATOR):
        raise NotAllowed("this needs the role operator")
    page = generate_latest(services.metrics.registry) + generate_latest(_database(services))
    return Response(page, media_type=CONTENT_TYPE_LATEST)


@router.get("/policy")
def policy(_caller: Staff, services: Serving) -> dict[str, Any]:
    """Every timer, limit and text that the city has chosen."""
    return asdict(services.policy())


@router.patch("/policy")
def change_policy(
    body: Annotated[dict[str, Any], BodyOf(examples=[{"grace_seconds": 420}])],
    caller: Admin,
    services: Serving,
) -> dict[str, Any]:
    """Change some settings; running deadlines stay as they were promised."""
    with services.store.begin() as session:
        changed = save_policy(session, body, at=services.clock.now(), actor=caller.name)
        # With a longer signature or landline a text may cost more than it promises: refused.
        load_templates(services.settings.texts, changed)
    return asdict(changed)


@router.get("/audit")
def audit(
    _caller: Admin, services: Serving, limit: Limit = 100, before: QueryId = None
) -> list[dict[str, Any]]:
    """Who did what, newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    with services.store.read() as session:
        return [
            {
                "id": row.id,
                "at": shapes.when(row.at),
                "actor": row.actor,
                "action": row.action,
                "subject": row.subject,
                "details": row.details,
            }
            for row in session.scalars(query)
        ]


def _counts(session: Session, column: Any) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).group_by(column).order_by(column))
    return {str(key): int(count) for key, count in rows}


def _window(session: Session, at: datetime) -> dict[str, int]:
    seen = share(session, policy=load_policy(session), at=at)
    return {"accepted": seen.accepted, "delivered": seen.delivered}


def _misread(session: Session) -> dict[str, int]:
    """W32: how often the reader was wrong, as officers found out."""
    corrected = select(func.count()).where(Event.plate_original.is_not(None))
    after = select(func.count()).where(
        Event.outcome == "PLATE_MISREAD", Event.notified_at.is_not(None)
    )
    return {
        "before_text": session.scalar(corrected) or 0,
        "after_text": session.scalar(after) or 0,
    }


class _Rows(Collector):
    """Counts that are read from the database each time the page is read."""

    def __init__(self, counts: dict[str, tuple[str, str, dict[str, int]]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (help_text, label, values) in self._counts.items():
            family = GaugeMetricFamily(name, help_text, labels=[label])
            for key, count in values.items():
                family.add_metric([key], count)
            yield family


class _CameraHealth(Collector):
    """Each camera's health, how well its view matches, and what its clock says."""

    def __init__(self, rows: list[tuple[str, str, dict[str, Any], float | None]]) -> None:
        self._rows = rows

    def collect(self) -> Iterator[GaugeMetricFamily]:
        health = GaugeMetricFamily(
            "qifen_camera_health", "1 for the present health", labels=["camera", "health"]
        )
        score = GaugeMetricFamily(
            "qifen_camera_view_score", "Share of the view that matches", labels=["camera"]
        )
        clock = GaugeMetricFamily(
            "qifen_camera_clock_offset_seconds",
            "By how much the camera's clock is ahead, where its stream tells",
            labels=["camera"],
        )
        for name, state, details, offset in self._rows:
            health.add_metric([name, state], 1.0)
            if details.get("score") is not None:
                score.add_metric([name], float(details["score"]))
            if offset is not None:
                clock.add_metric([name], offset)
        yield from (health, score, clock)


def _database(services: Services) -> CollectorRegistry:
    at = services.clock.now()
    with services.store.read() as session:
        late = session.scalar(
            select(func.count()).where(Deadline.done_at.is_(None), Deadline.due_at <= at)
        )
        counts = {
            "qifen_events": ("Events by state", "state", _counts(session, Event.state)),
            "qifen_notices": ("Texts by status", "status", _counts(session, Notice.status)),
            "qifen_cameras": ("Cameras by health", "health", _counts(session, Camera.health)),
            "qifen_delivery_paused": (
                "1 while too few texts arrive and officers confirm every event (W48)",
                "channel",
                {services.channel.name: int(open_pause(session) is not None)},
            ),
            "qifen_texts_window": (
                "Texts of the last quarter of an hour that had their time",
                "fate",
                _window(session, at),
            ),
            "qifen_plates_misread": (
                "Plates that officers corrected before, or found misread after a text",
                "when",
                _misread(session),
            ),
            "qifen_evidence_alarms": (
                "Stored files that are not what was recorded",
                "kind",
                {"open": len(open_alarms(session))},
            ),
            "qifen_deadlines_due": ("Deadlines that are due", "kind", {"all": int(late or 0)}),
        }
        cameras = [
            (row.name, row.health, row.health_details or {}, row.measured_clock_offset_seconds)
            for row in session.scalars(select(Camera).order_by(Camera.name))
        ]
    registry = CollectorRegistry()
    registry.register(_Rows(counts))
    registry.register(_CameraHealth(cameras))
    return registry
