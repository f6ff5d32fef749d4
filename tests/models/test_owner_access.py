"""The owner's way to one case, and to no other (B10, L67)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import owner_access
from models.audit import Viewing
from models.audit_log import record_viewing
from models.errors import BadInput, Locked, NotSignedIn, WrongSecret
from models.event import Event
from tests import rows
from tests.rows import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def event(session: Session) -> Event:
    return rows.event(session, query_no="K1Q0", query_code="9F0M", event_no="HZ1123-9001")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("K1Q0", "9F0M"),
        ("k1q0", "9f0m"),
        (" KLQO ", "9FOM"),
        ("kiqo", "9-f o-m"),
        ("Ｋ１Ｑ０", "９Ｆ０Ｍ"),
        ("HZ1123-9001", "9F0M"),
        (" hz1123-9001", "9f0m"),
    ],
)
def test_it_opens_however_it_is_typed(
    session: Session, event: Event, number: str, code: str
) -> None:
    """Small and full-width letters, O for 0, I and L for 1, spaces; short or official number."""
    assert owner_access.open_page(session, number, code, at=NOON) is event
    viewing = session.scalars(select(Viewing)).one()
    assert (viewing.viewer, viewing.event_id) == ("owner", event.id)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("K1Q0", "9F0N"), ("K1Q0", ""), ("ZZZZ", "9F0M"), ("", ""), ("HZ1123-9002", "9F0M"),
        ("K1Q0\x00", "9F0"), ("K" * 500, "9" * 500), ("\ud800", "\udfff"), ("%", "%"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_alike(
    session: Session, event: Event, number: str, code: str
) -> None:
    """The words do not tell whether the number exists, whose it is, or what was wrong."""
    with pytest.raises(WrongSecret) as caught:
        owner_access.open_page(session, number, code, at=NOON)
    assert caught.value.message == "number or code is wrong"
    assert session.scalars(select(Viewing)).all() == []


def test_one_code_does_not_open_another_case(session: Session, event: Event) -> None:
    other = rows.event(session, query_code="XXXX")
    with pytest.raises(WrongSecret):
        owner_access.open_page(session, other.query_no, event.query_code, at=NOON)


@pytest.mark.parametrize("number", ["K1Q0", "ZZZZ"])
def test_ten_wrong_codes_lock_for_fifteen_minutes(
    session: Session, event: Event, number: str
) -> None:
    """Whether the number exists or not; afterwards the right code opens again."""
    for _ in range(10):
        with pytest.raises(WrongSecret):
            owner_access.open_page(session, number, "0000", at=NOON)
    with pytest.raises(Locked) as caught:
        owner_access.open_page(session, number, "9F0M", at=NOON)
    assert caught.value.retry_after_seconds == 900
    later = NOON + timedelta(minutes=15)
    if number == "K1Q0":
        with pytest.raises(Locked):
            owner_access.open_page(session, "HZ1123-9001", "9F0M", at=NOON)
        assert owner_access.open_page(session, number, "9F0M", at=later) is event


def test_the_right_code_starts_the_count_anew(session: Session, event: Event) -> None:
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(WrongSecret):
                owner_access.open_page(session, "K1Q0", "0000", at=NOON)
        owner_access.open_page(session, "K1Q0", "9F0M", at=NOON)


def test_guessing_over_many_numbers_locks_the_address(session: Session, event: Event) -> None:
    """Enumeration: every number tried but once, from one address; others are not locked out."""
    for n in range(owner_access.CLIENT_TRIES):
        with pytest.raises(WrongSecret):
            owner_access.open_page(session, f"Z{n:03d}", "0000", at=NOON, client="203.0.113.7")
    with pytest.raises(Locked):
        owner_access.open_page(session, "K1Q0", "9F0M", at=NOON, client="203.0.113.7")
    assert owner_access.open_page(session, "K1Q0", "9F0M", at=NOON, client="203.0.113.8") is event


def test_a_pass_opens_its_event_for_half_an_hour(session: Session, event: Event) -> None:
    value = owner_access.issue_pass(event, at=NOON)
    assert event.query_no not in value
    assert event.query_code not in value
    assert owner_access.read_pass(session, value, at=NOON) is event
    end = NOON + timedelta(seconds=owner_access.PASS_SECONDS)
    assert owner_access.read_pass(session, value, at=end - SECOND) is event
    with pytest.raises(NotSignedIn):
        owner_access.read_pass(session, value, at=end)


def test_a_forged_pass_opens_nothing(session: Session, event: Event) -> None:
    """Another event's number, a later end, a torn or a foreign value."""
    other = rows.event(session)
    number, until, signature = owner_access.issue_pass(event, at=NOON).split(".")
    forged = [
        f"{other.id}.{until}.{signature}",
        f"{number}.{int(until) + 9}.{signature}",
        f"{number}.{until}.{signature[:-1]}",
        f"{number}.{until}.é",
        f"²{number}.{until}.{signature}",
        f"{number}.{until}",
        "",
        "a.b.c",
        f"{'9' * 400}.{until}.{signature}",
    ]
    for value in forged:
        with pytest.raises(NotSignedIn):
            owner_access.read_pass(session, value, at=NOON)


def test_a_pass_for_an_event_that_is_not_here(session: Session, event: Event) -> None:
    ghost = Event(id=event.id + 1000)
    with pytest.raises(NotSignedIn):
        owner_access.read_pass(session, owner_access.issue_pass(ghost, at=NOON), at=NOON)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 121])
def test_a_viewing_needs_a_reason(session: Session, event: Event, reason: str) -> None:
    """L71: 事由. Not too long for the column either."""
    with pytest.raises(BadInput) as caught:
        record_viewing(session, at=NOON, viewer="li", reason=reason, event=event)
    assert caught.value.field == "reason"
    assert record_viewing(session, at=NOON, viewer="li", reason="a  b").reason == "a b"
