"""Saving zones, for the API, the console and the command line alike: the geometry is looked at
first, then a version is added, then the events that stand in the zone are told (W31)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.errors import as_bad_input
from api.zone_sight import Sight
from models import casework, precision, registry
from models.camera import Camera
from models.errors import BadInput
from models.people import User
from models.policy import load_policy
from models.zone import Zone, ZoneKind, ZonePhase, ZoneVersion
from models.zones import read_zones_json
from pipeline.evidence import decode_jpeg
from pipeline.services import Services
from vision.errors import BadZone
from vision.geometry import validate_polygon
from vision.masks import MOSTLY, Masks, hidden_share, masks_of
from vision.shapes import Polygon


def save_zone(
    session: Session,
    camera: Camera,
    values: Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None = None,
    sight: Sight | None = None,
) -> ZoneVersion:
    """Make the zone `values["name"]` of this camera, or add a version to it.

    sight: the camera's eyes; without them nobody asks whether they know the zone's kind.
    Raises BadInput naming the field and the mend; FlowRefused with the numbers and everything that
    is missing where it asks to be live too early (B11), Conflict where a new zone asks to confirm
    by itself (8.1). Nothing is saved then.
    """
    look_at_polygons(values)
    _refuse_masked(values, masks_of(camera.privacy_masks))
    if camera.reference_picture is not None and values.get("polygon") is not None:
        # The version keeps the view that it was drawn on (W03).
        values = {**values, "reference_picture": camera.reference_picture}
    values = _seen(session, camera, values, sight)
    before = _in_force(session, camera)
    version = registry.save_zone(session, camera, values, at=at, actor=actor, user=user)
    _refuse_too_early(session, version, before, at=at)
    tell_events(session, version.zone, at=at)
    return version


def save_sign_photo(
    session: Session,
    services: Services,
    zone_id: int,
    data: bytes,
    *,
    actor: str,
    user: User | None,
) -> ZoneVersion:
    """A version of the zone with the photo of its sign. Raises BadInput where it is no JPEG."""
    if decode_jpeg(data) is None:
        raise BadInput("the photo cannot be opened", field="photo", hint="send a JPEG")
    zone = registry.get_zone(session, zone_id)
    key = services.evidence.put(data, "jpg")
    return save_zone(
        session, zone.camera, {"name": zone.name, "sign_photo": key},
        at=services.clock.now(), actor=actor, user=user,
    )  # fmt: skip


def import_zones(
    session: Session,
    camera: Camera,
    content: str | bytes | Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None = None,
    sight: Sight | None = None,
    masks: Masks = (),
) -> list[ZoneVersion]:
    """Bring in a zones.json: all or nothing. Zones that are not named in it stay.

    masks: the camera's privacy masks from now on.
    Raises BadInput naming the field, as `zones[2].polygon`.
    """
    entries = read_zones_json(content)
    for index, entry in enumerate(entries):
        look_at_polygons(entry, f"zones[{index}].")
        _refuse_masked(entry, masks, f"zones[{index}].")
        entries[index] = _seen(session, camera, entry, sight, f"zones[{index}].")
    before = _in_force(session, camera)
    versions = registry.import_zones(
        session, camera, {"zones": entries}, at=at, actor=actor, user=user
    )
    for version in versions:
        _refuse_too_early(session, version, before, at=at)
        tell_events(session, version.zone, at=at)
    return versions


def _in_force(session: Session, camera: Camera) -> dict[str, ZoneVersion]:
    """The versions in force by the names of their zones, before anything is saved."""
    return {version.zone.name: version for version in registry.zones_for(session, camera)}


def _refuse_too_early(
    session: Session, version: ZoneVersion, before: Mapping[str, ZoneVersion], *, at: datetime
) -> None:
    """B11, 8.1: live only with a trial behind it, without an officer only after two weeks.

    What was so before, under the same rule, stays so: the watch over live zones judges it.
    """
    old = before.get(version.zone.name)
    if old is version:
        return
    policy = load_policy(session)
    if old is None or old.confirm_mode != version.confirm_mode:
        precision.refuse_early_auto(version, policy=policy, at=at)
    kept = old is not None and precision.same_rule(
        precision.rule_of(old), precision.rule_of(version)
    )
    if not (kept and old is not None and old.phase == ZonePhase.LIVE):
        precision.refuse_early_live(session, version, policy=policy, at=at)


def _seen(
    session: Session,
    camera: Camera,
    values: Mapping[str, Any],
    sight: Sight | None,
    where: str = "",
) -> Mapping[str, Any]:
    """The values with what the eyes add to them."""
    if sight is None:
        return values
    zone = registry.find_zone(session, camera, str(values.get("name") or ""))
    kind = str(values.get("kind") or (zone.kind if zone else ZoneKind.PARKING))
    sight.check_kind(kind, f"{where}kind")
    if kind != ZoneKind.POSTER or values.get("baseline"):
        return values
    baseline = sight.baseline(zone, values)
    return values if baseline is None else {**values, "baseline": baseline}


def retire_zone(session: Session, zone: Zone, *, at: datetime, actor: str) -> Zone:
    """The zone is not looked at any more; its versions and past events stay."""
    registry.retire_zone(session, zone, at=at, actor=actor)
    tell_events(session, zone, at=at)
    return zone


def tell_events(session: Session, zone: Zone, *, at: datetime, cause: str = "") -> None:
    """W31: an open event whose place is no longer inside is ended by the flow. cause: what changed,
    where it was not the zone."""
    casework.zone_changed(
        session,
        zone,
        policy=load_policy(session),
        at=at,
        command_id=f"zone:{zone.id}:{zone.current.version}:{zone.retired_at is not None}{cause}",
    )


def polygon_of(points: Sequence[Sequence[float]]) -> Polygon:
    """A polygon as it is stored, for the eyes."""
    return tuple((float(x), float(y)) for x, y in points)


def _refuse_masked(values: Mapping[str, Any], masks: Masks, where: str = "") -> None:
    """L69: a zone that is hardly seen would look empty for ever."""
    if not masks or values.get("polygon") is None:
        return
    share = hidden_share(polygon_of(values["polygon"]), masks)
    if share > MOSTLY:
        raise BadInput(
            f"{share:.0%} of the zone lies under the camera's privacy masks",
            field=f"{where}polygon",
            code="ZONE_UNDER_MASK",
            hint="draw it where the camera may look, or draw the mask smaller first",
        )


def look_at_polygons(values: Mapping[str, Any], where: str = "") -> None:
    """Raises BadInput naming the field and the mend: crosses itself, outside, no area."""
    polygons: list[tuple[str, object]] = []
    if values.get("polygon") is not None:
        polygons.append((f"{where}polygon", values["polygon"]))
    bays = values.get("bays")
    if bays is not None and not isinstance(bays, list):
        raise BadInput("bays must be a list of polygons", field=f"{where}bays")
    for index, bay in enumerate(bays or []):
        polygons.append((f"{where}bays[{index}]", bay))
    approved = values.get("approved")
    if approved is not None and not isinstance(approved, list):
        raise BadInput("approved must be a list", field=f"{where}approved")
    for index, entry in enumerate(approved or []):
        field = f"{where}approved[{index}]"
        if not isinstance(entry, Mapping):
            raise BadInput(f"{field} must be an object", field=field)
        polygons.append((f"{field}.polygon", entry.get("polygon")))
    for field, polygon in polygons:
        try:
            validate_polygon(polygon, field=field)
        except BadZone as error:
            raise as_bad_input(error, field) from error
        except OverflowError:
            raise BadInput(f"{field} holds a number that is too large", field=field) from None
