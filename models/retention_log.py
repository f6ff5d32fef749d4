"""What was deleted, by which rule, when and by whom: the purge log and its tombstones (3.6, L63).

The rows stay when what they speak of has gone. `models.triggers` lets nothing of the append-only
record be deleted or emptied but by a purge that wrote itself down here in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base

GENESIS = "0" * 64
DAILY = "daily"
"""The rule of the row that closes a run: it shows that the job ran, also where nothing was due."""
GONE = "(deleted)"
"""Stands where words of somebody were."""
_LOG_LOCK = 0x71_69_70_75_72_67_65  # "qipurge": one purge at a time takes the next number


class PurgeLog(Base):
    """One rule's work in one transaction. Append-only, and a chain of its own:
    chain_hash(n) = SHA-256( chain_hash(n-1) || the fields of row n )."""

    __tablename__ = "purge_log"
    __table_args__ = (UniqueConstraint("sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    """system, cli or a username"""
    rule: Mapped[str] = mapped_column(String(20))
    """Code of the rule (models.retention.RULES), or "daily"."""
    what: Mapped[str] = mapped_column(String(40))
    """Kind of thing: event, notice, viewing, ..."""
    count: Mapped[int]
    pictures: Mapped[int] = mapped_column(default=0)
    """Evidence files that became tombstones with them."""
    keep_days: Mapped[int]
    """The period in force, days."""
    older_than: Mapped[datetime]
    """Whatever counts from before this was due."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 over the chain hashes of the tombstones in order; empty where there are none."""
    prev_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))


class PurgeTurn(Base):
    """Leave to delete, for the rest of one transaction.

    `barrier_id` refers to a row that never exists, checked at commit only: a transaction that
    leaves a turn behind cannot be committed, so a turn is seen by nobody but its own purge.
    """

    __tablename__ = "purge_turn"
    __table_args__ = (CheckConstraint("barrier_id = 0", name="turn_never_stays"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    purge_id: Mapped[int] = mapped_column(ForeignKey("purge_log.id"))
    table_name: Mapped[str] = mapped_column(String(40))
    older_than: Mapped[datetime]
    barrier_id: Mapped[int] = mapped_column(
        ForeignKey("purge_log.id", deferrable=True, initially="DEFERRED"), default=0
    )


class Tombstone(Base):
    """One evidence file that was deleted lawfully. Its record stays in the chain, without its
    details; `kept_sha256` covers what stays, so that a tombstone hides no change (B14)."""

    __tablename__ = "tombstone"

    id: Mapped[int] = mapped_column(primary_key=True)
    purge_id: Mapped[int] = mapped_column(ForeignKey("purge_log.id"), index=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), unique=True)
    kept_sha256: Mapped[str] = mapped_column(String(64))


class FileRemoval(Base):
    """A file that is to be taken out of the evidence store once its tombstone is committed: a
    crash between the two leaves the row, and the next run goes on."""

    __tablename__ = "file_removal"

    id: Mapped[int] = mapped_column(primary_key=True)
    purge_id: Mapped[int] = mapped_column(ForeignKey("purge_log.id"))
    storage_key: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]


def write_purge(
    session: Session,
    *,
    rule: str,
    what: str,
    count: int,
    keep_days: int,
    older_than: datetime,
    at: datetime,
    actor: str,
    tombstones: Sequence[str] = (),
) -> PurgeLog:
    """Write one row at the end of the log; `tombstones` are the chain hashes of evidence records
    that lose their files, in the order of the chain."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOG_LOCK})
    sequence, prev_hash = log_head(session)
    row = PurgeLog(
        sequence=sequence + 1, at=at, actor=actor[:60], rule=rule, what=what, count=count,
        pictures=len(tombstones), keep_days=keep_days, older_than=older_than,
        digest=digest_of(tombstones), prev_hash=prev_hash,
    )  # fmt: skip
    row.chain_hash = purge_hash(row)
    session.add(row)
    session.flush()
    return row


def digest_of(chain_hashes: Sequence[str]) -> str:
    """What a purge row says of its tombstones."""
    return hashlib.sha256("".join(chain_hashes).encode()).hexdigest() if chain_hashes else ""


def purge_hash(row: PurgeLog) -> str:
    """SHA-256 over the previous hash and this row in its canonical form."""
    fields = {
        "sequence": row.sequence,
        "at": _instant(row.at),
        "actor": row.actor,
        "rule": row.rule,
        "what": row.what,
        "count": row.count,
        "pictures": row.pictures,
        "keep_days": row.keep_days,
        "older_than": _instant(row.older_than),
        "digest": row.digest,
    }
    canonical = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((row.prev_hash + canonical).encode()).hexdigest()


def log_head(session: Session) -> tuple[int, str]:
    """Number and hash of the newest row; (0, GENESIS) of an empty log."""
    last = session.execute(
        select(PurgeLog.sequence, PurgeLog.chain_hash).order_by(PurgeLog.sequence.desc()).limit(1)
    ).first()
    return (last.sequence, last.chain_hash) if last else (0, GENESIS)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
