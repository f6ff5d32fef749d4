"""Putting an event's evidence into one file: originals as they are, marked copies, facts, texts,
chain and a report for people (domain.md 2.7, L80). `pipeline.pack_verify` checks it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from models.errors import NotFound, Unavailable
from pipeline.evidence import EvidenceFiles
from pipeline.pack_anchors import ANCHORS
from pipeline.pack_chain import CHAIN, SHARED
from pipeline.pack_file import FORMAT, MANIFEST, PackEntry, canonical, pack_bytes, self_hash
from pipeline.pack_overlay import overlay
from pipeline.pack_pdf import report_pdf
from pipeline.report_page import report_font

REPORT = "report.pdf"
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?(\d{4})(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class PackSource:
    """What an installation knows of one event, gathered in one reading of its database."""

    event_id: int
    event_no: str
    facts: Mapping[str, Any]
    """The event, its zone version, measured values, watch, deadlines, decisions, statements."""
    transitions: Sequence[Mapping[str, Any]]
    texts: Sequence[Mapping[str, Any]]
    chain: Mapping[str, Any]
    """See `pipeline.pack_chain.chain_segment`."""
    missing: Sequence[str]
    """Pictures and clips of domain.md 2.7 that were never taken, by their names (E5, V1, ...)."""
    anchors: Mapping[str, Any]
    """See `pipeline.pack_anchors.anchor_segment`."""
    camera: Mapping[str, str]
    """name, place, direction, device, time_zone: what is printed on marked copies."""
    joined: Sequence[Mapping[str, Any]]
    """What other cameras saw of the same vehicle (W28): event_id, event_no, by (plate or ground,
    with metres and shared_seconds), and its `camera` as above. Their records are in the chain."""
    state_words: Mapping[str, str]
    """What a state is called, in Chinese and English."""
    zone_version: int
    zone_phase: str
    rule: str
    model_sha256: str
    software: str
    exported_at: datetime
    exported_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One original in a pack, or, where `data` is None, what is left of it: its hash."""

    entry: dict[str, Any]
    record: Mapping[str, Any]
    data: bytes | None
    copy: bytes = b""
    """The marked copy, a JPEG; empty for clips and for what cannot be opened."""


def build_pack(source: PackSource, files: EvidenceFiles) -> bytes:
    """The whole file. Raises Unavailable where no font has Chinese characters, where the store
    cannot be read, or where a stored file is missing or not what its chain record says."""
    font = report_font()
    source = _for_others(source)
    pictures = [_picture(source, record, files, font.path) for record in source.chain["records"]]
    entries: list[tuple[dict[str, Any], bytes]] = []
    for name, value in (
        ("facts.json", source.facts),
        ("transitions.json", source.transitions),
        ("texts.json", source.texts),
    ):
        entries.append(({"name": name, "role": "record"}, canonical(value)))
    entries.append(({"name": CHAIN, "role": "chain"}, canonical(source.chain)))
    entries.append(({"name": ANCHORS, "role": "anchors"}, canonical(source.anchors)))
    entries += [(p.entry, p.data) for p in pictures if p.data is not None]
    for picture in pictures:
        if picture.copy:
            name = f"copies/{picture.record['kind']}-{picture.record['sequence']:08d}-marked.jpg"
            copied = {"name": name, "role": "marked copy", "copy_of": picture.entry["name"]}
            entries.append((copied, picture.copy))
    entries.append(({"name": REPORT, "role": "report"}, report_pdf(source, pictures, font)))
    manifest = _manifest(source, entries, [p.entry for p in pictures if p.data is None])
    packed = [PackEntry(entry["name"], data) for entry, data in entries]
    return pack_bytes([PackEntry(MANIFEST, canonical(manifest)), *packed])


def _for_others(source: PackSource) -> PackSource:
    """What people wrote may hold phones: none goes into a pack, its report and manifest included.
    (Chain records stay as they are: their hashes are over every character.)"""
    return replace(
        source, facts=without_phones(source.facts), texts=without_phones(source.texts),
        transitions=without_phones(source.transitions), reason=without_phones(source.reason),
    )  # fmt: skip


