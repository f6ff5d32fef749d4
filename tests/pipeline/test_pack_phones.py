"""A pack goes to other offices: no phone that somebody wrote down is in any part of it."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from typing import Any

import pytest

from models.chain import GENESIS
from pipeline.evidence import MemoryEvidence
from pipeline.pack_build import PackSource, build_pack
from pipeline.pack_verify import verify_pack
from tests.rows import NOON

PHONE = "13812345678"


def source() -> PackSource:
    """An event without pictures whose owner, officer and clerk all wrote a phone down."""
    facts: dict[str, Any] = dict.fromkeys(
        ("place", "zone", "first_seen_at", "notified_at", "grace_deadline_at", "last_seen_at",
         "gone_at", "outcome", "legal_basis"),
    )  # fmt: skip
    decision = {
        "officer": "wang", "licence_no": "A1", "kind": "reject", "decided_at": None,
        "reason": f"车主来电{PHONE}",
    }  # fmt: skip
    statement = {"text": f"不是我，请打{PHONE}", "received_at": None, "status": "open"}
    return PackSource(
        event_id=1, event_no="HZ1122-0031",
        facts=facts | {
            "plate": "浙A12345", "state": "REVIEW_PENDING", "decisions": [decision],
            "statements": [statement],
        },
        transitions=[{
            "at": None, "transition": "A21", "to": "REJECTED", "actor_kind": "officer",
            "reason": f"问过{PHONE}",
        }],
        texts=[{
            "template": "N1", "status": "delivered", "body": f"回电{PHONE}", "delivered_at": None,
            "phone": "+86138****5678",
        }],
        chain={"genesis": GENESIS, "head": {"sequence": 0, "chain_hash": GENESIS}, "links": [],
               "records": []},
        missing=[], joined=[], anchors={"anchors": []},
        camera={"name": "c", "place": "p", "direction": "d", "device": "1",
                "time_zone": "Asia/Shanghai"},
        state_words={}, zone_version=1, zone_phase="live", rule="r", model_sha256="", software="1",
        exported_at=NOON, exported_by="cli", reason=f"复议，联系{PHONE}",
    )  # fmt: skip


def words(pdf: bytes) -> str:
    """What a reader of the PDF sees, line by line: glyphs by the way back that the file holds."""
    streams = [
        zlib.decompressobj().decompress(found) if found[:1] == b"x" else found
        for found in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    ]
    letters = {
        int(glyph, 16): bytes.fromhex(letter.decode()).decode("utf-16-be")
        for stream in streams if b"beginbfchar" in stream
        for glyph, letter in re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", stream)
        if len(letter) % 4 == 0
    }  # fmt: skip
    lines: list[str] = []
    for stream in streams:
        for shown in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", stream, re.DOTALL):
            plain = re.sub(
                rb"\\(.)", lambda m: {b"r": b"\r"}.get(m[1], m[1]), shown, flags=re.DOTALL
            )
            codes = [plain[n] << 8 | plain[n + 1] for n in range(0, len(plain) - 1, 2)]
            lines.append("".join(letters.get(code, "?") for code in codes))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def pack() -> bytes:
    return build_pack(source(), MemoryEvidence())


def test_no_phone_in_records_manifest_or_report(pack: bytes) -> None:
    assert verify_pack(pack).intact
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    report = words(files.pop("report.pdf"))
    assert "不是我，请打***5678" in report, "the statement itself is there"
    assert json.loads(files["manifest.json"])["reason"] == "复议，联系***5678"
    for name, text in [*((n, d.decode()) for n, d in files.items()), ("report.pdf", report)]:
        assert PHONE not in text, name
