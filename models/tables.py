"""Every table in one import: `Base.metadata` is complete once this has been imported."""

from __future__ import annotations

from models.audit import AuditEntry, CitySetting, Viewing
from models.base import Base
from models.camera import Camera, CameraHealthChange
from models.case import Case, CaseUnit
from models.event import Deadline, Event, TransitionLog, WatchSpan
from models.evidence import Evidence
from models.notice import DeliveryReceipt, Notice, OwnerLookup
from models.people import (
    ApiKey,
    Decision,
    Invitation,
    LoginFailure,
    Statement,
    User,
    UserSession,
)
from models.place import (
    CrowdCount,
    FormalOrder,
    FrontageAgreement,
    PlacePermit,
    Responder,
    ResponderCall,
    ResponsibleParty,
    Signature,
)
from models.zone import EnforcementArea, Zone, ZoneVersion

metadata = Base.metadata
"""All tables, indices and constraints of Qifen."""

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Camera",
    "CameraHealthChange",
    "Case",
    "CaseUnit",
    "CitySetting",
    "CrowdCount",
    "Deadline",
    "Decision",
    "DeliveryReceipt",
    "EnforcementArea",
    "Event",
    "Evidence",
    "FormalOrder",
    "FrontageAgreement",
    "Invitation",
    "LoginFailure",
    "Notice",
    "OwnerLookup",
    "PlacePermit",
    "Responder",
    "ResponderCall",
    "ResponsibleParty",
    "Signature",
    "Statement",
    "TransitionLog",
    "User",
    "UserSession",
    "Viewing",
    "WatchSpan",
    "Zone",
    "ZoneVersion",
    "metadata",
]