def without_phones(value: Any) -> Any:
    """`value` (plain JSON) with the numbers of mobile phones cut to their last four digits."""
    if isinstance(value, str):
        return _PHONE.sub(r"***\1", value)
    if isinstance(value, Mapping):
        known = cast("Mapping[str, Any]", value)
        return {key: without_phones(item) for key, item in known.items()}
    if isinstance(value, list | tuple):
        return [without_phones(item) for item in cast("Sequence[Any]", value)]
    return value


def _manifest(
    source: PackSource,
    entries: Sequence[tuple[dict[str, Any], bytes]],
    tombstones: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    listed = [
        {**entry, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for entry, data in entries
    ]
    manifest = {
        "format": FORMAT,
        "event_id": source.event_id,
        "event_no": source.event_no,
        "exported_at": source.exported_at.isoformat(),
        "exported_by": source.exported_by,
        "reason": source.reason,
        "software": source.software,
        "chain_head": source.chain["head"],
        "entries": listed,
        "tombstones": list(tombstones),
        "missing": list(source.missing),
        "joined": [
            {key: value for key, value in each.items() if key != "camera"} for each in source.joined
        ],
    }
    return {**manifest, "manifest_sha256": self_hash(manifest)}


def _picture(
    source: PackSource, record: Mapping[str, Any], files: EvidenceFiles, font: str
) -> Picture:
    key, kind = str(record["storage_key"]), str(record["kind"])
    extension = key.rpartition(".")[2] if "." in key else "bin"
    details: Mapping[str, Any] = record["details"]
    entry: dict[str, Any] = {name: record[name] for name in SHARED} | {
        "name": f"originals/{kind}-{record['sequence']:08d}.{extension}",
        "role": "original",
        "size": record["size_bytes"],
        "zone_version": details.get("zone_version", source.zone_version),
        "zone_phase": source.zone_phase,
        "rule": source.rule,
        "model_sha256": details.get("model") or source.model_sha256,
        "software": details.get("software", source.software),
    }
    stone = record.get("tombstone")
    if stone is not None:
        # What a rule deletes leaves its record; the pack says so instead of leaving it out.
        what = f"deleted on {stone['at'][:10]} by the rule {stone['rule']}"
        return Picture(entry | {"role": "tombstone", "what": what}, record, None)
    try:
        data = files.get(key)
    except NotFound:
        raise Unavailable(
            f"the stored file of {kind} (record {record['sequence']}) is missing",
            code="EVIDENCE_MISSING",
            hint="nothing deleted it by a rule; restore it from a copy of the evidence folder",
        ) from None
    if hashlib.sha256(data).hexdigest() != record["sha256"]:
        raise Unavailable(
            f"the stored file of {kind} (record {record['sequence']}) is not what was recorded",
            code="EVIDENCE_CHANGED",
            hint="restore it from a copy of the evidence folder",
        )
    copy = b""
    if str(record["media_type"]).startswith("image/"):
        copy = overlay(data, _box(kind, details), _lines(source, record), font)
    return Picture(entry, record, data, copy)


def _box(kind: str, details: Mapping[str, Any]) -> Sequence[Any] | None:
    """Where the subject stands; in a close-up (E2, E5) boxes mean another picture's places."""
    box: Any = details.get("box")
    if kind in {"E2", "E5"} or not isinstance(box, list):
        return None
    return cast("Sequence[Any]", box)


def _lines(source: PackSource, record: Mapping[str, Any]) -> list[str]:
    cameras = {each["event_id"]: each["camera"] for each in source.joined}
    camera = cameras.get(record["event_id"], source.camera)
    at = datetime.fromisoformat(record["captured_at"]).astimezone(ZoneInfo(camera["time_zone"]))
    offset = record["clock_offset_seconds"]
    where = "  ".join(v for v in (camera["place"], camera["direction"]) if v)
    return [
        f"{source.event_no}  {record['kind']}  {at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        + f" {at:%z}  时钟偏差 clock {offset:+.3f} s",
        f"{where}  设备 device {camera['device']}  防伪码 code {record['sha256'][:16]}",
    ]
