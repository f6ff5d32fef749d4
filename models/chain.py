"""The evidence chain: every record covers the one before it, so that nothing can be changed,
taken out or slipped in unseen (domain.md L80, 电子签名法 art. 5, 6, 8).

    chain_hash(n) = SHA-256( chain_hash(n-1) || canonical record n )
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.camera import Camera
from models.errors import BadInput, QifenError, Unavailable
from models.event import Event
from models.evidence import Evidence, EvidenceKind
from models.retention_log import PurgeLog, Tombstone, digest_of, purge_hash

GENESIS = "0" * 64
"""What stands before the first record."""

_CHAIN_LOCK = 0x71_69_63_68_61_69_6E  # "qichain": one writer at a time takes the next number


@dataclass(frozen=True, slots=True)
class ChainProblem:
    sequence: int
    evidence_id: int
    what: str
    """gap | wrong_previous | record_changed | file_missing | file_changed | tombstone_changed; of
    the purge log (`sequence` is its number): purge_log_changed | tombstones_differ |
    tombstone_without_purge"""


@dataclass(frozen=True, slots=True)
class ChainReport:
    records: int
    files_read: int
    head: str
    """Hash of the last record: write it down elsewhere, and even a rewritten chain shows."""
    problems: tuple[ChainProblem, ...] = ()
    tombstones: int = 0
    """Records whose files were deleted lawfully."""

    @property
    def intact(self) -> bool:
        return not self.problems


def add_evidence(  # noqa: PLR0913 (one keyword a field of the record)
    session: Session,
    *,
    event: Event,
    camera: Camera | None,
    kind: EvidenceKind | str,
    media_type: str,
    data: bytes,
    storage_key: str,
    captured_at: datetime,
    pts: float | None = None,
    details: Mapping[str, Any] | None = None,
    clock_offset_seconds: float = 0.0,
) -> Evidence:
    """Chain one file, whose original bytes are `data`, to the end of the record.

    The caller has stored the bytes under `storage_key` already. Raises BadInput for an empty
    file or details that JSON cannot carry (NaN and infinity included).
    """
    if not data:
        raise BadInput("an evidence file is empty", field="data")
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway; here the next number is taken under a lock of its own.
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    last = session.execute(
        select(Evidence.sequence, Evidence.chain_hash).order_by(Evidence.sequence.desc()).limit(1)
    ).first()
    sequence, prev_hash = (last.sequence + 1, last.chain_hash) if last else (1, GENESIS)
    evidence = Evidence(
        sequence=sequence,
        event_id=event.id,
        camera_id=camera.id if camera else None,
        kind=str(kind),
        media_type=media_type,
        storage_key=storage_key,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        captured_at=captured_at,
        pts=pts,
        clock_offset_seconds=clock_offset_seconds,
        details=_plain(details or {}),
        prev_hash=prev_hash,
    )
    evidence.chain_hash = record_hash(evidence)
    session.add(evidence)
    session.flush()
    return evidence


def record_hash(evidence: Evidence) -> str:
    """SHA-256 over the previous hash and this record in its canonical form."""
    record = {
        "sequence": evidence.sequence,
        "event_id": evidence.event_id,
        "camera_id": evidence.camera_id,
        "kind": evidence.kind,
        "media_type": evidence.media_type,
        "storage_key": evidence.storage_key,
        "sha256": evidence.sha256,
        "size_bytes": evidence.size_bytes,
        "captured_at": evidence.captured_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "pts": evidence.pts,
        "clock_offset_seconds": evidence.clock_offset_seconds,
        "details": evidence.details,
    }
    canonical = json.dumps(
        _numbers_as_text(record), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256((evidence.prev_hash + canonical).encode()).hexdigest()


def kept_hash(evidence: Evidence) -> str:
    """SHA-256 over what stays of a record once its details are gone, its chain hash with it: a
    tombstone holds it, so that none of this can be changed under it."""
    kept = {
        "sequence": evidence.sequence,
        "event_id": evidence.event_id,
        "camera_id": evidence.camera_id,
        "kind": evidence.kind,
        "media_type": evidence.media_type,
        "storage_key": evidence.storage_key,
        "sha256": evidence.sha256,
        "size_bytes": evidence.size_bytes,
        "captured_at": evidence.captured_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "pts": evidence.pts,
        "clock_offset_seconds": evidence.clock_offset_seconds,
        "prev_hash": evidence.prev_hash,
        "chain_hash": evidence.chain_hash,
    }
    canonical = json.dumps(
        _numbers_as_text(kept), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify_chain(session: Session, read: Callable[[str], bytes] | None = None) -> ChainReport:
    """Walk the whole record from its beginning; with `read`, also hash every stored file.

    A record whose file was deleted lawfully has a tombstone: its details are gone, what stays of
    it must be what the tombstone says, and the purge log must speak of it. `read(storage_key)`
    returns the stored bytes; any QifenError, OSError or KeyError counts as a missing file. Nothing
    is raised for a broken chain: the report names every break.
    """
    stones = {stone.evidence_id: stone.kept_sha256 for stone in session.scalars(select(Tombstone))}
    problems: list[ChainProblem] = []
    records = files_read = 0
    expected_sequence, previous = 1, GENESIS
    rows = session.scalars(
        select(Evidence).order_by(Evidence.sequence).execution_options(yield_per=500)
    )
    for row in rows:
        records += 1
        kept = stones.get(row.id)
        found = _check_record(row, expected_sequence, previous, kept)
        if read is not None and kept is None:
            files_read += 1
            found += check_file(row, read)
        problems += [ChainProblem(row.sequence, row.id, what) for what in found]
        expected_sequence, previous = row.sequence + 1, row.chain_hash
    problems += _check_purges(session)
    return ChainReport(records, files_read, previous, tuple(problems), len(stones))


def _check_record(
    row: Evidence, expected_sequence: int, previous: str, kept: str | None
) -> list[str]:
    found: list[str] = []
    if row.sequence != expected_sequence:
        found.append("gap")
    elif row.prev_hash != previous:
        found.append("wrong_previous")
    if kept is None:
        found += ["record_changed"] if record_hash(row) != row.chain_hash else []
    elif kept_hash(row) != kept or row.details:
        found.append("tombstone_changed")
    return found


def check_file(
    row: Evidence, read: Callable[[str], bytes], *, away_is_missing: bool = True
) -> list[str]:
    """What is wrong with the stored file of one record: nothing, file_missing or file_changed.

    With `away_is_missing` False a store that cannot be read at all (Unavailable, OSError) is
    raised: that says nothing about a file.
    """
    try:
        data = read(row.storage_key)
    except (Unavailable, OSError):
        if not away_is_missing:
            raise
        return ["file_missing"]
    except (QifenError, KeyError):
        return ["file_missing"]
    return [] if hashlib.sha256(data).hexdigest() == row.sha256 else ["file_changed"]


def _check_purges(session: Session) -> list[ChainProblem]:
    """The purge log as a chain of its own, and every tombstone in the digest of its purge."""
    problems: list[ChainProblem] = []
    hashes: dict[int, list[str]] = {}
    query = (
        select(Tombstone.purge_id, Evidence.chain_hash)
        .join(Evidence, Evidence.id == Tombstone.evidence_id)
        .order_by(Evidence.sequence)
    )
    for purge_id, chain_hash in session.execute(query):
        hashes.setdefault(purge_id, []).append(chain_hash)
    expected, previous = 1, GENESIS
    for purge in session.scalars(select(PurgeLog).order_by(PurgeLog.sequence)):
        linked = purge.sequence == expected and purge.prev_hash == previous
        if not linked or purge_hash(purge) != purge.chain_hash:
            problems.append(ChainProblem(purge.sequence, 0, "purge_log_changed"))
        stones = hashes.pop(purge.id, [])
        if digest_of(stones) != purge.digest or len(stones) != purge.pictures:
            problems.append(ChainProblem(purge.sequence, 0, "tombstones_differ"))
        expected, previous = purge.sequence + 1, purge.chain_hash
    problems += [ChainProblem(0, 0, "tombstone_without_purge") for _ in hashes]
    return problems


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details as the database will give them back: plain JSON values, nothing else."""
    try:
        return json.loads(json.dumps(details, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"evidence details cannot be written as JSON: {error}", field="details"
        ) from error


def _numbers_as_text(value: Any) -> Any:
    """Numbers in one exact spelling: 1, 1.0 and 1e0 come back differently from SQLite's JSON and
    PostgreSQL's JSONB, and would break the chain though nothing was changed."""
    if isinstance(value, dict):
        return {key: _numbers_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"#{value + 0.0:.17g}"
    return value
