"""What ties a camera's picture to the ground: points that a person named, kept with their view.

Without it a camera's vehicles have no position, and nothing is told by ground (W28).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import fields
from models.audit_log import record
from models.base import Base
from models.camera import Camera
from models.errors import BadInput
from models.ground_plane import FIELD, MOST_POINTS, GroundPlane, GroundPoint, Position, fit

MAX_CAMERA_METRES = 1_500.0
"""Points further from the camera's own place belong to another one. (Maps in China are shifted
by half a kilometre, so the camera's place may be on another map than the points.)"""

DOUBT = "ground_doubt"
"""Flag: what stands here may be another event's vehicle. No text, no paper notice, no escalation
(W28); of a joined sighting: it is no longer taken to be its master's."""
BY_GROUND, SHARED = "joined_metres", "joined_shared_seconds"
"""Among the measured values of an event that was joined to another by its place: the distance,
and for how long both were seen standing there."""

_POINT: Mapping[str, fields.Rule] = {
    "x": fields.number(0, 1),
    "y": fields.number(0, 1),
    "latitude": fields.number(-85, 85),
    "longitude": fields.number(-180, 180),
}


class GroundReference(Base):
    """One camera's points, as they were last saved; the audit log has those before."""

    __tablename__ = "ground_reference"

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    points: Mapped[list[Any]]
    """[{"x", "y" (0..1 of the picture), "latitude", "longitude" (degrees)}]"""
    view: Mapped[str | None] = mapped_column(String(300))
    """The camera's reference view at that time: points of another view are worth nothing."""
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(80))


def check_points(value: object, camera: Camera | None = None) -> tuple[GroundPoint, ...]:
    """Points as they come from outside, held against each other and against where the camera is
    said to stand. Raises BadInput naming the point (points[n], points[n].latitude)."""
    if not isinstance(value, list | tuple):
        raise BadInput(f"{FIELD} must be a list", field=FIELD)
    entries = cast("Sequence[object]", value)
    if len(entries) > MOST_POINTS:
        raise BadInput(f"{MOST_POINTS} points at most", field=FIELD)
    points = tuple(_point(f"{FIELD}[{n}]", entry) for n, entry in enumerate(entries))
    fit(points)
    if camera is not None and camera.latitude is not None and camera.longitude is not None:
        _refuse_elsewhere(points, Position(camera.latitude, camera.longitude))
    return points


def _point(name: str, entry: object) -> GroundPoint:
    if not isinstance(entry, Mapping):
        raise BadInput(f"{name} must have {', '.join(_POINT)}", field=name)
    known = cast("Mapping[str, Any]", entry)
    for key in known:
        if key not in _POINT:
            raise BadInput(f"{name} has no {key!r}"[:120], field=name)
    values = {key: rule(f"{name}.{key}", known.get(key)) for key, rule in _POINT.items()}
    return GroundPoint(**values)


def _refuse_elsewhere(points: Sequence[GroundPoint], place: Position) -> None:
    for number, point in enumerate(points):
        metres = place.metres_to(Position(point.latitude, point.longitude))
        if metres > MAX_CAMERA_METRES:
            raise BadInput(
                f"point {number + 1} lies {metres:,.0f} m from where the camera stands",
                field=f"{FIELD}[{number}]", code="TOO_FAR_APART",
                hint="check its latitude and longitude, and those of the camera",
            )  # fmt: skip


def save_reference(
    session: Session, camera: Camera, points: object, *, at: datetime, actor: str
) -> GroundReference:
    """Tie the camera's present view to the ground. Raises BadInput (see `check_points`)."""
    checked = check_points(points, camera)
    row = session.get(GroundReference, camera.id)
    if row is None:
        row = GroundReference(camera_id=camera.id)
        session.add(row)
    row.points = [_plain(point) for point in checked]
    row.view, row.saved_at, row.saved_by = camera.reference_picture, at, actor[:80]
    worst = round(fit(checked).worst_residual, 3)
    _note(session, camera, at, actor, points=row.points, worst_residual_metres=worst)
    session.flush()
    return row


def remove_reference(session: Session, camera: Camera, *, at: datetime, actor: str) -> bool:
    """Whether there was one."""
    row = session.get(GroundReference, camera.id)
    if row is None:
        return False
    session.delete(row)
    _note(session, camera, at, actor, points=[])
    session.flush()
    return True


def follow_view(session: Session, camera: Camera, before: str | None) -> None:
    """The camera's reference has another key, and still shows the same view: it was learnt for the
    first time, confirmed by somebody, or has got one more light."""
    row = session.get(GroundReference, camera.id)
    if row is not None and row.view == before:
        row.view = camera.reference_picture


def in_force(row: GroundReference, camera: Camera) -> bool:
    """Whether the points belong to the view that the camera has now (W03): not after somebody
    accepted another one, or had it learnt anew."""
    return row.view == camera.reference_picture


def ground_of(session: Session, camera: Camera) -> GroundPlane | None:
    """The camera's ground; None where it has none that is in force."""
    row = session.get(GroundReference, camera.id)
    if row is None or not in_force(row, camera):
        return None
    return fit(tuple(GroundPoint(**point) for point in row.points))


def as_json(row: GroundReference | None, camera: Camera) -> dict[str, Any]:
    """The points with by how much each misses, in metres: what a save reads again."""
    if row is None:
        return {"points": [], "in_force": False}
    plane = fit(tuple(GroundPoint(**point) for point in row.points))
    return {
        "points": row.points,
        "residuals_metres": [round(residual, 3) for residual in plane.residuals],
        "in_force": in_force(row, camera),
        "saved_at": row.saved_at.isoformat(),
        "saved_by": row.saved_by,
    }


def _plain(point: GroundPoint) -> dict[str, float]:
    return {key: getattr(point, key) for key in _POINT}


def _note(session: Session, camera: Camera, at: datetime, actor: str, **details: Any) -> None:
    record(
        session, at=at, actor=actor, action="camera.ground_reference",
        subject=f"camera:{camera.id}", details=details,
    )  # fmt: skip
