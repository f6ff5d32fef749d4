"""A city's settings: defaults of domain.md 4.1, changes checked field by field, who did it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEntry, CitySetting
from models.errors import BadInput
from models.policy import POLICY_KEY, Policy, load_policy, save_policy
from tests.rows import NOON


def _save(session: Session, **changes: Any) -> Policy:
    return save_policy(session, changes, at=NOON, actor="admin")


def test_defaults_are_the_domains() -> None:
    """domain.md 4.1."""
    policy = Policy()
    assert (policy.dwell_seconds, policy.confirm_timeout_seconds) == (60, 120)
    assert (policy.grace_seconds, policy.recheck_delay_seconds) == (420, 10)
    assert (policy.recheck_window_seconds, policy.absent_confirm_seconds) == (180, 30)
    assert (policy.present_confirm_gap_seconds, policy.return_watch_seconds) == (10, 600)
    assert (policy.sms_submit_seconds, policy.dlr_timeout_seconds) == (30, 120)
    assert (policy.review_hard_work_days, policy.open_limit_days) == (5, 30)


def test_nothing_set_is_the_default(session: Session) -> None:
    assert load_policy(session) == Policy()


def test_changes_are_kept_and_add_up(session: Session) -> None:
    """Only what differs is stored; setting a default again takes it out."""
    _save(session, grace_seconds=60, home_prefixes=["浙A", "浙B"])
    policy = _save(session, language="en")
    session.expire_all()
    assert load_policy(session) == policy
    assert (policy.grace_seconds, policy.home_prefixes) == (60, ("浙A", "浙B"))
    row = session.get(CitySetting, POLICY_KEY)
    assert row is not None
    assert row.value == {"grace_seconds": 60, "home_prefixes": ["浙A", "浙B"], "language": "en"}
    _save(session, language="zh", home_prefixes=("浙A",))
    assert row.value == {"grace_seconds": 60}


def test_who_changed_what(session: Session) -> None:
    _save(session, grace_seconds=60, home_prefixes=["浙B"])
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.at) == ("admin", "policy.save", NOON)
    assert entry.details == {"grace_seconds": 60, "home_prefixes": ["浙B"]}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("graze_seconds", 1, "no setting"),
        ("grace_seconds", 0, "1 or more"),
        ("grace_seconds", "420", "a number"),
        ("grace_seconds", True, "a number"),
        ("patrol_seconds", -1, "0 or more"),
        ("sms_submit_tries", 2.5, "whole number"),
        ("sms_submit_tries", 0, "1 or more"),
        ("gate_province_confidence", 1.1, "between 0 and 1"),
        ("grace_policy", "sent", "delivered, accepted"),
        ("language", 7, "a text"),
        ("signature", "城", "2 to 16"),
        ("home_prefixes", "浙A", "list of texts"),
        ("home_prefixes", [1], "list of texts"),
    ],
)
def test_wrong_values_name_the_field(session: Session, field: str, value: Any, says: str) -> None:
    """Nothing is stored, not even the right values beside it."""
    with pytest.raises(BadInput, match=says) as refused:
        _save(session, **{"patrol_seconds": 60, field: value})
    assert refused.value.field == field
    assert session.get(CitySetting, POLICY_KEY) is None


def test_whole_numbers_stay_whole(session: Session) -> None:
    policy = _save(session, open_limit_days=20.0, grace_seconds=90)
    assert (policy.open_limit_days, type(policy.open_limit_days)) == (20, int)
    assert type(policy.grace_seconds) is float


def test_every_default_passes_its_own_check(session: Session) -> None:
    defaults = {f.name: getattr(Policy(), f.name) for f in fields(Policy)}
    assert _save(session, **defaults) == Policy()
