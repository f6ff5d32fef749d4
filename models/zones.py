"""Zones: drawn, versioned, brought in and out as zones.json.

A zone is edited by adding a version; an event keeps the version under which it was seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import fields, schedule, zone_parts
from models.audit_log import record
from models.camera import Camera
from models.errors import BadInput, NotFound
from models.ground_reference import GroundReference, in_force
from models.people import User
from models.zone import (
    FIRST_PHASE,
    Authority,
    ConfirmMode,
    EnforcementArea,
    Surface,
    Zone,
    ZoneKind,
    ZonePhase,
    ZoneVersion,
)

_VERSION: Mapping[str, fields.Rule] = {
    "polygon": fields.polygon,
    "bays": fields.polygons,
    "aspect_ratio": fields.optional(fields.number(0.1, 10)),
    "dwell_seconds": fields.number(1, 86400),
    "threshold": fields.optional(fields.number(0, 100_000)),
    # A promise shorter than five minutes, or longer than an hour, is a slip of the hand; the
    # demo's shortened grace is why it may be as short as five seconds.
    "grace_seconds": fields.whole(5, 3600),
    "confirm_mode": fields.one_of(ConfirmMode),
    "phase": fields.one_of(ZonePhase),
    "surface": fields.one_of(Surface),
    "authority": fields.one_of(Authority),
    "sms_from": fields.clock_time,
    "sms_until": fields.clock_time,
    "legal_basis": fields.text(200),
    "reference_picture": fields.optional(fields.text(300)),
    "approved": zone_parts.approvals,
    "baseline": zone_parts.baseline,
    "bands": zone_parts.bands,
    "area_m2": fields.optional(fields.number(1, 1_000_000)),
    "density_threshold": fields.optional(fields.number(0.01, 20)),
    "slow_look_seconds": fields.optional(fields.number(10, 30)),
    "designation_document": fields.text(120),
    "sign_photo": fields.optional(fields.text(300)),
    "schedule": schedule.bands,
    "bay_hours": schedule.bay_hours,
    "no_grace": fields.text(40),
}
_ZONE: Mapping[str, fields.Rule] = {
    "name": fields.text(80, required=True),
    "kind": fields.one_of(ZoneKind),
    "area": fields.optional(fields.text(80)),
    "place": fields.optional(fields.text(10)),
}
ZONE_FIELDS = (*_ZONE, *_VERSION)
_DEFAULTS: Mapping[str, Any] = {
    "bays": [],
    "aspect_ratio": None,
    "threshold": None,
    "grace_seconds": 420,
    "confirm_mode": ConfirmMode.OFFICER.value,
    "surface": Surface.SIDEWALK.value,
    "authority": Authority.CHENGGUAN.value,
    "sms_from": "07:00",
    "sms_until": "22:00",
    "legal_basis": "",
    "reference_picture": None,
    "approved": [],
    "baseline": "",
    "bands": [],
    "area_m2": None,
    "density_threshold": None,
    "slow_look_seconds": None,
    "designation_document": "",
    "sign_photo": None,
    "schedule": [],
    "bay_hours": [],
    "no_grace": "",
}


def save_zone(
    session: Session,
    camera: Camera,
    values: Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None = None,
) -> ZoneVersion:
    """Make the zone `values["name"]` of this camera, or add a version to it.

    What `values` leaves out stays as it was (or at its default, for a new zone). Nothing new
    adds no version. Raises BadInput naming the field. Polygons must have been seen by
    `vision.geometry.validate_polygon` before.
    """
    checked = fields.check({**_ZONE, **_VERSION}, values)
    name = checked.get("name")
    if not name:
        raise BadInput("a zone needs a name", field="name")
    zone = find_zone(session, camera, name)
    if zone is None:
        return _new_zone(session, camera, checked, at=at, actor=actor, user=user)
    if checked.get("kind", zone.kind) != zone.kind:
        raise BadInput("a zone keeps its kind", field="kind", hint="make another zone")
    _move_area(session, zone, checked)
    before = {key: getattr(zone.current, key) for key in _VERSION}
    after = before | {key: checked[key] for key in _VERSION if key in checked}
    zone_parts.check_kind(zone.kind, after)
    if after == before and zone.retired_at is None:
        return zone.current
    zone.retired_at = None
    return _add_version(session, zone, after, at=at, actor=actor, user=user)


def find_zone(session: Session, camera: Camera, name: str) -> Zone | None:
    return session.scalar(select(Zone).where(Zone.camera_id == camera.id, Zone.name == name))


def get_zone(session: Session, zone_id: int) -> Zone:
    zone = session.get(Zone, zone_id)
    if zone is None:
        raise NotFound(f"there is no zone {zone_id}")
    return zone


def retire_zone(session: Session, zone: Zone, *, at: datetime, actor: str) -> Zone:
    """The zone is not looked at any more; its versions and events stay."""
    if zone.retired_at is None:
        zone.retired_at = at
        record(session, at=at, actor=actor, action="zone.retire", subject=f"zone:{zone.id}")
    return zone


def zones_for(session: Session, camera: Camera) -> list[ZoneVersion]:
    """The version in force of every zone of this camera that is not retired, by name."""
    zones = session.scalars(
        select(Zone)
        .where(Zone.camera_id == camera.id, Zone.retired_at.is_(None))
        .order_by(Zone.name)
    )
    return [zone.current for zone in zones]


def import_zones(
    session: Session,
    camera: Camera,
    zones_json: str | bytes | Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None = None,
) -> list[ZoneVersion]:
    """Bring in `{"zones": [{"name", "kind", "polygon", "dwell_seconds", "threshold"?, ...}]}`.

    Zones of the same name get a version; zones that are not named stay. All or nothing: raises
    BadInput naming the field, as `zones[2].polygon`.
    """
    saved: list[ZoneVersion] = []
    for index, values in enumerate(read_zones_json(zones_json)):
        try:
            saved.append(save_zone(session, camera, values, at=at, actor=actor, user=user))
        except BadInput as error:
            error.field = f"zones[{index}].{error.field}"
            raise
    return saved


def read_zones_json(zones_json: str | bytes | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The zones of a zones.json, as yet unchecked one by one."""
    hint = 'write {"zones": [{"name", "kind", "polygon", "dwell_seconds"}]}'
    try:
        data = json.loads(zones_json) if isinstance(zones_json, str | bytes) else zones_json
    except ValueError:
        raise BadInput("this is not JSON", field="zones", hint=hint) from None
    zones = data.get("zones") if isinstance(data, Mapping) else None
    if not isinstance(zones, list) or not all(isinstance(zone, Mapping) for zone in zones):
        raise BadInput("there is no list of zones", field="zones", hint=hint)
    names = [zone.get("name") for zone in zones]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise BadInput("two zones have one name", field=f"zones[{index}].name")
    return zones


