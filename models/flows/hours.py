"""The hours in which a zone's owners are texted (L89): local time, from and until as HH:MM."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from models.deadlines import local
from models.policy import LOCAL_ZONE
from models.zone import ZoneVersion


def in_hours(version: ZoneVersion, at: datetime) -> bool:
    """Whether a text may go out at `at`. From 22:00 until 06:00 means over midnight."""
    begin, end = version.sms_from, version.sms_until
    now = local(at).strftime("%H:%M")
    return begin <= now < end if begin <= end else now >= begin or now < end


def next_hours(version: ZoneVersion, at: datetime) -> datetime:
    """`at` itself, or when the hours begin next."""
    if in_hours(version, at):
        return at
    hour, minute = (int(part) for part in version.sms_from.split(":"))
    opening = datetime.combine(local(at).date(), time(hour, minute), LOCAL_ZONE)
    return opening if opening > at else opening + timedelta(days=1)
