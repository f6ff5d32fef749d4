"""Whatever opens a picture of the evidence store for somebody is known, and listed for people."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WAYS_OUT = {
    "pictures.py": "blurred copies for lists and the owner's page",
    "routes/cameras.py": "a copy in which everybody is hidden",
    "routes/camera_health.py": "small and soft",
    "routes/evidence.py": "the original, for a person with a reason; else a blurred copy",
    "zone_sight.py": "stays inside: the baseline of a poster zone is made of it",
    "commands/evidence.py": "nothing: its bytes are only compared with their hash",
    "console/zones.py": "only its size is taken; the page asks routes/cameras.py",
    "console/masks.py": "only its size is taken; the page asks routes/cameras.py",
    "console/camera_ground.py": "only its size is taken; the page asks routes/cameras.py",
}


def test_every_way_out_of_the_evidence_store_is_known() -> None:
    """A new one is first thought about (L13, L65, docs/privacy.md), then listed here."""
    found = {
        str(file.relative_to(ROOT / "api"))
        for file in (ROOT / "api").rglob("*.py")
        if re.search(r"evidence\.get\b|\blatest_(image|jpeg)\(", file.read_text(encoding="utf-8"))
    }
    assert found == set(WAYS_OUT)


def test_the_privacy_page_names_every_address() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    for address in ("/file", "/thumbnail", "/picture", "/glance", "/reference", "/o/picture"):
        assert address in page
