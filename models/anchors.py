"""The daily anchor of the evidence chain (L80): one hash that stands for everything up to then.

Each anchor holds the Merkle root (as in RFC 6962) over the chain hashes since the anchor before
it, the head of the evidence chain, the head of the purge log and the anchor before it. Written
down outside (a folder, a time stamp of another authority), it shows any later rewriting; and a
single record can be proven to be under it without showing any other record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.chain import GENESIS
from models.deadlines import local
from models.evidence import Evidence
from models.retention_log import PurgeLog, log_head

FORMAT = "qifen-anchor-1"
_ANCHOR_LOCK = 0x71_69_61_6E_63_68  # "qianch": one process writes the day's anchor


class ChainAnchor(Base):
    """One day's anchor. Append-only."""

    __tablename__ = "chain_anchor"
    __table_args__ = (UniqueConstraint("day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    """Local day on which it was made."""
    at: Mapped[datetime]
    first_sequence: Mapped[int]
    """First record that it covers; one more than `sequence` where there is none new."""
    sequence: Mapped[int]
    """Last record that it covers."""
    head: Mapped[str] = mapped_column(String(64))
    """Chain hash of that record."""
    root: Mapped[str] = mapped_column(String(64))
    purge_sequence: Mapped[int]
    purge_head: Mapped[str] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    anchor_hash: Mapped[str] = mapped_column(String(64))


class AnchorStamp(Base):
    """A time stamp (RFC 3161) over one anchor's hash, as the authority gave it. Append-only."""

    __tablename__ = "anchor_stamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    anchor_id: Mapped[int] = mapped_column(ForeignKey("chain_anchor.id"), unique=True)
    authority: Mapped[str] = mapped_column(String(200))
    """Address that was asked."""
    stamped_at: Mapped[datetime]
    """The time in the token."""
    token: Mapped[bytes] = mapped_column(LargeBinary)
    """The authority's whole answer, DER."""


@dataclass(frozen=True, slots=True)
class AnchorProblem:
    day: date
    what: str
    """changed | wrong_previous | root_differs | head_differs | purge_head_differs"""


def write_anchor(session: Session, *, at: datetime) -> ChainAnchor:
    """The anchor of the local day of `at`; the one that is there already where there is one."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANCHOR_LOCK})
    day = local(at).date()
    latest = newest_anchor(session)
    if latest is not None and latest.day >= day:
        return latest
    first = latest.sequence + 1 if latest else 1
    rows = session.execute(
        select(Evidence.sequence, Evidence.chain_hash)
        .where(Evidence.sequence >= first)
        .order_by(Evidence.sequence)
    ).all()
    purge_sequence, purge_head = log_head(session)
    anchor = ChainAnchor(
        day=day, at=at, first_sequence=first,
        sequence=rows[-1].sequence if rows else first - 1,
        head=rows[-1].chain_hash if rows else (latest.head if latest else GENESIS),
        root=merkle_root([row.chain_hash for row in rows]),
        purge_sequence=purge_sequence, purge_head=purge_head,
        prev_hash=latest.anchor_hash if latest else GENESIS,
    )  # fmt: skip
    anchor.anchor_hash = anchor_hash(as_json(anchor))
    session.add(anchor)
    session.flush()
    return anchor


def newest_anchor(session: Session) -> ChainAnchor | None:
    return session.scalar(select(ChainAnchor).order_by(ChainAnchor.day.desc()).limit(1))


def as_json(anchor: ChainAnchor) -> dict[str, Any]:
    """What an anchor says, as it is exported and hashed."""
    return {
        "format": FORMAT,
        "day": anchor.day.isoformat(),
        "at": anchor.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "first_sequence": anchor.first_sequence,
        "sequence": anchor.sequence,
        "head": anchor.head,
        "root": anchor.root,
        "purge_sequence": anchor.purge_sequence,
        "purge_head": anchor.purge_head,
        "prev_hash": anchor.prev_hash,
    }


def canonical(told: Mapping[str, Any]) -> bytes:
    """An anchor in its one spelling: the bytes that are exported, hashed and stamped."""
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def anchor_hash(told: Mapping[str, Any]) -> str:
    """SHA-256 over an anchor's canonical form: `sha256sum` of its exported file gives the same."""
    return hashlib.sha256(canonical(told)).hexdigest()


def verify_anchors(session: Session) -> list[AnchorProblem]:
    """Every anchor against the one before it and against the records that it covers."""
    problems: list[AnchorProblem] = []
    previous, covered = GENESIS, 0
    purges = _purge_hashes(session)
    for anchor in session.scalars(select(ChainAnchor).order_by(ChainAnchor.day)).all():
        found: list[str] = []
        if anchor_hash(as_json(anchor)) != anchor.anchor_hash:
            found.append("changed")
        if anchor.prev_hash != previous or anchor.first_sequence != covered + 1:
            found.append("wrong_previous")
        leaves = covered_hashes(session, anchor)
        if merkle_root(leaves) != anchor.root:
            found.append("root_differs")
        if leaves and leaves[-1] != anchor.head:
            found.append("head_differs")
        if anchor.purge_sequence and purges.get(anchor.purge_sequence) != anchor.purge_head:
            found.append("purge_head_differs")
        problems += [AnchorProblem(anchor.day, what) for what in found]
        previous, covered = anchor.anchor_hash, anchor.sequence
    return problems


def covered_hashes(session: Session, anchor: ChainAnchor) -> list[str]:
    """Chain hashes of the records under an anchor, in order: the leaves of its tree."""
    between = Evidence.sequence.between(anchor.first_sequence, anchor.sequence)
    query = select(Evidence.chain_hash).where(between).order_by(Evidence.sequence)
    return list(session.scalars(query))


def anchor_over(session: Session, sequence: int) -> ChainAnchor | None:
    """The anchor that covers a record, or None while its day has none yet."""
    return session.scalar(
        select(ChainAnchor).where(
            ChainAnchor.first_sequence <= sequence, ChainAnchor.sequence >= sequence
        )
    )


def stamp_of(session: Session, anchor: ChainAnchor) -> AnchorStamp | None:
    return session.scalar(select(AnchorStamp).where(AnchorStamp.anchor_id == anchor.id))


def unstamped(session: Session, limit: int = 30) -> list[ChainAnchor]:
    """Anchors without a time stamp, newest first: one stamp covers all before it."""
    stamped = select(AnchorStamp.anchor_id)
    query = select(ChainAnchor).where(ChainAnchor.id.not_in(stamped))
    return list(session.scalars(query.order_by(ChainAnchor.day.desc()).limit(limit)))


def merkle_root(leaves: Sequence[str]) -> str:
    """Root over hashes (hex) as in RFC 6962; of no leaf at all, the hash of nothing."""
    if not leaves:
        return hashlib.sha256().hexdigest()
    if len(leaves) == 1:
        return _leaf(leaves[0])
    split = _split(len(leaves))
    return _node(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def merkle_path(leaves: Sequence[str], index: int) -> list[list[str]]:
    """The proof for leaf `index`: [side, hash] from the leaf up; `side` is where the hash stands
    ("left" or "right")."""
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*merkle_path(leaves[:split], index), ["right", merkle_root(leaves[split:])]]
    return [*merkle_path(leaves[split:], index - split), ["left", merkle_root(leaves[:split])]]


def root_from(leaf: str, path: Sequence[Sequence[str]]) -> str:
    """The root to which a proof leads."""
    found = _leaf(leaf)
    for side, other in path:
        found = _node(other, found) if side == "left" else _node(found, other)
    return found


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _leaf(value: str) -> str:
    return hashlib.sha256(b"\x00" + bytes.fromhex(value)).hexdigest()


def _node(left: str, right: str) -> str:
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def _purge_hashes(session: Session) -> dict[int, str]:
    query = select(PurgeLog.sequence, PurgeLog.chain_hash)
    return {row.sequence: row.chain_hash for row in session.execute(query)}
