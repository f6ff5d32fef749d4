"""The part of the evidence chain that goes into a pack, and how it is checked without a database.

Between two records of one event lie records of others. Their contents are nobody's business, so a
pack holds only their hashes: they show where each record stands and that none was slipped in, but
only records of the event itself can be computed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.chain import GENESIS, kept_hash, record_hash
from models.event import Event
from models.evidence import Evidence
from models.retention_log import PurgeLog, Tombstone
from models.same_stay import joined_sightings

CHAIN = "chain.json"
_FIELDS = (
    "sequence", "event_id", "camera_id", "kind", "media_type", "storage_key", "sha256",
    "size_bytes", "pts", "clock_offset_seconds", "details", "prev_hash", "chain_hash",
)  # fmt: skip
SHARED = ("sequence", "kind", "media_type", "sha256", "captured_at", "pts", "clock_offset_seconds")
"""What the manifest says of an original and its chain record says too."""


def chain_segment(session: Session, rows: Sequence[Evidence]) -> dict[str, Any]:
    """The records `rows` of one pack in full, ordered by their number, the hashes of all between
    the first and the last, and the newest record of the whole store (the head)."""
    newest = session.execute(
        select(Evidence.sequence, Evidence.chain_hash).order_by(Evidence.sequence.desc()).limit(1)
    ).first()
    links: list[list[Any]] = []
    if rows:
        between = Evidence.sequence.between(rows[0].sequence, rows[-1].sequence)
        query = select(Evidence.sequence, Evidence.chain_hash).where(between)
        links = [[n, digest] for n, digest in session.execute(query.order_by(Evidence.sequence))]
    return {
        "genesis": GENESIS,
        "head": {
            "sequence": newest.sequence if newest else 0,
            "chain_hash": newest.chain_hash if newest else GENESIS,
        },
        "links": links,
        "records": [record(row) | _tombstone(session, row) for row in rows],
    }


def record(row: Evidence) -> dict[str, Any]:
    """One chain record as JSON; `check_chain` computes its hash from it again."""
    at = row.captured_at.astimezone(UTC).isoformat(timespec="microseconds")
    return {name: getattr(row, name) for name in _FIELDS} | {"captured_at": at}


def _tombstone(session: Session, row: Evidence) -> dict[str, Any]:
    """What a record says of the lawful deletion of its file; nothing where it is kept."""
    found = session.execute(
        select(Tombstone, PurgeLog)
        .join(PurgeLog, PurgeLog.id == Tombstone.purge_id)
        .where(Tombstone.evidence_id == row.id)
    ).first()
    if found is None:
        return {}
    stone, purge = found
    told = {
        "kept_sha256": stone.kept_sha256,
        "rule": purge.rule,
        "at": purge.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": purge.actor,
        "purge": purge.sequence,
        "purge_hash": purge.chain_hash,
    }
    return {"tombstone": told}


def event_rows(session: Session, event: Event) -> list[Evidence]:
    """Every record of an event, and of what other cameras saw of the same vehicle (W28), in the
    order of the chain."""
    ids = [event.id, *(twin.id for twin in joined_sightings(session, event))]
    query = select(Evidence).where(Evidence.event_id.in_(ids)).order_by(Evidence.sequence)
    return list(session.scalars(query))


def check_chain(chain: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    """Compute every record's hash anew, follow the links, and compare with the manifest."""
    problems: list[str] = []
    links = {int(number): str(digest) for number, digest in chain["links"]}
    records: list[dict[str, Any]] = chain["records"]
    numbers = [int(row["sequence"]) for row in records]
    if numbers and sorted(links) != list(range(min(numbers), max(numbers) + 1)):
        problems.append(f"{CHAIN}: a link is missing or too many")
    for row in records:
        problems += _record_problems(row, links, manifest)
    head = chain["head"]
    if head != manifest["chain_head"]:
        problems.append(f"{CHAIN}: its head is not the manifest's")
    if numbers and (
        head["sequence"] < max(numbers)
        or links.get(head["sequence"], head["chain_hash"]) != head["chain_hash"]
    ):
        problems.append(f"{CHAIN}: its head is older than its records")
    return problems + _listing_problems(records, manifest)


def _record_problems(
    row: Mapping[str, Any], links: Mapping[int, str], manifest: Mapping[str, Any]
) -> list[str]:
    what = f"{CHAIN}: record {row['sequence']} ({row['kind']})"
    at = datetime.fromisoformat(row["captured_at"])
    rebuilt = Evidence(**{name: row[name] for name in _FIELDS}, captured_at=at)
    problems: list[str] = []
    stone = row.get("tombstone")
    if stone is None and record_hash(rebuilt) != row["chain_hash"]:
        problems.append(f"{what}: its hash does not match")
    if stone is not None and (row["details"] or kept_hash(rebuilt) != stone["kept_sha256"]):
        problems.append(f"{what}: its tombstone does not match")
    if links.get(row["sequence"]) != row["chain_hash"]:
        problems.append(f"{what}: is not in its place in the chain")
    if links.get(row["sequence"] - 1, row["prev_hash"]) != row["prev_hash"]:
        problems.append(f"{what}: does not follow the record before it")
    joined: Sequence[Mapping[str, Any]] = manifest.get("joined", ())
    if row["event_id"] not in {manifest["event_id"], *(each["event_id"] for each in joined)}:
        problems.append(f"{what}: belongs to another event")
    return problems


def _listing_problems(
    records: Sequence[Mapping[str, Any]], manifest: Mapping[str, Any]
) -> list[str]:
    """Each record has its original or its tombstone in the manifest, which says the same of it."""
    listed = [e for e in manifest["entries"] if e["role"] == "original"] + manifest["tombstones"]
    told = {entry["sequence"]: entry for entry in listed}
    problems: list[str] = []
    if len(told) != len(listed) or set(told) != {row["sequence"] for row in records}:
        problems.append("manifest.json: originals and chain records are not the same")
    for row in records:
        entry = told.get(row["sequence"], {})
        same = all(entry.get(name) == row[name] for name in SHARED)
        if entry and not (same and entry["size"] == row["size_bytes"]):
            problems.append(f"{entry['name']}: the manifest and the chain differ")
        if entry and (entry["role"] == "tombstone") != ("tombstone" in row):
            problems.append(f"{entry['name']}: is no file that was deleted by a rule")
    return problems
