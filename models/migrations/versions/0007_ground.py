"""Zones and cameras as the law sees them: calendar, exemptions, phases, reviews."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing yet."""
