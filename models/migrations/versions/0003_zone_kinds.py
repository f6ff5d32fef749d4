"""Zones of things that hang, adverts and crowds: approvals, hours, area, how often they are seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for column in (
        sa.Column("approved", JSON, nullable=False, server_default="[]"),
        sa.Column("baseline", sa.Text(), nullable=False, server_default=""),
        sa.Column("bands", JSON, nullable=False, server_default="[]"),
        sa.Column("area_m2", sa.Double(), nullable=True),
        sa.Column("density_threshold", sa.Double(), nullable=True),
        sa.Column("slow_look_seconds", sa.Double(), nullable=True),
    ):
        op.add_column("zone_version", column)
