"""Officers and owners: recusal, leases, pre-notices and hand-overs, verified grounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.triggers import install_triggers

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    _recusal()
    _penalty()
    op.create_table(
        "lease",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "void_ground",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("verified_by", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.ForeignKeyConstraint(["verified_by"], ["user.id"]),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "case_photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("storage_key", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('BEFORE', 'AFTER')", name=op.f("ck_case_photo_known_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["taken_by"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "kind"),
    )
    op.create_index("ix_case_photo_case_id", "case_photo", ["case_id"])
    install_triggers(op.get_bind())


def _recusal() -> None:
    op.create_table(
        "recusal_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["user.id"]),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recusal_request_event_id", "recusal_request", ["event_id"])
    op.create_table(
        "recusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.ForeignKeyConstraint(["officer_id"], ["user.id"]),
        sa.ForeignKeyConstraint(["recorded_by"], ["user.id"]),
        sa.ForeignKeyConstraint(["request_id"], ["recusal_request.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "officer_id"),
    )
    op.create_index("ix_recusal_event_id", "recusal", ["event_id"])


def _penalty() -> None:
    op.create_table(
        "pre_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sanction", sa.String(length=12), nullable=False),
        sa.Column("degree", sa.String(length=10), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("facts", sa.String(length=1000), nullable=False),
        sa.Column("reasons", sa.String(length=1000), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("rights", sa.String(length=1000), nullable=False),
        sa.Column("remedies", sa.String(length=1000), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_how", sa.String(length=16), nullable=False),
        sa.Column("delivered_by", sa.Integer(), nullable=True),
        sa.Column("proof", sa.String(length=80), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiver", sa.String(length=300), nullable=False),
        sa.CheckConstraint("severity >= 0", name=op.f("ck_pre_notice_severity_is_a_rank")),
        sa.ForeignKeyConstraint(["delivered_by"], ["user.id"]),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.ForeignKeyConstraint(["written_by"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "version"),
    )
    op.create_index("ix_pre_notice_event_id", "pre_notice", ["event_id"])
    op.create_table(
        "penalty_handover",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent", sa.String(length=80), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exported_by", sa.Integer(), nullable=True),
        sa.Column("sheet_sha256", sa.String(length=64), nullable=False),
        sa.Column("decision_no", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served_how", sa.String(length=16), nullable=False),
        sa.Column("proof", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"]),
        sa.ForeignKeyConstraint(["exported_by"], ["user.id"]),
        sa.PrimaryKeyConstraint("event_id"),
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back: restore a backup instead")
