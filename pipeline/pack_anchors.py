"""The anchors over an event's records in a pack: proofs that need no record of anybody else.

For each anchor that covers a record of the event: the anchor as it was exported and stamped, its
time stamp where it has one, and for each record the path from its chain hash to the anchor's root.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.x509 import Certificate
from sqlalchemy.orm import Session

from models.anchors import (
    ChainAnchor,
    anchor_hash,
    anchor_over,
    as_json,
    canonical,
    covered_hashes,
    merkle_path,
    root_from,
    stamp_of,
)
from models.evidence import Evidence
from pipeline.timestamps import check

ANCHORS = "anchors.json"


def anchor_segment(session: Session, rows: Sequence[Evidence]) -> dict[str, Any]:
    """The anchors over `rows`; records of a day that has no anchor yet are in none."""
    found: dict[int, tuple[ChainAnchor, list[Evidence]]] = {}
    for row in rows:
        anchor = anchor_over(session, row.sequence)
        if anchor is not None:
            found.setdefault(anchor.id, (anchor, []))[1].append(row)
    return {"anchors": [_told(session, anchor, covered) for anchor, covered in found.values()]}


def _told(session: Session, anchor: ChainAnchor, rows: Sequence[Evidence]) -> dict[str, Any]:
    leaves = covered_hashes(session, anchor)
    stamp = stamp_of(session, anchor)
    return {
        "anchor": as_json(anchor),
        "anchor_hash": anchor.anchor_hash,
        "stamp": base64.b64encode(stamp.token).decode() if stamp else None,
        "authority": stamp.authority if stamp else None,
        "proofs": [
            {
                "sequence": row.sequence,
                "path": merkle_path(leaves, row.sequence - anchor.first_sequence),
            }
            for row in rows
        ],
    }


def check_anchors(
    told: Mapping[str, Any], chain: Mapping[str, Any], roots: Sequence[Certificate]
) -> list[str]:
    """What does not hold of the anchors in a pack, against its chain records."""
    hashes = {int(row["sequence"]): str(row["chain_hash"]) for row in chain["records"]}
    problems: list[str] = []
    for entry in told["anchors"]:
        anchor: Mapping[str, Any] = entry["anchor"]
        what = f"{ANCHORS}: the anchor of {anchor['day']}"
        if anchor_hash(anchor) != entry["anchor_hash"]:
            problems.append(f"{what} is changed")
        for proof in entry["proofs"]:
            leaf = hashes.get(int(proof["sequence"]))
            if leaf is None or root_from(leaf, proof["path"]) != anchor["root"]:
                problems.append(f"{what} is not over record {proof['sequence']}")
        problems += [f"{what}: {wrong}" for wrong in _stamp_problems(entry, anchor, roots)]
    return problems


def _stamp_problems(
    entry: Mapping[str, Any], anchor: Mapping[str, Any], roots: Sequence[Certificate]
) -> list[str]:
    if entry["stamp"] is None:
        return []
    try:
        token = base64.b64decode(entry["stamp"], validate=True)
    except (binascii.Error, TypeError):
        return ["its time stamp cannot be read"]
    wrong = check(token, canonical(anchor), list(roots))
    return [f"its time stamp: {wrong}"] if wrong else []
