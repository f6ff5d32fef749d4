"""Number of the pre-notice, who took a document; words of people emptied by a purge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.triggers import install_triggers

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for table, name, length in (
        ("pre_notice", "number", 40),
        ("pre_notice", "received_by", 10),
        ("penalty_handover", "received_by", 10),
    ):
        column = sa.Column(
            name, sa.String(length=length), nullable=False, server_default=sa.text("('')")
        )
        op.add_column(table, column)
    install_triggers(op.get_bind())


def downgrade() -> None:
    raise RuntimeError("the record is never taken back: restore a backup instead")