def export_zones(session: Session, camera: Camera) -> dict[str, Any]:
    """What `import_zones` and `qifen replay --zones` read; defaults are left out. The camera's
    privacy masks and the points that tie it to the ground go with it, where it has any."""
    exported: dict[str, Any] = {"zones": [_as_json(v) for v in zones_for(session, camera)]}
    if camera.privacy_masks:
        exported["privacy_masks"] = camera.privacy_masks
    ground = session.get(GroundReference, camera.id)
    if ground is not None and in_force(ground, camera):
        exported["ground_reference"] = ground.points
    return exported


def _as_json(version: ZoneVersion) -> dict[str, Any]:
    zone = version.zone
    values: dict[str, Any] = {
        "name": zone.name,
        "kind": zone.kind,
        "polygon": version.polygon,
        "dwell_seconds": version.dwell_seconds,
        "area": zone.area.name,
        "place": zone.area.place,
    }
    for key, default in _defaults(zone.kind).items():
        if key not in values and getattr(version, key) != default:
            values[key] = getattr(version, key)
    return values


def _new_zone(
    session: Session,
    camera: Camera,
    checked: Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None,
) -> ZoneVersion:
    if "polygon" not in checked:
        raise BadInput("a new zone needs a polygon", field="polygon")
    name = checked["name"]
    kind = checked.get("kind", ZoneKind.PARKING.value)
    values = {
        **_defaults(kind),
        **{key: checked[key] for key in _VERSION if key in checked},
    }
    zone_parts.check_kind(kind, values)
    area = _area(session, checked.get("area") or f"{camera.name[:39]}/{name[:40]}")
    area.place = checked.get("place") or area.place or (camera.place or name)[:10]
    zone = Zone(
        camera_id=camera.id,
        name=name,
        kind=kind,
        area=area,
    )
    session.add(zone)
    session.flush()
    return _add_version(session, zone, values, at=at, actor=actor, user=user)


def _defaults(kind: str) -> dict[str, Any]:
    """What a new zone of this kind has where nothing is said."""
    return {
        **_DEFAULTS,
        "dwell_seconds": zone_parts.DWELL_SECONDS[kind],
        "phase": FIRST_PHASE[ZoneKind(kind)].value,
    }


def _move_area(session: Session, zone: Zone, checked: Mapping[str, Any]) -> None:
    if checked.get("area") and checked["area"] != zone.area.name:
        zone.area = _area(session, checked["area"])
    if checked.get("place"):
        zone.area.place = checked["place"]


def _area(session: Session, name: str) -> EnforcementArea:
    area = session.scalar(select(EnforcementArea).where(EnforcementArea.name == name))
    if area is None:
        area = EnforcementArea(name=name, place="")
        session.add(area)
    return area


def _add_version(
    session: Session,
    zone: Zone,
    values: Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None,
) -> ZoneVersion:
    version = ZoneVersion(
        version=len(zone.versions) + 1,
        created_at=at,
        created_by=user.id if user else None,
        **values,
    )
    zone.versions.append(version)
    session.flush()
    record(
        session, at=at, actor=actor, action="zone.save", subject=f"zone:{zone.id}",
        details={"name": zone.name, "version": version.version},
    )  # fmt: skip
    return version
