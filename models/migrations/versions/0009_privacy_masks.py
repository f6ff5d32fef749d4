"""Cameras: privacy masks over windows and homes (L69)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("camera", sa.Column("privacy_masks", JSON, nullable=False, server_default="[]"))
