"""What is kept of the way from an established event to the penalty file: what the party was told
before (PRE_NOTICE), and the hand-over. The rules stand in models.pre_notice and models.handover.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Sanction(StrEnum):
    """Kinds that city management proposes, the mildest first (行政处罚法 art. 9)."""

    NONE = "NONE"
    """不予处罚: only education"""
    WARNING = "WARNING"
    CRITICISM = "CRITICISM"
    FINE = "FINE"
    """罚款; how much is nothing that this software knows."""


class Degree(StrEnum):
    """裁量: under the published standards of discretion (L20)."""

    LENIENT = "LENIENT"
    ORDINARY = "ORDINARY"
    SEVERE = "SEVERE"


RECEIVED_BY = ("party", "family", "unit", "agent", "witness", "nobody")
"""Who took a document, by 民事诉讼法 as 行政处罚法 art. 61 refers to it: 本人, 同住成年家属,
单位收发部门, 代理人或指定代收人, 见证人 (it was left at the place); nobody, of an announcement."""


class PreNotice(Base):
    """One version of the pre-notice of an event; the latest counts, none is rewritten."""

    __tablename__ = "pre_notice"
    __table_args__ = (
        UniqueConstraint("event_id", "version"),
        CheckConstraint("severity >= 0", name="severity_is_a_rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    version: Mapped[int]
    number: Mapped[str] = mapped_column(String(40), default="", server_default=text("('')"))
    """文号: what the authority's register calls the sheet; stands from the delivery on."""
    sanction: Mapped[str] = mapped_column(String(12))
    degree: Mapped[str] = mapped_column(String(10))
    severity: Mapped[int]
    """Rank of sanction and degree; what L11 compares."""
    content: Mapped[str] = mapped_column(String(500))
    facts: Mapped[str] = mapped_column(String(1000))
    reasons: Mapped[str] = mapped_column(String(1000))
    basis: Mapped[str] = mapped_column(String(300))
    rights: Mapped[str] = mapped_column(String(1000))
    remedies: Mapped[str] = mapped_column(String(1000))
    written_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    written_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    delivered_how: Mapped[str] = mapped_column(String(16), default="")
    delivered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    received_by: Mapped[str] = mapped_column(String(10), default="", server_default=text("('')"))
    """In which relation to the party who took it stands (`RECEIVED_BY`); the name is on paper."""
    proof: Mapped[str] = mapped_column(String(80), default="")
    """Number of the signed receipt (送达回证) or of the registered letter."""
    waived_at: Mapped[datetime | None]
    waiver: Mapped[str] = mapped_column(String(300), default="")
    """L12: in which record the party expressly gave up statement and defence."""


class PenaltyHandover(Base):
    """One an event: opened when two officers established it."""

    __tablename__ = "penalty_handover"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    opened_at: Mapped[datetime]
    """The filing (立案): the ninety days start here."""
    consent_at: Mapped[datetime | None]
    consent: Mapped[str] = mapped_column(String(80), default="")
    """Number of the signed confirmation for electronic service (L17)."""
    exported_at: Mapped[datetime | None]
    exported_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    sheet_sha256: Mapped[str] = mapped_column(String(64), default="")
    decision_no: Mapped[str] = mapped_column(String(40), default="")
    """Number of the decision that the authority made outside this system."""
    decided_at: Mapped[datetime | None]
    served_at: Mapped[datetime | None]
    served_how: Mapped[str] = mapped_column(String(16), default="")
    received_by: Mapped[str] = mapped_column(String(10), default="", server_default=text("('')"))
    """As `PreNotice.received_by`, of the decision."""
    proof: Mapped[str] = mapped_column(String(80), default="")
