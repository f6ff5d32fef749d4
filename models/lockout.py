"""Ten wrong tries lock for fifteen minutes: for passwords, and for owners' codes (B10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.errors import Locked
from models.people import LoginFailure

TRIES = 10
LOCK_SECONDS = 15 * 60
WINDOW_SECONDS = 24 * 3600
"""Tries are remembered for a day. After a lock each further wrong try of that day locks again,
so that at most about a hundred codes a day can be tried on one number."""


def refuse_if_locked(session: Session, subject: str, *, at: datetime, tries: int = TRIES) -> None:
    """Raises Locked while `subject` has to wait. Existing or not, every subject locks alike."""
    wait_seconds = seconds_locked(session, subject, at=at, tries=tries)
    if wait_seconds > 0:
        raise Locked(
            "too many wrong tries",
            retry_after_seconds=wait_seconds,
            hint=f"try again in {-(-wait_seconds // 60)} minutes",
        )


def seconds_locked(session: Session, subject: str, *, at: datetime, tries: int = TRIES) -> int:
    """Whole seconds until `subject` may try again; 0 if now."""
    failures = session.scalars(
        select(LoginFailure.at)
        .where(LoginFailure.subject == subject[:80])
        .order_by(LoginFailure.at.desc())
        .limit(tries)
    ).all()
    if len(failures) < tries:
        return 0
    # count_failure() forgot those that lie more than a day before the newest.
    left = (failures[0] - at).total_seconds() + LOCK_SECONDS
    # A clock that was set back must not lock anybody for longer than the lock.
    return min(LOCK_SECONDS, max(0, int(-(-left // 1))))


def count_failure(session: Session, subject: str, *, at: datetime) -> None:
    """Remember one wrong try, and forget those of more than a day ago."""
    subject = subject[:80]
    session.execute(
        delete(LoginFailure).where(
            LoginFailure.subject == subject,
            LoginFailure.at < at - timedelta(seconds=WINDOW_SECONDS),
        )
    )
    session.add(LoginFailure(subject=subject, at=at))
    session.flush()


def clear_failures(session: Session, subject: str) -> None:
    """The right secret was given: start counting anew."""
    session.execute(delete(LoginFailure).where(LoginFailure.subject == subject[:80]))
