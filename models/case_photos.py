"""即查即改 (FIX_ON_SPOT, I012): a patrol reports, mends and closes in one step, with two photos.

The photos are kept by their hash like evidence; they show a thing, never a person's case.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.errors import BadInput, Conflict, NotAllowed
from models.people import Role, User


class PhotoKind(StrEnum):
    BEFORE = "BEFORE"
    AFTER = "AFTER"


class CasePhoto(Base):
    """One photo of a case: how it was found, or how it was left."""

    __tablename__ = "case_photo"
    __table_args__ = (
        UniqueConstraint("case_id", "kind"),
        CheckConstraint("kind IN ('BEFORE', 'AFTER')", name="known_kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(6))
    storage_key: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    taken_at: Mapped[datetime]
    """When it arrived here: what a file says of itself can be written by anybody."""
    taken_by: Mapped[int] = mapped_column(ForeignKey("user.id"))


def keep_photo(
    session: Session,
    case_id: int,
    user: User,
    *,
    kind: str,
    data: bytes,
    storage_key: str,
    at: datetime,
) -> CasePhoto:
    """Keep the photo of how it was found, then the one of how it was left.

    Raises BadInput for another kind or a photo that was sent before, Conflict where there is one
    already or AFTER comes first, NotAllowed for who is no patrol.
    """
    if kind not in list(PhotoKind):
        raise BadInput(f"kind is one of {', '.join(PhotoKind)}", field="kind")
    if not (user.active and user.has(Role.PATROL)):
        raise NotAllowed("this needs the role patrol")
    known = photos_of(session, case_id)
    if kind in known:
        raise Conflict(f"there is a photo {kind} already", code="PHOTO_THERE")
    if kind == PhotoKind.AFTER and PhotoKind.BEFORE not in known:
        raise Conflict("first the photo of how it was found", code="NO_PHOTO")
    digest = hashlib.sha256(data).hexdigest()
    if any(row.sha256 == digest for row in known.values()):
        raise BadInput("the same photo was sent before", field="photo", code="PHOTO_USED")
    row = CasePhoto(
        case_id=case_id, kind=kind, storage_key=storage_key, sha256=digest, size_bytes=len(data),
        taken_at=at, taken_by=user.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def photos_of(session: Session, case_id: int) -> dict[str, CasePhoto]:
    """The photos of a case by their kind."""
    session.flush()
    rows = session.scalars(select(CasePhoto).where(CasePhoto.case_id == case_id))
    return {row.kind: row for row in rows}
