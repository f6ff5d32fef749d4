"""A database as an earlier revision left it, with a text and a receipt in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from alembic import command

from models.migrations.upgrade import alembic_config
from models.store import Store

_VALUES = {"INTEGER": 1, "VARCHAR": "x", "TEXT": "x", "JSON": "[]", "DATETIME": "2026-11-23 04:00",
           "BOOLEAN": 0, "DOUBLE": 0.0}  # fmt: skip


def before_replies(url: str) -> Store:
    """A SQLite file at revision 0004: one event, its N1, and a delivery receipt."""
    store = Store(url)
    with store.connection() as connection:
        command.upgrade(alembic_config(connection), "0004")
    store.dispose()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        _insert(file, "event", id=1, flow="parking", state="GRACE")
        _insert(file, "notice", id=7, event_id=1, template="N1", status="delivered")
        _insert(file, "delivery_receipt", id=3, notice_id=7, provider_status="delivered")
        file.commit()
    return store


def _insert(file: sqlite3.Connection, table: str, **given: object) -> None:
    """One row: what is given, and something of the right type where something is needed."""
    row: dict[str, object] = {}
    for _, name, kind, needed, _, _ in file.execute(f"PRAGMA table_info({table})"):
        if name in given:
            row[name] = given[name]
        elif needed:
            row[name] = _VALUES[kind.split("(")[0]]
    marks = ", ".join("?" for _ in row)
    file.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",
        list(row.values()),
    )
