"""Alembic driven from code: no ini file, works from an installed wheel."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


def alembic_config(connection: Connection) -> Config:
    """Configuration that makes `env.py` use `connection` and the transaction it is in."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade_to_head(connection: Connection) -> None:
    """Apply every revision that is missing, inside the transaction of `connection`."""
    command.upgrade(alembic_config(connection), "head")
