"""Zones and cameras as the law sees them: calendar, exemptions, phases, reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.triggers import install_triggers

revision = "0007"
down_revision = "0006"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for column in (
        sa.Column("place_kind", sa.String(length=30), nullable=False, server_default="street"),
        sa.Column("approved_detectors", JSON, nullable=False, server_default='["parking"]'),
        sa.Column("impact_assessment", sa.String(length=120), nullable=True),
    ):
        op.add_column("camera", column)
    for column in (
        sa.Column("designation_document", sa.String(length=120), nullable=False, server_default=""),
        sa.Column("sign_photo", sa.String(length=300), nullable=True),
        sa.Column("schedule", JSON, nullable=False, server_default="[]"),
        sa.Column("bay_hours", JSON, nullable=False, server_default="[]"),
        sa.Column("no_grace", sa.String(length=40), nullable=False, server_default=""),
    ):
        op.add_column("zone_version", column)
    _take_over()
    op.create_table(
        "exemption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("plate", sa.String(length=12), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("task", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("approver", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hours", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "valid_until > valid_from", name=op.f("ck_exemption_exemption_has_a_period")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["enforcement_area.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"]),
        sa.ForeignKeyConstraint(["ended_by"], ["user.id"]),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_exemption_area_id", "exemption", ["area_id"])
    op.create_index("ix_exemption_plate", "exemption", ["plate"])
    op.create_table(
        "trial_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.ForeignKeyConstraint(["officer_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_trial_answer_event_id", "trial_answer", ["event_id"])
    install_triggers(op.get_bind())


def _take_over() -> None:
    """Cameras stay approved for what runs on them, and hanging zones designated by what they named
    as their basis until now. Zone versions are append-only: for this one statement the trigger is
    taken away, and put back with all others at the end."""
    bind = op.get_bind()
    camera = sa.table("camera", sa.column("id"), sa.column("approved_detectors", JSON))
    zone = sa.table("zone", sa.column("camera_id"), sa.column("kind"))
    others = sa.select(zone.c.camera_id).where(zone.c.kind != "parking")
    bind.execute(
        camera.update()
        .where(camera.c.id.in_(others))
        .values(approved_detectors=["parking", "hanging", "poster", "crowd"])
    )
    on = " ON zone_version" if bind.dialect.name == "postgresql" else ""
    bind.exec_driver_sql(f"DROP TRIGGER IF EXISTS zone_version_no_update{on}")
    bind.execute(
        sa.text(
            "UPDATE zone_version SET designation_document = SUBSTR(legal_basis, 1, 120)"
            " WHERE zone_id IN (SELECT id FROM zone WHERE kind = 'hanging')"
        )
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back: restore a backup instead")
