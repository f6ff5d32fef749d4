"""Cameras: points that tie the picture to the ground (W28)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ground_reference",
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("points", JSON, nullable=False),
        sa.Column("view", sa.String(length=300), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"]),
        sa.PrimaryKeyConstraint("camera_id"),
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back: restore a backup instead")
