"""What is kept how long, what was forgotten, what is held and who looked, as plain values: for the
API, the command line and the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.shapes import when
from models.anchors import ChainAnchor, stamp_of
from models.audit import Viewing
from models.event import Event
from models.evidence import Evidence, EvidenceAlarm
from models.holds import LegalHold
from models.owner_requests import OwnerRequest
from models.people import User
from models.policy import Policy
from models.retention_log import PurgeLog
from models.retention_rules import RULES
from pipeline.retention import Forgotten

WHAT: Mapping[str, tuple[str, str]] = {
    "discarded": ("未成立的发现", "Sightings that came to nothing"),
    "left": ("按时驶离、已整改", "Left in time, corrected"),
    "no_penalty": ("未认定、不成立、撤销、移送", "Undetermined, rejected, voided, transferred"),
    "cases": ("已立案、已拖离", "Case opened, towed"),
    "gatherings": ("人群聚集图片", "Pictures of gatherings"),
    "repeat_hashes": ("号牌加密摘要", "Keyed hashes of plates"),
    "texts": ("短信内容与回执", "Texts and their receipts"),
    "logs": ("审计、查阅、查询日志", "Audit, viewing and look-up logs"),
    "crowd_counts": ("人数统计", "Counts of people"),
    "permits": ("许可与豁免", "Permits and exemptions"),
    "parties": ("已退出的责任人联系方式", "Contacts of parties that have left"),
    "request": ("当事人申请删除", "Deleted at the owner's request"),
    "orphans": ("无记录的文件", "Files that no record names"),
    "daily": ("当日清理完成", "The day's run"),
}
"""What each rule is called, in Chinese and English."""


def rules(policy: Policy) -> list[dict[str, Any]]:
    """Every rule with its period, the least that it may be, and why."""
    return [
        {
            "rule": rule.code,
            "setting": rule.field,
            "keep_days": getattr(policy, rule.field),
            "least_days": rule.floor_days,
            "basis": rule.basis,
            "states": sorted(rule.states),
        }
        for rule in RULES
    ]


def forgotten(line: Forgotten) -> dict[str, Any]:
    return {
        "rule": line.rule, "what": line.what, "count": line.count, "pictures": line.pictures,
        "keep_days": line.keep_days,
    }  # fmt: skip


def purge(row: PurgeLog) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": when(row.at),
        "actor": row.actor,
        "rule": row.rule,
        "what": row.what,
        "count": row.count,
        "pictures": row.pictures,
        "keep_days": row.keep_days,
        "older_than": when(row.older_than),
    }


def hold(session: Session, row: LegalHold) -> dict[str, Any]:
    return {
        "id": row.id,
        "event_id": row.event_id,
        "event_no": session.get_one(Event, row.event_id).event_no,
        "reason": row.reason,
        "document": row.document,
        "placed_at": when(row.placed_at),
        "placed_by": session.get_one(User, row.placed_by).username,
        "lifted_at": when(row.lifted_at),
        "lifted_by": session.get_one(User, row.lifted_by).username if row.lifted_by else None,
        "lift_reason": row.lift_reason,
    }


def owner_request(session: Session, row: OwnerRequest) -> dict[str, Any]:
    return {
        "id": row.id,
        "event_id": row.event_id,
        "event_no": session.get_one(Event, row.event_id).event_no,
        "kind": row.kind,
        "text": row.text,
        "channel": row.channel,
        "received_at": when(row.received_at),
        "due_at": when(row.due_at),
        "status": row.status,
        "answer": row.answer,
        "answered_at": when(row.answered_at),
    }


def viewing(session: Session, row: Viewing) -> dict[str, Any]:
    """One look: who, of which unit, when, at what, why (L71)."""
    event = session.get(Event, row.event_id) if row.event_id else None
    record = session.get(Evidence, row.evidence_id) if row.evidence_id else None
    user = session.get(User, row.user_id) if row.user_id else None
    return {
        "id": row.id,
        "at": when(row.at),
        "viewer": row.viewer,
        "name": user.display_name if user else "",
        "unit": row.unit,
        "event_id": row.event_id,
        "event_no": event.event_no if event else None,
        "evidence_id": row.evidence_id,
        "kind": record.kind if record else None,
        "reason": row.reason,
    }


def alarm(session: Session, row: EvidenceAlarm) -> dict[str, Any]:
    record = session.get_one(Evidence, row.evidence_id)
    event = session.get_one(Event, record.event_id)
    return {
        "id": row.id,
        "event_id": event.id,
        "event_no": event.event_no,
        "evidence_id": record.id,
        "kind": record.kind,
        "what": row.what,
        "found_at": when(row.found_at),
        "seen_at": when(row.seen_at),
        "remark": row.remark,
    }


def anchor(session: Session, row: ChainAnchor) -> dict[str, Any]:
    stamp = stamp_of(session, row)
    return {
        "day": row.day.isoformat(),
        "sequence": row.sequence,
        "anchor_hash": row.anchor_hash,
        "stamped_at": when(stamp.stamped_at) if stamp else None,
        "authority": stamp.authority if stamp else None,
    }
