"""The schema's history (alembic). `upgrade_to_head` brings a database to the newest revision."""

from models.migrations.upgrade import upgrade_to_head

__all__ = ["upgrade_to_head"]
