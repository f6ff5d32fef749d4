"""For developers: write the next revision from the difference between models and migrations.

    python -m models.migrations.revise 0002 "what changes"

Read what it wrote before committing: alembic cannot see renames.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from alembic import command

from models.migrations.upgrade import alembic_config, upgrade_to_head
from models.store import Store


def revise(number: str, message: str, url: str = "sqlite://") -> Path:
    """Compare the models with a database brought to head, and write `number`'s revision file."""
    store = Store(url)
    with store.connection() as connection:
        upgrade_to_head(connection)
        script = command.revision(
            alembic_config(connection), message, autogenerate=True, rev_id=number
        )
    store.dispose()
    if script is None or isinstance(script, list):
        raise RuntimeError("alembic wrote no single revision")
    path = Path(script.path)
    path.write_text(_shortened(path.read_text()))
    return path


def _shortened(script: str) -> str:
    """Without the names of constraints, which the naming convention gives anyway."""
    script = re.sub(r", name=op\.f\('(?!ck_)[^']*'\)", "", script)
    script = re.sub(r"op\.f\(('ix_[^']*')\)", r"\1", script)
    return script.replace(", unique=False", "")


if __name__ == "__main__":
    sys.stdout.write(f"{revise(sys.argv[1], sys.argv[2])}\n")
