"""Frontages and who answers for them, permits, formal orders and their two signatures.

门前三包 (L54): a shop or household signs for what hangs and is posted before its door. Nothing here
holds an amount of money: the software knows no fines (0.5).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.secret import EncryptedString


class PartyKind(StrEnum):
    SHOP = "shop"
    HOUSEHOLD = "household"


class ResponsibleParty(Base):
    """One shop or household (一店一档)."""

    __tablename__ = "responsible_party"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default=PartyKind.SHOP)
    name: Mapped[str] = mapped_column(String(60))
    """What stands above the door; of a household the house number only, never a person's name."""
    address: Mapped[str] = mapped_column(String(20))
    """Short enough for a text: 延安路88号."""
    phone: Mapped[str | None] = mapped_column(EncryptedString())
    """E.164, given for reminders; null: somebody has to walk there."""
    language: Mapped[str] = mapped_column(String(5), default="zh")
    opens_at: Mapped[str] = mapped_column(String(5), default="08:00")
    closes_at: Mapped[str] = mapped_column(String(5), default="21:00")
    """Business hours, local; a reminder outside them waits for the next opening (B3)."""
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    agreements: Mapped[list[FrontageAgreement]] = relationship(
        back_populates="party", order_by="FrontageAgreement.id"
    )


class FrontageAgreement(Base):
    """门前三包: which part of a camera's picture a party answers for, since when, and whether it
    agreed to be written to. Without an agreement in force nobody is texted (L54, L61)."""

    __tablename__ = "frontage_agreement"

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("responsible_party.id"), index=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), index=True)
    polygon: Mapped[list[Any]]
    """[[x, y], ...] in 0..1 of the camera's picture: facade and ground before the door."""
    duties: Mapped[list[Any]] = mapped_column(default=list)
    """包秩序, 包绿化, 包卫生 as codes: order, greening, cleanliness."""
    document: Mapped[str] = mapped_column(String(60))
    """Number of the signed agreement."""
    signed_on: Mapped[date]
    valid_until: Mapped[date | None]
    authorises_texts: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    party: Mapped[ResponsibleParty] = relationship(back_populates="agreements")

    def in_force(self, on: date) -> bool:
        """Signed, not run out, not ended."""
        runs = self.signed_on <= on and (self.valid_until is None or on <= self.valid_until)
        return runs and self.ended_at is None and self.party.retired_at is None


class PlacePermit(Base):
    """What is allowed at a place for a time: an approved banner, lanterns at Spring Festival, an
    event of so many people (B1, C3, L51). `document` and `approver` say by whom."""

    __tablename__ = "place_permit"
    __table_args__ = (CheckConstraint("valid_until > valid_from", name="permit_has_a_period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    """hanging | poster | crowd"""
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    polygon: Mapped[list[Any] | None]
    """Part of the zone; null means all of it."""
    document: Mapped[str] = mapped_column(String(60))
    approver: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    max_people: Mapped[int | None]
    """Of a crowd permit: the number that was approved, which becomes the threshold (C3)."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]


class FormalOrder(Base):
    """责令限期改正通知书: what two officers wrote, served, and until when it gives time (B7, L52).

    The database lets no hanging or poster event become ESCALATED without one whose period had
    ended, and never moves a period's end to an earlier time.
    """

    __tablename__ = "formal_order"
    __table_args__ = (CheckConstraint("due_at > served_at", name="order_gives_time"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), unique=True)
    order_no: Mapped[str] = mapped_column(String(40), unique=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("responsible_party.id"))
    text: Mapped[str] = mapped_column(String(2000))
    """The facts, what to correct, the legal basis and the remedies, as served."""
    legal_basis: Mapped[str] = mapped_column(String(200))
    period_seconds: Mapped[int]
    """Time to correct, counted from the service."""
    served_at: Mapped[datetime | None]
    """Null while the second officer has not signed."""
    served_how: Mapped[str] = mapped_column(String(20), default="")
    """in_person | left_at_door | post"""
    due_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    """When the end of the period was noticed; only set once, never before `due_at`."""
    created_at: Mapped[datetime]


class SignatureAct(StrEnum):
    ORDER = "order"
    ESCALATE = "escalate"


class Signature(Base):
    """One officer's signature under an order or an escalation of a hanging or poster event.

    Two of two licensed officers are needed for each (L08). Append-only.
    """

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("event_id", "officer_id", "act"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    act: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    licence_no: Mapped[str] = mapped_column(String(40))
    signed_at: Mapped[datetime]


class CrowdCount(Base):
    """How many people a camera counted in a zone at one time. A number, nothing else (L73)."""

    __tablename__ = "crowd_count"
    __table_args__ = (UniqueConstraint("zone_id", "at", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(10), default="camera")
    """camera | manual: what a responder counted on the spot (C8)"""
    people: Mapped[float]
    """The median of `looks` counts."""
    looks: Mapped[int] = mapped_column(default=1)
    threshold: Mapped[float]
    """How many would have been too many at that time."""
    density: Mapped[float | None]
    """People a square metre, where the camera is calibrated for it."""


class ResponderKind(StrEnum):
    """In the order in which they are called (C4, NEAREST_EMERGENCY)."""

    POLICE_STATION = "police_station"
    CADRE = "cadre"
    VOLUNTEER = "volunteer"
    SUPERVISOR = "supervisor"
    DISTRICT_COMMAND = "district_command"


class Responder(Base):
    """Somebody on duty who can be called to a gathering: staff, never one of the crowd."""

    __tablename__ = "responder"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("enforcement_area.id"), index=True)
    """Called for this area only; null: for every area."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Who may answer for them at the desk, besides officers and operators."""
    phone: Mapped[str | None] = mapped_column(EncryptedString())
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class CallAnswer(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"


class ResponderCall(Base):
    """One call of one responder to one event: two minutes to answer, then the next (C4)."""

    __tablename__ = "responder_call"
    __table_args__ = (
        UniqueConstraint("event_id", "round", "responder_id"),
        # One responder is asked at a time.
        Index(
            "ix_responder_call_waiting",
            "event_id",
            unique=True,
            sqlite_where=text("answer = 'waiting'"),
            postgresql_where=text("answer = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    responder_id: Mapped[int] = mapped_column(ForeignKey("responder.id"))
    round: Mapped[int] = mapped_column(default=1)
    """One more each time the event is opened again (C9)."""
    called_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(10), default=CallAnswer.WAITING)
    answered_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    arrived_how: Mapped[str] = mapped_column(String(10), default="")
    """button | gps"""
    report: Mapped[str] = mapped_column(String(500), default="")
    reported_at: Mapped[datetime | None]
    responder: Mapped[Responder] = relationship()
