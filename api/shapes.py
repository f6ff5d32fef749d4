"""What is shown of a camera, a zone, a person, a notice: plain JSON, secrets left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from models import plate
from models.camera import Camera, CameraHealthChange
from models.errors import Refusal
from models.event import Event
from models.evidence import Evidence
from models.notice import DeliveryReceipt, Notice
from models.people import ApiKey, User
from models.zone import Zone, ZoneVersion
from vision.frames import redact_url


def when(value: datetime | date | None) -> str | None:
    """ISO 8601; instants carry their offset (UTC)."""
    return None if value is None else value.isoformat()


def user(row: User) -> dict[str, Any]:
    return {
        "id": row.id,
        "username": row.username,
        "display_name": row.display_name,
        "unit": row.unit,
        "roles": row.roles,
        "language": row.language,
        "licence_no": row.licence_no,
        "licence_valid_until": when(row.licence_valid_until),
        "active": row.active,
        "invited": row.password_hash is None,
    }


def api_key(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "roles": row.roles,
        "created_at": when(row.created_at),
        "last_used_at": when(row.last_used_at),
        "revoked_at": when(row.revoked_at),
    }


def camera(row: Camera) -> dict[str, Any]:
    """Addresses come back without user and password: they are written, never read."""
    return {
        "id": row.id,
        "name": row.name,
        "stream_url": redact_url(row.stream_url),
        "evidence_url": redact_url(row.evidence_url) if row.evidence_url else None,
        "place": row.place,
        "direction": row.direction,
        "time_zone": row.time_zone,
        "gb_id": row.gb_id,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "looks_per_second": row.looks_per_second,
        "weights": row.weights,
        "enabled": row.enabled,
        "reviewed": row.is_reviewed(),
        "legal_review": row.legal_review,
        "technical_review": row.technical_review,
        "sign_installed": row.sign_installed,
        "published_at": when(row.published_at),
        "filing_no": row.filing_no,
        "purpose": row.purpose,
        "place_kind": row.place_kind,
        "approved_detectors": row.approved_detectors,
        "impact_assessment": row.impact_assessment,
        "privacy_masks": row.privacy_masks,
        "calibrated_until": when(row.calibrated_until),
        "clock_offset_seconds": row.clock_offset_seconds,
        "health": row.health,
        "health_reason": row.health_reason,
        "health_at": when(row.health_at),
        "health_since": when(row.health_since),
        "view": row.health_details,
        "measured_clock_offset_seconds": row.measured_clock_offset_seconds,
        "clock_measured_at": when(row.clock_measured_at),
        "reference_at": when(row.reference_at),
        "reference_by": row.reference_by,
        "last_frame_at": when(row.last_frame_at),
        "has_picture": row.last_picture is not None,
        "reconnects": row.reconnects,
        "created_at": when(row.created_at),
    }


def health_change(row: CameraHealthChange) -> dict[str, Any]:
    return {"at": when(row.at), "health": row.health, "reason": row.reason, "details": row.details}


def zone(row: Zone) -> dict[str, Any]:
    return {
        "id": row.id,
        "camera_id": row.camera_id,
        "name": row.name,
        "kind": row.kind,
        "area": row.area.name,
        "place": row.area.place,
        "retired_at": when(row.retired_at),
        "current": zone_version(row.current),
    }


def zone_version(row: ZoneVersion) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "polygon": row.polygon,
        "bays": row.bays,
        "aspect_ratio": row.aspect_ratio,
        "dwell_seconds": row.dwell_seconds,
        "threshold": row.threshold,
        "grace_seconds": row.grace_seconds,
        "confirm_mode": row.confirm_mode,
        "phase": row.phase,
        "surface": row.surface,
        "authority": row.authority,
        "sms_from": row.sms_from,
        "sms_until": row.sms_until,
        "legal_basis": row.legal_basis,
        "approved": row.approved,
        "bands": row.bands,
        "area_m2": row.area_m2,
        "density_threshold": row.density_threshold,
        "slow_look_seconds": row.slow_look_seconds,
        "designation_document": row.designation_document,
        "has_sign_photo": row.sign_photo is not None,
        "schedule": row.schedule,
        "bay_hours": row.bay_hours,
        "no_grace": row.no_grace,
        "created_at": when(row.created_at),
        "created_by": row.created_by,
    }


def evidence(row: Evidence) -> dict[str, Any]:
    return {
        "id": row.id,
        "event_id": row.event_id,
        "camera_id": row.camera_id,
        "kind": row.kind,
        "media_type": row.media_type,
        "sha256": row.sha256,
        "size_bytes": row.size_bytes,
        "captured_at": when(row.captured_at),
        "pts": row.pts,
        "clock_offset_seconds": row.clock_offset_seconds,
        "details": row.details,
        "sequence": row.sequence,
        "prev_hash": row.prev_hash,
        "chain_hash": row.chain_hash,
    }


def notice(row: Notice, event: Event) -> dict[str, Any]:
    """The text as sent, but for the owner's code, and the last four digits of the phone."""
    body = row.body.replace(event.query_code, "*" * len(event.query_code)) if row.body else None
    return {
        "id": row.id,
        "event_id": row.event_id,
        "template": row.template,
        "language": row.language,
        "phone": f"***{row.phone[-4:]}",
        "body": body,
        "segments": row.segments,
        "status": row.status,
        "provider": row.provider,
        "attempts": row.attempts,
        "error": row.error,
        "created_at": when(row.created_at),
        "valid_until": when(row.valid_until),
        "sending_at": when(row.sending_at),
        "accepted_at": when(row.accepted_at),
        "delivered_at": when(row.delivered_at),
    }


def receipt(row: DeliveryReceipt) -> dict[str, Any]:
    return {
        "status": row.status,
        "provider_status": row.provider_status,
        "error_code": row.error_code,
        "reported_at": when(row.reported_at),
        "received_at": when(row.received_at),
        "counted": row.counted,
    }


def event(row: Event, *, full_plate: bool = False) -> dict[str, Any]:
    """One line of a list. Plates are masked unless a person with a duty asks for one event."""
    return {
        "id": row.id,
        "event_no": row.event_no,
        "flow": row.flow,
        "state": row.state,
        "version": row.version,
        "outcome": row.outcome,
        "open": row.is_open,
        "camera_id": row.camera_id,
        "camera": row.camera.name,
        "zone_id": row.zone_id,
        "zone": row.zone.name,
        "place": row.zone.area.place,
        "object_kind": row.object_kind,
        "box": row.box,
        "plate": shown_plate(row.plate, full=full_plate),
        "plate_colour": row.plate_colour,
        "plate_kind": row.plate_kind,
        "first_seen_at": when(row.first_seen_at),
        "flagged_at": when(row.flagged_at),
        "last_seen_at": when(row.last_seen_at),
        "gone_at": when(row.gone_at),
        "notified_at": when(row.notified_at),
        "grace_policy": row.grace_policy,
        "grace_deadline_at": when(row.grace_deadline_at),
        "ended_at": when(row.ended_at),
        "flags": row.flags,
        "master_id": row.master_id,
        "returned_of_id": row.returned_of_id,
    }


def shown_plate(text: str | None, *, full: bool) -> str | None:
    return text if full or text is None else plate.mask(text)


def refusals(found: Sequence[Refusal]) -> list[dict[str, str]]:
    """What is missing, each with its code."""
    return [{"code": refusal.code, "message": refusal.message} for refusal in found]
