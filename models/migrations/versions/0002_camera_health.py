"""Camera health: the reference views, the camera's clock, since when it is as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for column in (
        sa.Column("measured_clock_offset_seconds", sa.Double(), nullable=True),
        sa.Column("clock_measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("health_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("health_details", JSON, nullable=True),
        sa.Column("reference_picture", sa.String(length=300), nullable=True),
        sa.Column("reference_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference_by", sa.String(length=80), nullable=True),
    ):
        op.add_column("camera", column)
