"""Who may stand where others may not: by document, place, period, approver and task (W24, W25).

An exemption belongs to a task, not to a plate alone (道路交通安全法 art. 53, 54; L43): each entry
names what is being done, where, from when until when, and who approved it. A plate that no entry
covers at this place and time is treated as any other, whoever owns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models import fields, schedule
from models.audit_log import record
from models.base import Base
from models.calendar import WorkCalendar
from models.errors import BadInput, Conflict, NotFound
from models.people import User
from models.plate import check_plate
from models.zone import EnforcementArea, Zone

LONGEST_DAYS = 1_100
"""Three years: a permit without an end is a rule, and rules belong into the zone."""


class ExemptionKind(StrEnum):
    """Also the reason code of the event that it ends (A5)."""

    DISABLED_PERMIT = "DISABLED_PERMIT"
    """残疾人专用"""
    LOADING_PERMIT = "LOADING_PERMIT"
    """装卸许可"""
    FUNERAL = "FUNERAL"
    """殡葬"""
    EXAM_DAY = "EXAM_DAY"
    """中高考等考试保障"""
    SANITATION = "SANITATION"
    """环卫作业"""
    ROAD_WORK = "ROAD_WORK"
    """市政养护、抢修"""
    URGENT_DUTY = "URGENT_DUTY"
    """执行紧急任务"""
    OTHER_PERMIT = "OTHER_PERMIT"


FOR_EVERYBODY = frozenset({ExemptionKind.EXAM_DAY, ExemptionKind.FUNERAL})
"""Measures for a place and a time, which need not name the vehicles."""


class Exemption(Base):
    """One entry. It is ended, never deleted, before its retention is over (domain.md 3.6)."""

    __tablename__ = "exemption"
    __table_args__ = (CheckConstraint("valid_until > valid_from", name="exemption_has_a_period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str | None] = mapped_column(String(12), index=True)
    """Null only for a measure that holds for everybody there (`FOR_EVERYBODY`)."""
    area_id: Mapped[int] = mapped_column(ForeignKey("enforcement_area.id"), index=True)
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    """Only this zone of the area; null: all of it."""
    task: Mapped[str] = mapped_column(String(200))
    """What is being done there, in words."""
    document: Mapped[str] = mapped_column(String(120))
    approver: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    hours: Mapped[list[Any]] = mapped_column(default=list)
    """Within the period, when (models.schedule); empty: always."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_reason: Mapped[str] = mapped_column(String(200), default="")
    area: Mapped[EnforcementArea] = relationship()
    zone: Mapped[Zone | None] = relationship()


_FIELDS: Mapping[str, fields.Rule] = {
    "kind": fields.one_of(ExemptionKind),
    "plate": fields.optional(lambda field, value: check_plate(fields.line(field, value, 20))),
    "area_id": fields.optional(fields.whole(1, 2**31 - 1)),
    "zone_id": fields.optional(fields.whole(1, 2**31 - 1)),
    "task": fields.text(200, required=True),
    "document": fields.text(120, required=True),
    "approver": fields.text(60, required=True),
    "valid_from": fields.instant,
    "valid_until": fields.instant,
    "hours": schedule.bands,
}
_REQUIRED = ("kind", "task", "document", "approver", "valid_from", "valid_until")


