"""Officers and owners: recusal, leases, pre-notices, patrol's paper notice."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nothing yet."""
