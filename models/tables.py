"""Every table in one import: `Base.metadata` is complete once this has been imported."""

from __future__ import annotations

from models.anchors import AnchorStamp, ChainAnchor
from models.audit import AuditEntry, CitySetting, Viewing
from models.base import Base
from models.camera import Camera, CameraHealthChange
from models.case import Case, CaseUnit
from models.case_photos import CasePhoto
from models.event import Deadline, Event, TransitionLog, WatchSpan
from models.evidence import Evidence, EvidenceAlarm
from models.exemptions import Exemption
from models.ground_reference import GroundReference
from models.grounds import VoidGround
from models.holds import LegalHold
from models.leases import Lease
from models.notice import DeliveryReceipt, Notice, OwnerLookup
from models.owner_requests import OwnerRequest
from models.penalty import PenaltyHandover, PreNotice
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
from models.precision import TrialAnswer
from models.recusal import Recusal, RecusalRequest
from models.retention_log import FileRemoval, PurgeLog, PurgeTurn, Tombstone
from models.zone import EnforcementArea, Zone, ZoneVersion

metadata = Base.metadata
"""All tables, indices and constraints of Qifen."""

__all__ = [
    "AnchorStamp",
    "ApiKey",
    "AuditEntry",
    "Camera",
    "CameraHealthChange",
    "Case",
    "CasePhoto",
    "CaseUnit",
    "ChainAnchor",
    "CitySetting",
    "CrowdCount",
    "Deadline",
    "Decision",
    "DeliveryReceipt",
    "EnforcementArea",
    "Event",
    "Evidence",
    "EvidenceAlarm",
    "Exemption",
    "FileRemoval",
    "FormalOrder",
    "FrontageAgreement",
    "GroundReference",
    "Invitation",
    "Lease",
    "LegalHold",
    "LoginFailure",
    "Notice",
    "OwnerLookup",
    "OwnerRequest",
    "PenaltyHandover",
    "PlacePermit",
    "PreNotice",
    "PurgeLog",
    "PurgeTurn",
    "Recusal",
    "RecusalRequest",
    "Responder",
    "ResponderCall",
    "ResponsibleParty",
    "Signature",
    "Statement",
    "Tombstone",
    "TransitionLog",
    "TrialAnswer",
    "User",
    "UserSession",
    "Viewing",
    "VoidGround",
    "WatchSpan",
    "Zone",
    "ZoneVersion",
    "metadata",
]