def add_exemption(
    session: Session,
    values: Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None = None,
) -> Exemption:
    """Add an entry. Raises BadInput naming the field, NotFound for a place that does not exist.

    The audit log does not hold the plate.
    """
    for key in _REQUIRED:
        if values.get(key) in (None, ""):
            raise BadInput(f"an exemption needs {key}", field=key)
    checked = fields.check(_FIELDS, values)
    if checked["valid_until"] <= checked["valid_from"]:
        raise BadInput("it ends before it begins", field="valid_until", hint="swap the times")
    if (checked["valid_until"] - checked["valid_from"]).days > LONGEST_DAYS:
        raise BadInput(
            "an exemption has an end within three years", field="valid_until",
            hint="approve it again then",
        )  # fmt: skip
    if not checked.get("plate") and checked["kind"] not in FOR_EVERYBODY:
        raise BadInput(
            f"a {checked['kind']} names the vehicle", field="plate",
            hint="only " + ", ".join(sorted(FOR_EVERYBODY)) + " may hold for everybody",
        )  # fmt: skip
    area_id, zone_id = _place(session, checked.get("area_id"), checked.get("zone_id"))
    row = Exemption(
        **{key: checked.get(key) for key in (*_REQUIRED, "plate")},
        hours=checked.get("hours") or [],
        area_id=area_id, zone_id=zone_id, created_at=at, created_by=user.id if user else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        session, at=at, actor=actor, action="exemption.add", subject=f"exemption:{row.id}",
        details={
            "kind": row.kind, "document": row.document, "approver": row.approver,
            "valid_from": row.valid_from.isoformat(), "valid_until": row.valid_until.isoformat(),
        },
    )  # fmt: skip
    return row


def _place(session: Session, area_id: int | None, zone_id: int | None) -> tuple[int, int | None]:
    """Where it holds: one zone, or all of an area. Nowhere in particular is refused."""
    if zone_id is not None:
        zone = session.get(Zone, zone_id)
        if zone is None:
            raise NotFound(f"there is no zone {zone_id}")
        if area_id not in (None, zone.area_id):
            raise BadInput("the zone lies in another area", field="zone_id")
        return zone.area_id, zone.id
    if area_id is None:
        raise BadInput("an exemption holds at a place", field="area_id", hint="area_id or zone_id")
    if session.get(EnforcementArea, area_id) is None:
        raise NotFound(f"there is no area {area_id}")
    return area_id, None


def get_exemption(session: Session, exemption_id: int) -> Exemption:
    """Raises NotFound."""
    row = session.get(Exemption, exemption_id)
    if row is None:
        raise NotFound(f"there is no exemption {exemption_id}")
    return row


def end_exemption(
    session: Session,
    row: Exemption,
    *,
    reason: str,
    at: datetime,
    actor: str,
    user: User | None = None,
) -> Exemption:
    """It holds no longer; events that it ended before stay as they are. Raises BadInput without a
    reason, Conflict where it was ended before."""
    if row.ended_at is not None:
        raise Conflict("this exemption was ended before", code="ALREADY_ENDED")
    row.ended_reason = fields.line("reason", reason, 200, required=True)
    row.ended_at, row.ended_by = at, user.id if user else None
    record(
        session, at=at, actor=actor, action="exemption.end", subject=f"exemption:{row.id}",
        details={"reason": row.ended_reason},
    )  # fmt: skip
    session.flush()
    return row


def list_exemptions(
    session: Session, *, at: datetime, only_valid: bool = False, limit: int = 200
) -> list[Exemption]:
    """Newest first; with `only_valid` those whose period has not passed and nobody ended."""
    query = select(Exemption).order_by(Exemption.id.desc()).limit(limit)
    if only_valid:
        query = query.where(Exemption.ended_at.is_(None), Exemption.valid_until > at)
    return list(session.scalars(query))


def exemption_for(
    session: Session, zone: Zone, plate: str | None, *, at: datetime, calendar: WorkCalendar
) -> Exemption | None:
    """The entry that covers this vehicle in this zone at this time, or None (A5, W24, W25).

    Without a read plate only a measure for everybody can cover it.
    """
    query = (
        select(Exemption)
        .where(
            Exemption.area_id == zone.area_id,
            or_(Exemption.zone_id.is_(None), Exemption.zone_id == zone.id),
            or_(Exemption.plate.is_(None), Exemption.plate == plate),
            Exemption.valid_from <= at,
            Exemption.valid_until > at,
            or_(Exemption.ended_at.is_(None), Exemption.ended_at > at),
        )
        .order_by(Exemption.plate.is_(None), Exemption.id)
    )
    rows = session.scalars(query)
    return next((row for row in rows if schedule.holds(row.hours, at, calendar)), None)
