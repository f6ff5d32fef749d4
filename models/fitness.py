"""What a camera and a zone still lack before their record may be evidence (L01, L35, L50, L60).

One function a question; each answers None or a refusal with a stable code. The flows ask them as
guards (models.flows.ground_guards) and the forms show them as a list: what is missing makes a zone
remind only, whatever its phase says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from models.camera import Camera
from models.errors import Refusal
from models.zone import Authority, Surface, ZoneKind, ZoneVersion

FILING_DAYS = 30
"""视频条例 art. 14: a camera is filed with the police within thirty days of its first use."""
WARN_DAYS = 30
"""So long before a verification ends, its camera's page says so."""

Question: TypeAlias = Callable[[Camera, ZoneVersion, datetime], Refusal | None]


def reviewed(camera: Camera, _version: ZoneVersion, _at: datetime) -> Refusal | None:
    """L01, 行政处罚法 art. 41(1): reviewed in law and technique, marked, its place published."""
    lacks = [
        words
        for present, words in (
            (camera.legal_review, "a legal review"),
            (camera.technical_review, "a technical review"),
            (camera.sign_installed, "a sign"),
            (camera.published_at, "publication of its place"),
        )
        if not present
    ]
    if not lacks:
        return None
    return Refusal("DEVICE_NOT_REVIEWED", "the camera lacks " + ", ".join(lacks))


def calibrated(camera: Camera, _version: ZoneVersion, at: datetime) -> Refusal | None:
    """L35, 程序规定 art. 15: where verification is recorded, it must not have expired."""
    if camera.calibrated_until is None or camera.calibrated_until >= at:
        return None
    return Refusal("DEVICE_EXPIRED", "the camera's verification had expired")


def filed(camera: Camera, _version: ZoneVersion, at: datetime) -> Refusal | None:
    """L69: within its first thirty days a missing filing is a warning, later it is a refusal."""
    if (camera.filing_no or "").strip() or at <= camera.created_at + timedelta(days=FILING_DAYS):
        return None
    return Refusal("DEVICE_NOT_FILED", f"the camera was not filed within {FILING_DAYS} days")


def has_purpose(camera: Camera, _version: ZoneVersion, _at: datetime) -> Refusal | None:
    """L15, L60: what was recorded for no stated purpose proves nothing."""
    if camera.purpose.strip():
        return None
    return Refusal("NO_PURPOSE", "the camera states no purpose")


def detector_approved(camera: Camera, version: ZoneVersion, _at: datetime) -> Refusal | None:
    """L60: only what the camera was approved for may run on it."""
    if version.zone.kind in camera.approved_detectors:
        return None
    return Refusal(
        "DETECTOR_NOT_APPROVED", f"the camera is not approved for {version.zone.kind} zones"
    )


def has_legal_basis(_camera: Camera, version: ZoneVersion, _at: datetime) -> Refusal | None:
    """0.8: a zone without a legal basis reminds, and is never evidence."""
    if version.legal_basis.strip():
        return None
    return Refusal("NO_LEGAL_BASIS", "the zone names no legal basis")


def our_authority(_camera: Camera, version: ZoneVersion, _at: datetime) -> Refusal | None:
    """L21, 行政处罚法 art. 18: a motor lane or another authority's zone can only be handed over."""
    if version.authority == Authority.CHENGGUAN and version.surface != Surface.MOTOR_LANE:
        return None
    return Refusal("FOREIGN_AUTHORITY", "another authority decides here")


def sign_photographed(_camera: Camera, version: ZoneVersion, _at: datetime) -> Refusal | None:
    """L35, 程序规定 art. 15: clear traffic signs at the place, with a photo that shows them."""
    if version.zone.kind != ZoneKind.PARKING or version.sign_photo:
        return None
    return Refusal("NO_SIGN_PHOTO", "no photo shows the sign that forbids parking here")


def designated(_camera: Camera, version: ZoneVersion, _at: datetime) -> Refusal | None:
    """L50, 国务院条例 art. 10: hanging is regulated on streets that the city has designated."""
    if version.zone.kind != ZoneKind.HANGING or version.designation_document.strip():
        return None
    return Refusal("NOT_DESIGNATED", "no document designates this street")


QUESTIONS: tuple[Question, ...] = (
    reviewed, calibrated, filed, has_purpose, detector_approved, has_legal_basis, our_authority,
    sign_photographed, designated,
)  # fmt: skip


def gaps(camera: Camera, version: ZoneVersion, *, at: datetime) -> list[Refusal]:
    """Everything that is missing: while the list is not empty the zone only reminds."""
    return [gap for ask in QUESTIONS if (gap := ask(camera, version, at)) is not None]


def warnings(camera: Camera, *, at: datetime) -> Sequence[Refusal]:
    """What somebody should see to, although nothing is refused for it yet."""
    found: list[Refusal] = []
    if not (camera.filing_no or "").strip():
        until = camera.created_at + timedelta(days=FILING_DAYS)
        found.append(Refusal("NO_FILING", f"not filed yet; due {until.date().isoformat()}"))
    if not (camera.impact_assessment or "").strip():
        found.append(Refusal("NO_IMPACT_ASSESSMENT", "no assessment of its effects is named"))
    ends = camera.calibrated_until
    if ends is not None and at <= ends < at + timedelta(days=WARN_DAYS):
        found.append(Refusal("CALIBRATION_ENDS", f"verified until {ends.date().isoformat()} only"))
    return found
