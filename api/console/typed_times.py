"""Days and times of the city on forms: as people type them, and shown with their year."""

from __future__ import annotations

from datetime import date, datetime

from models.errors import BadInput
from models.policy import LOCAL_ZONE


def typed_day(field: str, text: str | None) -> date | None:
    """None where it was left empty. Raises BadInput naming the field."""
    if not (text or "").strip():
        return None
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        raise BadInput(f"{field} must be a day", field=field, hint="2026-11-22") from None


def typed_instant(field: str, text: str | None) -> datetime:
    """City time unless an offset stands with it. Raises BadInput naming the field."""
    try:
        written = datetime.fromisoformat((text or "").strip())
    except ValueError:
        raise BadInput(
            f"{field} must be a day and time", field=field, hint="2026-11-22 07:00"
        ) from None
    return written if written.tzinfo else written.replace(tzinfo=LOCAL_ZONE)


def dated(at: datetime) -> str:
    """2026-11-22 07:00: for what may lie a year away."""
    return f"{at.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M}"
