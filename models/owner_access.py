"""The owner's way to one case: its number and its code, both printed in the text (L03, L67).

Nothing here tells whether a number exists: a wrong number, a wrong code and the number of
somebody else's case are refused alike, and lock alike.
"""

from __future__ import annotations

import hmac
import unicodedata
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit_log import record_viewing
from models.errors import NotSignedIn, WrongSecret
from models.event import Event, FlowName
from models.lockout import clear_failures, count_failure, refuse_if_locked
from models.secret import keyed_hash

PASS_SECONDS = 30 * 60
"""How long the page stays open without the code being given again."""
CLIENT_TRIES = 200
"""Wrong tries from one address, whatever the numbers, before it has to wait as well. More than
ten, because a mobile network puts many owners behind one address."""

_CROCKFORD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def open_page(session: Session, number: str, code: str, *, at: datetime, client: str = "") -> Event:
    """The event whose query number (or official number) and code these are.

    `client` is the caller's network address, used to slow down guessing over many numbers.
    Writes a row in the viewing log. Raises WrongSecret, or Locked for 15 minutes after ten wrong
    codes; the time taken does not depend on whether the number exists.
    """
    event = _find(session, number)
    subject = f"owner:{event.query_no if event else normalise(number)[:24]}"
    address = f"owner-client:{client[:60]}"
    refuse_if_locked(session, subject, at=at)
    refuse_if_locked(session, address, at=at, tries=CLIENT_TRIES)
    expected = event.query_code if event else "no such"
    if not hmac.compare_digest(normalise(code).encode(), expected.encode()) or event is None:
        count_failure(session, subject, at=at)
        count_failure(session, address, at=at)
        raise WrongSecret("number or code is wrong", hint="both stand at the end of the text")
    clear_failures(session, subject)
    record_viewing(session, at=at, viewer="owner", reason="owner page", event=event)
    return event


def issue_pass(event: Event, *, at: datetime) -> str:
    """A signed pass for the browser: it opens this one event for half an hour, and holds neither
    the number nor the code."""
    until = int((at + timedelta(seconds=PASS_SECONDS)).timestamp())
    return f"{event.id}.{until}.{_signature(event.id, until)}"


def read_pass(session: Session, value: str, *, at: datetime) -> Event:
    """The event that a pass opens. Raises NotSignedIn if it is forged, torn or over."""
    parts = value.split(".")
    if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts[:2]):
        event_id, until = (int(part[:15]) for part in parts[:2])
        genuine = hmac.compare_digest(parts[2].encode(), _signature(event_id, until).encode())
        if genuine and until > at.astimezone(UTC).timestamp():
            event = session.get(Event, event_id)
            if event is not None:
                return event
    raise NotSignedIn("please give number and code again")


def normalise(text: str) -> str:
    """What was meant: full-width letters, small letters, spaces, and O for 0 as people type it."""
    return _printable(text).upper().translate(_CROCKFORD)


def _find(session: Session, number: str) -> Event | None:
    official = _printable(number).strip().upper()[:40]
    short = normalise(number)[:40]
    # Only vehicles' owners are given a number and a code; no other event has a public page.
    return session.scalar(
        select(Event)
        .where(Event.flow == FlowName.PARKING)
        .where((Event.query_no == short) | (Event.event_no == official))
        .limit(1)
    )


def _printable(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:200])
    return "".join(c for c in plain if c.isprintable() and not "\ud800" <= c <= "\udfff")


def _signature(event_id: int, until: int) -> str:
    return keyed_hash(f"owner-pass:{event_id}:{until}")
