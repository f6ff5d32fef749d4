"""Replies and their answers, pauses of automatic confirming; texts that are not to an owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.triggers import install_triggers

revision = "0005"
down_revision = "0004"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite changes a constraint by making the table anew, which nothing may refer to then.
        op.execute("CREATE TABLE receipts_kept AS SELECT * FROM delivery_receipt")
        op.drop_table("delivery_receipt")
        # Else the rename looks into every trigger, and one of them may name a later table.
        op.execute("PRAGMA legacy_alter_table = ON")
        _notices()
        op.execute("PRAGMA legacy_alter_table = OFF")
        _receipts()
        op.execute("INSERT INTO delivery_receipt SELECT * FROM receipts_kept")
        op.drop_table("receipts_kept")
    else:
        _notices()
    _replies()
    op.create_table(
        "delivery_pause",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=False),
    )
    op.create_index(
        "ix_delivery_pause_open",
        "delivery_pause",
        ["is_open"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    install_triggers(op.get_bind())


def _notices() -> None:
    with op.batch_alter_table("notice") as notice:
        notice.alter_column("event_id", existing_type=sa.Integer(), nullable=True)
        notice.add_column(
            sa.Column(
                "addressee", sa.String(length=20), nullable=False, server_default=sa.text("('')")
            )
        )
        notice.add_column(
            sa.Column(
                "phone_hash", sa.String(length=64), nullable=False, server_default=sa.text("('')")
            )
        )
        notice.add_column(sa.Column("first_provider_id", sa.String(length=80), nullable=True))
        notice.drop_constraint("uq_notice_event_id_template", type_="unique")
        notice.create_unique_constraint(
            "uq_notice_event_id_template_addressee", ["event_id", "template", "addressee"]
        )
        notice.create_unique_constraint("uq_notice_first_provider_id", ["first_provider_id"])
        notice.create_index("ix_notice_phone_hash", ["phone_hash"])
        # Looked at every second: what went out in the last minute, what arrived lately.
        notice.create_index("ix_notice_sending_at", ["sending_at"])
        notice.create_index("ix_notice_accepted_at", ["accepted_at"])


def _receipts() -> None:
    """The table of 0001, as it was."""
    op.create_table(
        "delivery_receipt",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("notice_id", sa.Integer(), sa.ForeignKey("notice.id"), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("provider_status", sa.String(length=40), nullable=False),
        sa.Column("error_code", sa.String(length=20), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_delivery_receipt_notice_id", "delivery_receipt", ["notice_id"])
    op.create_index("ix_delivery_receipt_provider_id", "delivery_receipt", ["provider_id"])


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.Integer(), sa.ForeignKey("event.id"), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("meanings", JSON, nullable=False),
        sa.Column("freezes", sa.Boolean(), nullable=False),
        sa.Column("disowns", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("provider", "provider_id"),
    )
    op.create_index("ix_reply_event_id", "reply", ["event_id"])
    op.create_index("ix_reply_phone_hash", "reply", ["phone_hash"])
    op.create_table(
        "reply_answer",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reply_id", sa.Integer(), sa.ForeignKey("reply.id"), nullable=False, unique=True),
        sa.Column("officer_id", sa.Integer(), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("contact_is_right", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back: restore a backup instead")
