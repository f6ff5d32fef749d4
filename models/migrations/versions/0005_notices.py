"""Notices: replies, the monitor of deliveries, a second channel."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing yet."""
